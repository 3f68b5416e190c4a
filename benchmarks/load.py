"""How long do users wait, and how much is answered, when many ask at once?

Each of 1 to 64 users asks, reads nothing, and asks again as soon as the answer is there; all go through one
`qa.batching.Batcher`. Beside them, in the same run and over the same questions: one big batch of all of them, which
nobody has to wait in; as many threads that ask without a batcher; and as many clients of a server that is started for
it, who ask over HTTP. No question is asked twice in a measurement, so that nothing comes from memory; what memory saves
is measured by itself.

    python benchmarks/load.py INDEX [QUESTIONS.jsonl] [--count 128] [--output docs/benchmarks]
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from machine import described
from peers.served import answered, serving
from rich.console import Console
from rich.table import Table

from index.embedder import Embedder
from index.local import LocalStore
from qa.batching import AT_ONCE, Batcher
from qa.bound import Bound
from qa.confidence import Calibration
from qa.evaluation.questions import read_questions
from qa.pipeline import Inquiry, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever

USERS = (1, 2, 4, 8, 16, 32, 64)
QUESTIONS = Path(__file__).with_name("wikinews.jsonl")

Fresh = Callable[[], QuestionAnswerer]
"""Gives the engine as it is before any question: the models are loaded, and nothing is remembered."""


Texts = dict[str, str | None]
"""Questions with the texts of their answers; None where one was declined."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How one question went: when it came, when its turn was, when its answer was there, and what that was.

    The text is None where it was declined.
    """

    question: str
    came: float
    turn: float
    answered: float
    text: str | None


def main(
    index: Annotated[Path, typer.Argument(help="An index of articles.")],
    questions: Annotated[Path, typer.Argument(help="Questions to ask of it, JSON Lines.")] = QUESTIONS,
    count: Annotated[int, typer.Option(help="How many of the questions each measurement asks.")] = 128,
    output: Annotated[Path | None, typer.Option(help="Write load.json and load.svg here.")] = None,
) -> None:
    """Print waiting times and throughput for each number of users."""
    asked = list(dict.fromkeys(question.question for question in read_questions(questions)))[:count]
    fresh = engines(index)
    fresh().warm()
    with Console(stderr=True).status("asking"):
        figures = {"date": date.today().isoformat(), "machine": described(), "at once": AT_ONCE}
        figures |= measure(fresh, asked, USERS, index)
    table = Table("users", *next(iter(figures["users"].values())))
    for users, row in figures["users"].items():
        table.add_row(users, *(f"{value:,.4g}" for value in row.values()))
    Console().print(table)
    Console().print_json(json.dumps({name: value for name, value in figures.items() if name != "users"}))
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "load.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        plot(figures, output / "load.svg")


def engines(index: Path) -> Fresh:
    """Engines over one index that share models and nothing else."""
    embedder, reader = Embedder(), Reader()
    store, retriever = LocalStore(index), Retriever(embedder)
    calibration = Calibration.of_reader(reader.folder)
    bound = Bound.of_reader(reader.folder)
    return lambda: QuestionAnswerer(store, retriever, reader, calibration, embedder, bound)


def measure(fresh: Fresh, questions: Sequence[str], levels: Sequence[int], index: Path | None = None) -> dict[str, Any]:
    """The figures of each number of users; the big batch is measured before, between and after them.

    With an `index` it is served too, to as many clients as there are users at most.
    """
    expected, offline = in_one_batch(fresh(), questions)
    seconds, levels_seconds, rows = [offline], dict[int, float](), dict[int, dict[str, Any]]()
    for users in levels:
        asked, levels_seconds[users] = with_users(fresh(), questions, users)
        rows[users] = waits(asked) | {"same answers": same(asked, expected), "out of order": out_of_order(asked)}
        seconds.append(in_one_batch(fresh(), questions)[1])
    offline = statistics.median(seconds)
    for users, row in rows.items():
        row["questions a second"] = round(len(questions) / levels_seconds[users], 2)
        row["of one big batch"] = round(offline / levels_seconds[users], 3)
    alone = without_batcher(fresh(), questions, max(levels))
    served = {f"{max(levels)} clients over HTTP": over_http(index, questions, max(levels), expected)} if index else {}
    return {
        "questions": len(questions),
        "one big batch, questions a second": round(len(questions) / offline, 2),
        "users": {str(users): row for users, row in rows.items()},
        f"{max(levels)} threads without a batcher": waits(alone) | {"same answers": same(alone, expected)},
        **served,
        "asked again": asked_again(fresh(), questions),
    }


def in_one_batch(qa: QuestionAnswerer, questions: Sequence[str]) -> tuple[Texts, float]:
    """All questions examined in one call, and the seconds it took."""
    started = time.perf_counter()
    examined = qa.examine_together([Inquiry(question) for question in questions])
    texts = [qa.decide(found).text for found in examined if found]
    return dict(zip(questions, texts, strict=True)), time.perf_counter() - started


def with_users(qa: QuestionAnswerer, questions: Sequence[str], users: int) -> tuple[list[Asked], float]:
    """So many users at once, until all questions are asked; what came of each, and the seconds it took."""
    with Batcher(qa, most_waiting=users) as batcher:

        def ask(question: str) -> Asked:
            pending = batcher.submit(question)
            found = pending.result()
            result = qa.decide(found)
            turn = pending.since + found.seconds["waiting"]
            return Asked(question, pending.since, turn, time.perf_counter(), result.text)

        return at_once(ask, questions, users)


def without_batcher(qa: QuestionAnswerer, questions: Sequence[str], users: int) -> list[Asked]:
    """The same with nobody to put them in order: each thread examines its own question."""

    def ask(question: str) -> Asked:
        came = time.perf_counter()
        result = qa.decide(qa.examine(question))
        return Asked(question, came, came, time.perf_counter(), result.text)

    return at_once(ask, questions, users)[0]


def over_http(index: Path, questions: Sequence[str], clients: int, expected: Texts) -> dict[str, Any]:
    """The same of the program as it is served: a server of its own, and clients that send JSON."""
    with serving(index) as (address, _):

        def ask(question: str) -> Asked:
            came = time.perf_counter()
            text = answered(address, question)["text"]
            return Asked(question, came, came, time.perf_counter(), text)

        asked, seconds = at_once(ask, questions, clients)
    speed = {"questions a second": round(len(questions) / seconds, 2)}
    return waits(asked) | {"same answers": same(asked, expected)} | speed


def at_once(ask: Callable[[str], Asked], questions: Sequence[str], users: int) -> tuple[list[Asked], float]:
    """Threads that take the next question each until there is none; an error in one of them is raised here."""
    left, lock, asked, errors = iter(questions), threading.Lock(), list[Asked](), list[BaseException]()

    def use() -> None:
        while True:
            with lock:
                question = next(left, None)
            if question is None:
                return
            try:
                asked.append(ask(question))
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=use) for _ in range(users)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if errors:
        raise errors[0]
    return asked, seconds


def waits(asked: Sequence[Asked]) -> dict[str, Any]:
    """From the question to its answer."""
    taken = np.array([one.answered - one.came for one in asked])
    return {f"p{at}, seconds": round(float(np.percentile(taken, at)), 4) for at in (50, 95)}


def out_of_order(asked: Sequence[Asked]) -> int:
    """How many questions had their turn before one that came earlier."""
    turns = [one.turn for one in sorted(asked, key=lambda one: one.came)]
    return sum(turn < max(turns[:place]) - 1e-6 for place, turn in enumerate(turns) if place)


def same(asked: Sequence[Asked], expected: Texts) -> float:
    """The share of questions that got the text, or the refusal, that they get in the big batch."""
    return round(statistics.fmean(one.text == expected[one.question] for one in asked), 4)


def asked_again(qa: QuestionAnswerer, questions: Sequence[str]) -> dict[str, Any]:
    """What memory saves: the middle time of a question, of the same again, and of the same under another filter."""

    def middle(ask: Callable[[str], object]) -> float:
        taken = []
        for question in questions[:32]:
            started = time.perf_counter()
            ask(question)
            taken.append(time.perf_counter() - started)
        return round(1000 * statistics.median(taken), 2)

    return {
        "first, ms": middle(qa.ask),
        "again, ms": middle(qa.ask),
        "again with a filter, ms": middle(lambda question: qa.ask(question, published_after=date(1900, 1, 1))),
    }


def plot(figures: dict[str, Any], path: Path) -> None:
    """Waiting times over the number of users, and beside them what share of the big batch's speed is reached."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    users = [int(name) for name in figures["users"]]
    rows = list(figures["users"].values())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for name, style in (("p50, seconds", "o-"), ("p95, seconds", "o--")):
        left.plot(users, [row[name] for row in rows], style, color="#1f5673", label=name.partition(",")[0])
    left.set(title="from question to answer", xlabel="users at once", ylabel="seconds", xscale="log", yscale="log")
    right.plot(users, [row["of one big batch"] for row in rows], "o-", color="#1f5673")
    right.axhline(1, color="#888", linewidth=1)
    right.axhline(0.8, color="#888", linewidth=1, linestyle=":")
    right.set(title="throughput, one big batch = 1", xlabel="users at once", xscale="log", ylim=(0, 1.3))
    for axis in (left, right):
        axis.set_xticks(users, [str(number) for number in users])
        axis.minorticks_off()
        axis.grid(True, alpha=0.2)
    left.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
