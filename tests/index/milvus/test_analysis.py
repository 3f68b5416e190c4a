"""Words, and what they are worth, as the local full text has it."""

import sqlite3

import pytest

from index.milvus.analysis import TOKENIZER, Analyzer
from index.milvus.bm25 import Counted, phrase_worth, score
from index.words import BODY_WEIGHT, TITLE_WEIGHT

TEXTS = [
    ("Élections", "The café's runner was running for the elections in Deir ez-Zor."),
    ("", "A café in Paris, another café in Deir ez-Zor; Deir and ez-Zor."),
    ("Deir ez-Zor", "Nothing."),
    *((f"Filler {number}", "Some other words that fill the passages.") for number in range(20)),
]


@pytest.mark.parametrize("phrase", ["cafe", "elected", "Deir ez-Zor", "runs", "ez Zor, Deir", "absent"])
def test_scores_are_those_of_fts5(phrase: str) -> None:
    sql = sqlite3.connect(":memory:")
    sql.execute(f"CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize='{TOKENIZER}')")
    sql.executemany("INSERT INTO words VALUES (?, ?)", TEXTS)
    query = f"SELECT rowid - 1, -bm25(words, {TITLE_WEIGHT}, {BODY_WEIGHT}) FROM words WHERE words MATCH ?"
    expected = dict(sql.execute(query, (f'"{phrase}"',)).fetchall())

    analyzer = Analyzer()
    words = analyzer.words([text for pair in TEXTS for text in pair])
    passages = [
        Counted.of(" ".join((*title, *body)), len(title)) for title, body in zip(words[::2], words[1::2], strict=True)
    ]
    (wanted,) = analyzer.words([phrase])
    holding = sum(passage.holds(wanted) for passage in passages)
    worth = phrase_worth(("counted", *wanted), {}, len(passages), holding)
    average = sum(passage.length for passage in passages) / len(passages)
    scores = {place: score(passage, wanted, worth, average) for place, passage in enumerate(passages)}
    assert {place: found for place, found in scores.items() if found} == pytest.approx(expected)
    assert len(expected) == holding
    analyzer.close()
    sql.close()


def test_texts_leave_nothing_behind() -> None:
    analyzer = Analyzer()
    assert analyzer.words(["One café", "", "two cafés"]) == [("on", "cafe"), (), ("two", "cafe")]
    assert analyzer.words(["three"]) == [("three",)]
    analyzer.close()
