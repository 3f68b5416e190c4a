"""Which answers differ: another value of the kind that was asked for, from another article, believed nearly as much.

Knows questions' kinds and the sentences around quotes. Never knows how belief is reckoned.
"""

import math
import re
from collections.abc import Sequence

from qa.evidence.context import COMMON_GROUND, SAME_GROUND, about
from qa.evidence.dates import apart
from qa.evidence.groups import Candidate, Group, Meaning, meaning
from qa.evidence.lists import expected
from qa.evidence.names import near_name, spoken_words
from qa.evidence.quantities import clash
from qa.recent import Recent

NEARLY = 0.5
"""Share of the answer's probability that another must reach to stand beside it: at worst two to one against."""

_AMOUNT = re.compile(
    r"\bhow (?:many|much|far|long|old|tall|high|deep|large|big|fast|heavy|wide|late|often)\b|\b(?:what|which) (?:\w+ )?"
    r"(?:share|percentage|percent|proportion|fraction|part|number|price|distance|length|height|weight|age|size|"
    r"population|temperature|amount|sum|cost|toll|score|speed|area)\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\bhow old\b|\b(?:what|which) age\b|\bage of\b", re.IGNORECASE)
_DATE = re.compile(r"\bwhen\b|\b(?:what|which) (?P<part>month|year)\b|\b(?:what|which) (?:day|date)\b", re.IGNORECASE)
_PERSON = re.compile(r"^[Ww]ho(?! (?:are|were|else)\b)(?! (?:is|was) [A-Z])")
"""Not "Who is Alia Mohamed?", which asks what she is: another name answers nothing there."""

_NAME = re.compile(
    r"^(?:where|(?:in |at |to |from )?(?:which|what) (?!are |were |\w+(?<!s)(?<!i)s )\w+)", re.IGNORECASE
)

_SPOKEN = Recent[str](8_000_000, len)
"""The words of articles, by text: two or three books' at most."""


def differing(question: str, groups: Sequence[Group], beliefs: Sequence[float]) -> list[int]:
    """The places of the groups that give a clearly different answer than the first one does.

    The other must be believed at least half as much, `beliefs` being the probability of each. No
    article may give both, as it knows of what difference; and the sentences around both must be
    about what was asked, so that two dates are not two things' dates. Where several things are
    asked for, another is one more of them.
    """
    if not groups or expected(question).several:
        return []
    texts = list({c.article.id: c.article.text for found in groups for c in found.candidates}.values())
    best = groups[0]
    near = [
        place
        for place, (other, belief) in enumerate(zip(groups, beliefs, strict=True))
        if place and belief >= NEARLY * beliefs[0] and not _articles(best) & _articles(other)
    ]
    return [place for place in near if _differ(question, best.best, groups[place].best, texts)]


def _differ(question: str, one: Candidate, other: Candidate, texts: Sequence[str]) -> bool:
    mine, theirs = meaning(one, texts), meaning(other, texts)
    if (asked := _DATE.search(question)) and mine.day and theirs.day:
        values = apart(mine.day, theirs.day, (asked["part"] or "").lower())
    elif not asked and mine.quantity and theirs.quantity and (mine.quantity.dimension or _AMOUNT.search(question)):
        ages = _AGE.search(question)
        values = _ages_clash(one, other, mine, theirs) if ages else clash(mine.quantity, theirs.quantity)
    else:
        return _names_differ(question, one, other, texts)
    return values and about(question, (one, other), texts, COMMON_GROUND)


def _names_differ(question: str, one: Candidate, other: Candidate, texts: Sequence[str]) -> bool:
    mine, theirs = meaning(one, texts), meaning(other, texts)
    person = _PERSON.search(question)
    if (not person and not _NAME.search(question)) or not _both_named(mine, theirs, 2 if person else 1):
        return False
    if near_name(one.quote, other.quote):
        return False
    if not about(question, (one, other), texts, SAME_GROUND, with_titles=False):
        return False  # before whole articles are looked through
    return not _mentions(one, theirs) and not _mentions(other, mine) and not _beside(mine.name, theirs.name, texts)


def _both_named(mine: Meaning, theirs: Meaning, words: int) -> bool:
    """Both are names and nothing else, of a person's two words at least where that is asked."""
    is_value = mine.day or theirs.day or mine.quantity or theirs.quantity
    return not is_value and min(len(mine.name), len(theirs.name)) >= words


def _mentions(candidate: Candidate, named: Meaning) -> bool:
    """Its article has the other name, too: then it tells of both, and does not take one for the other."""
    heard = _spoken(candidate.article.text)
    return any(f" {word} " in heard for word in named.name if len(word) > 2)


def _beside(mine: Sequence[str], theirs: Sequence[str], texts: Sequence[str]) -> bool:
    """Some text has them side by side, as "Paris, France" or "the Dutch city of Delft": they may be part and whole."""
    one, other = (re.escape(" ".join(name)) for name in (mine, theirs))
    near = re.compile(rf"\b(?:{one} (?:\w+ ){{0,3}}{other}|{other} (?:\w+ ){{0,3}}{one})\b")
    return any(near.search(_spoken(text)) for text in texts)


def _spoken(text: str) -> str:
    """The words of a text, each between spaces. Remembered, as they are asked for at each move of the dial."""
    spoken = _SPOKEN.get(text)
    if spoken is None:
        spoken = f" {' '.join(spoken_words(text))} "
        _SPOKEN.put(text, spoken)
    return spoken


def _ages_clash(one: Candidate, other: Candidate, mine: Meaning, theirs: Meaning) -> bool:
    """Two ages that the time between the articles does not explain; without their days it may be any time."""
    days = one.article.published, other.article.published
    if not days[0] or not days[1] or not mine.quantity or not theirs.quantity:
        return False
    return abs(mine.quantity.number - theirs.quantity.number) > math.ceil(abs((days[0] - days[1]).days) / 365.25)


def _articles(group: Group) -> set[str]:
    return {candidate.article.id for candidate in group.believed}
