"""A vector file serves the generations after it, is written anew when it must be, and harm to it changes no answer."""

import os
import random
import shutil

import numpy as np
import pytest

from index import vector_files as module
from index.build import build
from index.catalog import Catalog
from index.errors import InputError
from index.local import LocalStore
from index.vector_files import current_file, open_vectors, vector_file
from index.verify import verify

SUBJECTS = "mountain river lake forest desert island harbour valley glacier meadow".split()


def text(number, about="is described"):
    """A text of its own: the words tell it from all others."""
    return f"The {SUBJECTS[number % 10]} of number {number} {about} in story {number * 7919 % 1000} of volume {number}."


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "articles").mkdir()
    write(tmp_path, range(60))
    return tmp_path


def write(folder, numbers, changed=()):
    """The articles of these numbers and no others; the changed ones say something else."""
    for path in (folder / "articles").glob("*.txt"):
        if int(path.stem) not in numbers:
            path.unlink()
    for number in numbers:
        said = text(number, "was changed") if number in changed else text(number)
        (folder / "articles" / f"{number}.txt").write_text(said)


@pytest.fixture
def rebuild(folder, words):
    return lambda **options: build([folder / "articles"], folder / "index", words, **options)


@pytest.fixture(params=["exact", "approximate"])
def kind(request):
    return request.param


def facts(index):
    """The file in use, when it was written, and of which kind it is."""
    with Catalog(index) as catalog:
        path = current_file(catalog)
        return path.name, path.stat().st_mtime_ns, open_vectors(catalog).kind.split(",")[0]


def nearest(index, words, question, k=10, store=None):
    """The texts of the passages nearest to a question, by the index and by brute force over the catalog."""
    vector = words.encode([question])[0]
    with (store or LocalStore(index)).snapshot(words.identity) as snapshot:
        found = snapshot.vectors().search(vector, k)
        numbers, matrix = snapshot.catalog.passage_vectors()
        best = np.sort(matrix @ vector)[::-1][:k]
        np.testing.assert_allclose([score for _, score in found], best, atol=1e-5)
        assert len(snapshot.vectors()) == len(numbers)
        passages = snapshot.catalog.passages(number for number, _ in found)
        assert len(passages) == len(found)
        return [snapshot.article(p.article_id).text[p.start : p.end] for p in passages.values()]


# ---- changes -------------------------------------------------------------------------------------


