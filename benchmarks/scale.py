"""What does an index cost as it grows, and what does it still find? Two measurements, one JSON file and one plot.

1. The collection: `ARTICLES`, a folder of news articles, built with the real model: the first build, one without a
   change, one after a single article changed; and what an approximate index of its true vectors finds.
2. The sizes: 10 thousand passages, 100 thousand, 1 million, with --long 10 million. A model would take days, so
   vectors are drawn, not embedded. The text is that of the collection, cut as usual and repeated as often as needed,
   every repetition with a third of its words replaced by words of other articles, so that words keep their frequencies.
   The vectors are drawn from a mixture of many Gaussians on the sphere: a story has about a hundred passages, each at
   a cosine of 0.55 to the others, and a subject holds many stories. "build seconds" hold neither reading, cutting and
   embedding nor the comparing of sentences between articles; those of the collection hold all.

    python benchmarks/scale.py ARTICLES [--long] [--size N ...] [--no-collection]

A question is a run of words of one passage, with a vector near that passage's, asked through `qa.retriever`; the real
model embeds its words as well, so that its time counts. It is asked of all, of an outlet that a tenth of the articles
come from, and of an outlet that writes on one of fifty subjects, mostly another one than the question's.
Times are those of the clock, and of the processor, all threads together, which depends little on how busy the machine
is otherwise. Recall is that of the vector search: which of the ten nearest passages, by brute force over all true
vectors, are found. Memory is the most that the process ever held, mapped pages of files counted. Every phase is a
process of its own.
"""

import hashlib
import json
import multiprocessing
import platform
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from machine import described

from index import vectors
from index.article import Article
from index.boilerplate import kept_spans
from index.build import build, publish
from index.catalog import FILE, Catalog
from index.embedder import Embedder
from index.local import LocalStore
from index.passages import cut
from index.sources import read_articles
from index.store import Filter
from qa.retriever import Retriever

SIZES, LONG = (10_000, 100_000, 1_000_000), (10_000_000,)
DIMENSION = 384
SUBJECTS, STORY = 50, 100
"""How many subjects there are, and about how many passages a story has."""

NEAR = (0.5, 0.55, 0.67)
"""How much of a vector is its subject, its story, and its own; their squares add up to one."""

ASKED_NEAR = (0.75, 0.66)
"""How much of a question's vector is that of its passage, and how much its own."""

REPLACED = 1 / 3
WARM_UP, QUESTIONS, WORDS = 50, 200, 8
AT_ONCE = 1000
FILTERS = {
    "all": Filter(),
    "a tenth": Filter(sources=("Daily 3",)),
    "one subject": Filter(sources=("Special",)),
}


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of news articles in any format that is read.")],
    long: Annotated[bool, typer.Option(help="Also 10 million passages: hours, and 60 GB of disk.")] = False,
    size: Annotated[list[int] | None, typer.Option(help="These sizes instead.")] = None,
    collection: Annotated[bool, typer.Option(help="Also build the collection with the real model.")] = True,
    out: Path = Path("docs/benchmarks"),
) -> None:
    """Measure; `scale.json` and `scale.svg` in `out` are written after every step, so that a run may be cut short."""
    results: dict[str, Any] = {"date": str(date.today()), "machine": described(), "sizes": []}
    with tempfile.TemporaryDirectory() as work:
        pool = Path(work) / "pool.json"
        apart(write_pool, articles, pool)
        smallest: tuple[Path, list[dict[str, Any]]] | None = None
        for passages in size or SIZES + LONG * long:
            folder = Path(work) / str(passages)
            made = apart(fill, pool, folder, passages)
            questions = apart(exact_neighbours, folder)
            smallest = smallest or (folder, questions)
            served = apart(serve, folder, questions)
            beside = apart(serve, *smallest)  # right after, as the machine may be busier now than it was
            served["times the smallest, p95"] = {
                name: round(served[name]["p95, ms"] / beside[name]["p95, ms"], 2) for name in FILTERS
            }
            results["sizes"].append(made | served)
            if folder != smallest[0]:
                shutil.rmtree(folder)
            write(results, out)
        if collection:
            results["collection"] = apart(measure_collection, articles, Path(work))
            write(results, out)


