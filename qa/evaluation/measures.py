"""What scores are worth: thresholds, calibration, and the trade between answering more and erring less.

Knows arrays of shape (questions,): how much each answer is believed, what it is worth, whether
there was one to give. Never knows questions or models.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BINS = 15
RESAMPLES = 200


def best_threshold(scores: Array, gain: Array, answerable: Array, shares: Array | float = 1.0) -> float:
    """The score from which to answer so that the mean gain is greatest, a declined unanswerable question counting one.

    `gain` is what an answer is worth where there is one: its F1. Equal scores are answered or
    declined together. `shares` is how much each question counts.
    """
    order = np.argsort(-scores, kind="stable")
    total = np.concatenate([[0.0], np.cumsum((shares * np.where(answerable, gain, -1.0))[order])])
    falling = scores[order]
    total[1:-1][falling[1:] == falling[:-1]] = -np.inf
    best = int(total.argmax())
    if best == 0:
        return float(np.nextafter(scores.max(), np.inf))
    last = falling[best - 1]
    following = falling[best] if best < len(scores) and np.isfinite(falling[best]) else last - 1.0
    return float((last + following) / 2)


def steady_threshold(belief: Array, gain: Array, answerable: Array, shares: Array | float = 1.0) -> float:
    """The mean of the best thresholds of many resamples (bagging: Breiman 1996, Machine Learning 24).

    The gain is nearly flat about its maximum, so that the best threshold of one sample is mostly chance.
    `shares` is how much each question counts.
    """
    draw = np.random.default_rng(len(belief))
    drawn = (draw.integers(len(belief), size=len(belief)) for _ in range(RESAMPLES))
    about = belief, gain, answerable, np.broadcast_to(shares, belief.shape)
    return float(np.mean([best_threshold(*(values[rows] for values in about)) for rows in drawn]))


def auroc(scores: Array, positive: Array) -> float:
    """Chance that a positive scores above a negative one, ties counting half; NaN if either kind is missing."""
    if positive.all() or not positive.any():
        return float("nan")
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, np.nan_to_num(scores, neginf=-1e9)))


def reliability(belief: Array, right: Array, bins: int = BINS) -> tuple[Array, Array, Array]:
    """Mean belief, share right, and count, of each of `bins` bins of equal mass, least believed first."""
    order = np.argsort(belief, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    means = ([values[part].mean() for part in parts] for values in (belief, right))
    said, came_true = map(np.array, means)
    return said, came_true, np.array([len(part) for part in parts])


def expected_calibration_error(belief: Array, right: Array, bins: int = BINS) -> float:
    """Mean gap between belief and truth over bins of equal mass (Nguyen and O'Connor 2015, arXiv:1508.05154)."""
    said, came_true, counts = reliability(belief, right, bins)
    return float((counts * abs(said - came_true)).sum() / len(belief))


def risk_coverage(belief: Array, right: Array) -> tuple[Array, Array]:
    """Coverage and risk if only the most believed are answered, for every number of them from one to all.

    Coverage is the share of questions answered, risk the share of these answered wrongly
    (El-Yaniv and Wiener 2010, JMLR 11). Where beliefs are equal, the answers among them count
    as their mean: no order of them is better than another.
    """
    order = np.argsort(-belief, kind="stable")
    falling, wrong = belief[order], 1.0 - right[order]
    _, group, counts = np.unique(-falling, return_inverse=True, return_counts=True)
    evened = (np.bincount(group, wrong) / counts)[group]
    answered = np.arange(1, len(belief) + 1)
    return answered / len(belief), np.cumsum(evened) / answered


def risk_coverage_area(belief: Array, right: Array) -> float:
    """Area under the risk–coverage curve (Geifman and El-Yaniv 2017, arXiv:1705.08500): lower is better."""
    return float(risk_coverage(belief, right)[1].mean())
