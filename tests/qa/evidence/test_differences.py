"""What the seed articles say differently, and what they only word differently, on the real models."""

from pathlib import Path

from qa import QuestionAnswerer
from qa.evaluation.questions import read_questions

QUESTIONS = Path(__file__).parents[3] / "seeds" / "questions.jsonl"
LOW = 0.2  # the questions about what differs are answered hesitantly, as there are two answers


def test_two_articles_differ_on_the_month_in_which_mosul_was_lost(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("In which month did Islamic State lose Mosul?", min_confidence=LOW)
    assert {result.text, *(other.text for other in result.disagreements)} == {"June", "July"}
    cited = [*result.citations, *(c for other in result.disagreements for c in other.citations)]
    assert {citation.article.id[:3] for citation in cited} == {"000", "001"}


def test_two_articles_differ_on_how_far_qaim_lies_from_baghdad(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("How far is al Qaim from Baghdad?", min_confidence=LOW)
    said = [str(result.text), *(other.text for other in result.disagreements)]
    assert len(said) == 2
    assert sorted("miles" in text for text in said) == [False, True]
    assert result.as_dict()["disagreements"][0]["citations"][0]["published"] == "2017-11-03"


def test_no_other_seed_question_has_a_disagreement(seed_qa: QuestionAnswerer) -> None:
    results = [seed_qa.ask(question.question, min_confidence=LOW) for question in read_questions(QUESTIONS)]
    differing = [result.question for result in results if result.disagreements]
    assert differing == ["How far is al Qaim from Baghdad?", "In which month did Islamic State lose Mosul?"]


def test_an_answer_cites_every_article_and_counts_shared_text_once(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("How much of the territory it once held has the Islamic State lost?", min_confidence=LOW)
    assert {citation.article.id[:3] for citation in result.citations} == {"001", "002", "003"}
    assert result.as_dict()["sources"] == 2
