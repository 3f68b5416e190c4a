"""Which of the spans that were read say the same thing, and in how many articles they stand.

Knows candidates and their texts. Never knows the model that found them.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from index.article import Article
from qa.retriever import ScoredPassage


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may be the answer: characters [start, end) of an article, read in one passage.

    `margin` is the reader's score less that of nothing, in logits; above zero means "rather this".
    """

    article: Article
    start: int
    end: int
    margin: float
    retrieved: ScoredPassage

    @property
    def quote(self) -> str:
        return self.article.text[self.start : self.end]

    def score(self, retrieval_weight: float) -> float:
        """What candidates are ordered by, in logits: what the reader says, and how well the passage was found."""
        return self.margin + retrieval_weight * self.retrieved.score


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that give the same answer, best first; never empty. `score` is the best one's."""

    candidates: tuple[Candidate, ...]
    score: float

    @property
    def best(self) -> Candidate:
        return self.candidates[0]

    @property
    def believed(self) -> tuple[Candidate, ...]:
        """The best, and those others that the reader would rather have than nothing.

        The same words may stand elsewhere and answer another question: "Friday" often does.
        """
        return (self.best, *(candidate for candidate in self.candidates[1:] if candidate.margin > 0))


def group(candidates: Iterable[Candidate], retrieval_weight: float = 0.0) -> list[Group]:
    """Put candidates of the same answer together; groups, and candidates in them, best first.

    Two give the same answer if their folded texts are equal. Of candidates that overlap in
    one article (the same place, read in two passages or with another edge) only the best is kept.
    """
    groups: dict[str, list[Candidate]] = {}
    taken: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.score(retrieval_weight), c.article.id, c.start)):
        if not any(_overlap(candidate, other) for other in taken):
            taken.append(candidate)
            groups.setdefault(folded(candidate.quote), []).append(candidate)
    return [Group(tuple(members), members[0].score(retrieval_weight)) for members in groups.values()]


def folded(text: str) -> str:
    """A text without case, accents, punctuation and articles, with "per cent" and "%" as "percent".

    What makes another number of it stays: the point in 1.5, its sign, a currency's. A word of
    caution before a number goes: "nearly 250 miles" and "250 miles" are one answer.
    """
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = re.sub(r"\bper cent\b|(?<=\d)\s*%", " percent", text)
    text = re.sub(r"(?<=\d),(?=\d{3})|(?<=\w)['’](?=\w|\s|$)|\.(?!\d)|(?<=[^\W\d])\.", "", text)
    text = " ".join(
        word for word in re.findall(r"(?:(?<!\S)[+−-])?[$€£¥]?[\w.]+", text) if word not in ("a", "an", "the")
    )
    return _CAUTION.sub("", text)


_CAUTION = re.compile(
    r"^(?:more than|at least|about|around|nearly|almost|roughly|approximately|some|over|just) (?=[$€£¥]?\d)"
)


def _overlap(one: Candidate, other: Candidate) -> bool:
    return one.article.id == other.article.id and one.start < other.end and other.start < one.end
