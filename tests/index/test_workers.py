"""This process alone prepares files a block at a time, in order, and makes no vector that the index has."""

import pytest

from index.build import build
from index.catalog import Catalog
from index.pieces import Piece
from index.sources import entries, find
from index.workers import Alone, Have, Read


@pytest.fixture
def prepared(articles, index, words):
    """What becomes of all files for the index, and what was told meanwhile."""

    def run():
        told = []
        with Catalog(index) as catalog:
            have = Have(set(catalog.digests().values()), catalog.excluded(), catalog)
            made = list(Alone(words).prepared(list(entries(find([articles]))), have, lambda *said: told.append(said)))
        return made, told

    return run


def test_what_the_index_has_is_read_and_no_more(prepared, words):
    asked = words.texts
    made, told = prepared()
    assert [(one.file, [item.id for item in one.items]) for one in made] == [(0, ["a.txt"]), (1, ["b.txt"])]
    assert all(one.key for one in made)
    assert (told, words.texts) == ([("reading", 1, 0), ("reading", 2, 0)], asked)


def test_vectors_come_before_the_piece_that_they_are_of_and_only_those_that_are_missing(articles, prepared, words):
    long = " ".join(f"Sentence number {number} is about the hills and the sea beyond." for number in range(60))
    (articles / "a.txt").write_text(f"The mountain is high.\n\n{long}\n")
    (articles / "b.txt").write_text("The river is long.\n\nIt is not.\n")
    made, _ = prepared()
    known = set()
    for one in made:
        if isinstance(one, Piece):
            assert set(one.digests) <= known
        elif not isinstance(one, Read):
            known |= one.keys()
    (articles / "c.txt").write_text("The lake is deep.\n")
    build([articles], articles.parent / "index", words)
    asked = words.texts
    (articles / "a.txt").write_text(f"The mountain is high.\n\n{long}\n\nA last word is added.\n")
    prepared()
    assert words.texts - asked == 1


def test_no_more_than_a_block_is_held(articles, prepared, monkeypatch):
    monkeypatch.setattr("index.workers.BLOCK", 10)
    rows = "".join(f'{{"text": "Row {number} tells of the hills."}}\n' for number in range(35))
    (articles / "rows.jsonl").write_text(rows)
    made, told = prepared()
    kinds = ["read" if isinstance(one, Read) else "piece" if isinstance(one, Piece) else "vectors" for one in made]
    assert kinds == ["read"] * 2 + (["vectors"] + ["piece"] * 10) * 3 + ["read", "vectors"] + ["piece"] * 5
    assert told[-1] == ("embedding", 35, 35)
    assert [stage for stage, *_ in told].index("embedding") < len(told) / 2


def test_copies_are_cut_once(articles, prepared):
    for name in ("x", "y"):
        (articles / name).mkdir()
        (articles / name / "same.txt").write_text("A headline\n\nThe lake is deep.\n")
    made, _ = prepared()
    assert [one.article.id for one in made if isinstance(one, Piece)] == ["x/same.txt"]
