"""How likely an answer is right: a fitted probability, and the threshold below which to decline.

Knows a few numbers about the best answer. Never knows how it is shown. The fitted weights are
plain JSON, kept beside the reader they were fitted for by `qa calibrate`.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter, mul
from pathlib import Path
from typing import Any

from qa.evidence import Group
from qa.fitted import read_fitted, write_fitted
from qa.reader import SHIPPED

FILE = "confidence.json"

ALONE = 10.0
"""The lead, in logits, of an answer that is the only one."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about a best answer before it is given.

    margin: span score less null score, in logits.
    lead: the answer's score less that of the best other answer, in logits.
    retrieved: the fused retrieval score of its passage, 0 to 1.
    cosine: similarity of meaning between the question and the nearest sentence of the passage.
    agreement: log of one plus the number of other passages that are believed to give the same answer.
    beside: span score less null score, in logits, where it is read side by side with its rivals.
    """

    margin: float
    lead: float = 0.0
    retrieved: float = 0.0
    cosine: float = 0.0
    agreement: float = 0.0
    beside: float = 0.0


_numbers = attrgetter(*(field.name for field in fields(Features)))  # `astuple` would copy each number deeply


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over the features (Platt 1999), with the threshold chosen on the same data.

    When answers from different passages are put in order, `retrieval_weight` is what a fused retrieval
    score of 1 is worth in logits of the reader, and `beside_weight` what a logit of the reading side by
    side is worth; with 0 there is no such reading.
    """

    retrieval_weight: float
    weights: Features
    intercept: float
    threshold: float
    beside_weight: float = 0.0

    def probability(self, features: Features) -> float:
        """That the answer is right, 0 to 1."""
        products = map(mul, _numbers(self.weights), _numbers(features))
        logit = sum(products, self.intercept)
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))

    @classmethod
    def of_reader(cls, folder: Path) -> "Calibration":
        """What was fitted for the reader in `folder`; for one that has none the shipped reader's, and a warning.

        Raises:
            ModelError: the file is damaged.
        """
        if (folder / FILE).exists():
            return cls.load(folder / FILE)
        logging.getLogger(__name__).warning(
            "the reader in %s has no %s: its percentages are a guess until you run `qa calibrate`", folder, FILE
        )
        return cls.load(SHIPPED / FILE)

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Raises: ModelError: the file is missing or damaged."""
        return read_fitted(path, cls._of)

    def save(self, path: Path, **notes: object) -> None:
        """Write the numbers, and beside them how they were found."""
        write_fitted(path, asdict(self), **notes)

    @classmethod
    def _of(cls, stored: Mapping[str, Any]) -> "Calibration":
        weights = Features(**{field.name: float(stored["weights"][field.name]) for field in fields(Features)})
        names = ("retrieval_weight", "intercept", "threshold", "beside_weight")
        retrieval_weight, intercept, threshold, beside_weight = (float(stored[name]) for name in names)
        return cls(retrieval_weight, weights, intercept, threshold, beside_weight)


def describe(groups: Sequence[Group]) -> tuple[Features, ...]:
    """The features of each group among the others."""
    scores = [judged.score for judged in groups]
    described = []
    for judged, score in zip(groups, scores, strict=True):
        found = judged.best.retrieved
        rival = max((other for place, other in enumerate(scores) if groups[place] is not judged), default=score - ALONE)
        agreement = math.log(len(judged.believed))
        described.append(
            Features(judged.best.margin, score - rival, found.score, found.cosine, agreement, judged.beside)
        )
    return tuple(described)


def fit(
    features: Sequence[Features],
    right: Sequence[bool],
    retrieval_weight: float = 0.0,
    beside_weight: float = 0.0,
) -> Calibration:
    """Fit the probability that an answer with these features is right; the threshold is left at one half.

    More of any feature speaks for an answer. One that seems to speak against it in these answers, which tell too
    little of it, is left out: more agreement must not make less likely what is agreed on.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    matrix = np.array([_numbers(f) for f in features])
    scaler = StandardScaler().fit(matrix)
    scaled, telling = scaler.transform(matrix), np.full(matrix.shape[1], True)
    while True:
        model = LogisticRegression(C=10.0, max_iter=1000).fit(scaled * telling, np.array(right))
        if (model.coef_[0] >= 0).all():
            break
        telling[model.coef_[0].argmin()] = False
    weights = model.coef_[0] * telling / scaler.scale_
    intercept = float(model.intercept_[0] - weights @ scaler.mean_)
    return Calibration(retrieval_weight, Features(*map(float, weights)), intercept, 0.5, beside_weight)
