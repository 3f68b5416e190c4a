"""A store in a folder follows what is published, and a snapshot of it stays as it was."""

import shutil
import threading
from pathlib import Path

import pytest

from index.build import build
from index.catalog import Catalog
from index.errors import CorpusError
from index.local import LocalStore
from index.store import Filter, article_of
from index.vector_files import vector_file


def opened(folder, embedder="words@1"):
    return LocalStore(folder).snapshot(embedder)


def state(snapshot, words):
    """All that a search of a snapshot could see."""
    nearest = snapshot.search_vectors(words.encode(["The mountain is high."])[0], 10)
    texts = {article.id: article.text for article in snapshot.articles()}
    return snapshot.generation, texts, nearest, snapshot.search_words(["the"], 10)


def test_a_new_generation_is_picked_up_by_itself(articles, index, words):
    store = LocalStore(index)
    (articles / "c.txt").write_text("The lake is deep.\n")
    build([articles], index, words)
    with store.snapshot(words.identity) as snapshot:
        assert snapshot.generation == 2
        assert len(snapshot.vectors()) == 3
        assert snapshot.article("c.txt").text == "The lake is deep.\n"


def test_an_index_deleted_and_built_anew_is_not_searched_by_the_vectors_of_the_old(articles, index, words):
    store = LocalStore(index)
    shutil.rmtree(index)
    (articles / "a.txt").write_text("The lake is deep.\n")
    (articles / "c.txt").write_text("The forest is dark.\n")
    assert build([articles], index, words).generation == 1
    with store.snapshot(words.identity) as snapshot:
        assert state(snapshot, words) == state_of(index, words)
        assert len(snapshot.vectors()) == 3


def state_of(index, words):
    with LocalStore(index).snapshot(words.identity) as snapshot:
        return state(snapshot, words)


def test_an_open_snapshot_keeps_the_old_generation_while_a_build_publishes(articles, index, words):
    store = LocalStore(index)
    with store.snapshot(words.identity) as snapshot:
        before = state(snapshot, words)
        (articles / "a.txt").unlink()
        (articles / "b.txt").write_text("The river is dry.\n")
        build([articles], index, words)
        assert state(snapshot, words) == before
        with store.snapshot(words.identity) as newer:
            assert state(newer, words) != before
            assert newer.generation == 2
        assert state(snapshot, words) == before
    with store.snapshot(words.identity) as snapshot:
        assert snapshot.article("a.txt") is None


def test_a_snapshot_taken_before_its_vector_file_went_still_has_its_own_vectors(articles, index, words):
    with Catalog(index) as catalog, catalog.snapshot():
        assert catalog.generation == 1
        (articles / "a.txt").unlink()
        build([articles], index, words)
        assert not vector_file(index, 1).exists()
        numbers, _ = catalog.passage_vectors()
        assert set(catalog.passages(numbers.tolist())) == set(numbers.tolist())
        assert len(numbers) == 2


@pytest.mark.parametrize("harm", ["missing", "flipped", "truncated", "empty"])
def test_a_harmed_vector_file_is_made_again_from_the_catalog_without_the_model(index, words, harm):
    with LocalStore(index).snapshot(words.identity) as snapshot:
        whole = state(snapshot, words)
    path = vector_file(index, 1)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    {
        "missing": path.unlink,
        "flipped": lambda: path.write_bytes(content),
        "truncated": lambda: path.write_bytes(content[:100]),
        "empty": lambda: path.write_bytes(b""),
    }[harm]()
    asked = words.texts
    with LocalStore(index).snapshot(words.identity) as snapshot:
        assert words.texts == asked
        assert state(snapshot, words) == whole


def test_several_threads_read_whole_generations_while_builds_publish(articles, index, words):
    store, stop, torn, looks = LocalStore(index), threading.Event(), [], []

    def look():
        while not stop.is_set():
            with store.snapshot(words.identity) as snapshot:
                articles, passages = snapshot.catalog.count()
                looks.append(snapshot.generation)
                if not articles == passages == len(snapshot.vectors()) == snapshot.generation + 1:
                    torn.append((snapshot.generation, articles, passages, len(snapshot.vectors())))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(6):
        (articles / f"new-{number}.txt").write_text(f"Another text, the number {number}.\n")
        build([articles], index, words)
    stop.set()
    for thread in threads:
        thread.join()
    assert torn == []
    assert len(set(looks)) > 1


