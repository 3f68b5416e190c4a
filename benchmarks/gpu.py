"""What a graphics card makes of it: passages embedded and questions answered in a second, and how near to its limit.

The same code answers as on a CPU, with another device. Where there is no CUDA device it says so and ends; with
`--device cpu` it runs all the same, in torch, to see that it does.

    python benchmarks/gpu.py ARTICLES [--device cuda] [--passages 20000] [--questions 512] [--output docs/benchmarks]
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any

import typer
from machine import described
from rich.console import Console
from rich.table import Table
from runtime import flops, natural_passages

from index.embedder import Embedder
from index.errors import ModelError
from index.local import LocalStore
from qa.bound import Bound
from qa.confidence import Calibration
from qa.pipeline import Inquiry, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever

MILLION = 1_000_000
ROUNDS = 3
AT_ONCE = 64
"""Questions examined together: a card has room for more than the eight that a CPU is given."""


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of articles, for text of natural lengths.")],
    device: Annotated[str, typer.Option(help="A torch device.")] = "cuda",
    passages: Annotated[int, typer.Option(help="Embedded in each round; those there are, over and over.")] = 20_000,
    questions: Annotated[int, typer.Option(help="Asked in one go.")] = 512,
    output: Annotated[Path | None, typer.Option(help="Write gpu.json and gpu.svg here.")] = None,
) -> None:
    """Print what the device does in a second."""
    try:
        embedder, reader = Embedder(device=device), Reader(device=device)
        embedder.encode(["Is anything ready?"])
    except ModelError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    figures: dict[str, Any] = {"date": date.today().isoformat(), "machine": described(), "device": named(device)}
    with Console(stderr=True).status("measuring"), tempfile.TemporaryDirectory() as work:
        figures |= embedding(embedder, natural_passages(articles, passages), passages, device)
        figures |= building(embedder, articles, Path(work))
        figures |= asking(embedder, reader, Path(work), questions)
    table = Table("what", "figure")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.4g}" if isinstance(value, float) else str(value))
    Console().print(table)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "gpu.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        plot(figures, output / "gpu.svg")


def named(device: str) -> str:
    """What torch calls it."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def embedding(embedder: Embedder, texts: list[str], count: int, device: str) -> dict[str, Any]:
    """Passages a second from text to vector, and the arithmetic of that beside a large matrix product's."""
    many = list(islice(cycle(texts), count))
    tokens = [min(len(offsets) + 2, embedder.max_tokens) for offsets in embedder.token_offsets(texts)]
    seconds = middle(lambda: embedder.encode(many))
    reached, limit = sum(islice(cycle(map(flops, tokens)), count)) / seconds, peak(device)
    return {
        "engine": embedder.engine,
        "passages embedded a second": count / seconds,
        "encoder with its tokenising, TFLOP/s": reached / 1e12,
        "matrix product, TFLOP/s": limit / 1e12,
        "share of the chip": reached / limit,
    }


def peak(device: str) -> float:
    """Arithmetic a second of a large matrix product, in the precision that the encoder runs in on this device."""
    import torch

    size, times = (8192, 20) if device.startswith("cuda") else (2048, 2)
    kind = torch.bfloat16 if device.startswith("cuda") else torch.float32
    left, right = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))

    def multiply() -> None:
        for _ in range(times):
            torch.matmul(left, right)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    return 2 * size**3 * times / middle(multiply)


def building(embedder: Embedder, articles: Path, work: Path) -> dict[str, Any]:
    """A whole build, files read and index written; and what a million passages would take at that rate."""
    started = time.perf_counter()
    report = LocalStore(work / "index").build([articles], embedder)
    rate = report.embedded / (time.perf_counter() - started)
    return {
        "passages indexed": report.embedded,
        "passages indexed a second": rate,
        "a million passages indexed, seconds (at that rate, not measured)": MILLION / rate,
    }


def asking(embedder: Embedder, reader: Reader, work: Path, count: int) -> dict[str, Any]:
    """Questions a second, examined many at once; none is asked twice."""
    store, calibration = LocalStore(work / "index"), Calibration.of_reader(reader.folder)
    bound = Bound.of_reader(reader.folder)
    qa = QuestionAnswerer(store, Retriever(embedder), reader, calibration, embedder, bound)
    titles = (f"What about {article.title}?" for article in qa.articles())
    asked = [Inquiry(question) for question in islice(dict.fromkeys(titles), count + 1)]
    qa.examine(asked.pop().question)
    started = time.perf_counter()
    for place in range(0, len(asked), AT_ONCE):
        for found in qa.examine_together(asked[place : place + AT_ONCE]):
            if found:
                qa.decide(found)
    return {"questions": len(asked), "questions a second": len(asked) / (time.perf_counter() - started)}


def middle(work: Callable[[], object]) -> float:
    """The middle of some times, in seconds, after one turn to warm up."""
    taken = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def plot(figures: dict[str, Any], path: Path) -> None:
    """The encoder's arithmetic beside the matrix product's, and the two rates."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(8, 2.4), layout="constrained")
    for axis, (title, bars) in zip(
        axes,
        {
            "TFLOP/s": {
                "encoder": figures["encoder with its tokenising, TFLOP/s"],
                "matrix product": figures["matrix product, TFLOP/s"],
            },
            "a second": {
                "passages embedded": figures["passages embedded a second"],
                "passages indexed": figures["passages indexed a second"],
                "questions answered": figures["questions a second"],
            },
        }.items(),
        strict=True,
    ):
        axis.bar_label(axis.barh(list(bars), list(bars.values()), color="#1f5673"), fmt=" {:,.3g}")
        axis.set(title=title, xlim=(0, max(bars.values()) * 1.25))
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(figures["device"])
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
