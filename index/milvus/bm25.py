"""BM25 as the local full text counts it, over passages that a server found by their words.

Knows the formula and how often words stand in a passage. Never knows Milvus.

A server's own scores would order passages otherwise: it knows no weights of title and body, nor
words that must stand one after another, and it gives common words more weight than FTS5, to which
a word in half of all passages is worth nothing. So it only finds the candidates; these are scored
here by FTS5's formula (https://www.sqlite.org/fts5.html#the_bm25_function). How rare a word is, the
server has counted: that is read back out of the score that it gives to a word alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

from index.milvus.analysis import Words
from index.words import BODY_WEIGHT, TITLE_WEIGHT

K1, B = 1.2, 0.75
"""FTS5's own."""

SERVER_K1 = 1.5
"""What the server is told to count with: `milvus-lite` 3.2 knows nothing else, whatever it is told."""

LEAST = 1e-6
"""What FTS5 takes for the worth of a word in more than half of all passages."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A passage's analysed words, set so that those one after another can be counted: ` of  the  title `."""

    title: str
    body: str
    length: int

    @classmethod
    def of(cls, words: str, title_words: int) -> "Counted":
        each = words.split()
        return cls(_set(each[:title_words]), _set(each[title_words:]), len(each))

    def holds(self, phrase: Words) -> bool:
        wanted = _set(phrase)
        return wanted in self.title or wanted in self.body

    def often(self, phrase: Words, title_weight: float, body_weight: float) -> float:
        wanted = _set(phrase)
        return title_weight * self.title.count(wanted) + body_weight * self.body.count(wanted)


def score(passage: Counted, phrase: Words, worth: float, average: float) -> float:
    """What words one after another add to the score of a passage; 0 if it does not hold them.

    Args:
        worth: how much rare words are worth more.
        average: words in a passage.
    """
    return worth * _gain(passage.often(phrase, TITLE_WEIGHT, BODY_WEIGHT), passage.length / average, K1)


def worth(passage: Counted, word: str, scored: float, average: float) -> float:
    """What a word is worth to FTS5, given what the server scores a passage for it that holds it.

    To the server it is log(1 + r), to FTS5 log(r), r being how many more passages lack the word than hold it.
    """
    gain = _gain(passage.often((word,), 1, 1), passage.length / average, SERVER_K1)
    ratio = exp(scored / gain) - 1 if gain else 0.0
    return max(log(ratio), LEAST) if ratio > 0 else LEAST


def phrase_worth(phrase: Words, worths: Mapping[str, float], passages: int, holding: int | None) -> float:
    """That of words one after another, of which so many of all passages hold them; None if those were not counted.

    Then they are taken to be as rare as the rarest of them.
    """
    if len(phrase) == 1 or holding is None:
        return max((worths[word] for word in phrase if word in worths), default=LEAST)
    return max(log((passages - holding + 0.5) / (holding + 0.5)), LEAST)


def _gain(often: float, length: float, k1: float) -> float:
    return often * (k1 + 1) / (often + k1 * (1 - B + B * length)) if often else 0.0


def _set(words: Words | list[str]) -> str:
    return f" {'  '.join(words)} " if words else ""
