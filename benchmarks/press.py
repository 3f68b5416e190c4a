"""Prints news articles of any number: text, passages and vectors that a big index can be filled with.

Knows how made-up articles are made like real ones. Never knows where they go.

The text is that of a real collection, cut as usual and repeated as often as needed, every repetition with a third of
its words replaced by words of other articles, so that words keep their frequencies. Words with capitals or figures
stay, so that names remain names, and what introduces them is as true as before. The vectors are drawn from a
mixture of many Gaussians on the sphere: a story has about a hundred passages, each at a cosine of 0.55 to the others,
and a subject holds many stories. What is on the first of fifty subjects is from an outlet of its own, `Special`, and
the rest from ten others in turn, `Daily 0` to `Daily 9`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.article import Article
from index.boilerplate import kept_spans
from index.embedder import Embedder
from index.passages import cut
from index.sources import read_articles

Matrix = np.ndarray[Any, np.dtype[np.float32]]

DIMENSION = 384
SUBJECTS, STORY = 50, 100
"""How many subjects there are, and about how many passages a story has."""

NEAR = (0.5, 0.55, 0.67)
"""How much of a vector is its subject, its story, and its own; their squares add up to one."""

REPLACED = 1 / 3


def write_pool(articles: Path, path: Path) -> None:
    """Every article of a collection as its title and the texts of its passages."""
    embedder, pool = Embedder(), []
    for article in read_articles([articles]):
        if isinstance(article, Article):
            spans = cut(article.text, kept_spans(article.text), embedder.token_offsets)
            pool.append([article.title, [article.text[start:end] for start, end in spans]])
    path.write_text(json.dumps(pool), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Made:
    """An article that was made: where its passages stand, and their vectors with digests that name them."""

    article: Article
    spans: list[tuple[int, int]]
    digests: list[bytes]
    vectors: Matrix


class Press:
    """Writes articles: each the same whenever it is asked for by number and edition.

    Args:
        pool: what `write_pool` wrote.
        passages: about how many there will be; the more, the more stories there are.
    """

    def __init__(self, pool: Path, passages: int) -> None:
        self._pool = [(title, texts) for title, texts in json.loads(pool.read_text(encoding="utf-8")) if texts]
        words = (word for _, texts in self._pool for text in texts for word in text.split(" "))
        self._words = np.array([word for word in words if word.islower() and word.isalpha()], dtype=object)
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

    def articles(self, passages: int, first: int = 0) -> Iterator[Made]:
        """As many articles as have that many passages together, from the `first` on."""
        number = first
        while passages > 0:
            made = self.article(number)
            yield made
            passages, number = passages - len(made.spans), number + 1

    def _varied(self, text: str, rng: np.random.Generator) -> str:
        words = np.array(text.split(" "), dtype=object)
        replaced = (rng.random(len(words)) < REPLACED) & [word.islower() and word.isalpha() for word in words]
        words[replaced] = self._words[rng.integers(len(self._words), size=replaced.sum())]
        return " ".join(words)


def drawn(rng: np.random.Generator, count: int) -> Matrix:
    """Unit vectors in any direction."""
    return unit(rng.standard_normal((count, DIMENSION), np.float32))


def unit(matrix: Any) -> Matrix:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
