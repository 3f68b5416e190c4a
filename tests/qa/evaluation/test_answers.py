import pytest

from index.article import Article
from qa.answer import Alternative, Answer, Citation, NoAnswer
from qa.evaluation.answers import evaluate, score, summarize
from qa.evaluation.questions import Question

ARTICLE = Article("a.txt", "A", "Gen Ali Mayhoub spoke. The army won.")


class Shelf:
    """An answerer of one article that gives the results it was made with, in order."""

    def __init__(self, *results: Answer | NoAnswer, article: Article = ARTICLE) -> None:
        self._results, self._article = iter(results), article

    def ask(self, question: str) -> Answer | NoAnswer:
        return next(self._results)

    def article(self, article_id: str) -> Article:
        assert article_id == self._article.id
        return self._article


def question(*answers: str, articles: tuple[str, ...] = ("a.txt",)) -> Question:
    return Question("q", "Who?", answers, articles)


def answer(start: int, end: int, seconds: float = 0.5, article: Article = ARTICLE) -> Answer:
    citation = Citation(article, start, end, "Gen Ali Mayhoub spoke." if start < 22 else "The army won.")
    return Answer("Who?", article.text[start:end], 0.9, (citation,), seconds=seconds)


DECLINED = NoAnswer("Who?", 0.1, seconds=1.0)


def test_half_the_words_shared_make_an_answer_right() -> None:
    full = score(question("General Ali Mayhoub", "Ali Mayhoub"), answer(4, 15), Shelf())
    assert (full.right, full.f1, full.exact, full.citations_exact) == (True, 1.0, 1.0, True)
    half = score(question("Mayhoub of all the generals"), answer(8, 15), Shelf())
    assert (half.right, half.f1, half.exact) == (False, pytest.approx(0.4), 0.0)
    just = score(question("Ali Mayhoub, spokesman"), answer(8, 15), Shelf())
    assert (just.right, just.f1) == (True, 0.5)


def test_a_declined_question_scores_nothing_where_there_was_an_answer_and_all_where_there_was_none() -> None:
    missed, honest = score(question("Ali"), DECLINED, Shelf()), score(question(), DECLINED, Shelf())
    assert (missed.right, missed.f1, missed.exact) == (False, 0.0, 0.0)
    assert (honest.right, honest.f1, honest.exact) == (False, 1.0, 1.0)


def test_an_answer_to_an_unanswerable_question_is_never_right() -> None:
    invented = score(question(), answer(4, 15), Shelf())
    assert (invented.right, invented.f1, invented.exact) == (False, 0.0, 0.0)


def test_a_citation_of_a_text_that_has_changed_is_not_exact() -> None:
    changed = Shelf(article=Article("a.txt", "A", "X " + ARTICLE.text))
    assert not score(question("Ali Mayhoub"), answer(4, 15), changed).citations_exact


def test_a_quote_outside_its_sentence_is_not_exact() -> None:
    astray = Answer("Who?", "Ali", 0.9, (Citation(ARTICLE, 4, 7, "The army won."),))
    assert not score(question("Ali"), astray, Shelf()).citations_exact


def test_a_summary_counts_what_its_fields_say() -> None:
    questions = [
        question("Ali Mayhoub"),  # right, supported
        question("army", articles=("other.txt",)),  # right, cited elsewhere than the set says
        question("Ali Mayhoub"),  # wrong
        question("Ali Mayhoub"),  # declined
        question(articles=()),  # declined, as it should be
        question(articles=()),  # answered, as it should not be
    ]
    results = [answer(4, 15, 0.1), answer(27, 31, 0.2), answer(32, 35, 0.3), DECLINED, DECLINED, answer(4, 15, 0.4)]
    told: list[int] = []
    summary = summarize(evaluate(Shelf(*results), questions, told.append))
    assert told == [1] * 6
    assert summary.as_dict() == {
        "answerable": 4,
        "right": 2,
        "unanswerable": 2,
        "declined": 1,
        "exact_match": 0.5,
        "f1": 0.5,
        "forced_f1": 0.5,
        "overall_f1": 0.5,
        "answered": round(4 / 6, 4),
        "accuracy": 0.5,
        "supported": 0.5,
        "citations_exact": 1.0,
        "auroc": 0.625,  # of the 8 pairs of an answerable and an unanswerable one 3 in order, 4 equal
        "calibration_error": 0.3667,  # each question a bin of its own: .1 for four of them, .9 for two
        "risk_coverage_area": 0.5444,  # the four answers are half wrong, the two refusals wholly: .5 x 4, .6, .667
        "seconds": 0.35,
    }


def test_a_summary_of_nothing_measures_nothing() -> None:
    summary = summarize([])
    assert (summary.answerable, summary.unanswerable) == (0, 0)
    assert summary.f1 is summary.accuracy is summary.supported is summary.seconds is None


def test_a_reading_that_was_declined_still_counts_as_what_would_have_been_said() -> None:
    reading = Alternative("Ali Mayhoub", 0.3, (Citation(ARTICLE, 4, 15, "Gen Ali Mayhoub spoke."),))
    missed = score(question("Ali Mayhoub"), NoAnswer("Who?", 0.3, (reading,)), Shelf())
    assert (missed.f1, missed.right, missed.forced_f1, missed.forced_right) == (0.0, False, 1.0, True)
    honest = score(question(), NoAnswer("Who?", 0.3, (reading,)), Shelf())
    assert (honest.f1, honest.forced_f1, honest.forced_right) == (1.0, 0.0, False)


def test_one_kind_of_question_alone_has_no_auroc() -> None:
    assert summarize([score(question("Ali"), DECLINED, Shelf())]).as_dict()["auroc"] is None
