"""How far ahead of the plain way, and how near to the chip's limit, do the two models run?

The embedder against `SentenceTransformer.encode` as it comes, the reader against a loop over the transformers model,
both in float32 and with the same weights; what the encoder's arithmetic reaches of a large matrix product in the same
runtime; and a new process from `qa ask` to its answer against one that only imports the libraries. All in one run, the
rivals turn by turn, so that the ratios hold where the machine's own speed does not.

    python benchmarks/runtime.py ARTICLES [--passages 1000] [--questions 50] [--output docs/benchmarks]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from machine import described
from rich.console import Console
from rich.table import Table

from index.article import Article
from index.boilerplate import kept_spans
from index.build import build
from index.embedder import Embedder, installed
from index.inference import BATCH_TOKENS
from index.local import LocalStore
from index.passages import cut
from index.sources import read_articles
from index.store import article_of
from qa.pipeline import SEEDS
from qa.reader import ANSWER_TOKENS, SHIPPED, WINDOW_TOKENS, Reader
from qa.retriever import Retriever

ROUNDS = 3
READ = 10
NEIGHBOURS = 10
IMPORTS = "import sentence_transformers, transformers, torch"
HIDDEN, LAYERS, WIDTH = 384, 6, 1536
"""The shape of both models' encoder, for counting its arithmetic."""

Span = tuple[int, int, int]
"""The best answer over the passages of a question: which passage, and its characters."""


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of articles, for text of natural lengths.")],
    passages: int = 1000,
    questions: int = 50,
    output: Annotated[Path | None, typer.Option(help="Write runtime.json and runtime.svg here.")] = None,
) -> None:
    """Print what each model does in a second, its rival beside it."""
    console = Console()
    with console.status("cutting passages"):
        texts = natural_passages(articles, passages)
    figures: dict[str, Any] = {
        "machine": described(),
        "date": date.today().isoformat(),
        "passages": len(texts),
    }
    with tempfile.TemporaryDirectory() as work:
        for name, measure in {
            "embedding": lambda: embedding(texts),
            "reading": lambda: reading(articles, Path(work), questions),
            "chip": lambda: share_of_the_chip(texts),
            "start": lambda: starting(Path(work)),
        }.items():
            with console.status(f"measuring: {name}"):
                figures[name] = measure()
    table = Table("what", "figure")
    for part in ("embedding", "reading", "chip", "start"):
        for name, value in figures[part].items():
            table.add_row(f"{part}: {name}", f"{value:,.4g}" if isinstance(value, float) else str(value))
    console.print(table)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "runtime.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        plot(figures, output / "runtime.svg")


def natural_passages(folder: Path, count: int) -> list[str]:
    """The first passages of a folder's articles, as the index would cut them."""
    embedder, found = Embedder(), list[str]()
    for item in read_articles([folder]):
        if isinstance(item, Article):
            spans = cut(item.text, kept_spans(item.text), embedder.token_offsets)
            found += [item.text[start:end] for start, end in spans]
        if len(found) >= count:
            break
    return found[:count]


def embedding(texts: list[str]) -> dict[str, Any]:
    """Passages a second, ours and sentence-transformers', and how far the vectors agree."""
    from sentence_transformers import SentenceTransformer

    ours = Embedder()
    plain = SentenceTransformer(str(installed()), device="cpu", local_files_only=True, trust_remote_code=False)
    vectors = ours.encode(texts), np.asarray(plain.encode(texts, normalize_embeddings=True), np.float32)
    mine, theirs = turn_by_turn(lambda: ours.encode(texts), lambda: plain.encode(texts, show_progress_bar=False))
    return {
        "engine": ours.engine,
        "passages a second": len(texts) / mine,
        "sentence-transformers, float32": len(texts) / theirs,
        "times as fast": theirs / mine,
        "least cosine": float((vectors[0] * vectors[1]).sum(axis=1).min()),
        "same of the nearest ten": float(np.mean(list(map(shared, *map(neighbours, vectors))))),
    }


def neighbours(vectors: npt.NDArray[np.float32]) -> list[set[int]]:
    """The nearest ten of each vector among the others."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return [set(row.tolist()) for row in np.argsort(-likeness, axis=1)[:, :NEIGHBOURS]]


def shared(one: set[int], other: set[int]) -> float:
    return len(one & other) / max(1, len(one))


def reading(folder: Path, work: Path, count: int) -> dict[str, Any]:
    """Passages read in a second, ours and a plain loop's, over the ten passages retrieved for each question."""
    asked = retrieved(folder, work, count)
    ours, plain = Reader(), PlainReader()

    def read() -> list[Span | None]:
        return [best(ours, question, texts) for question, texts in asked]

    def loop() -> list[Span | None]:
        return [plain.best(question, texts) for question, texts in asked]

    same = statistics.fmean(one == other for one, other in zip(read(), loop(), strict=True))
    mine, theirs = turn_by_turn(read, loop)
    total = sum(len(texts) for _, texts in asked)
    return {
        "engine": ours.engine,
        "passages a second": total / mine,
        "plain loop, float32": total / theirs,
        "times as fast": theirs / mine,
        "same best answer": same,
        "questions": len(asked),
    }


