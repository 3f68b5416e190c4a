"""Fit the confidence on a validation set: the open-corpus form of a SQuAD 2.0 file.

Its paragraphs become the corpus, its questions are asked of the whole of it. One half of the
paragraphs' questions fits the weights and the threshold; every figure reported is of the other half.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.build import build
from index.corpus import Corpus
from index.embedder import Embedder
from index.errors import InputError
from qa.confidence import Calibration, Features, describe, fit
from qa.evaluate import RIGHT, auroc, best_threshold
from qa.evidence import group
from qa.pipeline import Examination, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever
from qa.squad import Example, read_squad, token_f1

BINS = 15
RESAMPLES = 200

RETRIEVAL_WEIGHTS = (0.0, 3.0, 6.0, 9.0, 12.0, 15.0)
"""Among these, the one that gives the best answers to the fitting half is taken."""

NOTHING = Features(-20.0, 0.0, 0.0, 0.0)
"""What is known where no passage gave any span."""


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How the fitted confidence does on questions it was not fitted on; shares are 0 to 1.

    f1: over all questions, a declined unanswerable one counting one. answer_f1: answerable
    questions, always answered. right: the share of answerable questions answered and right.
    declined: of the unanswerable ones. auroc: of the confidence, answerable against not.
    expected_calibration_error: over 15 bins of equal mass.
    """

    answerable: int
    unanswerable: int
    threshold: float
    f1: float
    answer_f1: float
    right: float
    declined: float
    auroc: float
    expected_calibration_error: float

    def as_dict(self) -> dict[str, int | float]:
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def open_corpus(squad: Path, folder: Path, answerable: int, unanswerable: int, seed: int = 7) -> list[Example]:
    """Write the paragraphs of a SQuAD file as a corpus into `folder`; return the questions to ask of it.

    Raises:
        InputError: the file cannot be read, or holds fewer questions than asked for.
    """
    examples = read_squad(squad)
    contexts = dict.fromkeys(example.context for example in examples)
    with (folder / "paragraphs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": context}, ensure_ascii=False) + "\n" for context in contexts)
    rng = random.Random(seed)
    kinds = [[e for e in examples if bool(e.spans) == wanted] for wanted in (True, False)]
    for kind, wanted in zip(kinds, (answerable, unanswerable), strict=True):
        if len(kind) < wanted:
            raise InputError(f"{squad} holds {len(kind)} questions of a kind of which {wanted} are needed")
    return rng.sample(kinds[0], answerable) + rng.sample(kinds[1], unanswerable)


def calibrate(
    squad: Path,
    work: Path,
    embedder: Embedder,
    reader: Reader,
    answerable: int = 2000,
    unanswerable: int = 1000,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[Calibration, CalibrationReport]:
    """Fit on one half of the questions, report on the other. `work` is a folder for the corpus and its index.

    Raises:
        InputError: as `open_corpus`; or a half is empty, or the fitting half's answers are all right or all wrong.
    """
    examples = open_corpus(squad, work, answerable, unanswerable)
    build([work / "paragraphs.jsonl"], work / "index", embedder, progress)
    corpus = Corpus(work / "index", embedder.identity)
    unfitted = Calibration(0.0, Features(1.0, 0.0, 0.0, 0.0), 0.0, 0.0)
    qa = QuestionAnswerer(corpus, Retriever(embedder), reader, unfitted, embedder)
    found = []
    for number, example in enumerate(examples, 1):
        found.append(qa.examine(example.question))
        progress("asking", number, len(examples))

    there = np.array([bool(example.spans) for example in examples])
    halves = _halves(examples)
    weighed = {weight: _weighed(weight, examples, found) for weight in RETRIEVAL_WEIGHTS}
    # Of equal weights the first: max keeps it.
    weight = max(RETRIEVAL_WEIGHTS, key=lambda w: float(weighed[w][1][halves & there].sum()))
    features, gain = weighed[weight]
    right = (there & (gain >= RIGHT))[halves]
    if halves.all() or right.all() or not right.any():
        raise InputError(
            f"the confidence cannot be fitted on {squad}: it takes right and wrong answers, and more than one paragraph"
        )
    fitted = fit([f for f, first in zip(features, halves, strict=True) if first], right.tolist(), weight)
    belief = np.array([fitted.probability(f) for f in features])
    threshold = min(1.0, max(0.0, steady_threshold(belief[halves], gain[halves], there[halves])))
    report = _report(belief[~halves], gain[~halves], there[~halves], threshold)
    return replace(fitted, threshold=threshold), report


def steady_threshold(belief: npt.NDArray[Any], gain: npt.NDArray[Any], answerable: npt.NDArray[Any]) -> float:
    """The mean of the best thresholds of many resamples (bagging: Breiman 1996, Machine Learning 24).

    The gain is nearly flat about its maximum, so that the best threshold of one sample is mostly chance.
    """
    draw = np.random.default_rng(len(belief))
    drawn = (draw.integers(len(belief), size=len(belief)) for _ in range(RESAMPLES))
    return float(np.mean([best_threshold(belief[rows], gain[rows], answerable[rows]) for rows in drawn]))


def _weighed(
    weight: float, examples: Sequence[Example], found: Sequence[Examination]
) -> tuple[list[Features], npt.NDArray[Any]]:
    """What is known about each question's best answer, and its F1, if retrieval counts this much."""
    features, gain = [], []
    for example, examined in zip(examples, found, strict=True):
        groups = group(examined.candidates, weight)
        described = describe(groups)
        features.append(described[0] if described else NOTHING)
        gain.append(token_f1(groups[0].best.quote, example.answers) if groups and example.spans else 0.0)
    return features, np.array(gain)


def expected_calibration_error(belief: npt.NDArray[Any], right: npt.NDArray[Any], bins: int = BINS) -> float:
    """Mean gap between belief and truth over bins of equal mass (Nguyen and O'Connor 2015, arXiv:1508.05154)."""
    order = np.argsort(belief, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(part) * abs(belief[part].mean() - right[part].mean()) for part in parts) / len(belief))


def _halves(examples: Sequence[Example]) -> npt.NDArray[Any]:
    """True for the fitting half; all questions about one paragraph are on the same side.

    Halves of whole articles would be cleaner, but a few dozen articles differ so much that the
    figures tell more of the split than of the fit.
    """
    contexts = sorted({example.context for example in examples})
    random.Random(len(contexts)).shuffle(contexts)
    first = set(contexts[::2])
    return np.array([example.context in first for example in examples])


def _report(
    belief: npt.NDArray[Any], gain: npt.NDArray[Any], answerable: npt.NDArray[Any], threshold: float
) -> CalibrationReport:
    given = belief >= threshold
    right = answerable & (gain >= RIGHT)
    return CalibrationReport(
        answerable=int(answerable.sum()),
        unanswerable=int((~answerable).sum()),
        threshold=threshold,
        f1=float(np.where(answerable, gain * given, ~given).mean()),
        answer_f1=float(gain[answerable].mean()),
        right=float((right & given)[answerable].mean()),
        declined=float((~given)[~answerable].mean()),
        auroc=auroc(belief, answerable),
        expected_calibration_error=expected_calibration_error(belief, right.astype(float)),
    )
