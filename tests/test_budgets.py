"""What an answer costs in counts that no machine changes: model calls, padding, passages read, statements, imports.

Seconds are the benchmarks' business. A budget here is the cost as it is, with little room: a change
that needs more has to raise it in plain sight.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from index import inference
from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer

QUESTIONS = (
    "Who is the Syrian army spokesman?",
    "How far is Qaim from Baghdad?",
    "What fled across the Euphrates?",
)

EMBEDDER_CALLS = 1
READER_CALLS = 3
"""For a question: the passages found best, those of the rest that may matter, and the best candidates side by side."""

PADDED = 0.2
"""Most of what the models are given that may be padding."""

TEXTS_READ = 7
"""For a question that is answered: five passages of ten, and the best candidates side by side in two orders."""

STATEMENTS = 60
"""Names that the articles know by others take most of them: a search by words for each spelling."""
MODULES = 900
"""Loaded by a process that answers; it was over four thousand with torch and transformers."""


@dataclass
class Calls:
    """What a model was given: tokens in each call, and how many of them meant something."""

    given: list[int] = field(default_factory=list)
    meant: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def padded(self) -> float:
        return 1 - sum(self.meant) / sum(self.given)


class Counting:
    """A model that is told on."""

    def __init__(self, runner: inference.Runner, calls: Calls) -> None:
        self.engine, self.batch_tokens, self.step = runner.engine, runner.batch_tokens, runner.step
        self._runner, self._calls = runner, calls

    def __call__(self, ids: Any, mask: Any, types: Any) -> Any:
        self._calls.given.append(ids.size)
        self._calls.meant.append(int(mask.sum()))
        self._calls.rows.append(len(ids))
        return self._runner(ids, mask, types)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, Calls]:
    """Counts every batch that goes to a model, by the model's name."""
    counted = {"embed": Calls(), "read": Calls()}
    names: dict[int, str] = {}
    load, run = inference.load, inference.run

    def named(identity: str, *rest: Any, **options: Any) -> Any:
        runner = load(identity, *rest, **options)
        names[id(runner)] = identity.partition("-")[0]
        return runner

    def counting(runner: Any, *rest: Any, **options: Any) -> Any:
        return run(Counting(runner, counted[names[id(runner)]]), *rest, **options)

    monkeypatch.setattr(inference, "load", named)
    monkeypatch.setattr(inference, "run", counting)
    return counted


@pytest.fixture
def fresh_qa(seed_index: Path, calls: dict[str, Calls]) -> QuestionAnswerer:
    """An engine that has answered nothing yet, its models' calls counted."""
    qa = QuestionAnswerer.open(seed_index)
    qa.warm()
    for counted in calls.values():
        counted.given.clear(), counted.meant.clear(), counted.rows.clear()
    return qa


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every SQL statement that is run on a connection opened from now on."""
    run: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(run.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    yield run


def test_a_question_costs_few_calls_of_each_model(fresh_qa: QuestionAnswerer, calls: dict[str, Calls]) -> None:
    for question in QUESTIONS:
        fresh_qa.ask(question)
    assert len(calls["embed"].given) <= EMBEDDER_CALLS * len(QUESTIONS)
    assert len(calls["read"].given) <= READER_CALLS * len(QUESTIONS)
    assert sum(calls["read"].rows) <= TEXTS_READ * len(QUESTIONS)


def test_the_same_question_again_costs_no_call_at_all(fresh_qa: QuestionAnswerer, calls: dict[str, Calls]) -> None:
    fresh_qa.ask(QUESTIONS[0])
    before = len(calls["read"].given), len(calls["embed"].given)
    fresh_qa.ask(QUESTIONS[0])
    assert (len(calls["read"].given), len(calls["embed"].given)) == before


def test_little_of_what_the_models_are_given_is_padding(
    fresh_qa: QuestionAnswerer, calls: dict[str, Calls], seeds: Path, embedder: Embedder, tmp_path: Path
) -> None:
    for question in QUESTIONS:
        fresh_qa.ask(question)
    assert calls["read"].padded <= PADDED
    calls["embed"].given.clear(), calls["embed"].meant.clear()
    build([seeds], tmp_path / "index", Embedder())
    assert calls["embed"].given
    assert calls["embed"].padded <= PADDED


def test_a_question_asks_the_catalog_a_bounded_number_of_things(
    fresh_qa: QuestionAnswerer, statements: list[str]
) -> None:
    for question in QUESTIONS:
        statements.clear()
        fresh_qa.ask(question)
        ours = [statement for statement in statements if not statement.startswith("--")]  # those are FTS5's own
        assert 0 < len(ours) <= STATEMENTS, "\n".join(ours)


ANSWERING = """
import json, sys
from qa import QuestionAnswerer
assert QuestionAnswerer.open(sys.argv[1]).ask("Who is the Syrian army spokesman?").found
print(json.dumps(sorted(sys.modules)))
"""


def test_a_process_that_answers_loads_few_modules(seed_index: Path, seed_qa: QuestionAnswerer) -> None:
    pytest.importorskip("openvino")
    done = subprocess.run(
        [sys.executable, "-c", ANSWERING, str(seed_index)], capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    heavy = {"torch", "transformers", "sentence_transformers", "sklearn", "scipy", "gradio", "datasketch", "pandas"}
    heavy |= {"pymilvus", "milvus_lite", "grpc", "ray"}
    assert not heavy & set(loaded)
    assert len(loaded) <= MODULES
