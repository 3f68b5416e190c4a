from collections.abc import Callable
from pathlib import Path

import pytest

from index.address import store_at
from index.embedder import Embedder
from index.errors import InputError
from qa.bound import FIRST
from qa.confidence import Calibration
from qa.evaluation.calibrate import Validation, calibrate
from qa.evaluation.questions import Question
from qa.reader import Reader

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


def test_what_is_fitted_is_a_usable_calibration_with_figures_of_the_other_half(
    make_squad: MakeSquad, tmp_path: Path, zebra_reader: Path
) -> None:
    squad = make_squad(tmp_path / "set.json.gz", paragraphs(24))
    told: list[tuple[str, int, int]] = []
    made = calibrate(
        squad, tmp_path, Embedder(), Reader(zebra_reader, device="cpu"), 12, 12, lambda *what: told.append(what)
    )
    fitted, report = made.calibration, made.summary
    assert ("fitting", 24, 24) in told
    assert told[-1] == ("measuring", 24, 24)
    assert (report.answerable, report.unanswerable) == (12, 12)
    assert (report.right, report.declined) == (12, 12)
    assert report.forced_f1 == report.overall_f1 == report.auroc == 1.0
    assert report.calibration_error is not None and report.calibration_error < 0.2
    assert 0 <= fitted.threshold <= 1
    fitted.save(tmp_path / "confidence.json", held_out=report.as_dict())
    assert Calibration.load(tmp_path / "confidence.json") == fitted
    assert made.bound is not None and made.bound.first == FIRST
    assert made.saving.questions == 24
    assert (made.saving.changed, made.saving.lost, made.saving.f1) == (0.0, 0.0, 1.0)
    assert FIRST <= made.saving.passages <= made.saving.passages_before == 10


def test_on_questions_about_other_articles_the_threshold_is_chosen_and_not_the_probability(
    make_squad: MakeSquad, tmp_path: Path, zebra_reader: Path
) -> None:
    squad = make_squad(tmp_path / "set.json.gz", paragraphs(24))
    (tmp_path / "news.txt").write_text("Zoo news\n\nThe zoo of Lima shows a zebra.\n\nThe old tower fell.\n")
    news = store_at(tmp_path / "news")
    news.build([tmp_path / "news.txt"], Embedder())
    # Of these the zebra is never the answer, so that it takes a higher threshold not to give it.
    asked = [Question(str(n), f"Which animal bit keeper {n}?", (), ()) for n in range(6)]
    told: list[tuple[str, int, int]] = []

    def fitted(others: list[Validation]) -> Calibration:
        reader = Reader(zebra_reader, device="cpu")
        return calibrate(
            squad, tmp_path, Embedder(), reader, 12, 12, lambda *what: told.append(what), others
        ).calibration

    alone, both = fitted([]), fitted([Validation(news, asked)])
    assert ("fitting", 30, 30) in told
    assert (both.weights, both.intercept) == (alone.weights, alone.intercept)
    assert both.threshold > alone.threshold


@pytest.mark.parametrize(("titles", "answerable", "unanswerable"), [(2, 1, 0), (2, 0, 1), (12, 6, 0), (12, 0, 6)])
def test_questions_that_cannot_be_fitted_on_are_refused(
    titles: int, answerable: int, unanswerable: int, make_squad: MakeSquad, tmp_path: Path, zebra_reader: Path
) -> None:
    squad = make_squad(tmp_path / "set.json", paragraphs(titles))
    reader = Reader(zebra_reader, device="cpu")
    with pytest.raises(InputError, match="cannot be fitted"):
        calibrate(squad, tmp_path, Embedder(), reader, answerable, unanswerable)
