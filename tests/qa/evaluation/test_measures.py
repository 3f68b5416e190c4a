import math

import numpy as np
import pytest

from qa.evaluation.measures import (
    auroc,
    best_threshold,
    expected_calibration_error,
    reliability,
    risk_coverage,
    risk_coverage_area,
    steady_threshold,
)


@pytest.mark.parametrize(
    ("scores", "gain", "answerable", "threshold"),
    [
        # answering the best two gains 1.8; the third is unanswerable and would cost one
        ([3.0, 2.0, 1.0, 0.0], [1.0, 0.8, 0.0, 0.5], [1, 1, 0, 1], 1.5),
        # the order given does not matter
        ([0.0, 2.0, 3.0, 1.0], [0.5, 0.8, 1.0, 0.0], [1, 1, 1, 0], 1.5),
        # a low one worth the cost: 1 - 1 + 1 + 1 = 2
        ([4.0, 3.0, 2.0, 1.0], [1.0, 0.0, 1.0, 1.0], [1, 0, 1, 1], 0.5),
    ],
)
def test_the_threshold_is_halfway_below_the_last_answer_worth_giving(
    scores: list[float], gain: list[float], answerable: list[int], threshold: float
) -> None:
    found = best_threshold(np.array(scores), np.array(gain), np.array(answerable, bool))
    assert found == pytest.approx(threshold)


def mean_gain(scores: np.ndarray, gain: np.ndarray, answerable: np.ndarray, threshold: float) -> float:
    given = scores >= threshold
    return float(np.where(answerable, gain * given, ~given).mean())


def test_equal_scores_are_answered_or_declined_together() -> None:
    # Cut between the two ones and answering gains 1; but whoever answers one of them answers both.
    scores, gain = np.array([2.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])
    answerable = np.array([True, True, False, False])
    assert best_threshold(scores, gain, answerable) == pytest.approx(1.5)


def test_no_other_threshold_gains_more() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        scores = rng.integers(-4, 5, 30).astype(float)
        answerable = rng.random(30) < 0.5
        gain = np.where(answerable, rng.random(30), 0.0)
        found = mean_gain(scores, gain, answerable, best_threshold(scores, gain, answerable))
        assert found >= max(mean_gain(scores, gain, answerable, t) for t in np.arange(-5, 6, 0.5)) - 1e-12


def test_if_nothing_is_worth_answering_everything_is_declined() -> None:
    scores = np.array([1.0, 5.0])
    assert best_threshold(scores, np.zeros(2), np.array([False, False])) > 5.0


def test_questions_without_any_span_stay_declined_when_all_others_are_answered() -> None:
    threshold = best_threshold(np.array([2.0, -np.inf]), np.array([1.0, 0.0]), np.array([True, False]))
    assert -np.inf < threshold < 2.0


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([1.0, 2.0, 3.0], [0, 1, 1], 1.0),
        ([3.0, 2.0, 1.0], [0, 1, 1], 0.0),
        ([1.0, 1.0], [0, 1], 0.5),
        ([-np.inf, 2.0], [0, 1], 1.0),
    ],
)
def test_auroc_is_the_share_of_pairs_in_order(scores: list[float], positive: list[int], area: float) -> None:
    assert auroc(np.array(scores), np.array(positive, bool)) == pytest.approx(area)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_auroc_of_one_kind_is_not_a_number(positive: list[bool]) -> None:
    assert math.isnan(auroc(np.array([1.0, 2.0]), np.array(positive)))


def test_calibration_error_is_the_mean_gap_over_bins_of_equal_mass() -> None:
    belief = np.array([0.9, 0.1, 0.8, 0.2])
    right = np.array([1.0, 0.0, 0.0, 0.0])
    # two bins: beliefs .1 and .2 of which none is right, .8 and .9 of which half are
    assert expected_calibration_error(belief, right, bins=2) == pytest.approx((2 * 0.15 + 2 * 0.35) / 4)
    # one bin: mean belief .5, a quarter right
    assert expected_calibration_error(belief, right, bins=1) == pytest.approx(0.25)
    # more bins than questions: each alone
    assert expected_calibration_error(belief, right, bins=15) == pytest.approx((0.1 + 0.1 + 0.8 + 0.2) / 4)


def test_beliefs_that_come_true_have_no_calibration_error() -> None:
    belief = np.array([0.5] * 10 + [1.0] * 10 + [0.0] * 10)
    right = np.array([1.0, 0.0] * 5 + [1.0] * 10 + [0.0] * 10)
    assert expected_calibration_error(belief, right, bins=3) == 0.0


def test_a_steady_threshold_parts_what_can_be_parted_and_is_the_same_each_time() -> None:
    belief = np.linspace(0, 1, 200)
    answerable = belief > 0.6
    found = steady_threshold(belief, answerable.astype(float), answerable)
    assert found == steady_threshold(belief, answerable.astype(float), answerable)
    assert found == pytest.approx(0.6, abs=0.01)


def test_what_counts_for_nothing_does_not_move_the_threshold() -> None:
    belief = np.concatenate([np.linspace(0, 1, 200), np.linspace(0, 1, 200)])
    answerable = np.concatenate([belief[:200] > 0.6, belief[200:] > 0.2])
    gain, shares = answerable.astype(float), np.repeat([1.0, 0.0], 200)
    assert steady_threshold(belief, gain, answerable, shares) == pytest.approx(0.6, abs=0.01)
    assert steady_threshold(belief, gain, answerable, 1 - shares) == pytest.approx(0.2, abs=0.01)


def test_reliability_sets_what_was_said_beside_what_came_true() -> None:
    said, came_true, counts = reliability(np.array([0.9, 0.1, 0.8, 0.2, 0.7]), np.array([1.0, 0, 0, 0, 1.0]), bins=2)
    assert said == pytest.approx([(0.1 + 0.2 + 0.7) / 3, 0.85])
    assert came_true == pytest.approx([1 / 3, 0.5])
    assert counts.tolist() == [3, 2]


def test_risk_is_the_share_of_wrong_answers_among_the_most_believed() -> None:
    belief, right = np.array([0.2, 0.9, 0.5, 0.7]), np.array([0.0, 1.0, 1.0, 0.0])
    coverage, risk = risk_coverage(belief, right)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0.0, 1 / 2, 1 / 3, 2 / 4])
    assert risk_coverage_area(belief, right) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_equal_beliefs_have_no_lucky_order() -> None:
    belief = np.array([0.9, 0.5, 0.5, 0.5])
    areas = {round(risk_coverage_area(belief, np.array(right)), 12) for right in ([1, 1, 0, 0], [1, 0, 0, 1])}
    assert areas == {round((0 + (2 / 3) / 2 + (4 / 3) / 3 + 2 / 4) / 4, 12)}


def test_a_perfect_order_has_the_least_area() -> None:
    belief, rng = np.linspace(1, 0, 20), np.random.default_rng(3)
    best = risk_coverage_area(belief, np.array([1.0] * 12 + [0.0] * 8))
    for _ in range(20):
        shuffled = rng.permutation(np.array([1.0] * 12 + [0.0] * 8))
        assert risk_coverage_area(belief, shuffled) >= best
