"""The benchmark of many users counts what it says, on an engine whose models are small."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from index.build import build
from index.local import LocalStore
from qa.confidence import Calibration, Features
from qa.pipeline import QuestionAnswerer
from qa.retriever import Retriever

QUESTIONS = [f"Where was animal {number}?" for number in range(12)]


@pytest.fixture(scope="module")
def load(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("load")


class Speechless:
    """A reader that finds nothing."""

    def read_together(self, asked: Any) -> list[list[list[Any]]]:
        return [[[] for _ in passages] for _, passages in asked]


@pytest.fixture
def fresh(tmp_path: Path, words: Any) -> Any:
    (tmp_path / "zoo.txt").write_text("Animal 1 was in the zoo.", encoding="utf-8")
    build([tmp_path / "zoo.txt"], tmp_path / "index", words)
    store, reader = LocalStore(tmp_path / "index"), Speechless()
    surely = Calibration(0.0, Features(1.0), 0.0, 0.5)
    return lambda: QuestionAnswerer(store, Retriever(words), reader, surely, words)  # type: ignore[arg-type]


def test_every_number_of_users_gets_all_answers_in_order(load: ModuleType, fresh: Any, tmp_path: Path) -> None:
    figures = load.measure(fresh, QUESTIONS, (1, 4))
    assert list(figures["users"]) == ["1", "4"]
    for row in figures["users"].values():
        assert (row["same answers"], row["out of order"]) == (1.0, 0)
        assert 0 < row["p50, seconds"] <= row["p95, seconds"]
        assert row["of one big batch"] > 0
    assert figures["4 threads without a batcher"]["same answers"] == 1.0
    assert set(figures["asked again"]) == {"first, ms", "again, ms", "again with a filter, ms"}
    load.plot(json.loads(json.dumps(figures)), tmp_path / "load.svg")
    assert (tmp_path / "load.svg").read_text(encoding="utf-8").count("<svg") == 1


def test_one_that_was_served_before_an_earlier_one_is_counted(load: ModuleType) -> None:
    def asked(came: float, turn: float) -> Any:
        return load.Asked("?", came, turn, turn + 1, None)

    assert load.out_of_order([asked(2, 3), asked(1, 3), asked(4, 5)]) == 0
    assert load.out_of_order([asked(1, 5), asked(2, 3), asked(3, 4), asked(4, 6)]) == 2


def test_an_error_of_one_user_is_not_hidden(load: ModuleType) -> None:
    def ask(question: str) -> Any:
        if question == QUESTIONS[3]:
            raise ValueError(question)
        return load.Asked(question, 0, 0, 1, None)

    with pytest.raises(ValueError, match="animal 3"):
        load.at_once(ask, QUESTIONS, 4)
