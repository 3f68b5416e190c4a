"""A piece that went through a file is the same piece; the file takes each article once and leaves no trace."""

import os
import random
from datetime import date

import pytest

from index.article import Article
from index.pieces import Piece, Spool, piece_of

SAID = (
    "NATO, short for North Atlantic Treaty Organization, met.\n\n"
    "It’s “new” — 5,000 of 12 came,\x1f or so it says. 東京\u2028!"
)


@pytest.fixture
def article():
    return Article("a#1", "A 'title'\t", SAID, "Herald", "http://x/ü", date(2017, 11, 3), "Who", (0, 7))


def test_every_field_comes_back(article, words):
    piece = piece_of(article, words)
    assert piece.lines and piece.naming.mentions and piece.naming.introductions
    assert Piece.from_json(piece.as_json()) == piece
    assert Piece.from_json(piece.as_json()).texts == piece.texts
    assert "\n" not in piece.as_json()


def test_sentences_stand_in_what_is_embedded_where_the_piece_says(words):
    text = "The bridge was closed. It is old. " * 40 + "The end came late."
    for title in ("", "The bridge"):
        piece = piece_of(Article("a", title, text), words)
        assert len(piece.texts) > 1
        for parted, run, (start, end) in zip(piece.texts, piece.runs, piece.spans, strict=True):
            assert parted.text.endswith(text[start:end]) and parted.text.startswith(title)
            assert [parted.text[s:e] for s, e in parted.sentences] == [text[s:e] for s, e in run]
            assert {text[s:e] for s, e in run} <= {"The bridge was closed.", "It is old.", "The end came late."}


def test_the_spool_gives_each_article_once_in_the_order_in_which_they_came(tmp_path, words):
    chance = random.Random(5)
    pieces = [piece_of(Article(f"{n}.txt", "Title", f"Text {chance.random()}."), words) for n in range(20)]
    with Spool(tmp_path) as spool:
        for piece in (*pieces, pieces[3], piece_of(Article("copy.txt", "Title", pieces[4].article.text), words)):
            spool.add(piece)
        assert list(spool) == pieces
        assert list(spool) == pieces
        assert os.listdir(tmp_path) == []
