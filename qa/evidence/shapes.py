"""How much of a text an answer takes: a whole list where several things are asked for, and parts that stand apart.

Knows what a question asks for and what a candidate says. Never knows how belief is reckoned.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from index.passages import Offsets
from qa.evidence.context import COMMON_GROUND, about
from qa.evidence.groups import Candidate, Group, meaning, sentence_of
from qa.evidence.lists import Expected, expected, items, strung_together, whole_list
from qa.evidence.names import near_name, spoken_words


def shaped(question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, each over the whole of its list where the question asks for several things.

    First over what the reader believes as well and the sentence strings together with it, then
    over the rest of the list as far as its grammar shows. More things than were asked for, or
    one that the question names itself, leave a candidate as it was read.
    """
    wanted = expected(question)
    if not wanted.several:
        return list(candidates)
    return [_over_list(question, wanted, candidate, candidates) for candidate in candidates]


def parts(question: str, groups: Sequence[Group], beliefs: Sequence[float], least: float) -> list[int]:
    """The places of the groups that make up the answer, the first among them; nothing if that one is the whole.

    Only names are put together, of which each is believed by itself, at least so much, in a
    sentence that is about what was asked, and none may be another's spelling or part.
    """
    wanted = expected(question)
    if not wanted.several or not groups or not meaning(groups[0].best).name:
        return []
    texts = list({c.article.id: c.article.text for found in groups for c in found.candidates}.values())
    taken = [0]
    for place, (other, belief) in enumerate(zip(groups, beliefs, strict=True)):
        named = [groups[n].best.quote for n in taken]
        fits = sum(len(items(quote)) for quote in [*named, other.best.quote]) <= wanted.most
        if place and belief >= least and fits and _adds(question, wanted.kind, other, named, texts):
            taken.append(place)
    return taken if len(taken) > 1 else []


def _adds(question: str, kind: str, other: Group, named: Sequence[str], texts: Sequence[str]) -> bool:
    """A name that the reader believes, that is none of those already given and not given by the question."""
    quote = other.best.quote
    if other.best.margin <= 0 or not meaning(other.best).name or _told(question, quote):
        return False
    alike = any(near_name(quote, item) for mine in named for item in [mine, *items(mine)])
    without_kind = re.sub(rf"\b{re.escape(kind)}\b", "", question) if kind else question
    return not alike and about(without_kind, (other.best,), texts, COMMON_GROUND)


def _over_list(question: str, wanted: Expected, candidate: Candidate, others: Sequence[Candidate]) -> Candidate:
    text, sentence = candidate.article.text, sentence_of(candidate)
    for other in sorted(others, key=lambda c: -c.margin):
        if other.margin > 0 and _same_sentence(other, candidate, sentence):
            place, more = (candidate.start, candidate.end), (other.start, other.end)
            if strung_together(text, place, more):
                both = min(place[0], more[0]), max(place[1], more[1])
                candidate = _if_wanted(question, wanted, candidate, both)
    return _if_wanted(question, wanted, candidate, whole_list(text, candidate.start, candidate.end, sentence))


def _same_sentence(other: Candidate, candidate: Candidate, sentence: Offsets) -> bool:
    inside = sentence[0] <= other.start and other.end <= sentence[1]
    return inside and other.retrieved.number == candidate.retrieved.number and other is not candidate


def _if_wanted(question: str, wanted: Expected, candidate: Candidate, wider: Offsets) -> Candidate:
    had, listed = items(candidate.quote), items(candidate.article.text[slice(*wider)])
    if len(listed) > wanted.most or any(item not in had and _told(question, item) for item in listed):
        return candidate
    return replace(candidate, start=wider[0], end=wider[1])


def _told(question: str, item: str) -> bool:
    """The question says it itself: "Besides Mosul, which towns ..."."""
    words = set(spoken_words(item))
    return bool(words) and words <= set(spoken_words(re.sub(r"[’']s\b", "", question)))
