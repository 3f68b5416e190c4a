"""What every system in the comparison is given and has to report.

Standard library alone, as each system runs in an environment of its own.

The order comes as JSON on standard input, the report goes as JSON to standard output.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

WARM_UP = 3
WORDS, OVERLAP = 140, 30
"""Of a passage where a system has no notion of its own: about the 200 tokens that ours have."""


@dataclass(frozen=True)
class Order:
    """A folder of .txt articles to index, two models in the format of transformers, questions, and how much to read.

    `work` is an empty folder, for what a system keeps as files.
    """

    folder: str
    embedder: str
    reader: str
    questions: list[str]
    passages_read: int
    work: str


@dataclass(frozen=True)
class Report:
    """Seconds and bytes; answers are in the order of the questions, "" where there was none."""

    build_seconds: float
    question_seconds: list[float]
    answers: list[str]
    peak_bytes: int


Passages = Sequence[str]


@dataclass(frozen=True)
class Readings:
    """Seconds for each question, and for each of its passages the best answer, and whether it is better than none."""

    seconds: list[float]
    answers: list[list[tuple[str, bool]]]


class System(Protocol):
    """A system under comparison, its models loaded."""

    def build(self, folder: Path) -> None:
        """Index every .txt file under the folder."""

    def ask(self, question: str) -> str:
        """The best answer whatever its confidence, a quote; "" if there is none."""


def perform(make: Callable[[Order], System]) -> None:
    """Carry out the order on standard input and report."""
    order = Order(**json.load(sys.stdin))
    system = make(order)
    started = time.perf_counter()
    system.build(Path(order.folder))
    built = time.perf_counter() - started
    for question in order.questions[:WARM_UP]:
        system.ask(question)
    taken, answers = [], []
    for question in order.questions:
        started = time.perf_counter()
        answers.append(system.ask(question))
        taken.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(asdict(Report(built, taken, answers, peak))))


class SystemReader(Protocol):
    """The reader of a system, loaded."""

    def read(self, question: str, passages: Passages) -> list[tuple[str, bool]]:
        """As in `Readings`."""


def perform_reading(make: Callable[[str], SystemReader]) -> None:
    """Read what standard input asks, the reader's folder and questions with their passages, and report."""
    order = json.load(sys.stdin)
    reader = make(order["reader"])
    for question, passages in order["asked"][:WARM_UP]:
        reader.read(question, passages)
    taken, answers = [], []
    for question, passages in order["asked"]:
        started = time.perf_counter()
        answers.append(reader.read(question, passages))
        taken.append(time.perf_counter() - started)
    print(json.dumps(asdict(Readings(taken, answers))))


def pieces(text: str) -> list[str]:
    """A text in runs of words that overlap."""
    words = text.split()
    return [" ".join(words[at : at + WORDS]) for at in range(0, max(1, len(words) - OVERLAP), WORDS - OVERLAP)]
