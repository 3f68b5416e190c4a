"""Whether the sentence around a quote is about what was asked.

Knows words of questions and sentences. Never knows what the quotes say.
"""

import re
from collections.abc import Iterable, Sequence

from qa.evidence.groups import Candidate, Group, sentence_of
from qa.evidence.names import introduced, is_short_form, spoken_words, word_alike
from qa.retriever import content_words

COMMON_GROUND = 0.5
"""Share of the question's words that two sentences about the same thing must each hold, with the titles above them."""

SAME_GROUND = 0.8
"""The same where more must be sure: a question about people often has several right answers."""

_KIND_WORDS = frozenset(
    """much many far long old tall high deep large big fast heavy wide late often share percentage percent proportion
    number name month year day date time kind called""".split()
)

_ENDINGS = ("s", "es", "d", "ed", "ing")


def supporting(question: str, group: Group, texts: Sequence[str]) -> list[Candidate]:
    """Of a group the best, those that the reader believes, and those whose sentence is about what was asked.

    The same words may stand elsewhere and answer another question: "Friday" often does.
    """
    doubted = (candidate for candidate in group.candidates if candidate not in group.believed)
    return [*group.believed, *(other for other in doubted if about(question, (other,), texts, SAME_GROUND))]


def about(
    question: str, quoted: Iterable[Candidate], texts: Sequence[str], share: float, with_titles: bool = True
) -> bool:
    """The sentence around each quote holds this share of the question's words, and with the title all its names.

    A question without names is tied to no one thing, so that nearly all its words must be there.

    Args:
        texts: where abbreviations are introduced.
        with_titles: a title may bring words as well as names.
    """
    for candidate in quoted:
        words, names = _asked(candidate.retrieved.asked or question)
        start, end = sentence_of(candidate)
        sentence = candidate.article.text[start:end]
        ground = _heard(sentence, texts)
        above = ground | _heard(candidate.article.title, texts)
        held = sum(_holds(above if with_titles else ground, word) for word in words)
        if held < share * len(words) or not all(_holds(above, name) for name in names):
            return False
        if not names and held < SAME_GROUND * len(words):
            return False
    return True


def _asked(question: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a question that say what it is about, and those of its names."""
    words = spoken_words(" ".join(word for word in content_words(question) if word not in _KIND_WORDS))
    return words, spoken_words(" ".join(re.findall(r"(?<=[\s(“\"])[A-Z][\w’'.-]*", question)))


def _heard(text: str, texts: Sequence[str]) -> set[str]:
    """The words of a text, with those that its abbreviations stand for."""
    shorts = {short for short in re.findall(r"\b(?:[A-Z]\.?){2,8}", text) if is_short_form(short)}
    return set(spoken_words(" ".join([text, *(introduced(short, texts) or "" for short in shorts)])))


def _holds(ground: set[str], word: str) -> bool:
    """The word itself, a spelling of it, or one that begins as it does: forces, forced; of short ones link, links."""
    stem, endings = word[: max(4, len(word) - 3)], {word + ending for ending in _ENDINGS}
    return word in ground or any(
        word_alike(word, other) or (len(word) > 4 and other.startswith(stem)) or other in endings for other in ground
    )
