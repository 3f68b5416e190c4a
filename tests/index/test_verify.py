"""Each half of an index is checked against the others and the files, and what is derived is made again."""

import os
import re
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from index import verify as verifying
from index.build import build, build_lock
from index.catalog import FILE
from index.errors import CorpusError
from index.vector_files import vector_file
from index.vectors import Vectors
from index.verify import repair, verify


@pytest.fixture
def index(seeds, tmp_path, words):
    build([seeds], tmp_path, words)
    return tmp_path


FEWER_WORDS = "INSERT INTO words (words, rowid, title, body) SELECT 'delete', * FROM (SELECT 1, 'Syria', 'army')"


def change(index, statement):
    with closing(sqlite3.connect(index / FILE)) as connection, connection:
        connection.execute(statement)


def test_a_whole_index_has_no_problems(seed_index, embedder):
    report = verify(seed_index)
    assert report.problems == ()
    assert (report.generation, report.embedder, report.articles) == (1, embedder.identity, 5)
    assert report.passages == report.vectors > 5
    assert (report.vector_index, report.notes) == ("exact", ())


def test_the_report_as_a_dictionary_has_the_same_facts(index):
    report = verify(index)
    assert report.as_dict() == {name: getattr(report, name) for name in type(report).__slots__}


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM vectors WHERE digest = (SELECT vector FROM passages LIMIT 1)", "1 of .* passages have no vector"),
        ('UPDATE passages SET "end" = 1000000 WHERE number = 3', "1 passages lie outside their article"),
        ('UPDATE passages SET start = "end" WHERE number < 3', "2 passages lie outside their article"),
        ("DELETE FROM articles WHERE number = 1", "passages belong to no article"),
        ("UPDATE passages SET article = 9 WHERE number = 1", "1 articles lack a passage"),
        ("DELETE FROM passages WHERE number = 1", "1 articles lack a passage"),
        ("DELETE FROM words_docsize WHERE id = 1", "the full text holds .* passages, the catalog"),
        ("UPDATE meta SET value = 'other' WHERE name = 'checksum'", "missing or damaged"),
        ("UPDATE articles SET text = replace(text, 'Syria', 'Sirya') WHERE number = 1", "1 articles are not what was"),
        ("UPDATE articles SET published = 'soon' WHERE number = 2", "1 articles are not what was"),
        ("UPDATE vectors SET vector = zeroblob(length(vector))", "cached vectors are damaged"),
        (FEWER_WORDS, "the full text is not that of the passages"),
    ],
)
def test_what_does_not_agree_is_reported(index, statement, problem):
    change(index, statement)
    assert [line for line in verify(index).problems if re.search(problem, line)] != []


def test_a_missing_or_flipped_vector_file_is_reported_and_left_as_it_is(index):
    path = vector_file(index, 1)
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    assert verify(index).problems == verify(index).problems != ()
    assert path.read_bytes() == content
    path.unlink()
    (problem,) = verify(index).problems
    assert problem == "vectors-1.faiss is missing or damaged"
    assert not path.exists()


def test_a_vector_file_of_another_corpus_is_reported_by_its_count(index, words):
    matrix = words.encode(["one", "two"])
    checksum = Vectors(np.array([1, 2]), matrix).save(vector_file(index, 1))
    change(index, f"UPDATE meta SET value = '{checksum}' WHERE name = 'checksum'")
    (problem,) = verify(index).problems
    assert f"holds 2 vectors for {verify(index).passages} passages" in problem


def test_verifying_changes_nothing(index):
    before = (index / FILE).read_bytes()
    verify(index)
    assert (index / FILE).read_bytes() == before


def test_no_index_or_one_too_damaged_to_read_is_a_corpus_error(index, tmp_path):
    with pytest.raises(CorpusError, match="there is no index"):
        verify(tmp_path / "none")
    content = (index / FILE).read_bytes()
    (index / FILE).write_bytes(content[:8192] + b"\0" * 8192 + content[16384:])
    with pytest.raises(CorpusError, match="cannot be read as an index"):
        verify(index)


def test_files_that_changed_since_the_build_are_a_note_and_no_problem(tmp_path, words):
    articles, index = tmp_path / "articles", tmp_path / "index"
    articles.mkdir()
    for name in "abc":
        (articles / f"{name}.txt").write_text(f"This is the text {name}.\n")
    build([articles], index, words)
    assert verify(index).notes == ()
    (articles / "a.txt").write_text("This is another text.\n")
    (articles / "b.txt").unlink()
    (articles / "d.txt").write_text("This is the text d.\n")
    report = verify(index)
    assert report.problems == ()
    assert report.notes == (
        "articles in the files since the last build: 1 changed, 1 added, 1 gone; run `qa index` to follow",
    )
    articles.rename(tmp_path / "moved")
    (note,) = verify(index).notes
    assert note.startswith("the files cannot be compared: ")
    assert str(articles) in note


