"""What does an index cost as it grows, and what does it still find? Two measurements, one JSON file and one plot.

1. The sizes: 10 thousand passages, 100 thousand, 1 million, with --long 10 million. A model would take days, so text
   and vectors are made up as `press.py` says. Up to a hundred thousand passages sentences are compared between articles
   and names learned as in every build; at a million that alone would take half an hour.
2. The collection: `ARTICLES`, a folder of news articles, built with the real model: the first build, one without a
   change, one after a single article changed; processor time by step; and what an approximate index of its true
   vectors finds.

    python benchmarks/scale.py ARTICLES --work FOLDER --only fill [--long]     takes long, may be cut short and go on
    python benchmarks/scale.py ARTICLES --work FOLDER --only ask               takes minutes, wants a quiet machine
    python benchmarks/scale.py ARTICLES --only collection

Without --only all three are done. What was filled in FOLDER before is not filled again, only the sizes that are there
are asked, and what `scale.json` says of other sizes stays.

A question is a run of words of one passage, with a vector near that passage's, asked through `qa.retriever`; the real
model embeds its words as well, so that its time counts. It is asked of all, of an outlet that a tenth of the articles
come from, and of an outlet that writes on one of fifty subjects, mostly another one than the question's.
Times are those of the clock, and of the processor, all threads together, which depends little on how busy the machine
is otherwise. Recall is that of the vector search: which of the ten nearest passages, by brute force over all true
vectors, are found. Memory is the most that the process ever held, mapped pages of files counted. Every phase is a
process of its own.
"""

import json
import multiprocessing
import os
import platform
import random
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from machine import described
from press import Made, Matrix, Press, drawn, unit, write_pool

from index import vectors
from index.article import Article
from index.boilerplate import kept_spans
from index.build import build, publish
from index.catalog import FILE, UNNAMED, Catalog
from index.embedder import Embedder, Embedding, directions
from index.introductions import naming
from index.local import LocalStore
from index.passages import cut
from index.sources import read_articles
from index.store import Filter
from index.syndication import lines_of
from index.vector_files import current_file
from index.vectors import Vectors
from qa.retriever import Retriever

SIZES, LONG = (10_000, 100_000, 1_000_000), (10_000_000,)
COMPARED = 100_000
"""Most passages with whose articles sentences are compared and names learned."""

ASKED_NEAR = (0.75, 0.66)
"""How much of a question's vector is that of its passage, and how much its own."""

WARM_UP, QUESTIONS, WORDS, NEAREST = 50, 200, 8, 10
AT_ONCE = 4000
"""Articles that are put in one transaction: a real build has one for all, and needs room for all of it twice."""

CHANGES = 5
LISTS = (32, 64, 128, 256)
FILTERS = {
    "all": Filter(),
    "a tenth": Filter(sources=("Daily 3",)),
    "one subject": Filter(sources=("Special",)),
}
SENTENCES = 4
"""In a passage that is made up, all of them pointing where it does."""

PARTS = {
    "articles": ("articles", "origins"),
    "full text": ("words_data", "words_idx", "words_docsize", "words_config"),
    "passages": ("passages", "gone"),
    "cached vectors": ("vectors", "loose"),
    "vectors of sentences": ("directions",),
    "sentences": ("lines", "sentences", "minima", "contained", "syndicated"),
    "names": ("names", "mentions", "introductions", "spellings"),
    "readings": ("readings",),
}
"""What the tables of a catalog are for; the indexes of a table count with it."""

RECALL, SLOWER, SERVING_GIB = 0.95, 12, 8
"""The targets: least recall@10; most times the p95 of the smallest size at a million; most memory at ten million."""

Facts = dict[str, Any]
Part = Literal["fill", "ask", "collection"]


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of news articles in any format that is read.")],
    work: Annotated[
        Path | None, typer.Option(help="Keep what is filled in this folder, and use what is there.")
    ] = None,
    long: Annotated[bool, typer.Option(help="Also 10 million passages: hours, and 45 GB of disk.")] = False,
    size: Annotated[list[int] | None, typer.Option(help="These sizes instead.")] = None,
    only: Annotated[Part | None, typer.Option(help="Do this part alone.")] = None,
    out: Path = Path("docs/benchmarks"),
) -> None:
    """Measure; `scale.json` and `scale.svg` in `out` are written after every step, so that a run may be cut short."""
    with tempfile.TemporaryDirectory() as passing:
        folder = work or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        if only in (None, "fill"):
            pool = folder / "pool.json"
            if not pool.exists():
                apart(write_pool, articles, pool)
            for passages in size or SIZES + LONG * long:
                apart(fill, pool, folder / str(passages), passages)
        if only in (None, "ask"):
            there = filled(folder)
            for passages in [passages for passages in there if not size or passages in size]:
                served = measured_size(folder, passages, there[0])
                keep(out, lambda results, served=served: {**results, "sizes": merged(results["sizes"], served)})
        if only in (None, "collection"):
            found = apart(measure_collection, articles)
            keep(out, lambda results: {**results, "collection": found})


