"""What holds for the questions that measure the project; the archives they are asked of are not needed."""

import re
from collections import Counter
from pathlib import Path

import pytest

from qa.evaluation.questions import Question, read_questions
from qa.squad import normalize_answer

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def wikinews() -> list[Question]:
    return read_questions(BENCHMARKS / "wikinews.jsonl")


def test_the_wikinews_questions_are_numbered_in_order_and_asked_once(wikinews: list[Question]) -> None:
    assert [question.id for question in wikinews] == [f"w{number:03}" for number in range(1, 201)]
    assert Counter(normalize_answer(question.question) for question in wikinews).most_common(1)[0][1] == 1
    assert all(question.question.strip() == question.question for question in wikinews)
    assert all(question.question.endswith("?") for question in wikinews)


def test_a_wikinews_question_has_answers_exactly_where_articles_support_it(wikinews: list[Question]) -> None:
    for question in wikinews:
        assert bool(question.answers) == bool(question.articles), question.id
        assert all(re.fullmatch(r"wikinews_20(?:19|20)\.csv#[1-9]\d*", name) for name in question.articles), question.id
        assert len(set(question.articles)) == len(question.articles), question.id
        assert len(set(question.answers)) == len(question.answers), question.id
        assert all(normalize_answer(answer) for answer in question.answers), question.id


def test_no_wikinews_question_gives_its_answer_away(wikinews: list[Question]) -> None:
    for question in wikinews:
        asked = f" {normalize_answer(question.question)} "
        assert not any(f" {normalize_answer(answer)} " in asked for answer in question.answers), question.id


@pytest.mark.parametrize("half", [slice(0, 100), slice(100, 200)], ids=["first", "second"])
def test_the_halves_of_the_wikinews_questions_are_alike(half: slice, wikinews: list[Question]) -> None:
    questions = wikinews[half]
    years = Counter(name[len("wikinews_") :][:4] for question in questions for name in question.articles)
    asked = Counter(question.question.split()[0].lower() for question in questions)
    assert sum(not question.answers for question in questions) == 25
    assert sum(len(question.articles) > 1 for question in questions) >= 5
    assert sum(len(question.answers) > 1 for question in questions) >= 30
    assert min(years["2019"], years["2020"]) >= 20
    assert asked["who"] >= 8
    assert asked["how"] >= 15
    assert asked["which"] + asked["what"] >= 25


def test_the_wikinews_questions_are_spread_over_the_archive(wikinews: list[Question]) -> None:
    supporting = Counter(name for question in wikinews for name in question.articles)
    assert len(supporting) >= 120
    assert max(supporting.values()) <= 3


def test_every_wikinews_article_that_is_quoted_is_attributed(wikinews: list[Question]) -> None:
    page = (BENCHMARKS / "wikinews.md").read_text(encoding="utf-8")
    assert "CC BY 2.5" in page
    quoted = {name.removeprefix("wikinews_").replace(".csv", "") for question in wikinews for name in question.articles}
    assert set(re.findall(r"^- (\d{4}#\d+),", page, re.MULTILINE)) == quoted
