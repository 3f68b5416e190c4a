"""Questions worth asking of a corpus that nobody has read yet.

Knows how news introduces people, offices and abbreviations, and turns such introductions
into questions. Never knows the answers: the caller asks each and keeps those that are answered.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest

_NAME = r"[A-Z][\w’'-]+(?: (?:al-|el-|bin |van |von |de )?[A-Z][\w’'-]+){1,2}"
_OFFICE = (
    r"(?:spokes(?:man|woman|person)|president|prime minister|foreign minister|minister|chief executive|chairman"
    r"|mayor|governor|director|coach|captain|chancellor|secretary-general|ambassador)"
)
_NO_PLACE = r"(?!(?:The|An?|As|But|And|When|Former|Then|Prime|Vice|Foreign) )"
_HELD = re.compile(rf"\b({_NO_PLACE}[A-Z]\w+(?:[’']s)? (?:[a-z]+ ){{0,2}}(?i:{_OFFICE})),? ((?:[A-Z]\w+\.? )?{_NAME})")
_TITLED = re.compile(rf"\b(?:President|Minister|General|Gen\.|Sheikh|Mr\.|Ms\.|Mrs\.|Dr\.|Sir|Prof\.) ({_NAME})")
_DESCRIBED = re.compile(rf"\b({_NAME}), (?:an? |the )[a-z]")
_SHORT = re.compile(r"\b(?:[A-Z][\w-]+ ){2,4}\(([A-Z]{2,6})\)|\bor ([A-Z]{2,6})\b")


def likely_questions(texts: Iterable[str]) -> Iterator[str]:
    """Questions that the texts seem to answer, of each kind in turn, the most frequent subjects first."""
    offices, people, shorts = Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        offices.update(match[1] for match in _HELD.finditer(text))
        people.update(
            re.sub("[’']s$", "", match[1]) for pattern in (_TITLED, _DESCRIBED) for match in pattern.finditer(text)
        )
        shorts.update(match[1] or match[2] for match in _SHORT.finditer(text))
    kinds = (
        (
            f"Who is the {office}?" if "’s" not in office and "'s" not in office else f"Who is {office}?"
            for office in _top(offices)
        ),
        (f"What does {short} stand for?" for short in _top(shorts)),
        (f"Who is {person}?" for person in _top(people)),
    )
    for turn in zip_longest(*kinds):
        yield from (question for question in turn if question)


def _top(counted: Counter[str]) -> list[str]:
    return sorted(counted, key=lambda name: (-counted[name], name))
