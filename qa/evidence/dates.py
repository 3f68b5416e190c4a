"""Dates as news writes them: "October 17th", "Friday", "last month", with the day of publication to count from.

Knows English dates. Never knows questions, nor what happened on a date.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from index.article import YEARS
from qa.evidence.numerals import plain

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH = r"(?P<month>jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|" + "|".join(_MONTHS) + r")\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
_WEEKDAY = "(?P<weekday>" + "|".join(_DAYS) + ")"
_WHEN = r"(?:early|late|mid|the (?:start|beginning|middle|end) of|on|in|by|since|the|of)"
_PART = r"(?: (?:early |late )?(?:morning|afternoon|evening|night))?"
_FORMS = [
    re.compile(form)
    for form in (
        r"(?P<year>[12]\d{3})-(?P<number>\d{2})-(?P<day>\d{2})",
        rf"(?:{_WEEKDAY},? )?{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"(?:{_WEEKDAY},? )?(?:the )?{_DAY}(?: day)?(?: of)? {_MONTH}(?:,? {_YEAR})?",
        rf"{_MONTH}(?:,? (?:of )?{_YEAR})?",
        rf"(?:(?P<next>next|this coming)|last|this)? ?{_WEEKDAY}{_PART}",
        rf"(?P<relative>today|tonight|yesterday|tomorrow|(?:this|last|next) (?:month|year)){_PART}",
        _YEAR,
    )
]
_LONGEST = 40
_LOOKS_AHEAD = 92
"""Days after its publication to which an article may refer without a year; other dates lie in the year before."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, a month, a year, or a day or month of an unknown year; what is not known is None.

    `slack` is by how many days it may be off: an article that says "Friday" is often dated a day later.
    """

    year: int | None
    month: int | None
    day: int | None
    slack: int = 0


def read_date(text: str, published: date | None = None) -> Day | None:
    """The date that a text is, from its first word to its last; None if it is anything else.

    Without a day of publication, or with a stand-in for it, a date keeps its year unknown, and "Friday" cannot be told.
    """
    said = re.sub(rf"^(?:{_WHEN}[ -])+|[.,;:]+$", "", plain(text))
    if published and published.year not in YEARS:
        published = None
    matches = (form.fullmatch(said) for form in _FORMS if len(said) <= _LONGEST)
    found = next((match.groupdict() for match in matches if match), None)
    if found is None:
        return None
    year, day = (int(found[part]) if found.get(part) else None for part in ("year", "day"))
    month = _month(found)
    if month is None and year is None:
        return _from_publication(found, published)
    if year is None and published:
        year = _likely_year(month or 1, day, published)
    return Day(year, month, day) if _exists(year, month, day) else None


def same_date(one: Day, other: Day) -> bool:
    """They name the same day, month or year; a year that one leaves out is no difference."""
    years_fit = one.year == other.year or (None in (one.year, other.year) and one.month is not None)
    return years_fit and (one.month, one.day) == (other.month, other.day)


def apart(one: Day, other: Day, asked: str = "") -> bool:
    """They cannot both be right. A coarser form of the other, October of October 17, can.

    Args:
        asked: "month" or "year" if nothing finer or coarser counts.
    """
    known = [(getattr(one, part), getattr(other, part)) for part in ((asked,) if asked else ("year", "month", "day"))]
    differ = any(None not in pair and pair[0] != pair[1] for pair in known)
    exact, also = _exact(one), _exact(other)
    if differ and exact and also:
        return abs(exact - also) > timedelta(max(one.slack, other.slack)) if not asked else differ
    return differ


def _month(found: dict[str, str | None]) -> int | None:
    if name := found.get("month"):
        return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))
    return int(found["number"] or 0) if found.get("number") else None


def _from_publication(found: dict[str, str | None], published: date | None) -> Day | None:
    if published is None:
        return None
    if weekday := found.get("weekday"):
        back = (published.weekday() - _DAYS.index(weekday)) % 7
        return _day(published + timedelta(7 - back if found.get("next") else -back), slack=1)
    said = found.get("relative") or ""
    if not said.endswith(("month", "year")):
        return _day(published + timedelta({"yesterday": -1, "tomorrow": 1}.get(said, 0)), slack=1)
    step = {"last": -1, "this": 0, "next": 1}[said.partition(" ")[0]]
    if said.endswith("year"):
        return Day(published.year + step, None, None)
    years, month = divmod(published.year * 12 + published.month - 1 + step, 12)
    return Day(years, month + 1, None)


def _likely_year(month: int, day: int | None, published: date) -> int:
    """The year that leaves the date within the twelve months that news without a year speaks of."""
    limit = published + timedelta(_LOOKS_AHEAD)
    return limit.year if (month, day or 1) <= (limit.month, limit.day) else limit.year - 1


def _exists(year: int | None, month: int | None, day: int | None) -> bool:
    try:
        date(year or 2000, month or 1, day or 1)
    except ValueError:
        return False
    return True


def _day(day: date, slack: int) -> Day:
    return Day(day.year, day.month, day.day, slack)


def _exact(day: Day) -> date | None:
    return date(day.year, day.month, day.day) if day.year and day.month and day.day else None
