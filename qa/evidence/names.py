"""Names and their spellings: folding, abbreviations that an article introduces, titles, transliteration.

Knows how English text writes names. Never knows questions.
"""

import re
from collections.abc import Iterable

from rapidfuzz.distance import Indel

from index.names import ARTICLE, TITLES, is_short_form, long_form, plain, sound, spelled_alike, word_alike

__all__ = [
    "folded",
    "introduced",
    "is_name",
    "is_short_form",
    "name_words",
    "near_name",
    "same_name",
    "signs",
    "spoken_words",
    "word_alike",
]

_CAUTION = re.compile(
    r"^(?:more than|at least|about|around|nearly|almost|roughly|approximately|some|over|just) (?=[$€£¥]?\d)"
)
_QUALIFIERS = frozenset(
    """north south east west northern southern eastern western northeast northwest southeast southwest central new old
    upper lower great greater little saint san santa los las el""".split()
)
"""First words that make another place of a name: Virginia and West Virginia."""

_INTRODUCTION_REACH = 400
"""Characters before an abbreviation in which the words that it stands for are looked for, thirteen at most."""

_PARTICLES = frozenset("al el ul bin ibn ben abu van von der den de del della di da du la le of the and".split())
_LOOKS_ALIKE = 0.75
"""The same for two names that are too near each other to be called different."""


def folded(text: str) -> str:
    """A text without case, accents, punctuation and articles, with "per cent" and "%" as "percent".

    What makes another number of it stays: the point in 1.5, its sign, a currency's. So do the
    signs that make another word of it: C++, AA-. A word of caution before a number goes: "nearly
    250 miles" and "250 miles" are one answer.
    """
    text = plain(re.sub(r"-(?<=[A-Z]-)(?!\s*\w)", "−", text))  # elsewhere it joins, or breaks a line
    text = re.sub(r"\bper cent\b|(?<=\d)\s*%", " percent", text)
    text = re.sub(r"(?<=\d),(?=\d{3})|(?<=\w)'(?=\w|\s|$)|\.(?!\d)|(?<=[^\W\d])\.", "", text)
    words = re.findall(r"(?:(?<!\S)[+−-])?[$€£¥]?[\w.]+(?:(?<=[^\W\d])[+#−]+(?!\w))?", text)
    return _CAUTION.sub("", " ".join(word for word in words if word not in ("a", "an", "the")))


def signs(words: str) -> list[str]:
    """The signs behind the words of a folded text, with which a name is another's: "C#" is not "C"."""
    return re.findall(r"(?<=[^\W\d])[+#−]+", words)


def is_name(text: str) -> bool:
    """Every word begins with a capital, but for particles such as "al" and "of"."""
    words = re.findall(r"[^\W_]+(?:['’.-]+[^\W_]+)*\.?", text)
    small = [word for word in words if not word[0].isupper() and word.lower() not in _PARTICLES and word[:3] != "al-"]
    named = [word for word in words if word[0].isupper() or re.match(r"[aeu]\w{1,2}-[A-Z]", word)]
    return bool(named) and all(re.match(r"[aeu]\w{1,2}-[A-Z]", word) for word in small)


def introduced(short: str, texts: Iterable[str]) -> str | None:
    """What an abbreviation is introduced for: "Syrian Democratic Forces (SDF)", "the Forces, or S.D.F.".

    By the letters of the abbreviation in the words before it.
    """
    letters = re.sub(r"[^\w]", "", re.sub(r"^[Tt]he ", "", short))
    form = r"\.?".join(map(re.escape, letters))
    mark = re.compile(
        rf"\(\s*(?:the )?{form}\.?\s*[);,]|,? (?:or|known as|called|abbreviated) (?:the )?[“\"‘']?{form}\b"
    )
    for text in texts:
        for match in mark.finditer(text):
            if found := long_form(letters, text[max(0, match.start() - _INTRODUCTION_REACH) : match.start()]):
                return found
    return None


def name_words(text: str) -> tuple[str, ...]:
    """The words that tell a name from others, folded, without titles and the Arabic article; () if it is no name."""
    return spoken_words(text) if is_name(text) else ()


def same_name(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """They name the same person, place or body, in another transliteration perhaps, or the one by its last words.

    Both as `name_words` gives them: "Gen Mayhoub" is "Ali Mayhoub", "Virginia" is not "West Virginia".
    """
    if not one or not other:
        return False
    return spelled_alike(one, other) or _ends(one, other) or _ends(other, one)


def near_name(one: str, other: str) -> bool:
    """They may well be the same: nearly one spelling, one within the other, or the initials of the other."""
    mine, theirs = spoken_words(one), spoken_words(other)
    if not mine or not theirs or set(mine) & set(theirs):
        return True
    if "".join(word[0] for word in mine) == "".join(theirs) or "".join(word[0] for word in theirs) == "".join(mine):
        return True
    return Indel.normalized_similarity(sound("".join(mine)), sound("".join(theirs))) >= _LOOKS_ALIKE


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a text, folded, without signs behind them, titles and the Arabic article."""
    words = [word.rstrip("+#−") for word in folded(ARTICLE.sub("", plain(text))).split()]
    return tuple(word for word in words if word not in TITLES) or tuple(words)


def _ends(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    fits = len(short) < len(long) and long[0] not in _QUALIFIERS and len(short[-1]) > 2
    return fits and spelled_alike(short, long[-len(short) :])
