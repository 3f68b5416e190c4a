"""What do common words cost the full-text search, and what do the short cuts of `index.words` lose?

Made-up passages whose words come as often as words do (Zipf), with topics of their own for each article, or passages
put together from the sentences of a folder of articles. Questions of several kinds are searched with the short cuts
and without: how long the typical and the worst one takes, and how many of the best ten are the same.

    python benchmarks/words.py [--passages 20000] [--folder ARTICLES] [--questions 100]
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from index import words
from index.article import Article
from index.catalog import Catalog, Filter
from index.passages import sentences
from index.sources import read_articles
from index.words import SCORED
from qa.retriever import DEPTH, STOP_WORDS

PASSAGE, ARTICLE = 130, 5
"""Words in a passage, and passages in an article."""

VOCABULARY = 200_000
FUNCTION_WORDS = 100
"""The commonest words, which are left out of a question before it is searched."""

TOPIC, TOPICAL = 20, 0.3
"""An article has so many words that it keeps coming back to, for this share of its text."""

Question = list[str]


def main(
    passages: int = 20_000,
    folder: Annotated[Path | None, typer.Option(help="Take sentences from these articles.")] = None,
    questions: int = 100,
    scored: Annotated[int, typer.Option(help="Most passages scored; small, it shows in small what is lost.")] = SCORED,
    seed: int = 5,
) -> None:
    """Print how long each kind of question takes and how much of the best ten the short cuts keep."""
    rng = np.random.default_rng(seed)
    texts = rearranged(folder, rng) if folder else made_up(rng)
    with tempfile.TemporaryDirectory() as work, Catalog(Path(work), create=True) as catalog:
        seen = fill(catalog, texts, passages)
        commonest = [word for word, _ in seen.most_common() if word not in STOP_WORDS]
        asked = kinds(catalog, commonest if folder else commonest[FUNCTION_WORDS:], questions, rng)
        table = Table("questions", "whole: p50", "p95", "max, ms", "short cuts: p50", "p95", "max, ms", "same of ten")
        for kind, several in asked.items():
            table.add_row(kind, *measured(catalog, several, scored))
        print(f"{passages:,} passages, at most {scored:,} scored, {questions} questions of each kind")
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
            article = Article(f"{number:08}", title, "\n".join(pieces))
            catalog.put(article, spans, [b""] * len(spans), [])
            origins[article.id] = article.digest
            seen.update(word for piece in pieces for word in piece.lower().split() if word.isalnum())
        catalog.assign(origins)
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


def measured(catalog: Catalog, asked: list[Question], scored: int) -> list[str]:
    def search(question: Question) -> list[int]:
        return [number for number, _ in catalog.search_words(question, DEPTH, Filter())][:10]

    words.SCORED = catalog.count()[1] * max(map(len, asked))  # no word is common then
    whole, slow = timed(search, asked)
    words.SCORED = scored
    found, quick = timed(search, asked)
    same = [len(set(one) & set(other)) / max(1, len(one)) for one, other in zip(whole, found, strict=True)]
    return [f"{value:.1f}" for times in (slow, quick) for value in (*np.percentile(times, (50, 95)), max(times))] + [
        f"{np.mean(same):.3f}"
    ]


def timed(search: Callable[[Question], list[int]], asked: list[Question]) -> tuple[list[list[int]], list[float]]:
    """What each question finds, and how many milliseconds it takes."""
    found, times = [], []
    for question in asked:
        started = time.perf_counter()
        found.append(search(question))
        times.append((time.perf_counter() - started) * 1000)
    return found, times


if __name__ == "__main__":
    typer.run(main)
