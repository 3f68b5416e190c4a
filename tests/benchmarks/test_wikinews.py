"""What holds for the questions asked of a Wikinews archive, and what is said of their answers; it is not needed."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer
from qa.answer import Alternative, Answer, NoAnswer
from qa.evaluation.answers import score
from qa.evaluation.questions import Question, read_questions
from qa.squad import normalize_answer

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("wikinews")


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> QuestionAnswerer:
    folder = tmp_path_factory.mktemp("wikinews")
    (folder / "mill.txt").write_text("The mill of Ostrow was built in 1871 by Jan Rutka.", encoding="utf-8")
    (folder / "ferry.txt").write_text("The ferry to Lund sank on a Tuesday. Nobody drowned.", encoding="utf-8")
    build([folder], folder / "index", embedder)
    return QuestionAnswerer.open(folder / "index")


@pytest.fixture(scope="module")
def wikinews() -> list[Question]:
    return read_questions(BENCHMARKS / "wikinews.jsonl")


@pytest.fixture(scope="module")
def fitting() -> list[Question]:
    return read_questions(BENCHMARKS / "wikinews_fitting.jsonl")


@pytest.fixture(params=["wikinews", "fitting"])
def either(request: pytest.FixtureRequest) -> list[Question]:
    questions: list[Question] = request.getfixturevalue(request.param)
    return questions


def test_what_is_fitted_on_shares_no_question_and_no_article_with_what_is_measured_on(
    wikinews: list[Question], fitting: list[Question]
) -> None:
    asked = ({normalize_answer(question.question) for question in questions} for questions in (wikinews, fitting))
    named = ({name for question in questions for name in question.articles} for questions in (wikinews, fitting))
    assert not set.intersection(*asked)
    assert not set.intersection(*named)


@pytest.mark.parametrize(("name", "letter"), [("wikinews", "w"), ("fitting", "f")])
def test_the_wikinews_questions_are_numbered_in_order_and_asked_once(
    name: str, letter: str, request: pytest.FixtureRequest
) -> None:
    wikinews: list[Question] = request.getfixturevalue(name)
    assert [question.id for question in wikinews] == [f"{letter}{n:03}" for n in range(1, len(wikinews) + 1)]
    assert Counter(normalize_answer(question.question) for question in wikinews).most_common(1)[0][1] == 1
    assert all(question.question.strip() == question.question for question in wikinews)
    assert all(question.question.endswith("?") for question in wikinews)


def test_a_wikinews_question_has_answers_exactly_where_articles_support_it(either: list[Question]) -> None:
    for question in either:
        assert bool(question.answers) == bool(question.articles), question.id
        assert all(re.fullmatch(r"wikinews_20(?:19|20)\.csv#[1-9]\d*", name) for name in question.articles), question.id
        assert len(set(question.articles)) == len(question.articles), question.id
        assert len(set(question.answers)) == len(question.answers), question.id
        assert all(normalize_answer(answer) for answer in question.answers), question.id


def test_no_wikinews_question_gives_its_answer_away(either: list[Question]) -> None:
    for question in either:
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


@pytest.mark.parametrize("name", ["wikinews", "wikinews_fitting"])
def test_every_wikinews_article_that_is_quoted_is_attributed(name: str) -> None:
    page = (BENCHMARKS / f"{name}.md").read_text(encoding="utf-8")
    assert "CC BY 2.5" in page
    questions = read_questions(BENCHMARKS / f"{name}.jsonl")
    quoted = {article.removeprefix("wikinews_").replace(".csv", "") for each in questions for article in each.articles}
    assert set(re.findall(r"^- (\d{4}#\d+),", page, re.MULTILINE)) == quoted


def test_answers_and_articles_that_do_not_fit_the_archive_are_named(
    benchmark: ModuleType, qa: QuestionAnswerer
) -> None:
    questions = [
        Question("q1", "Who built the mill?", ("Jan Rutka", "Rutka"), ("mill.txt",)),
        Question("q2", "When was it built?", ("1871", "in 1872"), ("mill.txt",)),
        Question("q3", "When did the ferry sink?", ("on a Tuesday",), ("ferry.txt", "mill.txt")),
        Question("q4", "Who drowned?", (), ()),
    ]
    with qa.snapshot() as snapshot:
        assert list(benchmark.misplaced(questions, snapshot)) == ["q2: 'in 1872'", "q3: mill.txt"]


def test_each_outcome_says_whether_the_reading_or_the_confidence_was_at_fault(
    benchmark: ModuleType, qa: QuestionAnswerer
) -> None:
    asked = Question("q1", "Who built the mill?", ("Jan Rutka",), ("mill.txt",))
    nowhere = Question("q2", "Who burned the mill?", (), ())

    def said(question: Question, text: str, found: bool) -> str:
        if found:
            citation = qa.ask("Who built the mill of Ostrow?", min_confidence=0).citations[0]
            return str(benchmark.shown(score(question, Answer(question.question, text, 0.5, (citation,)), qa)))
        return str(
            benchmark.shown(score(question, NoAnswer(question.question, 0.2, (Alternative(text, 0.2, ()),)), qa))
        )

    def went(question: Question, text: str, found: bool) -> str:
        return said(question, text, found).splitlines()[1].split(":")[0].strip()

    assert went(asked, "Jan Rutka", found=True) == "right"
    assert went(asked, "Jan Rutka", found=False) == "read rightly, but declined"
    assert went(asked, "Ostrow", found=True) == "read wrongly, and answered"
    assert went(asked, "Ostrow", found=False) == "read wrongly, and declined"
    assert went(nowhere, "Jan Rutka", found=False) == "declined, rightly"
    assert went(nowhere, "Jan Rutka", found=True) == "answered, though nowhere answered"
    assert said(nowhere, "Jan Rutka", found=True).endswith("Jan Rutka 0.50 [mill.txt]; wanted nothing")
    assert said(asked, "Ostrow", found=False).endswith("(Ostrow) 0.20; wanted Jan Rutka")
