"""Fit the confidence on one half of a validation set, in its open-corpus form, and report on the other half.

Corpora differ in how much a score is worth: one question in three of SQuAD 2.0 is a trap, and a right answer in the
news scores less than there. No one probability is right in both (docs/reader-log.md, entry 6), but one threshold may
serve both: it, and how answers are put in order, can be chosen on several corpora, each of which counts the same
however many questions it has.

Knows what is fitted to what. Never knows how answers are found or measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.address import store_at
from index.embedder import Embedder
from index.errors import InputError
from index.store import Store
from qa.bound import ALL, Bound, fit_bound
from qa.confidence import Calibration, Features, describe, fit
from qa.evaluation.answers import RIGHT, Summary, summarize
from qa.evaluation.measures import steady_threshold
from qa.evaluation.open_corpus import ANSWERABLE, PARAGRAPHS, UNANSWERABLE, draw, open_corpus
from qa.evaluation.questions import Question
from qa.evaluation.saving import Saving, measure_saving
from qa.evidence import Group, compared, group
from qa.pipeline import Examination, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever
from qa.squad import token_f1

Progress = Callable[[str, int, int], None]

RETRIEVAL_WEIGHTS = (0.0, 3.0, 6.0, 9.0, 12.0, 15.0)
"""Among these, the one that gives the best answers to the fitting half is taken."""

BESIDE_WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Likewise, once that of retrieval is chosen."""

Beside = list[list[float]]
"""What the reader made of one question's best groups side by side: of each lineup, each rival's score."""

UNFITTED = Calibration(0.0, Features(1.0), 0.0, 0.0)

NOTHING = Features(-20.0, beside=-20.0)
"""What is known where no passage gave any span."""

AT_ONCE = 50
"""Questions whose lineups are read in one go."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted on one half, and the figures of the other: of the answers, and of what reading less would do.

    `bound` is None where reading less would cost too many of the answers, which then are those to all passages.
    """

    calibration: Calibration
    bound: Bound | None
    summary: Summary
    saving: Saving


@dataclass(frozen=True, slots=True)
class Validation:
    """Questions to choose the threshold on beside those of SQuAD, and the articles of which they are asked."""

    store: Store
    questions: Sequence[Question]


def calibrate(
    squad: Path,
    work: Path,
    embedder: Embedder,
    reader: Reader,
    answerable: int = ANSWERABLE,
    unanswerable: int = UNANSWERABLE,
    progress: Progress = lambda *_: None,
    others: Sequence[Validation] = (),
) -> Fitted:
    """Fit on so many questions of one half, threshold and order on `others` too; report on as many of the other half.

    `work` is for the corpus and its index.

    Raises:
        InputError: the file cannot be read or holds too few questions, or the answers to what it
            is fitted on are all right or all wrong.
    """
    halves = open_corpus(squad, work)
    fitting, held_out = (draw(half, answerable, unanswerable) for half in (halves.fitting, halves.held_out))
    qa = opened(work, embedder, reader, UNFITTED, progress)
    sets = [(qa, fitting), *((_over(of.store, embedder, reader, UNFITTED), of.questions) for of in others)]
    total = sum(len(questions) for _, questions in sets)
    asked = [(over, q, total / len(sets) / len(questions)) for over, questions in sets for q in questions]
    found = []
    for number, (over, question, _) in enumerate(asked, 1):
        found.append(over.examine(question.question))
        progress("fitting", number, len(asked))
    shares = [share for _, _, share in asked]
    fitted = fit_to([question for _, question, _ in asked], found, qa.beside, shares, len(fitting))
    bound = bound_to(found)

    measured = 0

    def done(count: int) -> None:
        nonlocal measured
        measured += count
        progress("measuring", measured, len(held_out))

    everything, bounded = (opened(work, embedder, reader, fitted, bound=of) for of in (ALL, bound))
    whole, part, saving = measure_saving(held_out, everything, bounded, done)
    if saving.is_worth_it:
        return Fitted(fitted, bound, summarize(part), saving)
    return Fitted(fitted, None, summarize(whole), saving)


