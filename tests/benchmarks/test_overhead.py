"""The benchmark of what evidence costs counts every step of every answer."""

from collections.abc import Callable
from types import ModuleType

import pytest

from qa import QuestionAnswerer


@pytest.fixture(scope="module")
def overhead(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("overhead")


def test_each_question_is_asked_alone_and_referred_back_to(overhead: ModuleType) -> None:
    asked = list(overhead.conversations(["Who leads it?", "Where is it?"]))
    assert [question for question, history in asked if not history] == ["Who leads it?", "Where is it?"]
    assert [history[0][0] for _, history in asked if history] == ["Who leads it?", "Where is it?"]


def test_the_shares_of_all_steps_are_the_whole(overhead: ModuleType, seed_qa: QuestionAnswerer) -> None:
    taken = overhead.measure(seed_qa, overhead.conversations(["Who is the mayor of Tallow Bay?"]))
    assert taken.keys() >= {*overhead.OWN, "searching", "reading"}
    assert all(len(seconds) == 2 and min(seconds) >= 0 for seconds in taken.values())
    assert overhead.share(taken, taken) == pytest.approx(1.0)
    assert 0 < overhead.share(taken, overhead.OWN) < 1