def test_one_changed_article_leaves_the_file_and_is_found_as_it_is_now(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    before = facts(folder / "index")
    write(folder, range(60), changed=[7])
    assert rebuild().generation == 2
    assert facts(folder / "index") == before
    assert before[0] == "vectors-1.faiss"
    found = nearest(folder / "index", words, text(7, "was changed"))
    assert found[0] == text(7, "was changed")
    assert text(7) not in found
    assert verify(folder / "index").problems == ()


def test_the_file_is_written_anew_once_a_tenth_came_or_went(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    names = []
    for changed in range(1, 5):  # a change is one passage that goes and one that comes
        write(folder, range(60), changed=range(changed))
        rebuild()
        names.append(facts(folder / "index")[0])
        assert nearest(folder / "index", words, text(0, "was changed"))[0] == text(0, "was changed")
        assert [path.name for path in (folder / "index").glob("vectors-*")] == [names[-1]]
    assert names == ["vectors-1.faiss"] * 3 + ["vectors-5.faiss"]
    with Catalog(folder / "index") as catalog:
        assert catalog.gone(10**9).tolist() == []


def test_many_passages_that_came_later_are_not_more_than_a_bound(folder, rebuild, monkeypatch):
    rebuild()
    monkeypatch.setattr(module, "LATE_MOST", 2)
    write(folder, range(63))
    rebuild()
    assert facts(folder / "index")[0] == "vectors-2.faiss"


def test_whatever_comes_and_goes_the_search_is_that_of_the_catalog(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    store, chance = LocalStore(folder / "index"), random.Random(3)
    there, changed, names = set(range(60)), set(), set()
    for _ in range(12):
        there ^= set(chance.sample(range(80), 2))
        changed ^= set(chance.sample(range(80), 1))
        write(folder, sorted(there), changed)
        rebuild()
        names.add(facts(folder / "index")[0])
        number = chance.choice(sorted(there))
        said = text(number, "was changed") if number in changed else text(number)
        assert nearest(folder / "index", words, said)[0] == said
        assert nearest(folder / "index", words, said, store=store)[0] == said  # opened before
    assert 1 < len(names) < 12
    assert verify(folder / "index").problems == ()


def test_a_snapshot_keeps_its_own_vectors_while_later_ones_are_published(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    store, vector = LocalStore(folder / "index"), words.encode([text(7)])[0]
    with store.snapshot(words.identity) as snapshot:
        before = snapshot.vectors().search(vector, 10)
        for changed in ([7], range(30)):  # beside the file, then into a new one
            write(folder, range(60), changed)
            rebuild()
            with store.snapshot(words.identity) as newer:
                assert newer.vectors().search(vector, 10) != before
            assert snapshot.vectors().search(vector, 10) == before


def test_a_file_that_serves_on_is_not_opened_again(folder, rebuild, kind):
    rebuild(vector_kind=kind)
    with Catalog(folder / "index") as catalog:
        loaded = open_vectors(catalog)
    write(folder, range(61))
    rebuild()
    with Catalog(folder / "index") as catalog:
        current_file(catalog).unlink()
        assert len(open_vectors(catalog, loaded)) == 61
        assert open_vectors(catalog) is None


# ---- kinds ---------------------------------------------------------------------------------------


def test_the_kind_follows_the_size_of_the_corpus_there_and_back(folder, words, rebuild, monkeypatch):
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    kinds = []
    for count in (60, 104, 160, 150, 60):
        write(folder, range(count))
        rebuild()
        kinds.append(facts(folder / "index")[2])
        assert nearest(folder / "index", words, text(33))[0] == text(33)
    assert kinds == ["exact", "IVF8", "IVF16", "IVF16", "exact"]


def test_what_was_asked_for_holds_until_something_else_is(folder, words, rebuild):
    assert rebuild(vector_kind="approximate").generation == 1
    assert facts(folder / "index")[2] == "IVF8"
    assert rebuild().generation == 1
    write(folder, range(90))
    rebuild()
    assert facts(folder / "index")[2] == "IVF8"
    report = rebuild(vector_kind="exact")
    assert (report.generation, report.embedded, report.unchanged) == (3, 0, 90)
    assert facts(folder / "index")[::2] == ("vectors-3.faiss", "exact")
    rebuild(vector_kind="approximate")
    rebuild(vector_kind="automatic")
    assert facts(folder / "index")[2] == "exact"
    assert nearest(folder / "index", words, text(80))[0] == text(80)


def test_a_wish_that_changes_nothing_yet_is_remembered(folder, rebuild, monkeypatch):
    rebuild()
    assert rebuild(vector_kind="exact").generation == 1
    monkeypatch.setattr(module, "EXACT_UP_TO", 10)
    write(folder, range(90))
    rebuild()
    assert facts(folder / "index")[2] == "exact"


def test_a_kind_that_there_is_not_is_an_input_error_that_names_those_there_are(rebuild):
    with pytest.raises(InputError, match=r"'hnsw'.*automatic, exact, approximate"):
        rebuild(vector_kind="hnsw")


def test_an_index_without_a_passage_is_exact(folder, rebuild):
    rebuild(vector_kind="approximate")
    write(folder, [])
    rebuild()
    assert facts(folder / "index")[2] == "exact"


def test_a_build_that_is_repeated_writes_the_same_file(folder, words, kind):
    for name in ("one", "two"):
        build([folder / "articles"], folder / name, words, vector_kind=kind)
    assert vector_file(folder / "one", 1).read_bytes() == vector_file(folder / "two", 1).read_bytes()


# ---- damage --------------------------------------------------------------------------------------


def harm(path, how):
    content = bytearray(path.read_bytes())
    content[{"flipped at the start": 9, "flipped in the middle": len(content) // 2}.get(how, -1)] ^= 1
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {"truncated": content[:1000], "empty": b"", "of another kind": b"IxFI" * 999}.get(how, content)
        )


@pytest.mark.parametrize(
    "how",
    ["missing", "truncated", "empty", "of another kind", "flipped at the start", "flipped in the middle", "flipped"],
)
def test_a_harmed_file_changes_no_answer_and_the_next_build_writes_it_again(folder, words, rebuild, kind, how):
    rebuild(vector_kind=kind)
    write(folder, range(60), changed=[7])
    rebuild()
    asked, said = words.texts, text(7, "was changed")
    content = vector_file(folder / "index", 1).read_bytes()
    harm(vector_file(folder / "index", 1), how)
    assert verify(folder / "index").problems != ()
    assert nearest(folder / "index", words, said)[0] == said
    assert words.texts == asked + 1  # the question
    assert (rebuild().generation, verify(folder / "index").problems) == (2, ())
    assert nearest(folder / "index", words, said)[0] == said
    assert vector_file(folder / "index", 2).read_bytes() != content  # of all that there is now


def test_a_harmed_file_is_not_built_upon(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    harm(vector_file(folder / "index", 1), "flipped in the middle")
    write(folder, range(60), changed=[7])
    rebuild()
    assert facts(folder / "index")[0] == "vectors-2.faiss"


def test_a_copied_index_is_read_through_once_and_not_written_again(folder, words, rebuild, kind):
    rebuild(vector_kind=kind)
    shutil.copytree(folder / "index", folder / "copy", copy_function=shutil.copy)  # the times are lost
    os.utime(vector_file(folder / "copy", 1), ns=(1, 1))
    build([folder / "articles"], folder / "copy", words)
    assert vector_file(folder / "copy", 1).stat().st_mtime_ns == 1
    with Catalog(folder / "copy") as catalog:
        assert catalog.meta("stamp").endswith(" 1")


def test_a_file_of_the_size_and_time_noted_is_not_read_by_a_build_that_has_nothing_to_do(folder, rebuild, kind):
    rebuild(vector_kind=kind)
    path = vector_file(folder / "index", 1)
    time = path.stat().st_mtime_ns
    harm(path, "flipped in the middle")
    os.utime(path, ns=(time, time))
    harmed = path.read_bytes()
    rebuild()
    assert path.read_bytes() == harmed
    assert verify(folder / "index").problems != ()  # which is who reads it


def test_a_file_half_written_and_those_of_other_generations_are_removed(folder, rebuild):
    rebuild()
    for name in ("vectors-2.faiss.new", "vectors-9.faiss"):
        (folder / "index" / name).write_bytes(b"of a build that was killed")
    rebuild()
    assert [path.name for path in (folder / "index").glob("vectors-*")] == ["vectors-1.faiss"]
