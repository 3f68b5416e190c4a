"""Numbers with units, brought to one unit and to what their wording leaves open: "nearly 250 miles", "320 kilometres".

Knows units and rounding. Never knows questions.
"""

import math
import re
from dataclasses import dataclass

from qa.evidence.numerals import FRACTION, NUMERAL, fraction_of, plain, value_of

_YEAR = 365.25
_UNITS: dict[str, dict[str, float]] = {
    "length": {
        "km|kms|kilomet(?:er|re)s?": 1000, "miles?": 1609.344, "m|met(?:er|re)s?": 1, "f(?:oo|ee)?t": 0.3048,
        "yards?": 0.9144, "inch(?:es)?": 0.0254, "cm|centimet(?:er|re)s?": 0.01, "mm|millimet(?:er|re)s?": 0.001,
    },
    "area": {
        "(?:square|sq\\.?) (?:km|kilomet(?:er|re)s?)|km2|km²": 1e6, "(?:square|sq\\.?) miles?": 2589988.110336,
        "(?:square|sq\\.?) (?:m|met(?:er|re)s?)|m2|m²": 1, "(?:square|sq\\.?) f(?:oo|ee)?t": 0.09290304,
        "acres?": 4046.8564224, "ha|hectares?": 1e4,
    },
    "mass": {
        "kg|kgs|kilo(?:gram(?:me)?)?s?": 1, "g|gram(?:me)?s?": 0.001, "tons?|tonnes?|metric tons?": 1000,
        "lbs?|pounds?": 0.45359237, "oz|ounces?": 0.028349523125,
    },
    "volume": {"l|lit(?:er|re)s?": 1, "gallons?": 3.785411784, "barrels?": 158.987294928},
    "speed": {"km/h|kph|kmh|kilomet(?:er|re)s (?:per|an) hour": 1, "mph|miles (?:per|an) hour": 1.609344},
    "time": {
        "seconds?": 1 / 86400, "minutes?": 1 / 1440, "hours?": 1 / 24, "days?": 1, "weeks?": 7,
        "months?": _YEAR / 12, "years?": _YEAR, "decades?": 10 * _YEAR, "(?:century|centuries)": 100 * _YEAR,
    },
    "share": {"percent|per cent|pct|%": 0.01},
    "dollars": {"(?:us )?dollars?": 1}, "euros?": {"euros?": 1}, "yen": {"yen": 1},
}  # fmt: skip
_SIGNS = {"$": "dollars", "us$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}

_HEDGE = (
    r"(?P<hedge>(?:(?:a little|slightly|just|well) )?(?:more than|over|above|at least|a minimum of|less than|"
    r"fewer than|under|below|up to|at most|as many as|a maximum of|about|around|roughly|approximately|some|"
    r"an estimated|estimated at|nearly|almost|close to|just))"
)
_UNIT = "|".join(unit for units in _UNITS.values() for unit in units)
_SPOKEN = re.compile(
    rf"(?:by |at |to |for |of )?(?:{_HEDGE} )?(?P<sign>us\$|[$€£¥])? ?(?P<sign_minus>[-−+])?(?P<low>{NUMERAL})"
    rf"(?P<half> and a half)?(?: ?(?:-|—|to|and) ?(?:us\$|[$€£¥])?(?P<high>{NUMERAL}))?"
    rf"(?:[ -]?(?P<unit>{_UNIT})(?![\w]))?(?P<rest>.*)"
)
_FRACTION = re.compile(rf"(?:{_HEDGE} )?{FRACTION}(?P<rest>.*)")

_OPEN_ABOVE = ("more than", "over", "above", "at least", "a minimum of")
_OPEN_BELOW = ("less than", "fewer than", "under", "below", "up to", "at most", "as many as", "a maximum of")
_JUST_BELOW = ("nearly", "almost", "close to")
_COARSE = 0.1
"""How much of a number its round zeros may leave open: 300 may stand for 270 to 330, not for 250 to 350."""

_DIRECTION = 3
"""Words after a measure that say no more than where it leads: "north of Baghdad"."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a number with its unit says.

    Attributes:
        dimension: what is measured, "length" for one; empty for a mere number.
        low, high: the value or, in a range, both ends, in the dimension's own unit.
        margin: by how much it may be off because it is rounded.
        least, most: what could still be meant by it; infinite for "more than" and "less than".
        rest: the words after it.
    """

    dimension: str
    low: float
    high: float
    margin: float
    least: float
    most: float
    rest: str


def read_quantity(text: str) -> Quantity | None:
    """The number with its unit that a text begins with; None if it begins otherwise or goes on to another number."""
    said = re.sub(r"([$€£¥][\d.,]+) ?m\b", r"\1 million", plain(text))
    if (match := _FRACTION.fullmatch(said)) and (match["parts"] or match["part"] == "half"):  # "third" is a place
        value, margin = fraction_of(match["parts"], match["part"]), 0.02  # a half may be 48 or 52 percent
        return _quantity("share", value, value, margin, match)
    match = _SPOKEN.fullmatch(said)
    if not match or match["rest"][:1].isalnum() or re.search(rf"\b(?:{NUMERAL})", match["rest"]):
        return None
    low, digit = value_of(match["low"])
    high, digit = value_of(match["high"]) if match["high"] else (low, digit)
    if match["half"]:
        low, high, digit = low + 0.5, high + 0.5, 0.5
    if match["sign_minus"] in ("-", "−"):
        low, high = -low, -high
    if match["high"] and low < 100 <= high and match["low"][-1].isdigit() and re.search("[a-z]", match["high"]):
        low *= high / value_of(re.sub("[a-z ]+$", "", match["high"]) or "1")[0]  # 2-3 million
    dimension, factor = _measure(match)
    margin = min(digit / 2, _COARSE * max(abs(low), abs(high)))
    return _quantity(dimension, low * factor, high * factor, margin * factor, match)


def same_quantity(one: Quantity, other: Quantity) -> bool:
    """They say the same, as far as their roundness tells: 250 miles and 400 kilometres do, 90 and 91 percent do not."""
    fit = all(_within(one, other, end) and _within(other, one, end) for end in ("low", "high"))
    return comparable(one, other) and fit


def clash(one: Quantity, other: Quantity) -> bool:
    """No value could be meant by both. "More than 20" and 35 do not clash."""
    return comparable(one, other) and (one.most < other.least or other.most < one.least)


def comparable(one: Quantity, other: Quantity) -> bool:
    """Of the same dimension and, where both name them, of the same things; "north" after miles names none."""
    things, others = set(one.rest.split()), set(other.rest.split())
    measured = one.dimension not in ("", "share") and max(len(things), len(others)) <= _DIRECTION
    return one.dimension == other.dimension and (measured or things <= others or others <= things)


def _measure(match: re.Match[str]) -> tuple[str, float]:
    if sign := match["sign"]:
        return _SIGNS[sign], 1.0
    for dimension, units in _UNITS.items():
        for unit, factor in units.items():
            if match["unit"] and re.fullmatch(unit, match["unit"]):
                return dimension, factor
    return "", 1.0


def _quantity(dimension: str, low: float, high: float, margin: float, match: re.Match[str]) -> Quantity:
    hedge = re.sub(r"^(?:a little|slightly|just|well) (?=\w)", "", match["hedge"] or "")
    about = 2 * margin if hedge else margin
    least, most = low - about, high + about
    if hedge in _OPEN_ABOVE:
        least, most = low - margin, math.inf
    elif hedge in _OPEN_BELOW:
        least, most = -math.inf, high + margin
    elif hedge in _JUST_BELOW:
        most = high + margin
    return Quantity(dimension, low, high, margin, least, most, " ".join(re.findall(r"\w+", match["rest"])))


def _within(one: Quantity, other: Quantity, end: str) -> bool:
    return abs(float(getattr(one, end)) - float(getattr(other, end))) <= other.margin + 1e-9 * abs(other.low)
