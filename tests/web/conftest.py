"""Results to keep and to show, made by hand; and small engines."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.article import Article
from index.build import build
from index.errors import CorpusError
from index.local import LocalStore
from qa.answer import Alternative, Answer, Citation, NoAnswer
from qa.confidence import Calibration
from qa.pipeline import QuestionAnswerer
from qa.retriever import Retriever
from web.engine import Engine

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


# ---- a small engine: the real reader over two articles, found by their words alone ----------------


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of two articles that tests may add to and take from."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "harbour.txt").write_text(
        "The harbour opens\n\nThe harbour of Tallow Bay was opened by Mayor Edda Quist on Friday.\n", encoding="utf-8"
    )
    (folder / "bridge.txt").write_text("A bridge\n\nThe bridge of Tallow Bay is 412 metres long.\n", encoding="utf-8")
    return folder


@pytest.fixture
def small_qa(shelf: Path, tmp_path: Path, words: Any, seed_qa: QuestionAnswerer) -> QuestionAnswerer:
    """The shelf, indexed, and what answers questions about it."""
    folder = tmp_path / "index"
    build([shelf], folder, words)
    calibration = Calibration.of_reader(seed_qa.reader.folder)
    return QuestionAnswerer(LocalStore(folder), Retriever(words), seed_qa.reader, calibration, words)


@pytest.fixture
def engine(small_qa: QuestionAnswerer) -> Iterator[Engine]:
    """That, open and ready."""
    opened = Engine(small_qa.store, lambda _: small_qa)
    opened.start()
    assert opened.wait(60)
    yield opened
    opened.close()


@pytest.fixture
def failed(tmp_path: Path) -> Iterator[Engine]:
    """One that could not be opened."""

    def opened(_: object) -> QuestionAnswerer:
        raise CorpusError("there is no index here")

    engine = Engine(LocalStore(tmp_path), opened)
    engine.start()
    assert not engine.wait(10)
    yield engine
    engine.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Whether something holds soon: it is looked at again and again for ten seconds."""

    def waited(holds: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 10
        while not (held := holds()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return held

    return waited
