"""Fit the confidence on one half of a validation set, in its open-corpus form, and report on the other half.

Knows what is fitted to what. Never knows how answers are found or measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.address import store_at
from index.embedder import Embedder
from index.errors import InputError
from qa.confidence import Calibration, Features, describe, fit
from qa.evaluation.answers import RIGHT, Summary, evaluate, summarize
from qa.evaluation.measures import steady_threshold
from qa.evaluation.open_corpus import ANSWERABLE, PARAGRAPHS, UNANSWERABLE, draw, open_corpus
from qa.evaluation.questions import Question
from qa.evidence import group
from qa.pipeline import Examination, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever
from qa.squad import token_f1

Progress = Callable[[str, int, int], None]

RETRIEVAL_WEIGHTS = (0.0, 3.0, 6.0, 9.0, 12.0, 15.0)
"""Among these, the one that gives the best answers to the fitting half is taken."""

UNFITTED = Calibration(0.0, Features(1.0), 0.0, 0.0)

NOTHING = Features(-20.0)
"""What is known where no passage gave any span."""


def calibrate(
    squad: Path,
    work: Path,
    embedder: Embedder,
    reader: Reader,
    answerable: int = ANSWERABLE,
    unanswerable: int = UNANSWERABLE,
    progress: Progress = lambda *_: None,
) -> tuple[Calibration, Summary]:
    """Fit on so many questions of one half, report on as many of the other. `work` is for the corpus and its index.

    Raises:
        InputError: the file cannot be read or holds too few questions, or the answers to the
            fitting half are all right or all wrong.
    """
    halves = open_corpus(squad, work)
    fitting, held_out = (draw(half, answerable, unanswerable) for half in (halves.fitting, halves.held_out))
    qa = opened(work, embedder, reader, UNFITTED, progress)
    found = []
    for number, question in enumerate(fitting, 1):
        found.append(qa.examine(question.question))
        progress("fitting", number, len(fitting))
    fitted = fit_to(fitting, found)

    measured = 0

    def done(count: int) -> None:
        nonlocal measured
        measured += count
        progress("measuring", measured, len(held_out))

    qa = opened(work, embedder, reader, fitted)
    return fitted, summarize(evaluate(qa, held_out, done))


def opened(
    work: Path, embedder: Embedder, reader: Reader, calibration: Calibration, progress: Progress = lambda *_: None
) -> QuestionAnswerer:
    """Answers from the paragraphs that `open_corpus` wrote into `work`."""
    store = store_at(work / "index")
    store.build([work / PARAGRAPHS], embedder, progress)
    return QuestionAnswerer(store, Retriever(embedder), reader, calibration, embedder)


def fit_to(questions: Sequence[Question], found: Sequence[Examination]) -> Calibration:
    """The weights and the threshold under which these answers would have been best.

    Raises:
        InputError: the best answers are all right or all wrong.
    """
    there = np.array([bool(question.answers) for question in questions])
    weighed = {weight: _weighed(weight, questions, found) for weight in RETRIEVAL_WEIGHTS}
    # Of equal weights the first: max keeps it.
    weight = max(RETRIEVAL_WEIGHTS, key=lambda w: float(weighed[w][1][there].sum()))
    features, gain = weighed[weight]
    right = gain >= RIGHT
    if right.all() or not right.any():
        raise InputError("the confidence cannot be fitted on these questions: it takes right and wrong answers")
    fitted = fit(features, right.tolist(), weight)
    belief = np.array([fitted.probability(described) for described in features])
    return replace(fitted, threshold=min(1.0, max(0.0, steady_threshold(belief, gain, there))))


def _weighed(
    weight: float, questions: Sequence[Question], found: Sequence[Examination]
) -> tuple[list[Features], npt.NDArray[Any]]:
    """What is known about each question's best answer, and its F1, if retrieval counts this much."""
    features, gain = [], []
    for question, examined in zip(questions, found, strict=True):
        groups = group(examined.candidates, weight)
        described = describe(groups)
        features.append(described[0] if described else NOTHING)
        gain.append(token_f1(groups[0].best.quote, question.answers) if groups and question.answers else 0.0)
    return features, np.array(gain)
