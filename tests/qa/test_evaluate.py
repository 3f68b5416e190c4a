import json
import math
from pathlib import Path

import numpy as np
import pytest

from index.article import Article
from index.errors import InputError
from qa.answer import Answer, Citation, NoAnswer
from qa.evaluate import Question, auroc, best_threshold, evaluate, evaluate_reader, read_questions, score, summarize
from qa.reader import Reader
from qa.squad import Example

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
        "answered": round(4 / 6, 4),
        "accuracy": 0.5,
        "supported": 0.5,
        "citations_exact": 1.0,
        "seconds": 0.35,
    }


def test_a_summary_of_nothing_measures_nothing() -> None:
    summary = summarize([])
    assert (summary.answerable, summary.unanswerable) == (0, 0)
    assert summary.f1 is summary.accuracy is summary.supported is summary.seconds is None


def test_questions_are_read_line_by_line_blank_ones_passed_over(tmp_path: Path) -> None:
    lines = [
        {"id": "s1", "question": "Wer?", "answers": ["Köln"], "articles": ["a.txt"]},
        {"question": "Who?", "answers": []},
    ]
    path = tmp_path / "set.jsonl"
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(f"{text}\n", encoding="utf-8")
    assert read_questions(path) == [
        Question("s1", "Wer?", ("Köln",), ("a.txt",)),
        Question("3", "Who?", (), ()),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no questions"),
        (b"\n\n", "holds no questions"),
        (b'{"question": "Who?"}', "line 1"),
        (b'{"question": "Who?", "answers": []}\n{', "line 2"),
        (b"[1]", "line 1"),
        (b'{"question": "Who?", "answers": null}', "line 1"),
        (b'{"question": "Who?", "answers": "Raqqa"}', "line 1"),
        (b'{"question": 7, "answers": []}', "line 1"),
        ('{"question": "Köln?"}'.encode("latin-1"), "cannot be read"),
    ],
)
def test_a_wrong_question_set_is_refused_in_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_questions(tmp_path / "set.jsonl")
    assert "\n" not in str(caught.value)


def test_a_missing_question_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("scores", "gain", "answerable", "threshold"),
    [
        # answering the best two gains 1.8; the third is unanswerable and would cost one
        ([3.0, 2.0, 1.0, 0.0], [1.0, 0.8, 0.0, 0.5], [1, 1, 0, 1], 1.5),
        # the order given does not matter
        ([0.0, 2.0, 3.0, 1.0], [0.5, 0.8, 1.0, 0.0], [1, 1, 1, 0], 1.5),
        # a low one worth the cost: 1 - 1 + 1 + 1 = 2
        ([4.0, 3.0, 2.0, 1.0], [1.0, 0.0, 1.0, 1.0], [1, 0, 1, 1], 0.5),
    ],
)
def test_the_threshold_is_halfway_below_the_last_answer_worth_giving(
    scores: list[float], gain: list[float], answerable: list[int], threshold: float
) -> None:
    found = best_threshold(np.array(scores), np.array(gain), np.array(answerable, bool))
    assert found == pytest.approx(threshold)


def mean_gain(scores: np.ndarray, gain: np.ndarray, answerable: np.ndarray, threshold: float) -> float:
    given = scores >= threshold
    return float(np.where(answerable, gain * given, ~given).mean())


def test_equal_scores_are_answered_or_declined_together() -> None:
    # Cut between the two ones and answering gains 1; but whoever answers one of them answers both.
    scores, gain = np.array([2.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])
    answerable = np.array([True, True, False, False])
    assert best_threshold(scores, gain, answerable) == pytest.approx(1.5)


def test_no_other_threshold_gains_more() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        scores = rng.integers(-4, 5, 30).astype(float)
        answerable = rng.random(30) < 0.5
        gain = np.where(answerable, rng.random(30), 0.0)
        found = mean_gain(scores, gain, answerable, best_threshold(scores, gain, answerable))
        assert found >= max(mean_gain(scores, gain, answerable, t) for t in np.arange(-5, 6, 0.5)) - 1e-12


def test_if_nothing_is_worth_answering_everything_is_declined() -> None:
    scores = np.array([1.0, 5.0])
    assert best_threshold(scores, np.zeros(2), np.array([False, False])) > 5.0


def test_questions_without_any_span_stay_declined_when_all_others_are_answered() -> None:
    threshold = best_threshold(np.array([2.0, -np.inf]), np.array([1.0, 0.0]), np.array([True, False]))
    assert -np.inf < threshold < 2.0


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([1.0, 2.0, 3.0], [0, 1, 1], 1.0),
        ([3.0, 2.0, 1.0], [0, 1, 1], 0.0),
        ([1.0, 1.0], [0, 1], 0.5),
        ([-np.inf, 2.0], [0, 1], 1.0),
    ],
)
def test_auroc_is_the_share_of_pairs_in_order(scores: list[float], positive: list[int], area: float) -> None:
    assert auroc(np.array(scores), np.array(positive, bool)) == pytest.approx(area)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_auroc_of_one_kind_is_not_a_number(positive: list[bool]) -> None:
    assert math.isnan(auroc(np.array([1.0, 2.0]), np.array(positive)))


def examples() -> list[Example]:
    """Four paragraphs, of which each second one holds a zebra, asked two questions each."""
    found = []
    for n in range(8):
        animal = "zebra" if n % 4 < 2 else "river"
        context = f"The {animal} of the town number {n % 4}{n // 4}."
        for asked in "ab":
            spans = ((4, 9),) if animal == "zebra" else ()
            found.append(Example(f"{n}{asked}", "Which animal?", context, spans, "T"))
    return found


def test_a_reader_that_knows_all_answers_is_measured_as_perfect(zebra_reader: Path) -> None:
    told: list[int] = []
    summary = evaluate_reader(Reader(zebra_reader, device="cpu"), examples(), told.append)
    assert (len(told), summary.questions) == (16, 8)
    assert (summary.exact, summary.f1, summary.has_answer_f1, summary.no_answer) == (100, 100, 100, 100)
    assert (summary.forced_exact, summary.forced_f1, summary.auroc) == (100, 100, 1.0)
    assert summary.as_dict()["f1"] == 100.0


def test_without_unanswerable_questions_there_is_no_figure_for_them(zebra_reader: Path) -> None:
    summary = evaluate_reader(Reader(zebra_reader, device="cpu"), [e for e in examples() if e.spans])
    assert summary.f1 == 100
    assert math.isnan(summary.no_answer)
    assert math.isnan(summary.auroc)


def test_a_reader_cannot_be_measured_on_nothing(zebra_reader: Path) -> None:
    with pytest.raises(InputError, match="no questions"):
        evaluate_reader(Reader(zebra_reader, device="cpu"), [])