def filled(folder: Path) -> list[int]:
    """The sizes that are there to be asked, the smallest first."""
    facts = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/filled.json"))
    return sorted(fact["asked for"] for fact in facts if fact["is complete"])


def measured_size(folder: Path, passages: int, smallest: int) -> Facts:
    """All that is said of one size; the smallest is asked again right after, as the machine may be busier now."""
    place = folder / str(passages)
    made = json.loads((place / "filled.json").read_text(encoding="utf-8"))
    served = apart(serve, place)
    beside = apart(serve, folder / str(smallest))
    served["times the smallest, p95"] = {
        name: round(served[name]["p95, ms"] / beside[name]["p95, ms"], 2) for name in FILTERS
    }
    changed = apart(change, folder / "pool.json", place, passages)
    said = {name: fact for name, fact in made.items() if name not in ("asked for", "is complete", "seconds by step")}
    return said | served | changed | {"asked on": f"{date.today()}, {load()}"}


def merged(sizes: Sequence[Facts], measured: Facts) -> list[Facts]:
    """The sizes measured before, with another one in its place."""
    others = [size for size in sizes if size["passages"] != measured["passages"]]
    return sorted([*others, measured], key=lambda size: size["passages"])


def keep(out: Path, update: Callable[[Facts], Facts]) -> None:
    """Write down what is known now, beside what was measured before."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "scale.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"sizes": []}
    results = update(before) | {"date": str(date.today()), "machine": described()}
    results["targets met"] = targets_met(results["sizes"])
    text = json.dumps(results, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    if results["sizes"]:
        plot(results["sizes"], out / "scale.svg")
    print(text, flush=True)


def targets_met(sizes: Sequence[Facts]) -> dict[str, bool]:
    """Whether each target holds, of those that the sizes measured can tell of."""
    recalls = [size[name]["recall@10"] for size in sizes for name in FILTERS]
    met = {f"recall@10 of {RECALL} at every size": min(recalls) >= RECALL} if recalls else {}
    for size in sizes:
        if size["passages"] // 1_000_000 == 1:
            met[f"p95 at most {SLOWER} times the smallest"] = max(size["times the smallest, p95"].values()) <= SLOWER
        if size["passages"] // 10_000_000 == 1:
            met[f"{SERVING_GIB} GiB while serving"] = size["peak memory serving, GiB"] <= SERVING_GIB
    return met


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do some work in a process of its own, so that its memory is its own too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def peak_gib() -> float:
    """The most memory that this process ever held."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def load() -> str:
    """How much there was to do for the machine's cores in the last minute, this process included."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Steps:
    """Seconds by the name of what was done, of the clock and of the processor."""

    def __init__(self, known: Mapping[str, Sequence[float]] | None = None) -> None:
        self.seconds = {name: list(taken) for name, taken in (known or {}).items()}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        clock, processor = time.perf_counter(), time.process_time()
        yield
        taken = time.perf_counter() - clock, time.process_time() - processor
        before = self.seconds.get(name, (0.0, 0.0))
        self.seconds[name] = [before[0] + taken[0], before[1] + taken[1]]

    def total(self, kind: int) -> float:
        return sum(taken[kind] for taken in self.seconds.values())

    def each(self, passages: int) -> dict[str, float]:
        """Milliseconds of the processor for each of so many passages."""
        return {name: round(1000 * processor / passages, 4) for name, (_, processor) in self.seconds.items()}


# ---- a catalog of any size -----------------------------------------------------------------------------


def fill(pool: Path, folder: Path, passages: int) -> None:
    """Make an index of so many passages in `folder`, with `filled.json` beside it; goes on where it was cut short."""
    folder.mkdir(exist_ok=True)
    noted = folder / "filled.json"
    facts = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
    if facts.get("is complete"):
        return
    press, steps = Press(pool, passages), Steps(facts.get("seconds by step"))
    loads = facts.get("machine while it was filled", [load()])

    def note(**more: Any) -> None:
        seconds = {"seconds by step": steps.seconds, "machine while it was filled": loads}
        noted.write_text(json.dumps({"asked for": passages, "is complete": False, **seconds, **more}, indent=1))

    with Catalog(folder, create=True) as catalog:
        articles, count = catalog.count()
        made = press.articles(passages - count, articles)
        while catalog.generation == 0 and (batch := list(islice(made, AT_ONCE))):
            put(catalog, batch, steps, passages <= COMPARED)
            note()
            print(f"{catalog.count()[1]:,} of {passages:,} passages, {steps.total(0):,.0f} s, {load()}", flush=True)
        with steps.step("vector file, and publishing"), catalog.transaction():
            publish(catalog, "automatic", embedder="drawn")
        loads.append(load())
        peak = peak_gib()
        articles, count = catalog.count()
        (folder / "questions.json").write_text(json.dumps(exact_neighbours(catalog)), encoding="utf-8")
    note(
        **{"is complete": True, "passages": count, "articles": articles},
        **{"build seconds": round(steps.total(0), 1), "build seconds of the processor": round(steps.total(1), 1)},
        **{"processor milliseconds a passage": steps.each(count)},
        **{"sentences compared and names learned": passages <= COMPARED},
        **{"bytes a passage": bytes_by_part(folder, count), "peak memory of the build, GiB": round(peak, 2)},
    )


def put(catalog: Catalog, batch: Sequence[Made], steps: Steps, compared: bool) -> None:
    """What a build does with the articles that it has read, cut and embedded."""
    read = []
    with steps.step("finding sentences and names"):
        for made in batch:
            text, spans = made.article.text, [(0, len(made.article.text))]
            read.append((lines_of(text, spans), naming(text, spans)) if compared else ([], UNNAMED))
    with steps.step("caching vectors"):
        pairs = (pair for made in batch for pair in zip(made.digests, made.vectors, strict=True))
        catalog.cache_vectors({d: Embedding(v, directions(np.tile(v, (SENTENCES, 1)))) for d, v in pairs})
    with catalog.transaction():
        with steps.step("putting articles, with their full text"):
            for made, (lines, names) in zip(batch, read, strict=True):
                catalog.put(made.article, made.spans, made.digests, lines, names)
        with steps.step("judging names"):
            catalog.aliases.relearn()
        with steps.step("comparing sentences"):
            catalog.assign({made.article.id: made.article.digest for made in batch})


def bytes_by_part(folder: Path, passages: int) -> dict[str, int]:
    """Bytes on disk for each passage: the vector file, the catalog, and its parts where this SQLite can tell."""
    with Catalog(folder) as catalog:
        sizes = {"vector file": current_file(catalog).stat().st_size, "catalog": (folder / FILE).stat().st_size}
    part_of = {table: part for part, tables in PARTS.items() for table in tables}
    query = """SELECT m.tbl_name, sum(s.pageno) * (SELECT page_size FROM pragma_page_size)
               FROM dbstat s JOIN sqlite_master m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1"""
    # Pages are counted, as what dbstat says of bytes has 32 bits.
    with closing(sqlite3.connect(f"{(folder / FILE).resolve().as_uri()}?mode=ro", uri=True)) as sql:
        try:
            tables = sql.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "dbstat" not in str(error):
                raise
            tables = []  # this SQLite was built without
    for table, size in tables:
        name = f"of these {part_of.get(table, 'other')}"
        sizes[name] = sizes.get(name, 0) + size
    return {name: round(size / passages) for name, size in sizes.items()}


def exact_neighbours(catalog: Catalog) -> list[Facts]:
    """Questions, and for each filter the ten nearest passages by brute force."""
    chance, rng = random.Random(11), np.random.default_rng(11)
    numbers, near = catalog.vectors_of(chance.sample(range(1, catalog.newest() + 1), WARM_UP + QUESTIONS))
    asked = unit(ASKED_NEAR[0] * near + ASKED_NEAR[1] * drawn(rng, len(near)))
    texts = [words_of(catalog, number, chance) for number in numbers.tolist()]
    allowed = {name: catalog.passage_numbers(allowed) for name, allowed in FILTERS.items()}
    best = {name: (np.empty((0, len(asked)), np.int64), np.empty((0, len(asked)), np.float32)) for name in FILTERS}
    for block, matrix in catalog.vectors_in_blocks(50_000):
        scores = matrix @ asked.T
        for name, admitted in allowed.items():
            rows = np.flatnonzero(np.isin(block, admitted, assume_unique=True))
            best[name] = nearest(*best[name], block[rows], scores[rows])
    return [
        {"text": text, "vector": asked[i].tolist(), "nearest": {name: best[name][0][:, i].tolist() for name in FILTERS}}
        for i, text in enumerate(texts)
    ]


def nearest(known: Any, known_scores: Matrix, numbers: Any, scores: Matrix) -> tuple[Any, Matrix]:
    """The best of each column, numbers and scores: of those known, (n, columns), and of `numbers`, a row each."""
    every = np.concatenate([known, np.broadcast_to(numbers[:, None], scores.shape)])
    all_scores = np.concatenate([known_scores, scores])
    if len(every) <= NEAREST:
        return every, all_scores
    top = np.argpartition(-all_scores, NEAREST, axis=0)[:NEAREST]
    return np.take_along_axis(every, top, 0), np.take_along_axis(all_scores, top, 0)


def words_of(catalog: Catalog, number: int, chance: random.Random) -> str:
    """A run of words out of a passage."""
    (passage,) = catalog.passages([number]).values()
    article = catalog.article(passage.article_id)
    assert article is not None
    words = article.text[passage.start : passage.end].split()
    begin = chance.randrange(max(1, len(words) - WORDS))
    return " ".join(words[begin : begin + WORDS])


# ---- asking, and changing --------------------------------------------------------------------------------


class DrawnEmbedder(Embedder):
    """Gives the vector that is `drawn` for a question, after the real model has embedded its words for nothing."""

    drawn: Matrix

    def encode(self, texts: Any, done: Any = None) -> Any:
        super().encode(texts, done)
        return np.array([self.drawn for _ in texts], np.float32)


def serve(folder: Path) -> Facts:
    """Ask every question of every filter; the first ones only warm up."""
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    embedder = DrawnEmbedder()
    embedder.drawn = np.array(questions[0]["vector"], np.float32)
    embedder.encode([questions[0]["text"]])
    started = time.perf_counter()
    store, retriever = LocalStore(folder), Retriever(embedder)
    with store.snapshot("drawn") as snapshot:
        measured: Facts = {"vector index": snapshot.vectors().kind}
    measured["opening, seconds"] = round(time.perf_counter() - started, 3)
    for name, allowed in FILTERS.items():
        taken, worked, dense, recalls = [], [], [], []
        for question in questions:
            embedder.drawn = np.array(question["vector"], np.float32)
            started, busy = time.perf_counter(), time.process_time()
            with store.snapshot("drawn") as snapshot:
                retriever.search(question["text"], snapshot, 10, allowed)
                taken.append(time.perf_counter() - started)
                worked.append(time.process_time() - busy)
                started = time.perf_counter()
                found = snapshot.search_vectors(embedder.drawn, NEAREST, allowed)
                dense.append(time.perf_counter() - started)
            expected = set(question["nearest"][name])
            recalls.append(len(expected & {number for number, _ in found}) / max(1, len(expected)))
        hybrid, processor, alone = (1000 * np.array(times[WARM_UP:]) for times in (taken, worked, dense))
        measured[name] = {
            "p50, ms": round(float(np.percentile(hybrid, 50)), 2),
            "p95, ms": round(float(np.percentile(hybrid, 95)), 2),
            "worst, ms": round(float(hybrid.max()), 2),
            "p95, ms of processor time": round(float(np.percentile(processor, 95)), 2),
            "vectors alone, p95, ms": round(float(np.percentile(alone, 95)), 2),
            "recall@10": round(float(np.mean(recalls)), 4),
        }
    return measured | {"peak memory serving, GiB": round(peak_gib(), 2)}


def change(pool: Path, folder: Path, passages: int) -> Facts:
    """Change an article as a build would publish it, a few times, and the same one always, so that all else stays."""
    press, taken = Press(pool, passages), []
    with Catalog(folder) as catalog:
        about = catalog.count()[0] // 2
        for _ in range(CHANGES):
            made, steps = press.article(about, edition=catalog.generation), Steps()
            started = time.perf_counter()
            put(catalog, [made], steps, passages <= COMPARED)
            with catalog.transaction():
                publish(catalog, "automatic", embedder="drawn")
            taken.append(time.perf_counter() - started)
    return {"one article changed, seconds": round(float(np.median(taken)), 3)}


# ---- the collection, with the real model ------------------------------------------------------------


class TimedEmbedder(Embedder):
    """Adds up what embedding takes."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def embed(self, texts: Any, done: Any = None) -> Any:
        with self._steps.step("embedding"):
            return super().embed(texts, done)


