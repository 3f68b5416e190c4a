"""What is saved by reading less and remembering more, and what each saving costs in answers.

Four savings, over questions of the half of a SQuAD 2.0 file that nothing was fitted on, asked of its paragraphs:
passages that cannot change the answer are not read, where the reader has a line for that (`qa calibrate` writes one
where it costs less than one answer in a hundred); the passages of a question are read in one batch; a question's
vector is kept; and what was found out about a question is kept. Each is measured against an engine without it, in the
same run, question by question in turn.

    python benchmarks/reading.py SQUAD.json [--answerable 200] [--unanswerable 100] [--output docs/benchmarks]
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from machine import described
from rich.console import Console
from rich.table import Table

from index.embedder import Embedder
from qa.answer import Span
from qa.bound import ALL, Bound
from qa.confidence import Calibration
from qa.evaluation.calibrate import opened
from qa.evaluation.open_corpus import draw, open_corpus
from qa.evaluation.questions import Question
from qa.evaluation.saving import measure_saving
from qa.pipeline import Inquiry, QuestionAnswerer
from qa.reader import Reader

AT_ONCE = 8

Fresh = Callable[[Bound], QuestionAnswerer]
"""Gives an engine that has been asked nothing yet; all share index and models."""


def main(
    squad: Annotated[Path, typer.Argument(help="A SQuAD 2.0 file.")],
    answerable: int = 200,
    unanswerable: int = 100,
    output: Annotated[Path | None, typer.Option(help="Write reading.json and reading.svg here.")] = None,
) -> None:
    """Print what each saving brings and what it costs."""
    with Console(stderr=True).status("asking"), tempfile.TemporaryDirectory() as work:
        questions = draw(open_corpus(squad, Path(work)).held_out, answerable, unanswerable)
        embedder, reader = Embedder(), Reader()
        calibration, bound = Calibration.of_reader(reader.folder), Bound.of_reader(reader.folder)
        first = opened(Path(work), embedder, reader, calibration)

        def fresh(of: Bound) -> QuestionAnswerer:
            return QuestionAnswerer(first.store, first.retriever, reader, calibration, embedder, of)

        fresh(bound).warm()
        figures = {"date": date.today().isoformat(), "machine": described()} | measure(fresh, bound, questions)
    table = Table("saving", "figure", "value")
    for saving, of in figures.items():
        for name, value in of.items() if isinstance(of, dict) else ():
            table.add_row(saving, name, f"{value:,.4g}")
    Console().print(table)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "reading.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        plot(figures, output / "reading.svg")


def measure(fresh: Fresh, bound: Bound, questions: Sequence[Question]) -> dict[str, Any]:
    """The figures of each saving, by its name."""
    *_, stopping = measure_saving(questions, fresh(ALL), fresh(bound))
    asked = [question.question for question in questions]
    return {
        "reading no passage that cannot change the answer": asdict(stopping) | in_batches(fresh, bound, asked),
        "one batch for each question": one_batch(fresh(ALL), asked),
        "keeping vectors": vectors(fresh(bound), asked),
        "keeping examinations": again(fresh(bound), asked),
    }


def in_batches(fresh: Fresh, bound: Bound, asked: Sequence[str]) -> dict[str, float]:
    """Seconds of a question where several users ask at once, before and after."""
    taken: dict[str, list[float]] = {"seconds_before": [], "seconds": []}
    engines = {"seconds_before": fresh(ALL), "seconds": fresh(bound)}
    for place in range(0, len(asked), AT_ONCE):
        batch = [Inquiry(question) for question in asked[place : place + AT_ONCE]]
        for name, qa in engines.items():
            taken[name].append(timed(lambda qa=qa, batch=batch: qa.examine_together(batch))[1] / len(batch))
    return {f"{name}, {AT_ONCE} asking at once": statistics.median(of) for name, of in taken.items()}


def one_batch(qa: QuestionAnswerer, asked: Sequence[str]) -> dict[str, float]:
    """Reading all passages of a question together against one after the other."""
    together, alone, same = list[float](), list[float](), list[bool]()
    for question in asked:
        texts = qa.examine(question).texts
        read, seconds = timed(lambda question=question, texts=texts: qa.reader.read(question, texts))
        one_by_one, longer = timed(
            lambda question=question, texts=texts: [qa.reader.read(question, [text])[0] for text in texts]
        )
        together.append(seconds)
        alone.append(longer)
        same.append(best(read) == best(one_by_one))
    return {
        "seconds": statistics.median(together),
        "seconds_before": statistics.median(alone),
        "changed": 1 - statistics.fmean(same),
    }


def best(read: Sequence[Sequence[Span]]) -> tuple[int, int, int] | None:
    """The best span of all passages: which passage, and its characters."""
    spans = [(spans[0].score, place, spans[0].start, spans[0].end) for place, spans in enumerate(read) if spans]
    return max(spans)[1:] if spans else None


def vectors(qa: QuestionAnswerer, asked: Sequence[str]) -> dict[str, float]:
    """Getting a question's vector, which one asked again under another filter is spared."""
    first = [timed(lambda question=question: qa._vectors([question])) for question in asked]
    second = [timed(lambda question=question: qa._vectors([question])) for question in asked]
    changed = (bool((one[0] != other[0]).any()) for (one, _), (other, _) in zip(first, second, strict=True))
    return {
        "seconds_before": statistics.median(seconds for _, seconds in first),
        "seconds": statistics.median(seconds for _, seconds in second),
        "changed": statistics.fmean(changed),
    }


def again(qa: QuestionAnswerer, asked: Sequence[str]) -> dict[str, float]:
    """Asking the same once more."""
    first = [timed(lambda question=question: qa.ask(question)) for question in asked]
    second = [timed(lambda question=question: qa.ask(question)) for question in asked]
    changed = (one[0].text != other[0].text for one, other in zip(first, second, strict=True))
    return {
        "seconds_before": statistics.median(seconds for _, seconds in first),
        "seconds": statistics.median(seconds for _, seconds in second),
        "changed": statistics.fmean(changed),
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What came of it, and the seconds it took."""
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started


def plot(figures: dict[str, Any], path: Path) -> None:
    """A pair of bars for each saving: milliseconds before and after."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    savings = {name: of for name, of in figures.items() if isinstance(of, dict)}
    figure, axes = pyplot.subplots(1, len(savings), figsize=(11, 2.6), layout="constrained")
    for axis, (name, of) in zip(axes, savings.items(), strict=True):
        bars = axis.bar(["without", "with"], [1000 * of["seconds_before"], 1000 * of["seconds"]], color="#8fa9b8")
        bars[1].set_color("#1f5673")
        axis.bar_label(bars, fmt="{:,.3g} ms", fontsize=8)
        axis.set_title(f"{name}\n{of['changed']:.2%} of the answers change", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
