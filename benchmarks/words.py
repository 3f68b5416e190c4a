"""What do common words cost the full-text search, and what do the short cuts of `index.words` lose?

Made-up passages whose words come as often as words do (Zipf), with topics of their own for each article, or passages
put together from the sentences of a folder of articles. Questions of several kinds are searched with the short cuts
and without: how long the typical and the worst one takes, and how many of the best ten are the same. The short cuts are
timed once more with a filter that lets a tenth of the articles through, and with one that lets a hundredth.

    python benchmarks/words.py [--passages 20000] [--folder ARTICLES] [--questions 100] [--out FILE]
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from machine import described
from rich.console import Console
from rich.progress import track
from rich.table import Table

from index import words
from index.article import Article
from index.catalog import Catalog
from index.passages import sentences
from index.sources import read_articles
from index.store import EVERYTHING, Filter
from index.subset import RecentSets
from index.words import SCORED
from qa.retriever import DEPTH, STOP_WORDS

PASSAGE, ARTICLE = 130, 5
"""Words in a passage, and passages in an article."""

VOCABULARY = 200_000
FUNCTION_WORDS = 100
"""The commonest words, which are left out of a question before it is searched."""

TOPIC, TOPICAL = 20, 0.3
"""An article has so many words that it keeps coming back to, for this share of its text."""

FILTERS = (Filter(sources=("Daily 3",)), Filter(sources=("Weekly",)))

FIGURES = "milliseconds of the processor: p50, p95, worst"

Question = list[str]


def main(
    passages: int = 20_000,
    folder: Annotated[Path | None, typer.Option(help="Take sentences from these articles.")] = None,
    questions: int = 100,
    scored: Annotated[int, typer.Option(help="Most passages scored; small, it shows in small what is lost.")] = SCORED,
    seed: int = 5,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write the figures to as well.")] = None,
) -> None:
    """Print how long each kind of question takes and how much of the best ten the short cuts keep."""
    rng = np.random.default_rng(seed)
    texts = rearranged(folder, rng) if folder else made_up(rng)
    with tempfile.TemporaryDirectory() as work, Catalog(Path(work), create=True, sets=RecentSets()) as catalog:
        seen = fill(catalog, texts, passages)
        commonest = [word for word, _ in seen.most_common() if word not in STOP_WORDS]
        asked = kinds(catalog, commonest if folder else commonest[FUNCTION_WORDS:], questions, rng)
        results = {kind: measured(catalog, several, scored) for kind, several in asked.items()}
    heading = f"{passages:,} passages, at most {scored:,} scored, {questions} questions of each kind"
    if out:
        facts = {"date": str(date.today()), "machine": described(), "what": heading, FIGURES: results}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    table = Table("questions", *next(iter(results.values())), title=f"{heading}; {FIGURES}")
    for kind, figures in results.items():
        table.add_row(kind, *(" / ".join(map(str, f)) if isinstance(f, list) else str(f) for f in figures.values()))
    Console().print(table)


def made_up(rng: np.random.Generator) -> Iterator[tuple[str, list[str]]]:
    """Title and passages of one article after another."""
    chances = 1 / np.arange(1, VOCABULARY + 1)
    sums = np.cumsum(chances / chances.sum())
    names = np.array([f"w{rank}x" for rank in range(VOCABULARY)])
    while True:
        topic = np.searchsorted(sums, rng.uniform(sums[2 * FUNCTION_WORDS], 1, TOPIC))
        drawn = np.searchsorted(sums, rng.random((ARTICLE, PASSAGE)))
        drawn = np.where(rng.random(drawn.shape) < TOPICAL, rng.choice(topic, drawn.shape), drawn)
        yield " ".join(names[topic[:6]]), [" ".join(row) for row in names[np.minimum(drawn, VOCABULARY - 1)]]


def rearranged(folder: Path, rng: np.random.Generator) -> Iterator[tuple[str, list[str]]]:
    """Passages of six sentences from three articles each, so that no two are alike."""
    articles = [item for item in read_articles([folder]) if isinstance(item, Article)]
    cut = [[article.text[start:end] for start, end in sentences(article.text)] for article in articles]
    while True:
        chosen = rng.integers(len(articles), size=3)
        pool = [sentence for place in chosen for sentence in cut[place]]
        yield articles[chosen[0]].title, [" ".join(rng.choice(pool, 6)) for _ in range(ARTICLE)]


def fill(catalog: Catalog, texts: Iterator[tuple[str, list[str]]], passages: int) -> Counter[str]:
    """Put the passages into the catalog, and count their words."""
    seen: Counter[str] = Counter()
    origins: dict[str, str | None] = {}
    with catalog.transaction():
        for number in track(range(passages // ARTICLE), "writing"):
            title, pieces = next(texts)
            ends = np.cumsum([len(piece) + 1 for piece in pieces]) - 1
            spans = [(int(end) - len(piece), int(end)) for end, piece in zip(ends, pieces, strict=True)]
            source = f"Daily {number % 10}" if number % 100 else "Weekly"
            article = Article(f"{number:08}", title, "\n".join(pieces), source)
            catalog.put(article, spans, [b""] * len(spans), [])
            origins[article.id] = article.digest
            seen.update(word for piece in pieces for word in piece.lower().split() if word.isalnum())
        catalog.assign(origins)
        catalog.set_meta(publication="the only one")
    return seen


def kinds(catalog: Catalog, commonest: list[str], count: int, rng: np.random.Generator) -> dict[str, list[Question]]:
    """Questions as they are asked, and such as are made to be slow; `commonest` are the words, function words apart."""
    known = set(commonest)
    numbers = rng.choice(catalog.passage_numbers(Filter()), count).tolist()
    held = []
    for passage in catalog.passages(numbers).values():
        article = catalog.article(passage.article_id)
        text = article.text[passage.start : passage.end] if article else ""
        held.append([word for word in dict.fromkeys(text.lower().split()) if word in known])
    return {
        "four words of a passage": [list(rng.choice(own, min(4, len(own)), replace=False)) for own in held],
        "a rare and three common": [[own[-1], *rng.choice(commonest[:100], 3, replace=False)] for own in held],
        "four of the 300 commonest": [list(rng.choice(commonest[:300], 4, replace=False)) for _ in range(count)],
        "four of the 30 commonest": [list(rng.choice(commonest[:30], 4, replace=False)) for _ in range(count)],
        "one of the 30 commonest": [[str(rng.choice(commonest[:30]))] for _ in range(count)],
        "a long one, of 30 words": [list(rng.choice(commonest[:1000], 30, replace=False)) for _ in range(count)],
    }


def measured(catalog: Catalog, asked: list[Question], scored: int) -> dict[str, Any]:
    def search(question: Question, allowed: Filter = EVERYTHING) -> list[int]:
        return [number for number, _ in catalog.search_words(question, DEPTH, allowed)][:10]

    words.SCORED = catalog.count()[1] * max(map(len, asked))  # no word is common then
    whole, slow = timed(search, asked)
    words.SCORED = scored
    found, quick = timed(search, asked)
    filtered = [timed(partial(search, allowed=allowed), asked)[1] for allowed in FILTERS]
    same = [len(set(one) & set(other)) / max(1, len(one)) for one, other in zip(whole, found, strict=True)]
    times = {"whole": slow, "short cuts": quick, "a tenth": filtered[0], "a hundredth": filtered[1]}
    figures = {name: [*np.percentile(taken, (50, 95)), max(taken)] for name, taken in times.items()}
    rounded = {name: [round(float(value), 1) for value in values] for name, values in figures.items()}
    return rounded | {"same of ten": round(float(np.mean(same)), 3)}


def timed(search: Callable[[Question], list[int]], asked: list[Question]) -> tuple[list[list[int]], list[float]]:
    """What each question finds, and how many milliseconds of one core it takes."""
    found, times = [], []
    for question in asked:
        started = time.process_time()
        found.append(search(question))
        times.append((time.process_time() - started) * 1000)
    return found, times


if __name__ == "__main__":
    typer.run(main)
