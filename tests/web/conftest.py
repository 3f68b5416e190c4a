"""Results to keep and to show, made by hand."""

from datetime import date

import pytest

from index.article import Article
from qa.answer import Alternative, Answer, Citation, NoAnswer

HARBOUR = Article(
    "news/harbour.txt",
    "The harbour opens",
    "Tallow Bay has a harbour again.\n\nIt was opened by Mayor Edda Quist on Friday. The mayor spoke briefly.",
    "The Tallow Gazette",
    "https://gazette.example/harbour",
    date(2017, 11, 3),
    "Piet Lund",
)
BRIDGE = Article("bridge.txt", "A bridge", "The bridge of Tallow Bay is 412 metres long.")


def cite(article: Article, quote: str, sentence: str = "") -> Citation:
    start = article.text.index(quote)
    return Citation(article, start, start + len(quote), sentence or quote)


@pytest.fixture
def answer() -> Answer:
    """An answer with a rival reading, from two articles."""
    sentence = "It was opened by Mayor Edda Quist on Friday."
    return Answer(
        "Who opened it?",
        "Edda Quist",
        0.8125,
        (cite(HARBOUR, "Edda Quist", sentence),),
        (Alternative("412 metres", 0.125, (cite(BRIDGE, "412 metres", BRIDGE.text),)),),
        understood="Who opened the harbour?",
        seconds=0.25,
    )


@pytest.fixture
def refusal() -> NoAnswer:
    """A refusal with the passage that was closest."""
    return NoAnswer("Who won the cup?", 0.0625, (), (cite(BRIDGE, BRIDGE.text),), "Who won the cup?", 0.5)


@pytest.fixture
def harbour() -> Article:
    return HARBOUR


@pytest.fixture
def bridge() -> Article:
    return BRIDGE
