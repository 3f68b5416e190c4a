"""The best candidates side by side: the sentences around them in one text, to be read against each other.

Knows candidates and their sentences. Never knows the model that reads them.

A passage is read for itself, so that its best span never meets that of another. Put into one text, all
compete for the same question, as passages do in one softmax (Clark and Gardner 2018, arXiv:1710.10723).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from index.passages import Offsets
from qa.evidence.groups import Candidate, Group, sentence_of

RIVALS = 6
"""Most groups whose best candidates are read side by side."""

NEAR = 10.0
"""Logits behind the best answer from which on another is no rival: it would only be company to the others."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """A text made of sentences of several articles, and where in it each rival stands; never shown to anyone."""

    text: str
    places: tuple[Offsets, ...]


def lineups(groups: Sequence[Group]) -> tuple[Lineup, ...]:
    """The best of the near groups side by side, first come first and then last come first; nothing if one is alone.

    Where something stands in a text counts with a reader: in both orders no rival is better placed than another.
    """
    rivals = [group.best for group in groups[:RIVALS] if group.score >= groups[0].score - NEAR]
    if len(rivals) < 2:
        return ()
    backwards = _side_by_side(rivals[::-1])
    return _side_by_side(rivals), replace(backwards, places=backwards.places[::-1])


def compared(groups: Sequence[Group], scores: Sequence[Sequence[float]], weight: float) -> list[Group]:
    """The groups, best first, once their best candidates were read side by side.

    Those that were not are as bad as the worst that was, so that they stay behind.

    Args:
        scores: of each lineup the score of each rival, in logits.
        weight: what a logit there is worth beside one of the first reading.
    """
    beside = [fmean(of_one) for of_one in zip(*scores, strict=True)] or [group.best.margin for group in groups[:1]]
    beside += [min(beside, default=0.0)] * (len(groups) - len(beside))
    weighed = (
        replace(group, score=group.score + weight * score, beside=score)
        for group, score in zip(groups, beside, strict=True)
    )
    return sorted(weighed, key=lambda group: -group.score)


def _side_by_side(rivals: Iterable[Candidate]) -> Lineup:
    text, begun, places = "", dict[str, int](), list[Offsets]()
    for rival in rivals:
        start, end = sentence_of(rival)
        sentence = rival.article.text[start:end]
        if sentence not in begun:
            text += " " if text else ""
            begun[sentence] = len(text)
            text += sentence
        shift = begun[sentence] - start
        places.append((rival.start + shift, rival.end + shift))
    return Lineup(text, tuple(places))