def retrieved(folder: Path, work: Path, count: int) -> list[tuple[str, list[str]]]:
    """Questions made of headlines, each with the ten passages that come up for it."""
    embedder = Embedder()
    build([folder], work / "index", embedder)
    store, retriever = LocalStore(work / "index"), Retriever(embedder)
    with store.snapshot(embedder.identity) as snapshot:
        found = []
        for article in snapshot.articles()[:count]:
            asked = f"What about {article.title}?"
            passages = [r.passage for r in retriever.search(asked, snapshot, READ)]
            found.append((asked, [article_of(snapshot, p.article_id).text[p.start : p.end] for p in passages]))
    return found


def best(reader: Reader, question: str, texts: Sequence[str]) -> Span | None:
    """The best span over all passages, by the reader's own score."""
    read = enumerate(reader.read(question, texts, most=1))
    spans = [(span.score, number, span.start, span.end) for number, found in read for span in found]
    return max(spans)[1:] if spans else None


class PlainReader:
    """The shipped reader as its model card would have it run: tokenizer and model of transformers, in float32."""

    def __init__(self) -> None:
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True, trust_remote_code=False)
        self._model = AutoModelForQuestionAnswering.from_pretrained(
            SHIPPED, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        self._model = self._model.float().eval()

    def best(self, question: str, texts: Sequence[str]) -> Span | None:
        """As `best`: all passages of a question in one padded batch, spans of up to 30 tokens, less the null score."""
        import torch

        batch = self._tokenizer(
            [question] * len(texts),
            list(texts),
            truncation="only_second",
            max_length=WINDOW_TOKENS,
            padding=True,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = batch.pop("offset_mapping")
        with torch.inference_mode():
            output = self._model(**batch)
        found = []
        for number in range(len(texts)):
            inside = torch.tensor([part == 1 for part in batch.sequence_ids(number)])
            start, end = (side[number] for side in (output.start_logits, output.end_logits))
            scores = start[:, None] + end[None, :] - start[0] - end[0]
            allowed = inside[:, None] & inside[None, :]
            allowed &= torch.ones_like(allowed).triu() & ~torch.ones_like(allowed).triu(ANSWER_TOKENS)
            scores = scores.masked_fill(~allowed, -torch.inf)
            first, last = divmod(int(scores.argmax()), scores.shape[1])
            if scores.isfinite().any():
                span = int(offsets[number][first][0]), int(offsets[number][last][1])
                found.append((float(scores.max()), number, *span))
        return max(found)[1:] if found else None


def share_of_the_chip(texts: list[str]) -> dict[str, Any]:
    """Arithmetic a second in the encoder, over that of a large matrix product in the same runtime."""
    import openvino

    embedder = Embedder()
    lengths = [min(len(offsets) + 2, embedder.max_tokens) for offsets in embedder.token_offsets(texts)]
    encoder = sum(map(flops, lengths))
    rows, inner, columns = BATCH_TOKENS, 4096, 4096
    ops = openvino.opset13
    left = ops.parameter([rows, inner], np.float32)
    right = ops.constant(np.random.default_rng(0).random((inner, columns), np.float32))
    model = openvino.Model([ops.matmul(left, right, False, False)], [left])
    request = openvino.Core().compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
    block = np.random.default_rng(1).random((rows, inner), np.float32)
    embedder.encode(texts[:8])
    mine, product = turn_by_turn(lambda: embedder.encode(texts), lambda: request.infer([block]))
    reached, limit = encoder / mine, 2 * rows * inner * columns / product
    return {
        "encoder, GFLOP/s": reached / 1e9,
        "matrix product, GFLOP/s": limit / 1e9,
        "share": reached / limit,
    }


def flops(tokens: int) -> float:
    """Arithmetic of one pass of the encoder over so many tokens, padding not counted: two for each weight and token."""
    weights = LAYERS * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * WIDTH)
    return 2.0 * weights * tokens + LAYERS * 4.0 * tokens * tokens * HIDDEN


def starting(work: Path) -> dict[str, Any]:
    """A new process from `qa ask` to the answer, and one that imports the libraries and does nothing."""
    folder = work / "seeds"
    build([SEEDS], folder, Embedder())
    asked = ["-m", "qa", "ask", "Who is the Syrian army spokesman?", f"--index-dir={folder}"]
    commands = (asked, ["-c", IMPORTS])

    def run(arguments: list[str]) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    mine, theirs = turn_by_turn(lambda: run(commands[0]), lambda: run(commands[1]))
    return {"qa ask, seconds": mine, "importing the libraries, seconds": theirs, "share": mine / theirs}


def turn_by_turn(mine: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """The middle time of each, in seconds, after one turn to warm up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for times, work in zip(taken, (mine, theirs), strict=True):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])


def plot(figures: dict[str, Any], path: Path) -> None:
    """Ours and the plain way side by side, each as a multiple of the plain way."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    ahead = {
        "embedding,\nto sentence-transformers": figures["embedding"]["times as fast"],
        "reading,\nto a plain loop": figures["reading"]["times as fast"],
        "qa ask, cold,\nto importing the libraries": 1 / figures["start"]["share"],
    }
    figure, axis = pyplot.subplots(figsize=(7, 2.6), layout="constrained")
    bars = axis.barh(list(ahead), list(ahead.values()), color="#1f5673")
    axis.bar_label(bars, fmt=" %.1f ×")
    axis.axvline(1, color="#888", linewidth=1)
    axis.set(xlabel="times as fast", xlim=(0, max(ahead.values()) * 1.15))
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
