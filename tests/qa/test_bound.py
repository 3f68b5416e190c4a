import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from index.errors import ModelError
from qa.answer import Span
from qa.bound import ALL, FIRST, LEVEL, Bound, fit_bound

LINE = Bound(-4.0, 20.0, first=2)
TEXTS = ["Ali spoke.", "She spoke.", "The army spoke.", "The town fell."]


def read(*scores: float) -> list[list[Span]]:
    """The first word of each passage, read with this score; those without one are not read yet."""
    return [[Span(0, 3, score)] for score in scores] + [[] for _ in TEXTS[len(scores) :]]


@pytest.mark.parametrize(
    ("best", "worth"),
    [
        (12.0, []),  # with its fused score 17: more than the 14 and 7 that the others may reach
        (8.0, [2]),  # 13
        (1.0, [2, 3]),  # 6
    ],
)
def test_what_may_reach_more_than_the_best_so_far_is_worth_reading(best: float, worth: list[int]) -> None:
    # At most -4 + 20 * .72 = 10.4, and 3.6 for being found so well; then -4 + 20 * .44 = 4.8 and 2.2.
    assert LINE.worth_reading([1.0, 0.8, 0.72, 0.44], TEXTS, read(best, -9.0), 5.0) == worth


def test_the_best_so_far_may_be_any_of_those_read() -> None:
    assert LINE.worth_reading([1.0, 0.8, 0.72, 0.44], TEXTS, read(-9.0, 12.0), 5.0) == []


def test_a_passage_that_has_the_answer_too_is_worth_reading() -> None:
    texts = [*TEXTS[:2], "Alisa spoke.", "It was ALI who fled."]
    assert LINE.worth_reading([1.0, 0.8, 0.1, 0.0], texts, read(30.0, 0.0), 5.0) == [3]


@pytest.mark.parametrize(
    ("quote", "text", "is_worth"),
    [
        ("more than 90 percent", "Some 90 per cent of it is gone.", True),
        ("more than 90 percent", "Some 190 per cent of it is gone.", False),
        ("at least 1,500 of 62", "Of the 62 men, 1,500 miles away,", True),
        ("at least 1,500 of 62", "Of the 62 men", False),
        ("General Ali Mayhoub", "The spokesman, Mayhoub, said so.", True),
        ("General Ali Mayhoub", "The general, Ali, said so.", False),
        ("ground its way on", "It had\nground its way on to the east.", True),
        ("ground its way on", "The ground was wet on the way.", False),
    ],
)
def test_a_passage_that_may_say_the_same_in_other_words_is_worth_reading(quote: str, text: str, is_worth: bool) -> None:
    best: list[list[Span]] = [[Span(0, len(quote), 30.0)], []]
    assert Bound(-4.0, 20.0, first=1).worth_reading([1.0, 0.1], [quote, text], best, 5.0) == [1] * is_worth


def test_where_the_first_say_nothing_all_are_worth_reading() -> None:
    assert LINE.worth_reading([1.0, 0.9, 0.1, 0.0], TEXTS, read(), 5.0) == [2, 3]


def test_nothing_is_worth_reading_where_there_is_no_more() -> None:
    assert LINE.worth_reading([1.0], TEXTS[:1], [[Span(0, 3, 1.0)]], 5.0) == []
    assert LINE.worth_reading([], [], [], 5.0) == []


def test_without_a_line_everything_is_read_at_once() -> None:
    assert list(range(10))[: ALL.first] == list(range(10))


def test_the_line_has_as_many_under_it_as_it_says() -> None:
    fused = [place / 5000 for place in range(5000)]
    scores = [20 * score - 10 - (number * 7919 % 1000) / 100 for number, score in enumerate(fused)]
    fitted = fit_bound(fused, scores)
    under = sum(score <= fitted.intercept + fitted.slope * at for at, score in zip(fused, scores, strict=True))
    assert under / len(fused) == pytest.approx(LEVEL, abs=5e-4)
    assert fitted.slope == pytest.approx(20, abs=0.1)
    assert fitted.first == FIRST


def test_what_is_saved_is_loaded_with_its_notes_beside_it(tmp_path: Path) -> None:
    LINE.save(tmp_path / "reading.json", reader="reader@0123")
    assert Bound.of_reader(tmp_path) == LINE
    assert json.loads((tmp_path / "reading.json").read_text(encoding="utf-8"))["reader"] == "reader@0123"


def test_for_a_reader_without_one_everything_is_read(tmp_path: Path) -> None:
    assert Bound.of_reader(tmp_path) == ALL


GOOD = {"intercept": 1.0, "slope": 2.0, "first": 3}
BAD: Sequence[Any] = ([], None, {}, GOOD | {"first": 0}, GOOD | {"slope": "x"}, GOOD | {"intercept": math.nan})


@pytest.mark.parametrize("content", BAD, ids=str)
def test_a_damaged_file_is_refused_in_one_line(content: Any, tmp_path: Path) -> None:
    (tmp_path / "reading.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="write them with `qa calibrate`") as caught:
        Bound.of_reader(tmp_path)
    assert "\n" not in str(caught.value)
