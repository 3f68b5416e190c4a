import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.embedder import Embedder
from index.errors import InputError
from qa.calibrate import _halves, calibrate, expected_calibration_error, open_corpus, steady_threshold
from qa.confidence import Calibration
from qa.reader import Reader
from qa.squad import Example

MakeSquad = Callable[..., Path]


def paragraphs(titles: int) -> list[tuple[str, str, list[tuple[str, list[str]]]]]:
    """For each title a paragraph with a zebra, asked one question that it answers and one that nothing does."""
    cities = ["Paris", "London", "Berlin", "Rome", "Madrid", "Vienna", "Prague", "Oslo"]
    return [
        (
            f"Title {n}",
            f"The zoo of {cities[n % 8]} was founded in {1990 + n}. Its most famous animal is a zebra of great age.",
            [
                (f"Which animal is the zoo of {cities[n % 8]} famous for?", ["zebra"]),
                ("Who painted the old tower?", []),
            ],
        )
        for n in range(titles)
    ]


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


@pytest.mark.parametrize("paragraphs", [2, 3, 10, 11])
def test_halves_never_split_a_paragraph_and_neither_is_empty(paragraphs: int) -> None:
    examples = [Example(str(n), "?", f"c{n % paragraphs}", (), "T") for n in range(paragraphs * 5)]
    halves = _halves(examples)
    for context in {e.context for e in examples}:
        assert len({bool(first) for e, first in zip(examples, halves, strict=True) if e.context == context}) == 1
    assert abs(len({e.context for e, f in zip(examples, halves, strict=True) if f}) - paragraphs / 2) <= 0.5


def test_every_paragraph_is_in_the_corpus_once_and_the_wanted_questions_are_drawn(
    make_squad: MakeSquad, tmp_path: Path
) -> None:
    squad = make_squad(tmp_path / "set.json", paragraphs(6))
    drawn = open_corpus(squad, tmp_path, 4, 2)
    assert [bool(e.spans) for e in drawn] == [True] * 4 + [False] * 2
    assert drawn == open_corpus(squad, tmp_path, 4, 2)
    assert drawn != open_corpus(squad, tmp_path, 4, 2, seed=8)
    written = [json.loads(line)["text"] for line in (tmp_path / "paragraphs.jsonl").read_text("utf-8").splitlines()]
    assert written == [context for _, context, _ in paragraphs(6)]


@pytest.mark.parametrize(("answerable", "unanswerable"), [(7, 1), (1, 7)])
def test_too_few_questions_of_a_kind_are_refused(
    answerable: int, unanswerable: int, make_squad: MakeSquad, tmp_path: Path
) -> None:
    squad = make_squad(tmp_path / "set.json", paragraphs(6))
    with pytest.raises(InputError, match="holds 6 questions of a kind of which 7 are needed"):
        open_corpus(squad, tmp_path, answerable, unanswerable)


def test_what_is_fitted_is_a_usable_calibration_with_figures_of_the_other_half(
    make_squad: MakeSquad, tmp_path: Path, zebra_reader: Path
) -> None:
    squad = make_squad(tmp_path / "set.json.gz", paragraphs(24))
    told: list[tuple[str, int, int]] = []
    fitted, report = calibrate(
        squad, tmp_path, Embedder(), Reader(zebra_reader, device="cpu"), 24, 24, lambda *what: told.append(what)
    )
    assert told[-1] == ("asking", 48, 48)
    assert (report.answerable, report.unanswerable) == (12, 12)  # of 24 paragraphs 12, both questions of each
    assert report.answer_f1 == 1.0
    assert report.right == 1.0
    assert report.declined == 1.0
    assert report.f1 == report.auroc == 1.0
    assert report.expected_calibration_error < 0.2
    assert 0 <= fitted.threshold <= 1
    fitted.save(tmp_path / "confidence.json", held_out=report.as_dict())
    assert Calibration.load(tmp_path / "confidence.json") == fitted


@pytest.mark.parametrize(("titles", "answerable", "unanswerable"), [(1, 1, 1), (6, 6, 0), (6, 0, 6)])
def test_questions_that_cannot_be_fitted_on_are_refused(
    titles: int, answerable: int, unanswerable: int, make_squad: MakeSquad, tmp_path: Path, zebra_reader: Path
) -> None:
    squad = make_squad(tmp_path / "set.json", paragraphs(titles))
    reader = Reader(zebra_reader, device="cpu")
    with pytest.raises(InputError, match="cannot be fitted"):
        calibrate(squad, tmp_path, Embedder(), reader, answerable, unanswerable)