def write(results: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (out / "scale.json").write_text(text + "\n", encoding="utf-8")
    if results["sizes"]:
        plot(results["sizes"], out / "scale.svg")
    print(text, flush=True)


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do some work in a process of its own, so that its memory is its own too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def peak_gib() -> float:
    """The most memory that this process ever held."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


# ---- the collection, with the real model ------------------------------------------------------------


def measure_collection(articles: Path, work: Path) -> dict[str, Any]:
    """Build a copy of the articles, build it again, change one article and build once more."""
    copy, index, embedder = work / "articles", work / "index", Embedder()
    shutil.copytree(articles, copy)
    first = build([copy], index, embedder)
    unchanged = build([copy], index, embedder)
    changed = sorted(path for path in copy.rglob("*.txt") if path.stat().st_size > 1000)[100]
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b"\n\nA last sentence was added to this article, and nothing else.\n")
    after = build([copy], index, embedder)
    assert (unchanged.embedded, len(after.changed)) == (0, 1), "the collection must hold .txt articles"
    return {
        "articles": len(first.added),
        "passages": first.passages,
        "first build, seconds": round(first.seconds, 2),
        "unchanged, seconds": round(unchanged.seconds, 3),
        "unchanged, share": round(unchanged.seconds / first.seconds, 5),
        "one article changed, seconds": round(after.seconds, 3),
        "one article changed, share": round(after.seconds / first.seconds, 5),
        "peak memory, GiB": round(peak_gib(), 2),
        "recall@10 of an approximate index of it": recall_as_of_a_million([copy], index, embedder),
    }


def recall_as_of_a_million(paths: list[Path], index: Path, embedder: Embedder) -> float:
    """How many of the ten nearest are found among true vectors, if only a tenth is looked at, as in a million."""
    build(paths, index, embedder, vector_kind="approximate")
    chance, recalls = random.Random(11), []
    with LocalStore(index).snapshot(embedder.identity) as snapshot:
        numbers, matrix = snapshot.catalog.passage_vectors()
        vectors.LOOKED_AT = len(numbers) // 10
        asked = [words_of(snapshot.catalog, number, chance) for number in chance.sample(numbers.tolist(), QUESTIONS)]
        for vector in embedder.encode(asked):
            nearest = numbers[np.argsort(-(matrix @ vector))[:10]].tolist()
            recalls.append(len({number for number, _ in snapshot.vectors().search(vector, 10)} & set(nearest)) / 10)
    return round(float(np.mean(recalls)), 4)


# ---- a catalog of any size -----------------------------------------------------------------------------


def write_pool(articles: Path, path: Path) -> None:
    """Every article of the collection as its title and the texts of its passages."""
    embedder, pool = Embedder(), []
    for article in read_articles([articles]):
        if isinstance(article, Article):
            spans = cut(article.text, kept_spans(article.text), embedder.token_offsets)
            pool.append([article.title, [article.text[start:end] for start, end in spans]])
    path.write_text(json.dumps(pool), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Made:
    """An article of the benchmark: where its passages stand, and their vectors."""

    article: Article
    spans: list[tuple[int, int]]
    digests: list[bytes]
    vectors: np.ndarray[Any, np.dtype[np.float32]]


class Press:
    """Writes articles: each the same whenever it is asked for by number and edition."""

    def __init__(self, pool: Path, passages: int) -> None:
        self._pool = [(title, texts) for title, texts in json.loads(pool.read_text(encoding="utf-8")) if texts]
        self._words = np.array([word for _, texts in self._pool for text in texts for word in text.split(" ") if word])
        rng = np.random.default_rng(passages)
        stories = max(SUBJECTS, passages // STORY)
        self._subject_of = rng.integers(SUBJECTS, size=stories)
        subjects, own = drawn(rng, SUBJECTS), drawn(rng, stories)
        self._stories = NEAR[0] * subjects[self._subject_of] + NEAR[1] * own

    def article(self, number: int, edition: int = 0) -> Made:
        rng = np.random.default_rng([number, edition])
        title, texts = self._pool[number % len(self._pool)]
        if number >= len(self._pool) or edition:
            title, texts = self._varied(title, rng), [self._varied(text, rng) for text in texts]
        spans, at = [], 0
        for text in texts:
            spans.append((at, at + len(text)))
            at += len(text) + 2
        story = int(np.random.default_rng(number).integers(len(self._stories)))
        source = "Special" if self._subject_of[story] == 0 else f"Daily {number % 10}"
        url = f"https://example.org/{number}/{edition}"
        digests = [hashlib.sha256(f"{number} {edition} {place}".encode()).digest() for place in range(len(texts))]
        near = unit(self._stories[story] + NEAR[2] * drawn(rng, len(texts)))
        return Made(Article(f"{number:08}.txt", title, "\n\n".join(texts), source, url), spans, digests, near)

    def articles(self, passages: int) -> Iterator[Made]:
        """As many articles as have that many passages together."""
        number = 0
        while passages > 0:
            made = self.article(number)
            yield made
            passages, number = passages - len(made.spans), number + 1

    def _varied(self, text: str, rng: np.random.Generator) -> str:
        words = np.array(text.split(" "), dtype=object)
        replaced = rng.random(len(words)) < REPLACED
        words[replaced] = self._words[rng.integers(len(self._words), size=replaced.sum())]
        return " ".join(words)


def drawn(rng: np.random.Generator, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Unit vectors in any direction."""
    return unit(rng.standard_normal((count, DIMENSION), np.float32))


def unit(matrix: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def fill(pool: Path, folder: Path, passages: int) -> dict[str, Any]:
    """Make an index of so many passages in `folder`; then change one article, as a build would publish it."""
    folder.mkdir()
    press = Press(pool, passages)
    seconds = 0.0
    with Catalog(folder, create=True) as catalog:
        made = press.articles(passages)
        while batch := list(islice(made, AT_ONCE)):
            started = time.perf_counter()
            add(catalog, batch)
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        publish_changed(catalog)
        vectors_seconds = time.perf_counter() - started
        articles, count = catalog.count()
        started = time.perf_counter()
        publish_changed(catalog, press.article(articles // 2, edition=1))
        changed = time.perf_counter() - started
    sizes = {path.name.partition("-")[0]: path.stat().st_size for path in folder.iterdir()}
    return {
        "passages": count,
        "articles": articles,
        "build seconds": round(seconds + vectors_seconds, 2),
        "of these the vector file": round(vectors_seconds, 2),
        "one article changed, seconds": round(changed, 3),
        "bytes a passage: catalog": round(sizes[FILE] / count),
        "bytes a passage: vector file": round(sizes["vectors"] / count),
        "peak memory of the build, GiB": round(peak_gib(), 2),
    }


def add(catalog: Catalog, batch: list[Made]) -> None:
    """Cache the vectors and put the articles; the benchmark has a transaction for every batch, to bound the log."""
    catalog.cache_vectors({d: v for made in batch for d, v in zip(made.digests, made.vectors, strict=True)})
    with catalog.transaction():
        put(catalog, batch)


def put(catalog: Catalog, batch: list[Made]) -> None:
    for made in batch:
        catalog.put(made.article, made.spans, made.digests, [])
    catalog.assign({made.article.id: made.article.digest for made in batch})


def publish_changed(catalog: Catalog, *changed: Made) -> None:
    """What `index.build.build` does at its end."""
    for made in changed:
        catalog.cache_vectors(dict(zip(made.digests, made.vectors, strict=True)))
    with catalog.transaction():
        put(catalog, list(changed))
        publish(catalog, "automatic", embedder="drawn")


# ---- asking ------------------------------------------------------------------------------------------------


def exact_neighbours(folder: Path) -> list[dict[str, Any]]:
    """Questions, and for each filter the ten nearest passages by brute force."""
    chance, rng = random.Random(11), np.random.default_rng(11)
    with Catalog(folder) as catalog:
        about = chance.sample(range(1, catalog.newest() + 1), 2 * (WARM_UP + QUESTIONS))
        numbers, near = catalog.vectors_of(about)  # one of them may have been changed meanwhile
        numbers, near = numbers[: WARM_UP + QUESTIONS], near[: WARM_UP + QUESTIONS]
        asked = unit(ASKED_NEAR[0] * near + ASKED_NEAR[1] * drawn(rng, len(near)))
        texts = [words_of(catalog, number, chance) for number in numbers.tolist()]
        allowed = {name: catalog.passage_numbers(allowed) for name, allowed in FILTERS.items()}
        best = {name: [(np.empty(0, np.int64), np.empty(0, np.float32))] * len(asked) for name in FILTERS}
        for block, matrix in catalog.vectors_in_blocks(50_000):
            scores = matrix @ asked.T
            for name, admitted in allowed.items():
                rows = np.flatnonzero(np.isin(block, admitted, assume_unique=True))
                for question, (known, known_scores) in enumerate(best[name]):
                    every = np.concatenate([known_scores, scores[rows, question]])
                    top = np.argsort(-every)[:10]
                    best[name][question] = np.concatenate([known, block[rows]])[top], every[top]
    return [
        {"text": text, "vector": asked[i].tolist(), "nearest": {name: best[name][i][0].tolist() for name in FILTERS}}
        for i, text in enumerate(texts)
    ]


def words_of(catalog: Catalog, number: int, chance: random.Random) -> str:
    """A run of words out of a passage."""
    (passage,) = catalog.passages([number]).values()
    article = catalog.article(passage.article_id)
    assert article is not None
    words = article.text[passage.start : passage.end].split()
    begin = chance.randrange(max(1, len(words) - WORDS))
    return " ".join(words[begin : begin + WORDS])


class DrawnEmbedder(Embedder):
    """Takes a question's vector from a table, after the real model has embedded its words for nothing."""

    def __init__(self, vectors: dict[str, list[float]]) -> None:
        super().__init__()
        self._vectors = vectors

    def encode(self, texts: Any, done: Any = None) -> Any:
        super().encode(texts, done)
        return np.array([self._vectors[text] for text in texts], np.float32)


def serve(folder: Path, questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Ask every question of every filter; the first ones only warm up."""
    embedder = DrawnEmbedder({question["text"]: question["vector"] for question in questions})
    embedder.encode([questions[0]["text"]])
    started = time.perf_counter()
    store, retriever = LocalStore(folder), Retriever(embedder)
    measured: dict[str, Any] = {"opening, seconds": round(time.perf_counter() - started, 3)}
    for name, allowed in FILTERS.items():
        taken, worked, dense, recalls = [], [], [], []
        for question in questions:
            started, busy = time.perf_counter(), time.process_time()
            with store.snapshot("drawn") as snapshot:
                retriever.search(question["text"], snapshot, 10, allowed)
                taken.append(time.perf_counter() - started)
                worked.append(time.process_time() - busy)
                vector = np.array(question["vector"], np.float32)
                started = time.perf_counter()
                found = snapshot.search_vectors(vector, 10, allowed)
                dense.append(time.perf_counter() - started)
                measured["vector index"] = snapshot.vectors().kind
            nearest = set(question["nearest"][name])
            recalls.append(len(nearest & {number for number, _ in found}) / max(1, len(nearest)))
        hybrid, processor, alone = (1000 * np.array(times[WARM_UP:]) for times in (taken, worked, dense))
        measured[name] = {
            "p50, ms": round(float(np.percentile(hybrid, 50)), 2),
            "p95, ms": round(float(np.percentile(hybrid, 95)), 2),
            "p95, ms of processor time": round(float(np.percentile(processor, 95)), 2),
            "vectors alone, p95, ms": round(float(np.percentile(alone, 95)), 2),
            "recall@10": round(float(np.mean(recalls)), 4),
        }
    return measured | {"peak memory serving, GiB": round(peak_gib(), 2)}


def plot(sizes: list[dict[str, Any]], path: Path) -> None:
    """Four log-log panels over the number of passages."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    across = [size["passages"] for size in sizes]
    lines: dict[str, dict[str, list[float]]] = {
        "seconds": {
            "build (text and vectors given)": [size["build seconds"] for size in sizes],
            "one article changed": [size["one article changed, seconds"] for size in sizes],
        },
        "hybrid question, p95, ms": {name: [size[name]["p95, ms"] for size in sizes] for name in FILTERS},
        "peak memory, GiB": {
            "build": [size["peak memory of the build, GiB"] for size in sizes],
            "serving": [size["peak memory serving, GiB"] for size in sizes],
        },
        "bytes on disk, GiB": {
            part: [size[f"bytes a passage: {part}"] * size["passages"] / 2**30 for size in sizes]
            for part in ("catalog", "vector file")
        },
    }
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for axis, (title, drawn_lines) in zip(axes.flat, lines.items(), strict=True):
        for name, values in drawn_lines.items():
            axis.plot(across, values, "o-", label=name)
        axis.set(title=title, xscale="log", yscale="log", xlabel="passages")
        axis.grid(True, which="both", alpha=0.2)
        axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
