"""What reading costs in calls of the server, whatever the machine: each takes a way there and back.

A budget here is the cost as it is, with little room, as in `tests/test_budgets.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embedder import Embedder
from index.milvus import MilvusStore
from index.milvus.server import Address, Server
from index.milvus.snapshot import AT_ONCE, TEXTS_AT_ONCE, together
from qa.pipeline import QuestionAnswerer
from qa.retriever import Retriever

CALLS = 10
"""For a question: which generation, names, the two searches, what words are worth, sentences, and what was found."""

ARTICLES = 230
"""So many that their texts are not read all at once."""


class Counting(Server):
    """A server that notes what it is asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(Address.read(str(path)), timeout=30)
        self.asked: list[str] = []

    def call(self, method: str, *values: Any, patience: float = 1, **named: Any) -> Any:
        self.asked.append(f"{method} {named.get('filter', '')}")
        return super().call(method, *values, patience=patience, **named)

    def find(self, method: str, *values: Any) -> Any:
        self.asked.append(method)
        return super().find(method, *values)

    @property
    def for_texts(self) -> int:
        return sum('kind == "text"' in asked for asked in self.asked)


@pytest.fixture
def server(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "index.db")


@pytest.fixture
def store(server: Counting, tmp_path: Path, words: Embedder) -> Iterator[MilvusStore]:
    """Articles about one thing, so that every question finds passages of many."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(ARTICLES):
        (folder / f"{number:03}.txt").write_text(
            f"Harbour {number}\n\nThe harbour of bay {number} is {number} miles wide.\n"
        )
    made = MilvusStore(str(server.address), tmp_path / "machine", server=server)
    made.build([folder], words)
    yield made
    made.close()


def test_a_question_asks_the_server_few_things(
    store: MilvusStore, server: Counting, words: Embedder, seed_qa: QuestionAnswerer
) -> None:
    asked = QuestionAnswerer(store, Retriever(words), seed_qa.reader, seed_qa.calibration, words)
    asked.ask("How wide is the harbour of bay 5?")  # what is true of a whole generation is read once
    for number in range(20, 23):
        server.asked.clear()
        found = asked.examine(f"How many miles wide is the harbour of bay {number}?")
        assert len(found.articles) >= 10
        assert server.for_texts == 1
        assert len(server.asked) <= CALLS, "\n".join(server.asked)


def test_texts_are_read_many_at_a_time(store: MilvusStore, server: Counting) -> None:
    with store.snapshot() as snapshot:
        server.asked.clear()
        articles = snapshot.articles()
        assert len(articles) == ARTICLES
        assert server.for_texts == -(-ARTICLES // AT_ONCE)
        server.asked.clear()
        assert snapshot.articles_of(article.id for article in articles) == {a.id: a for a in articles}
        assert server.for_texts == -(-ARTICLES // AT_ONCE)


def test_no_more_text_is_asked_for_than_milvus_gives_at_once() -> None:
    passages = (TEXTS_AT_ONCE + 1, 1, TEXTS_AT_ONCE - 1, 1, 1)
    everything = [{"digest": str(number), "passages": count} for number, count in enumerate(passages)]
    assert ["".join(some) for some in together(everything)] == ["0", "12", "34"]
    assert list(together([])) == []
