"""Names and their spellings: folding, abbreviations that an article introduces, titles, transliteration.

Knows how English text writes names. Never knows questions.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import Indel

from qa.evidence.numerals import plain

_CAUTION = re.compile(
    r"^(?:more than|at least|about|around|nearly|almost|roughly|approximately|some|over|just) (?=[$€£¥]?\d)"
)
_TITLES = frozenset(
    """mr mrs ms miss dr prof professor sir dame lord lady sheikh president vice prime minister chancellor king queen
    prince princess pope senator sen representative rep congressman congresswoman governor gov mayor general gen
    colonel col major maj captain capt lieutenant lt brigadier brig admiral adm commander sergeant sgt judge justice
    secretary ambassador chief former then""".split()
)
_QUALIFIERS = frozenset(
    """north south east west northern southern eastern western northeast northwest southeast southwest central new old
    upper lower great greater little saint san santa los las el""".split()
)
"""First words that make another place of a name: Virginia and West Virginia."""

_ARTICLE = re.compile(r"\b(?:[aeu]l[- ](?=\w)|[aeu](dh|sh|th|[dlnrstz])-(?=\1))")
"""The Arabic article before a name, its l as it is or taken on the sound that follows: el-Zour, ez-Zor, ash-Sham."""

_PARTICLES = frozenset("al el ul bin ibn ben abu van von der den de del della di da du la le of the and".split())
_VOWELS = ((r"ph", "f"), (r"[ou]+w?", "u"), (r"[aeiy]*[eiy]+[aeiy]*", "i"), (r"a+", "a"), (r"(.)\1+", r"\1"))
_ALIKE = 0.85
"""Share of letters, vowels already brought together, that two spellings of one word have in common at least."""

_LOOKS_ALIKE = 0.75
"""The same for two names that are too near each other to be called different."""

_LONG_NAME = 6
"""Letters from which on a name of one word may be spelled in several ways: in shorter ones every letter counts."""


def folded(text: str) -> str:
    """A text without case, accents, punctuation and articles, with "per cent" and "%" as "percent".

    What makes another number of it stays: the point in 1.5, its sign, a currency's. A word of
    caution before a number goes: "nearly 250 miles" and "250 miles" are one answer.
    """
    text = plain(text)
    text = re.sub(r"\bper cent\b|(?<=\d)\s*%", " percent", text)
    text = re.sub(r"(?<=\d),(?=\d{3})|(?<=\w)'(?=\w|\s|$)|\.(?!\d)|(?<=[^\W\d])\.", "", text)
    text = " ".join(
        word for word in re.findall(r"(?:(?<!\S)[+−-])?[$€£¥]?[\w.]+", text) if word not in ("a", "an", "the")
    )
    return _CAUTION.sub("", text)


def is_name(text: str) -> bool:
    """Every word begins with a capital, but for particles such as "al" and "of"."""
    words = re.findall(r"[^\W_]+(?:['’.-]+[^\W_]+)*\.?", text)
    small = [word for word in words if not word[0].isupper() and word.lower() not in _PARTICLES and word[:3] != "al-"]
    named = [word for word in words if word[0].isupper() or re.match(r"[aeu]\w{1,2}-[A-Z]", word)]
    return bool(named) and all(re.match(r"[aeu]\w{1,2}-[A-Z]", word) for word in small)


def is_short_form(text: str) -> bool:
    """Two to eight letters, capitals nearly all: S.D.F., ISIS, PMF."""
    letters = re.sub(r"[^\w]", "", text)
    return (
        2 <= len(letters) <= 8 and letters.isalpha() and sum(letter.isupper() for letter in letters) * 2 > len(letters)
    )


def introduced(short: str, texts: Iterable[str]) -> str | None:
    """What an abbreviation is introduced for: "Syrian Democratic Forces (SDF)", "the Forces, or S.D.F.".

    By the letters of the abbreviation in the words before it (Schwartz and Hearst 2003, "A simple
    algorithm for identifying abbreviation definitions in biomedical text").
    """
    letters = re.sub(r"[^\w]", "", re.sub(r"^[Tt]he ", "", short))
    form = r"\.?".join(map(re.escape, letters))
    mark = re.compile(
        rf"\(\s*(?:the )?{form}\.?\s*[);,]|,? (?:or|known as|called|abbreviated) (?:the )?[“\"‘']?{form}\b"
    )
    for text in texts:
        for match in mark.finditer(text):
            if found := _long_form(letters.lower(), text[: match.start()]):
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
    return _spelled_alike(one, other) or _ends(one, other) or _ends(other, one)


def near_name(one: str, other: str) -> bool:
    """They may well be the same: nearly one spelling, one within the other, or the initials of the other."""
    mine, theirs = spoken_words(one), spoken_words(other)
    if not mine or not theirs or set(mine) & set(theirs):
        return True
    if "".join(word[0] for word in mine) == "".join(theirs) or "".join(word[0] for word in theirs) == "".join(mine):
        return True
    return Indel.normalized_similarity(_sound("".join(mine)), _sound("".join(theirs))) >= _LOOKS_ALIKE


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a text, folded, without titles and the Arabic article."""
    words = folded(_ARTICLE.sub("", plain(text))).split()
    return tuple(word for word in words if word not in _TITLES) or tuple(words)


def _spelled_alike(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Word by word, or all in one, as "Abu Kamal" is Bukamal."""
    if mine == theirs:
        return True
    joined = "".join(mine), "".join(theirs)
    if min(map(len, joined)) < _LONG_NAME:
        return False
    return all(word_alike(*pair) for pair in (zip(mine, theirs, strict=True) if len(mine) == len(theirs) else [joined]))


def word_alike(one: str, other: str) -> bool:
    """The same consonants in the same order, nearly the same vowels, and a vowel at the end of both or of neither."""
    one, other = _sound(one), _sound(other)
    if re.sub("[aiu]", "", one) != re.sub("[aiu]", "", other) or (one[-1:] in "aiu") != (other[-1:] in "aiu"):
        return False
    return float(Indel.normalized_similarity(one, other)) >= _ALIKE


def _ends(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    fits = len(short) < len(long) and long[0] not in _QUALIFIERS and len(short[-1]) > 2
    return fits and _spelled_alike(short, long[-len(short) :])


@lru_cache(maxsize=1024)
def _sound(word: str) -> str:
    """A word with its vowels brought together as transliterations mix them, and without doubled letters."""
    word = re.sub(r"(?<=[aeiou])h$", "", word)
    for pattern, replacement in _VOWELS:
        word = re.sub(pattern, replacement, word)
    return word


def _long_form(letters: str, before: str) -> str | None:
    """The shortest run of words at the end of `before` that holds the letters in order, the first at a word's start."""
    words = min(len(letters) + 5, 2 * len(letters))
    window = " ".join(re.split(r"[.;:!?]\s|\n", before)[-1].rstrip(" ,").split()[-words:])
    place = len(window)
    for number in range(len(letters) - 1, -1, -1):
        place -= 1
        while place >= 0 and not (
            window[place].lower() == letters[number] and (number or place == 0 or not window[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
    found = window[place:]
    return found if len(found) > len(letters) and len(found.split()) <= words else None
