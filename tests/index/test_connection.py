"""An index answers where nothing may be written, and says so where it cannot be read so."""

import shutil
import threading
from datetime import date

import pytest

from index.build import build
from index.catalog import FILE, Catalog
from index.errors import CorpusError, InputError
from index.local import LocalStore
from index.store import Filter
from index.verify import verify
from qa.retriever import Retriever

QUESTIONS = {"What is high?": Filter(), "Which river is long?": Filter(published_before=date(2030, 1, 1))}


@pytest.fixture
def articles(articles):
    (articles / "b.txt").write_text("The river is long.\n\n2 May 2019\n")
    return articles


@pytest.fixture
def seal():
    """Makes a folder read-only, until the test is over."""
    sealed = []

    def make(folder):
        sealed.append(folder)
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)

    yield make
    for folder in sealed:
        folder.chmod(0o755)


def found(folder, words):
    retriever, results = Retriever(words), []
    for question, allowed in QUESTIONS.items():
        with LocalStore(folder).snapshot(words.identity) as snapshot:
            hits = retriever.search(question, snapshot, 10, allowed)
            results.append([(snapshot.article(hit.passage.article_id).text, hit.score) for hit in hits])
    return results


def test_an_index_in_a_read_only_folder_answers_as_it_did_and_nothing_is_left_there(index, words, seal, as_mortal):
    whole, names = found(index, words), sorted(path.name for path in index.iterdir())
    assert all(whole)
    seal(index)
    assert as_mortal(found, index, words) == whole
    assert sorted(path.name for path in index.iterdir()) == names


def test_names_that_mean_something_in_an_address_are_names(index, words, seal, as_mortal, tmp_path):
    odd = index.rename(tmp_path / "100% of? it #1 &c=é")
    seal(odd)
    assert as_mortal(found, odd, words) == found(odd, words)


def test_it_is_verified_but_for_what_needs_a_lock(index, seal, as_mortal):
    seal(index)
    report = as_mortal(verify, index)
    assert (report.problems, report.articles) == ((), 2)
    assert "cannot be locked" in " ".join(report.notes)


def test_it_cannot_be_built_into(articles, index, words, seal, as_mortal):
    seal(index)
    with pytest.raises(InputError, match="cannot be written"):
        as_mortal(build, [articles], index, words)


def test_what_is_no_index_is_refused_there_as_elsewhere(tmp_path, words, seal, as_mortal):
    for name, content in (("empty", b""), ("strange", b"This is not an index.\n" * 300)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / FILE).write_bytes(content)
        seal(folder)
        with pytest.raises(CorpusError, match=r"never finished|cannot be read as an index"):
            as_mortal(found, folder, words)


def test_an_index_whose_last_changes_were_not_taken_in_says_what_to_do(
    articles, index, words, seal, as_mortal, tmp_path
):
    copy = tmp_path / "copy"
    with LocalStore(index).snapshot(words.identity):  # while it is read, the log is kept
        (articles / "c.txt").write_text("The lake is deep.\n")
        build([articles], index, words)
        copy.mkdir()
        for path in (path for path in index.iterdir() if not path.name.endswith("-shm")):
            shutil.copy(path, copy)
    seal(copy)
    with pytest.raises(CorpusError, match=r"last changes were not taken in.*open the index once"):
        as_mortal(found, copy, words)
    copy.chmod(0o755)
    for path in copy.iterdir():
        path.chmod(0o644)
    assert verify(copy).problems == ()
    seal(copy)
    assert as_mortal(found, copy, words) == found(index, words)


def test_a_change_by_someone_who_may_write_is_an_error_and_no_mixture(articles, index, words, seal, as_mortal):
    def read_while_it_changes():
        with Catalog(index) as catalog:
            texts = [article.text for article in catalog.articles()]
            reading.set()
            assert changed.wait(60)
        return texts

    def change():
        assert reading.wait(60)
        index.chmod(0o755)
        for path in index.iterdir():
            path.chmod(0o644)
        (articles / "a.txt").write_text("The mountain is low.\n")
        build([articles], index, words)
        changed.set()

    reading, changed = threading.Event(), threading.Event()
    seal(index)
    writer = threading.Thread(target=change)
    writer.start()
    with pytest.raises(CorpusError, match=r"was changed while it was read.*try again"):
        as_mortal(read_while_it_changes)
    writer.join()
    assert verify(index).problems == ()