def measure_collection(articles: Path) -> Facts:
    """Build a copy of the articles, build it again, change one article and build once more."""
    steps = Steps()
    with tempfile.TemporaryDirectory() as work:
        copy, index, embedder = Path(work) / "articles", Path(work) / "index", TimedEmbedder(steps)
        shutil.copytree(articles, copy)
        busy = time.process_time()
        first = build([copy], index, embedder)
        busy = time.process_time() - busy
        embedding = Steps(steps.seconds)
        parts = bytes_by_part(index, first.passages)
        unchanged = build([copy], index, embedder)
        changed = sorted(path for path in copy.rglob("*.txt") if path.stat().st_size > 1000)[100]
        changed.chmod(0o644)
        changed.write_bytes(
            changed.read_bytes() + b"\n\nA last sentence was added to this article, and nothing else.\n"
        )
        after = build([copy], index, embedder)
        assert (unchanged.embedded, len(after.changed)) == (0, 1), "the collection must hold .txt articles"
        peak = peak_gib()
        recalls = recall_by_lists(index, embedder)
        add_steps(copy, Path(work) / "steps", embedder, embedding)
    return {
        "articles": len(first.added),
        "passages": first.passages,
        "first build, seconds": round(first.seconds, 2),
        "first build, seconds of the processor": round(busy, 2),
        "unchanged, seconds": round(unchanged.seconds, 3),
        "unchanged, share": round(unchanged.seconds / first.seconds, 5),
        "one article changed, seconds": round(after.seconds, 3),
        "one article changed, share": round(after.seconds / first.seconds, 5),
        "processor milliseconds a passage": embedding.each(first.passages),
        "bytes a passage": parts,
        "peak memory, GiB": round(peak, 2),
        "recall@10 of an approximate index of it, by lists": recalls,
    }