def opened(
    work: Path,
    embedder: Embedder,
    reader: Reader,
    calibration: Calibration,
    progress: Progress = lambda *_: None,
    bound: Bound = ALL,
) -> QuestionAnswerer:
    """Answers from the paragraphs that `open_corpus` wrote into `work`."""
    store = store_at(work / "index")
    store.build([work / PARAGRAPHS], embedder, progress)
    return _over(store, embedder, reader, calibration, bound)


def _over(
    store: Store, embedder: Embedder, reader: Reader, calibration: Calibration, bound: Bound = ALL
) -> QuestionAnswerer:
    return QuestionAnswerer(store, Retriever(embedder), reader, calibration, embedder, bound)


def bound_to(found: Sequence[Examination]) -> Bound:
    """The line over what the passages were read with, in examinations for which all were read."""
    best: dict[tuple[int, int], tuple[float, float]] = {}
    for number, examined in enumerate(found):
        for candidate in examined.candidates:
            place = number, candidate.retrieved.number
            margin = max(candidate.margin, best.get(place, (0.0, candidate.margin))[1])
            best[place] = candidate.retrieved.score, margin
    return fit_bound(*zip(*best.values(), strict=True))


def fit_to(
    questions: Sequence[Question],
    found: Sequence[Examination],
    read_beside: Callable[[Sequence[Examination]], list[Beside]],
    shares: Sequence[float],
    probable: int,
) -> Calibration:
    """The weights and the threshold under which these answers would have been best.

    Args:
        read_beside: `QuestionAnswerer.beside`; what is to be read depends on the weight of retrieval.
        shares: how much each question counts, 1 in the mean.
        probable: on how many of the questions, from the first on, the probability is fitted.

    Raises:
        InputError: the best answers are all right or all wrong.
    """
    # 1. Order by the first reading and retrieval; of equal weights the first, as max keeps it.
    there = np.array([bool(question.answers) for question in questions])
    counts = np.array(shares)
    grouped = {weight: [group(one.candidates, weight) for one in found] for weight in RETRIEVAL_WEIGHTS}
    weight = max(RETRIEVAL_WEIGHTS, key=lambda w: float(_gain(questions, grouped[w]) @ counts))

    # 2. Read the best of them side by side, and order by that as well.
    first = [replace(one, groups=tuple(groups)) for one, groups in zip(found, grouped[weight], strict=True)]
    scores = [read for place in range(0, len(first), AT_ONCE) for read in read_beside(first[place : place + AT_ONCE])]
    ordered = {
        beside: [compared(one.groups, read, beside) for one, read in zip(first, scores, strict=True)]
        for beside in BESIDE_WEIGHTS
    }
    beside = max(BESIDE_WEIGHTS, key=lambda w: float(_gain(questions, ordered[w]) @ counts))

    # 3. Fit how likely the best is right, and from where on to answer.
    features = [_described(groups) for groups in ordered[beside]]
    gain = _gain(questions, ordered[beside])
    right = gain >= RIGHT
    if right[:probable].all() or not right[:probable].any():
        raise InputError("the confidence cannot be fitted on these questions: it takes right and wrong answers")
    fitted = fit(features[:probable], right[:probable].tolist(), weight, beside)
    belief = np.array([fitted.probability(described) for described in features])
    return replace(fitted, threshold=min(1.0, max(0.0, steady_threshold(belief, gain, there, counts))))


def _gain(questions: Sequence[Question], grouped: Sequence[Sequence[Group]]) -> npt.NDArray[Any]:
    """The F1 of each question's first group."""
    pairs = zip(questions, grouped, strict=True)
    return np.array([token_f1(of[0].best.quote, asked.answers) if of and asked.answers else 0.0 for asked, of in pairs])


def _described(groups: Sequence[Group]) -> Features:
    """What is known about the first group."""
    return describe(groups)[0] if groups else NOTHING
