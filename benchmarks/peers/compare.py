"""This project beside Haystack and txtai: same articles, same models, same number of passages read, one run.

Each system is a process of its own, in an environment of its own (`make bench-peers` installs the peers' and calls
this); they take turns. Two corpora: a folder of .txt articles for the times, asked about its headlines, and the
paragraphs of a SQuAD file for how good the answers are. Beside that the readers alone, this project's and Haystack's,
over the paragraphs that are retrieved for the questions, and the memory of the chat as it is served.

    python benchmarks/peers/compare.py ARTICLES SQUAD.json --peers PYTHON [--questions 50] [--output docs/benchmarks]
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from safetensors.numpy import load_file, save_file
from served import peak_memory
from task import Order, Readings, Report

from index.embedder import Embedder, installed
from index.local import LocalStore
from index.store import article_of
from qa.evaluation.open_corpus import PARAGRAPHS, draw, open_corpus
from qa.pipeline import PASSAGES_READ
from qa.reader import SHIPPED
from qa.retriever import Retriever
from qa.squad import exact_match, token_f1

HERE = Path(__file__).parent


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of .txt articles.")],
    squad: Annotated[Path, typer.Argument(help="A SQuAD 2.0 file, for the quality of the answers.")],
    peers: Annotated[str, typer.Option(help="The Python of the environment that holds the peers.")],
    questions: int = 50,
    judged: Annotated[int, typer.Option(help="SQuAD questions whose answers are scored.")] = 200,
    output: Annotated[Path | None, typer.Option(help="Write peers.json and peers.svg here.")] = None,
) -> None:
    """Print seconds, memory and answer quality of each system."""
    console = Console()
    systems = {
        "this project": (sys.executable, "ours.py"),
        "Haystack": (peers, "with_haystack.py"),
        "txtai": (peers, "with_txtai.py"),
    }
    figures: dict[str, Any] = {"date": date.today().isoformat(), "cores": os.cpu_count(), "systems": {}}
    with tempfile.TemporaryDirectory() as work:
        headlines = asked_of(articles, questions)
        paragraphs, examples = as_files(squad, Path(work), judged)
        reader = in_float32(SHIPPED, Path(work) / "reader")
        for name, (python, script) in systems.items():
            with console.status(f"{name}: the articles"):
                timed = run(python, script, articles, reader, headlines, Path(work) / name / "articles")
            with console.status(f"{name}: the paragraphs"):
                asked = [question for question, _ in examples]
                scored = run(python, script, paragraphs, reader, asked, Path(work) / name / "paragraphs")
            answers = list(zip(scored.answers, (accepted for _, accepted in examples), strict=True))
            figures["systems"][name] = {
                "build, seconds": round(timed.build_seconds, 2),
                "question, ms, median": round(1000 * statistics.median(timed.question_seconds), 1),
                "question, ms, slowest of twenty": round(
                    1000 * statistics.quantiles(timed.question_seconds, n=20)[-1], 1
                ),
                "peak memory, MiB": round(timed.peak_bytes / 2**20),
                "exact match": round(statistics.fmean(exact_match(*answer) for answer in answers), 4),
                "F1": round(statistics.fmean(token_f1(*answer) for answer in answers), 4),
            }
        ours = Path(work) / "this project"
        with console.status("the readers alone"):
            found = retrieved(ours / "paragraphs" / "index", [question for question, _ in examples[:questions]])
            figures["readers"] = readers(peers, reader, found)
        with console.status("the chat"):
            figures["chat, peak memory, MiB"] = round(peak_memory(ours / "articles" / "index", headlines) / 2**20)
    show(console, figures["systems"])
    for name, value in (figures["readers"] | {"chat, peak memory, MiB": figures["chat, peak memory, MiB"]}).items():
        console.print(f"{name}: {value:,.4g}")
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "peers.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        plot(figures["systems"], output / "peers.svg")


def asked_of(folder: Path, count: int) -> list[str]:
    """A question for each of some articles, made of its first line."""
    files = sorted(folder.rglob("*.txt"))
    chosen = files[:: max(1, len(files) // count)][:count]
    first_lines = (file.read_text(encoding="utf-8", errors="replace").strip().partition("\n")[0] for file in chosen)
    return [f"What happened: {line}?" for line in first_lines]


def as_files(squad: Path, work: Path, count: int) -> tuple[Path, list[tuple[str, tuple[str, ...]]]]:
    """The paragraphs of a SQuAD file as .txt files, and answerable questions of its held-out half."""
    halves = open_corpus(squad, work)
    folder = work / "paragraphs"
    folder.mkdir()
    lines = (work / PARAGRAPHS).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        (folder / f"{number:05}.txt").write_text(json.loads(line)["text"], encoding="utf-8")
    return folder, [(q.question, q.answers) for q in draw(halves.held_out, count, 0)]


def in_float32(model: Path, folder: Path) -> Path:
    """A copy of a model, the same weights in float32: in the float16 that it is kept in, transformers runs it so,
    which takes a CPU three times as long."""
    shutil.copytree(model, folder)
    weights = {name: array.astype(np.float32) for name, array in load_file(model / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float32"}), encoding="utf-8")
    return folder


def run(python: str, script: str, folder: Path, reader: Path, questions: list[str], work: Path) -> Report:
    """One system in a process of its own, which may keep files in `work`; raises as `reported` does."""
    work.mkdir(parents=True)
    order = Order(str(folder), str(installed()), str(reader), questions, PASSAGES_READ, str(work))
    return Report(**reported(python, script, asdict(order)))


def reported(python: str, script: str, order: dict[str, Any]) -> dict[str, Any]:
    """What a script reports of an order.

    Raises:
        SystemExit: it is not installed there, or failed.
    """
    if not shutil.which(python):
        raise SystemExit(f"there is no Python at {python}: `make bench-peers` installs the peers")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [python, str(HERE / script)], input=json.dumps(order), capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{script} failed:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def retrieved(index: Path, questions: list[str]) -> list[tuple[str, list[str]]]:
    """Each question with the passages that come up for it."""
    embedder = Embedder()
    retriever, found = Retriever(embedder), list[tuple[str, list[str]]]()
    with LocalStore(index).snapshot(embedder.identity) as snapshot:
        for question in questions:
            passages = [r.passage for r in retriever.search(question, snapshot, PASSAGES_READ)]
            found.append((question, [article_of(snapshot, p.article_id).text[p.start : p.end] for p in passages]))
    return found


def readers(peers: str, reader: Path, asked: list[tuple[str, list[str]]]) -> dict[str, float]:
    """Passages that the readers alone read in a second, and how often both find the same in one; theirs is `reader`."""
    ours = Readings(**reported(sys.executable, "reading_ours.py", {"reader": str(SHIPPED), "asked": asked}))
    theirs = Readings(**reported(peers, "reading_with_haystack.py", {"reader": str(reader), "asked": asked}))
    passages = sum(len(texts) for _, texts in asked)
    pairs = [
        (one, other[0], wanted)
        for mine, its in zip(ours.answers, theirs.answers, strict=True)
        for (one, wanted), other in zip(mine, its, strict=True)
    ]
    return {
        "reader, passages a second": passages / sum(ours.seconds),
        "Haystack's reader, passages a second": passages / sum(theirs.seconds),
        "reader, times as fast": sum(theirs.seconds) / sum(ours.seconds),
        "same answer in a passage": statistics.fmean(one == other for one, other, _ in pairs),
        "same answer where it is better than none": statistics.fmean(one == other for one, other, w in pairs if w),
    }


def show(console: Console, systems: dict[str, dict[str, float]]) -> None:
    """A row for each figure, a column for each system, and how many times ours each peer takes."""
    ours, *others = systems
    table = Table("what", *systems, *(f"{name} ÷ ours" for name in others))
    for what, value in systems[ours].items():
        ratios = (f"{systems[name][what] / value:.2f}" if value else "" for name in others)
        table.add_row(what, *(f"{systems[name][what]:,}" for name in systems), *ratios)
    console.print(table)


def plot(systems: dict[str, dict[str, float]], path: Path) -> None:
    """A panel for each cost, a bar for each system."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    costs = ["build, seconds", "question, ms, median", "peak memory, MiB", "F1"]
    figure, axes = pyplot.subplots(1, len(costs), figsize=(11, 2.6), layout="constrained")
    for axis, cost in zip(axes, costs, strict=True):
        bars = axis.bar(list(systems), [figures[cost] for figures in systems.values()], color="#8fa9b8")
        bars[0].set_color("#1f5673")
        axis.bar_label(bars, fmt=lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.3g}", fontsize=8)
        axis.set_title(cost, fontsize=9)
        axis.tick_params(axis="x", labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