@pytest.mark.parametrize("harm", ["missing", "flipped", "of another corpus"])
def test_a_harmed_vector_file_is_repaired_without_the_model(index, words, harm):
    path, whole = vector_file(index, 1), verify(index)
    content = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    elif harm == "flipped":
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        content[-5] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=times)  # a failing disk does not say when it failed
    else:
        checksum = Vectors(np.array([1, 2]), words.encode(["one", "two"])).save(path)
        change(index, f"UPDATE meta SET value = '{checksum}' WHERE name = 'checksum'")
    assert verify(index).problems
    asked = words.texts
    (done,) = repair(index)
    assert done == "the vector file was written again from the cached vectors"
    assert verify(index) == whole
    assert words.texts == asked
    assert repair(index) == ()


def test_a_damaged_full_text_is_repaired(index, words):
    change(index, FEWER_WORDS)
    assert repair(index) == ("the full text was made again from the passages",)
    assert verify(index).problems == ()
    change(index, "DELETE FROM words_data WHERE id > 10")
    assert verify(index).problems
    repair(index)
    assert verify(index).problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vectors WHERE digest = (SELECT vector FROM passages LIMIT 1)",
        "UPDATE vectors SET vector = zeroblob(length(vector)) WHERE digest = (SELECT vector FROM passages LIMIT 1)",
        "DELETE FROM directions WHERE digest = (SELECT vector FROM passages LIMIT 1)",
        "UPDATE directions SET matrix = x'7F' WHERE digest = (SELECT vector FROM passages LIMIT 1)",
        "UPDATE articles SET text = replace(text, 'the', 'teh') WHERE number = 1",
        "UPDATE passages SET start = -1 WHERE number = 1",
        "UPDATE passages SET article = 9 WHERE number = 1",
        "DELETE FROM passages WHERE number = 1",
        "DELETE FROM articles WHERE number = 1",
    ],
)
def test_a_damaged_article_is_taken_out_and_the_next_build_reads_it_again(seeds, index, words, statement):
    whole = verify(index)
    change(index, statement)
    assert verify(index).problems
    assert any(line.startswith("damaged articles were taken out") for line in repair(index)) or "articles" in statement
    report = verify(index)
    assert report.problems == ()
    assert report.articles == 4
    build([seeds], index, words)
    again = verify(index)
    assert (again.articles, again.passages, again.problems) == (5, whole.passages, ())


def shared_of(index):
    tables = ("lines", "sentences", "minima", "contained", "syndicated")
    with closing(sqlite3.connect(index / FILE)) as connection:
        return [set(connection.execute(f"SELECT * FROM {table}")) for table in tables]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE minima SET line = 7 WHERE line = (SELECT min(line) FROM minima)",
        "UPDATE sentences SET line = 7 WHERE line = (SELECT min(line) FROM sentences)",
        "UPDATE contained SET other = 7 WHERE other = (SELECT min(other) FROM contained)",
        "UPDATE lines SET articles = 7 WHERE number = (SELECT min(number) FROM lines)",
    ],
)
def test_shared_text_that_does_not_belong_together_is_told_and_found_again(seeds, index, words, statement):
    before = shared_of(index)
    change(index, statement)
    assert shared_of(index) != before
    assert all("shared text" in problem for problem in verify(index).problems) and verify(index).problems
    assert repair(index) == ("the sentences of all articles were compared again",)
    assert verify(index).problems == ()
    assert shared_of(index) == before


def test_a_line_that_is_met_but_not_known_is_a_damaged_index_to_a_build(tmp_path, words):
    report = "The army said that its soldiers had taken the last bridge over the river before dawn on Friday."
    (tmp_path / "one.txt").write_text(report, encoding="utf-8")
    index = tmp_path / "index"
    build([tmp_path / "one.txt"], index, words)
    change(index, "UPDATE minima SET line = 7")
    (tmp_path / "two.txt").write_text(f"{report[:-1]}, officials told reporters.", encoding="utf-8")
    with pytest.raises(CorpusError, match="minima of shared text are of no line") as caught:
        build([tmp_path / "one.txt", tmp_path / "two.txt"], index, words)
    assert "\n" not in str(caught.value)


def test_a_repair_is_refused_while_a_build_runs_and_a_check_says_what_it_left_out(index):
    with build_lock(index, 0), pytest.raises(CorpusError, match="another build"):
        repair(index)
    with closing(sqlite3.connect(index / FILE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        report = verify(index)
        assert report.problems == ()
        assert "the full text was not compared" in report.notes[0]


def test_a_build_may_write_while_the_files_are_compared(index, monkeypatch):
    def written(_roots):
        with closing(sqlite3.connect(index / FILE, isolation_level=None, timeout=0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
        return []

    monkeypatch.setattr(verifying, "read_articles", written)
    assert verify(index).problems == ()