def test_an_index_that_was_never_finished_is_refused(tmp_path):
    with Catalog(tmp_path, create=True), pytest.raises(CorpusError, match="never finished"), opened(tmp_path):
        pass


def test_no_index_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="there is no index"), opened(tmp_path / "none"):
        pass


def test_an_index_removed_meanwhile_is_a_corpus_error(index, words):
    store = LocalStore(index)
    for path in Path(index).iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="there is no index"), store.snapshot(words.identity):
        pass


def test_another_embedder_is_refused_by_an_error_that_names_both(index, words):
    with pytest.raises(CorpusError, match=rf"{words.identity}.*others@2"), opened(index, "others@2"):
        pass


def test_who_compares_no_vectors_may_read_an_index_of_any_embedder_without_its_vector_file(index, words):
    vector_file(index, 1).write_bytes(b"nothing that is read")
    with LocalStore(index).snapshot() as snapshot:
        assert [article.id for article in snapshot.articles()] == ["a.txt", "b.txt"]
        assert snapshot.catalog.meta("embedder") == words.identity


def test_an_article_that_is_not_held_is_a_corpus_error(index, words):
    with (
        LocalStore(index).snapshot(words.identity) as snapshot,
        pytest.raises(CorpusError, match=r"names none\.txt but does not hold it"),
    ):
        article_of(snapshot, "none.txt")


def test_what_a_filter_lets_through_is_kept_for_a_generation_and_no_longer(articles, index, words, monkeypatch):
    made = []
    make = Catalog._passage_set
    monkeypatch.setattr(Catalog, "_passage_set", lambda *given: made.append(given[1]) or make(*given))
    store, herald = LocalStore(index), Filter(sources=("Herald",))

    def found():
        with store.snapshot(words.identity) as snapshot:
            near = snapshot.search_vectors(words.encode(["The"])[0], 9, herald)
            hits = snapshot.search_words(["the"], 9, herald)
            assert {number for number, _ in near} == {number for number, _ in hits}
            return {p.article_id for p in snapshot.passages(number for number, _ in hits).values()}

    assert found() == found() == set()
    assert made == [herald]
    (articles / "articles.csv").write_text("file,source\na.txt,Herald\n")
    build([articles], index, words)
    assert found() == found() == {"a.txt"}
    assert made == [herald] * 2
    shutil.rmtree(index)
    (articles / "articles.csv").write_text("file,source\nb.txt,Herald\n")
    build([articles], index, words)
    build([articles], index, words)
    assert found() == {"b.txt"}


def test_a_publication_names_one_generation_of_one_index(articles, index, words):
    store = LocalStore(index)

    def publication():
        with store.snapshot() as snapshot:
            return snapshot.generation, snapshot.publication

    first = publication()
    store.build([articles], words)
    assert publication() == first  # nothing was published
    store.exclude(["a.txt"])
    second = publication()
    shutil.rmtree(index)
    store.build([articles], words)
    anew = publication()
    assert [generation for generation, _ in (first, second, anew)] == [1, 2, 1]
    assert len({name for _, name in (first, second, anew)}) == 3


def test_what_is_done_to_an_index_is_done_through_the_store(articles, tmp_path, words):
    store = LocalStore(tmp_path / "anew")
    assert not store.is_published()
    report = store.build([articles], words)
    assert (store.is_published(), report.added) == (True, ("a.txt", "b.txt"))
    assert (store.folder, store.address) == (tmp_path / "anew", str(tmp_path / "anew"))
    assert store.roots() == [articles]
    assert store.exclude(["a.txt"]) == ("a.txt",)
    with store.snapshot() as snapshot:
        assert (snapshot.ids(), snapshot.removed(), snapshot.count_articles()) == (["b.txt"], ["a.txt"], 1)
    assert store.readmit(["a.txt"]) == ("a.txt",)
    assert store.build(store.roots(), words).added == ("a.txt",)
    vector_file(tmp_path / "anew", store.verify().generation).unlink(missing_ok=True)
    assert store.verify().problems
    assert store.repair()
    assert store.verify().problems == ()
