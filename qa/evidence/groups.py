"""Which of the spans that were read say the same thing, and in how many articles they stand.

Knows candidates and their texts. Never knows the model that found them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from index.article import Article
from index.passages import sentences
from qa.evidence.dates import Day, read_date, same_date
from qa.evidence.lists import items
from qa.evidence.names import folded, introduced, is_short_form, name_words, same_name, signs
from qa.evidence.quantities import Quantity, are_opposite, hedge_before, read_quantity, same_quantity
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
    """Candidates that give the same answer, best first; never empty.

    `score` is the best one's, what groups are ordered by. `beside` is what the reader made of the
    best one side by side with those of other groups, in logits; 0 where that was not read.
    """

    candidates: tuple[Candidate, ...]
    score: float
    beside: float = 0.0

    @property
    def best(self) -> Candidate:
        return self.candidates[0]

    @property
    def believed(self) -> tuple[Candidate, ...]:
        """The best, and those others that the reader would rather have than nothing.

        The same words may stand elsewhere and answer another question: "Friday" often does.
        """
        return (self.best, *(candidate for candidate in self.candidates[1:] if candidate.margin > 0))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a quote says, as far as it can be told: a date, a quantity, a name, or else mere words.

    `words` are folded; those of an abbreviation are the words it stands for. `name` is empty if it is none.
    """

    words: str
    name: tuple[str, ...]
    day: Day | None
    quantity: Quantity | None


def meaning(candidate: Candidate, texts: Iterable[str] = ()) -> Meaning:
    """What a candidate says in its article; abbreviations are looked up in `texts`.

    A genitive is its noun, and a list says the same in any order. A number means what the words
    before it leave open, whether they are quoted or not: of "at least 62", "62" is no more than that.
    """
    quote = re.sub(r"(?<=\w)[’']s?$", "", candidate.quote)
    long = (introduced(quote, texts) if is_short_form(quote) else None) or quote
    words = " ".join(sorted(map(folded, items(long)))) or folded(long)
    quantity = read_quantity(quote)
    if quantity and (hedge := hedge_before(candidate.article.text, candidate.start)):
        quantity = read_quantity(f"{hedge} {quote}") or quantity
    return Meaning(words, name_words(long), read_date(quote, candidate.article.published), quantity)


def same(one: Meaning, other: Meaning) -> bool:
    """They give the same answer: equal when folded, or the same date, quantity or name, unless hedged to opposites."""
    if one.day and other.day:  # "Friday" of two articles is two days
        return same_date(one.day, other.day)
    if one.quantity and other.quantity and are_opposite(one.quantity, other.quantity):
        return False  # "more than" and "fewer than" are no part of the words
    if one.words == other.words:
        return True
    if one.quantity and other.quantity:
        return same_quantity(one.quantity, other.quantity)
    is_value = one.day or other.day or one.quantity or other.quantity
    return not is_value and signs(one.words) == signs(other.words) and same_name(one.name, other.name)


def group(candidates: Iterable[Candidate], retrieval_weight: float = 0.0) -> list[Group]:
    """Put candidates of the same answer together; groups, and candidates in them, best first.

    A candidate joins the first group of whose members every one says the same as it, so that no
    chain of near spellings leads from one answer to another. Of candidates that overlap in one
    article (the same place, read in two passages or with another edge) only the best is kept.
    """
    groups: list[list[tuple[Candidate, Meaning]]] = []
    taken: list[Candidate] = []
    best_first = sorted(candidates, key=lambda c: (-c.score(retrieval_weight), c.article.id, c.start))
    texts = list({candidate.article.id: candidate.article.text for candidate in best_first}.values())
    for candidate in best_first:
        if any(_overlap(candidate, other) for other in taken):
            continue
        taken.append(candidate)
        said = meaning(candidate, texts)
        home = next((members for members in groups if all(same(said, other) for _, other in members)), None)
        if home is None:
            groups.append([(candidate, said)])
        else:
            home.append((candidate, said))
    return [
        Group(tuple(candidate for candidate, _ in members), members[0][0].score(retrieval_weight)) for members in groups
    ]


def sentence_of(candidate: Candidate) -> tuple[int, int]:
    """The characters of its article from the start of the sentence around it, or sentences, to their end."""
    first, last = _paragraph(candidate)
    found = ((first + start, first + end) for start, end in _sentences(candidate.article.text[first:last]))
    around = [s for s in found if s[0] < candidate.end and candidate.start < s[1]]
    return min([candidate.start, *(s for s, _ in around)]), max([candidate.end, *(e for _, e in around)])


def echoes(candidate: Candidate, articles: Mapping[str, Article]) -> Iterator[Candidate]:
    """The same sentence in the articles that repeat its passage, where it stands there to the letter."""
    start, end = sentence_of(candidate)
    for copy in candidate.retrieved.copies:
        article = articles[copy.article_id]
        at = article.text.find(candidate.article.text[start:end], copy.start, copy.end)
        if at >= 0:
            shift, retrieved = at - start, replace(candidate.retrieved, passage=copy, copies=())
            yield Candidate(article, candidate.start + shift, candidate.end + shift, candidate.margin, retrieved)


def _overlap(one: Candidate, other: Candidate) -> bool:
    return one.article.id == other.article.id and one.start < other.end and other.start < one.end


def _paragraph(candidate: Candidate) -> tuple[int, int]:
    """The part of its passage between the blank lines around it: no sentence goes over one."""
    passage, text = candidate.retrieved.passage, candidate.article.text
    before = text.rfind("\n\n", passage.start, candidate.start)
    after = text.find("\n\n", candidate.end, passage.end)
    return passage.start if before < 0 else before, passage.end if after < 0 else after


@lru_cache(maxsize=1024)
def _sentences(paragraph: str) -> tuple[tuple[int, int], ...]:
    """Remembered, as every question about a place asks for them several times."""
    return tuple(sentences(paragraph))
