"""Numbers with units, brought to one unit and to what their wording leaves open: "nearly 250 miles", "320 kilometres".

Knows units and rounding. Never knows questions.
"""

import math
import re
from dataclasses import dataclass

from qa.evidence.numerals import FRACTION, NUMERAL, SCALE, fraction_of, plain, value_of

_YEAR = 365.25
_UNITS: dict[str, dict[str, float]] = {
    "speed": {
        "km/h|kph|kmh|kmph|kilomet(?:er|re)s? (?:per|an) hour": 1, "mph|miles? (?:per|an) hour": 1.609344,
        "knots?": 1.852, "m/s|met(?:er|re)s? (?:per|a) second": 3.6,
    },
    "area": {
        "(?:square|sq\\.?) (?:km|kilomet(?:er|re)s?)|km2|km²": 1e6, "(?:square|sq\\.?) miles?": 2589988.110336,
        "(?:square|sq\\.?) (?:m|met(?:er|re)s?)|m2|m²": 1, "(?:square|sq\\.?) f(?:oo|ee)?t": 0.09290304,
        "acres?": 4046.8564224, "ha|hectares?": 1e4,
    },
    "length": {
        "km|kms|kilomet(?:er|re)s?": 1000, "miles?": 1609.344, "m|met(?:er|re)s?": 1, "f(?:oo|ee)?t": 0.3048,
        "yards?": 0.9144, "inch(?:es)?": 0.0254, "cm|centimet(?:er|re)s?": 0.01, "mm|millimet(?:er|re)s?": 0.001,
    },
    "mass": {
        "kg|kgs|kilo(?:gram(?:me)?)?s?": 1, "g|gram(?:me)?s?": 0.001, "tons?|tonnes?|metric tons?": 1000,
        "lbs?|pounds?": 0.45359237, "oz|ounces?": 0.028349523125,
    },
    "volume": {"l|lit(?:er|re)s?": 1, "gallons?": 3.785411784, "barrels?": 158.987294928},
    "temperature": {
        "(?:degrees? |°) ?(?:c|celsius|centigrade)": 1, "(?:degrees? |°) ?(?:f|fahrenheit)": 5 / 9,
    },
    "degrees": {"degrees?|°": 1},
    "time": {
        "seconds?": 1 / 86400, "minutes?": 1 / 1440, "hours?": 1 / 24, "days?": 1, "weeks?": 7,
        "months?": _YEAR / 12, "years?": _YEAR, "decades?": 10 * _YEAR, "(?:century|centuries)": 100 * _YEAR,
    },
    "share": {"percent|per cent|pct|%": 0.01},
    "dollars": {"(?:us )?dollars?": 1}, "euros": {"euros?": 1}, "yen": {"yen": 1},
}  # fmt: skip
_SIGNS = {"$": "dollars", "us$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}

_NEARLY = "nearly|almost|close to|just under|just below|slightly (?:less than|under|below)|a little (?:less than|under)"
_BARELY = "just over|just above|just more than|slightly (?:more than|over|above)|a little (?:more than|over)"
_ABOVE = (
    "(?:well |far )?(?:more than|over|above)|at least|a minimum of|no (?:fewer|less) than|not less than|upwards of|"
    "in excess of"
)
_BELOW = "(?:well |far )?(?:less than|fewer than|under|below)|up to|at most|as many as|a maximum of|no more than"
_ABOUT = "about|around|roughly|approximately|some|an estimated|estimated at|circa|just"
_HEDGE = (
    rf"(?:(?P<nearly>{_NEARLY})|(?P<barely>{_BARELY})|(?P<above>{_ABOVE})|(?P<below>{_BELOW})|(?P<about>{_ABOUT})|"
    r"only|exactly|a total of|an average of)"
)
_UNIT = "|".join(unit for units in _UNITS.values() for unit in units)
_SPOKEN = re.compile(
    rf"(?:by |at |to |for |of |from |between )?(?:{_HEDGE} )?(?P<sign>us\$|[$€£¥])? ?(?P<minus>[-−+]|minus )?"
    rf"(?P<low>{NUMERAL})(?P<half> and a half)?(?: ?(?:-|—|to|and) ?(?:us\$|[$€£¥])?(?P<high>{NUMERAL}))?"
    rf"(?:[ -]?(?P<unit>{_UNIT})(?![\w]))?(?P<open>[ -]?(?:or (?:more|above|over)|plus|\+|at least))?"
    r"(?P<closed> or (?:less|fewer|below|under))?(?P<vague> or so)?(?P<rest>.*)"
)
_FRACTION = re.compile(rf"(?:{_HEDGE} )?{FRACTION}(?: (?:of )?(?:an? )?(?P<scale>{SCALE})\b)?(?P<rest>.*)")
_OF_SO_MANY = re.compile(
    rf"(?:{_HEDGE} )?(?P<parts>{NUMERAL})(?: in| out of)(?: every)? (?P<whole>{NUMERAL})(?P<rest>.*)"
)
_BEFORE = re.compile(rf"(?:^|\s)(?P<said>{_HEDGE}) $")
_MANY = re.compile("(?:dozen|hundred|thousand|million|billion|trillion)s")

_LONGEST_HEDGE = 40

_COARSE = 0.1
"""How much of a number its round zeros may leave open: 300 may stand for 270 to 330, not for 250 to 350."""

_DIRECTION = 3
"""Words after a measure that say no more than where it leads: "north of Baghdad"."""

_WEIGHTLESS = frozenset("a an the of its their his her it in on at for by to from that which were was are is".split())
_SHIFTING = frozenset("ago later earlier before after more further".split())
"""Words that count from somewhere else: "two days ago" is another day in another article."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a number with its unit says.

    Attributes:
        dimension: what is measured, "length" for one; empty for a mere number.
        low, high: the value or, in a range, both ends, in the dimension's own unit.
        margin: by how much it may be off because it is rounded.
        least, most: what could still be meant by it; infinite for "more than" and "less than".
        rest: the words after it.
        number: the value as it stands there, whatever its unit.
    """

    dimension: str
    low: float
    high: float
    margin: float
    least: float
    most: float
    rest: str
    number: float


def read_quantity(text: str) -> Quantity | None:
    """The number with its unit that a text begins with; None if it begins otherwise or goes on to another number.

    A conversion in brackets is left out: "320 km (200 miles)".
    """
    said = re.sub(r"([$€£¥][\d.,]+) ?m\b", r"\1 million", plain(text).partition(" (")[0])
    if match := _FRACTION.fullmatch(said):
        return _fraction(match)
    if match := _OF_SO_MANY.fullmatch(said):
        return _of_so_many(match)
    match = _SPOKEN.fullmatch(said)
    if not match or match["rest"][:1].isalnum() or re.search(rf"\b(?:{NUMERAL})", match["rest"]):
        return None
    low, digit = value_of(match["low"])
    high, digit = value_of(match["high"]) if match["high"] else (low, digit)
    if match["half"]:
        low, high, digit = low + 0.5, high + 0.5, 0.5
    if match["minus"] and match["minus"] != "+":
        low, high = -low, -high
    if match["high"] and low < 100 <= high and match["low"][-1].isdigit() and re.search("[a-z]", match["high"]):
        low *= high / value_of(re.sub("[a-z ]+$", "", match["high"]) or "1")[0]  # 2-3 million
    dimension, factor, zero = _measure(match)
    margin = min(digit / 2, _COARSE * max(abs(low), abs(high)))
    if match["high"] and abs(low) > abs(high):
        dimension = "score"  # 4-0 is no range
    return _quantity(dimension, (low - zero) * factor, (high - zero) * factor, margin * factor, match, low)


def hedge_before(text: str, start: int) -> str:
    """The words that qualify the number beginning at `start`: "at least" of "killed at least 62"; "" if none do."""
    found = _BEFORE.search(plain(text[max(0, start - _LONGEST_HEDGE) : start]) + " ")
    return found["said"] if found else ""


def same_quantity(one: Quantity, other: Quantity) -> bool:
    """They say the same, as far as their roundness tells: 250 miles and 400 kilometres do, 90 and 91 percent do not.

    So do "33" and "33 years old": one leaves out the unit.
    """
    fit = all(_within(one, other, end) and _within(other, one, end) for end in ("low", "high"))
    return (comparable(one, other) and fit) or _without_unit(one, other) or _without_unit(other, one)


def are_opposite(one: Quantity, other: Quantity) -> bool:
    """One is left open above and the other below: "more than 300" and "fewer than 300"."""
    return math.inf in (one.most, other.most) and -math.inf in (one.least, other.least)


def clash(one: Quantity, other: Quantity) -> bool:
    """No value could be meant by both. "More than 20" and 35 do not clash."""
    if one.dimension == "score":
        return comparable(one, other) and (one.low, one.high) != (other.low, other.high)
    return comparable(one, other) and (one.most < other.least or other.most < one.least)


def comparable(one: Quantity, other: Quantity) -> bool:
    """Of the same dimension and, where both name them, of the same things; "north" after miles names none."""
    things, others = (set(quantity.rest.split()) - _WEIGHTLESS for quantity in (one, other))
    if one.dimension != other.dimension or (things | others) & _SHIFTING:
        return False
    measured = one.dimension not in ("", "share", "score") and max(len(things), len(others)) <= _DIRECTION
    return measured or things <= others or others <= things


def _without_unit(bare: Quantity, measured: Quantity) -> bool:
    is_measure = measured.dimension in _UNITS and measured.dimension != "share"
    return not bare.dimension and not bare.rest and is_measure and bare.number == measured.number


def _fraction(match: re.Match[str]) -> Quantity | None:
    """A part of a whole, a half of which may be 48 or 52 percent; "half a million" is a number."""
    if not match["parts"] and match["part"] != "half":
        return None  # "third" is a place
    value = fraction_of(match["parts"], match["part"])
    if match["scale"]:
        value *= value_of(match["scale"])[0]
        return _quantity("", value, value, _COARSE * value, match)
    return _quantity("share", value, value, 0.02, match)


def _of_so_many(match: re.Match[str]) -> Quantity | None:
    """ "Nine in ten" as a share; "two in 2015" is none."""
    part, whole = value_of(match["parts"])[0], value_of(match["whole"])[0]
    share = part / whole if part < whole <= 100 else None
    return _quantity("share", share, share, 0.5 / whole, match) if share and match["rest"][:1] in ("", " ") else None


def _measure(match: re.Match[str]) -> tuple[str, float, float]:
    """What is measured, what a unit of it counts, and where its zero lies."""
    if sign := match["sign"]:
        return _SIGNS[sign], 1.0, 0.0
    for dimension, units in _UNITS.items():
        for unit, factor in units.items():
            if match["unit"] and re.fullmatch(unit, match["unit"]):
                return dimension, factor, 32.0 if unit.endswith("fahrenheit)") else 0.0
    return "", 1.0, 0.0


def _quantity(
    dimension: str, low: float, high: float, margin: float, match: re.Match[str], number: float = 0.0
) -> Quantity:
    said = match.groupdict()
    vague = any(said.get(hedge) for hedge in ("nearly", "barely", "about", "vague"))
    wide = 2 * margin if vague else margin
    least, most = low - wide, high + wide
    if said["above"] or said.get("open") or _MANY.fullmatch(said.get("low") or ""):  # "hundreds"
        least, most = low - margin, math.inf
    elif said["below"] or said.get("closed"):
        least, most = -math.inf, high + margin
    elif said["nearly"]:
        most = high + margin
    elif said["barely"]:
        least = low - margin
    return Quantity(dimension, low, high, margin, least, most, " ".join(re.findall(r"\w+", match["rest"])), number)


def _within(one: Quantity, other: Quantity, end: str) -> bool:
    return abs(float(getattr(one, end)) - float(getattr(other, end))) <= other.margin + 1e-9 * abs(other.low)
