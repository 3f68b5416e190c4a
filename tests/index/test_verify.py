"""Each half of an index is checked against the others, and nothing is mended."""

import re
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from index.build import build
from index.catalog import FILE
from index.errors import CorpusError
from index.vector_files import vector_file
from index.vectors import Vectors
from index.verify import verify


@pytest.fixture
def index(seeds, tmp_path, words):
    build([seeds], tmp_path, words)
    return tmp_path


def change(index, statement):
    with closing(sqlite3.connect(index / FILE)) as connection, connection:
        connection.execute(statement)


def test_a_whole_index_has_no_problems(seed_index, embedder):
    report = verify(seed_index)
    assert report.problems == ()
    assert (report.generation, report.embedder, report.articles) == (1, embedder.identity, 5)
    assert report.passages == report.vectors > 5


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
        ("DELETE FROM words_docsize WHERE id = 1", "the full text holds .* passages, the catalog"),
        ("UPDATE meta SET value = 'other' WHERE name = 'checksum'", "missing or damaged"),
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
    assert "run `qa index` to write it again" in problem
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