def add_steps(articles: Path, folder: Path, embedder: Embedder, steps: Steps) -> None:
    """Do again, one after another, what the first build did but for embedding."""
    folder.mkdir()
    with steps.step("reading"):
        read = [item for item in read_articles([articles]) if isinstance(item, Article)]
    once = list({article.digest: article for article in read}.values())
    with steps.step("cutting"):
        spans = [cut(article.text, kept_spans(article.text), embedder.token_offsets) for article in once]
    rng, batch = np.random.default_rng(7), []
    for article, own in zip(once, spans, strict=True):
        digests = [f"{article.id} {place}".encode() for place in range(len(own))]
        batch.append(Made(article, own, digests, drawn(rng, len(own))))
    with Catalog(folder, create=True) as catalog:
        put(catalog, batch, steps, compared=True)
        with steps.step("vector file, and publishing"), catalog.transaction():
            publish(catalog, "automatic", embedder="drawn")


def recall_by_lists(index: Path, embedder: Embedder) -> dict[str, float]:
    """How many of the ten nearest are found among true vectors in so many lists, if the share is looked at that a
    search among a million goes through. A million has 1,024 lists: the more there are, the more is found."""
    chance = random.Random(11)
    with Catalog(index) as catalog:
        numbers, matrix = catalog.passage_vectors()
        asked = embedder.encode([words_of(catalog, n, chance) for n in chance.sample(numbers.tolist(), QUESTIONS)])
        vectors.LOOKED_AT = len(numbers) * vectors.LOOKED_AT // 1_000_000
        vectors.SHARE_LOOKED_AT = 0.0
        recalls = {}
        for lists in LISTS:
            made = Vectors.approximate(lists**2, matrix, [(numbers, matrix)]).ranked_by(catalog.vectors_of)
            found = [{number for number, _ in made.search(vector, NEAREST)} for vector in asked]
            true = [set(numbers[np.argsort(-(matrix @ vector))[:NEAREST]].tolist()) for vector in asked]
            recalls[str(lists)] = round(sum(map(len, map(set.__and__, found, true))) / NEAREST / len(asked), 4)
    return recalls


# ---- drawing ---------------------------------------------------------------------------------------------


def plot(sizes: list[Facts], path: Path) -> None:
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
        "on disk, GiB": {
            part: [size["bytes a passage"][part] * size["passages"] / 2**30 for size in sizes]
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
