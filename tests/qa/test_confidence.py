import json
from pathlib import Path

import pytest

from index.errors import ModelError
from qa.confidence import Calibration, Features, fit
from qa.reader import SHIPPED

WEIGHTS = Features(margin=0.6, lead=0.1, retrieved=2.0, cosine=1.0, agreement=0.3)
FITTED = Calibration(6.0, WEIGHTS, -3.0, 0.5)


def features(margin: float) -> Features:
    return Features(margin, 1.0, 0.5, 0.5)


def test_belief_is_the_logistic_of_the_weighted_features() -> None:
    # -3 + 0.6 * 2 + 0.1 * 3 + 2.0 * 0.5 + 1.0 * 0.5 = 0
    assert FITTED.probability(Features(2.0, 3.0, 0.5, 0.5)) == pytest.approx(0.5)
    assert Calibration(0.0, Features(1), 0.0, 0.5).probability(features(2.0)) == pytest.approx(0.880797)


def test_belief_rises_with_the_margin() -> None:
    beliefs = [FITTED.probability(features(margin / 4)) for margin in range(-60, 60)]
    assert beliefs == sorted(beliefs)
    assert len(set(beliefs)) == len(beliefs)


@pytest.mark.parametrize("margin", [-1e9, 1e9, float("-inf"), float("inf")])
def test_belief_stays_a_probability_at_the_extremes(margin: float) -> None:
    assert 0.0 <= FITTED.probability(features(margin)) <= 1.0


def test_fitting_tells_separable_answers_apart() -> None:
    good, bad = [features(2 + i / 10) for i in range(40)], [features(-2 - i / 10) for i in range(40)]
    fitted = fit(good + bad, [True] * 40 + [False] * 40)
    assert fitted.weights.margin > 0
    assert min(map(fitted.probability, good)) > 0.9
    assert max(map(fitted.probability, bad)) < 0.1
    assert fitted.threshold == 0.5


def test_fitting_gives_no_weight_to_what_never_varies() -> None:
    fitted = fit([features(m) for m in (-2.0, -1.0, 1.0, 2.0)], [False, False, True, True])
    assert (fitted.weights.lead, fitted.weights.retrieved, fitted.weights.cosine) == (0.0, 0.0, 0.0)


def test_what_seems_to_speak_against_an_answer_is_left_out() -> None:
    """Here the wrong answers happen to be agreed on more often: that must not make an agreed answer less likely."""
    seen = [(margin, agreed, margin + (0.5 - agreed) > 0) for margin in (-3, -2, -1, 0, 1, 2, 3) for agreed in (0, 1)]
    fitted = fit([Features(float(m), agreement=float(agreed)) for m, agreed, _ in seen], [right for *_, right in seen])
    assert fitted.weights.agreement == 0.0
    assert fitted.weights.margin > 0.5
    alone = fit([Features(float(m)) for m, *_ in seen], [right for *_, right in seen])
    assert fitted.weights.margin == pytest.approx(alone.weights.margin) and fitted.intercept == alone.intercept


def test_what_is_saved_is_loaded_with_its_notes_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "confidence.json"
    FITTED.save(path, reader="reader@0123")
    assert Calibration.load(path) == FITTED
    assert json.loads(path.read_text(encoding="utf-8"))["reader"] == "reader@0123"


WEIGHED = {"margin": 1, "lead": 0, "retrieved": 0, "cosine": 0, "agreement": 0, "beside": 0}
SAVED = {"retrieval_weight": 0, "weights": WEIGHED, "intercept": 0, "threshold": 0.5, "beside_weight": 0}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        json.dumps(SAVED | {"weights": {"margin": 1}}),
        json.dumps({name: value for name, value in SAVED.items() if name != "intercept"}),
        json.dumps({name: value for name, value in SAVED.items() if name != "retrieval_weight"}),
        json.dumps({name: value for name, value in SAVED.items() if name != "beside_weight"}),
        json.dumps(SAVED | {"intercept": "x"}),
        json.dumps(SAVED | {"weights": WEIGHED | {"margin": "x"}}),
        json.dumps(SAVED | {"weights": {name: 0 for name in WEIGHED if name != "beside"}}),
        json.dumps(SAVED | {"weights": [1, 0, 0, 0]}),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "confidence.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"confidence\.json cannot be used") as caught:
        Calibration.load(path)
    assert "\n" not in str(caught.value)


def test_a_file_with_all_its_numbers_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "confidence.json"
    path.write_text(json.dumps(SAVED), encoding="utf-8")
    assert Calibration.load(path) == Calibration(0.0, Features(1.0), 0.0, 0.5)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="qa calibrate"):
        Calibration.load(tmp_path / "missing.json")


def test_the_shipped_file_loads() -> None:
    shipped = Calibration.of_reader(SHIPPED)
    assert shipped.weights.margin > 0
    assert 0 <= shipped.threshold <= 1
