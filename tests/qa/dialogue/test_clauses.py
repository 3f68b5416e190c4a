import pytest

from qa.dialogue.clauses import instead, taken_apart


@pytest.mark.parametrize(
    ("question", "answer", "anew", "asked"),
    [
        ("Why did Iraq declare victory?", None, "When", "When did Iraq declare victory?"),
        ("Who took Raqqa?", "the army", "When", "When was it that the army took Raqqa?"),
        ("What did Islamic State lose?", "Raqqa", "Why", "Why did Islamic State lose Raqqa?"),
        ("What did Islamic State lose?", None, "Why", "Why did Islamic State lose something?"),
    ],
)
def test_an_event_is_asked_for_something_else(question: str, answer: str | None, anew: str, asked: str) -> None:
    clause = taken_apart(question, answer)
    assert clause and clause.asked(anew) == asked


def test_what_a_question_takes_for_granted_is_stated() -> None:
    clause = taken_apart("When did Iraq declare victory?", None)
    assert clause and clause.stated() == "Iraq declared victory"


@pytest.mark.parametrize("text", ["", "?", "Raqqa", "the army of Iraq"])
def test_what_is_no_question_is_not_taken_apart(text: str) -> None:
    assert taken_apart(text, None) is None


@pytest.mark.parametrize(
    ("question", "preposition", "new", "put"),
    [
        ("How many died in 2017?", "in", "2016", "How many died in 2016?"),
        ("Who leads the army in Syria?", "in", "Iraq", "Who leads the army in Iraq?"),
        ("How many were killed?", "in", "Iraq", "How many were killed in Iraq?"),
        ("Who captured Raqqa?", "", "Mosul", "Who captured Mosul?"),
    ],
)
def test_one_thing_is_put_in_place_of_another_of_its_kind(question: str, preposition: str, new: str, put: str) -> None:
    assert instead(question, preposition, new) == put
