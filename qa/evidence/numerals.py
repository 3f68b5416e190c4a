"""Numbers as news writes them, in figures and in words.

Knows English numerals. Never knows units.
"""

import re

from index.names import plain as plain

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: number for number, word in enumerate(_ONES)} | {w: 10 * n for n, w in enumerate(_TENS, 2)}
_LARGE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12, "bn": 1e9}
_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}

_WORD = "|".join([*_SMALL, *_LARGE])
_FIGURES = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SCALE = "|".join(_LARGE)
"""Words that multiply what stands before them."""

NUMERAL = rf"(?:(?:{_FIGURES})(?: ?(?:{SCALE})\b)?|(?:an? )?(?:{_WORD})s?\b(?:[ -](?:and[ -])?(?:{_WORD})\b)*)"
"""A number in figures, with a scale perhaps, or in words, in a text that went through `plain`."""

FRACTION = rf"(?:(?P<parts>an?|one|two|three|four|five|seven|nine|\d)[ -])?(?P<part>{'|'.join(_PARTS)})s?\b"
"""A part of a whole in words: half, a third, nine tenths."""


def value_of(numeral: str) -> tuple[float, float]:
    """The value of a match of `NUMERAL`, and the unit of its last digit that counts: 10 of 250."""
    figures = re.match(_FIGURES, numeral)
    if not figures:
        value = _in_words(numeral)
        return value, _last_digit(f"{value:.0f}")
    digits = figures[0].replace(",", "")
    scale = _LARGE.get(numeral[figures.end() :].strip(), 1.0)
    return float(digits) * scale, _last_digit(digits) * scale


def fraction_of(parts: str | None, part: str) -> float:
    """Of a match of `FRACTION`: ("nine", "tenth") is 0.9."""
    count = 1 if parts in (None, "a", "an") else int(parts) if parts.isdecimal() else _SMALL[parts]
    return count / _PARTS[part]


def _in_words(numeral: str) -> float:
    total, group = 0.0, 0.0
    for word in re.findall(r"[a-z]+", numeral):
        word = word if word in _SMALL or word in _LARGE else word.removesuffix("s")
        if word in _SMALL:
            group += _SMALL[word]
        elif word in ("hundred", "dozen"):
            group = (group or 1) * _LARGE[word]
        elif word in _LARGE:
            total, group = total + (group or 1) * _LARGE[word], 0.0
    return total + group


def _last_digit(digits: str) -> float:
    whole, _, decimals = digits.partition(".")
    if decimals:
        return float(f"1e-{len(decimals)}")
    return float(f"1e{len(whole) - len(whole.rstrip('0'))}") if whole.strip("0") else 1.0
