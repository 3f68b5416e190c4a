from collections.abc import Callable
from pathlib import Path

import pytest

from index.embedder import Embedder
from index.local import LocalStore
from qa.confidence import Calibration, Features
from qa.evaluation.questions import Question
from qa.evaluation.retrieval import CUTOFFS, f1_given_passage, measure_retrieval
from qa.pipeline import QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever


@pytest.fixture
def qa(indexed: Callable[[dict[str, str]], Path], words: Embedder, zebra_reader: Path) -> QuestionAnswerer:
    """Thirteen articles; the zebra stands in two of them, in one beside a river."""
    texts = {f"{n}.txt": f"Report {n}\n\nThe river of town {n} is old and known to all." for n in range(10)}
    texts["zoo.txt"] = "Zoo\n\nA zebra lives in the zoo of the old town."
    texts["far.txt"] = "Far\n\nNobody knew that a zebra came to the river."
    texts["tower.txt"] = "Tower\n\nThe king's tower stood here (1901–1950)."
    unfitted = Calibration(0.0, Features(1.0), 0.0, 0.5)
    store = LocalStore(indexed(texts))
    return QuestionAnswerer(store, Retriever(words), Reader(zebra_reader, device="cpu"), unfitted, words)


def asked(question: str, *answers: str, articles: tuple[str, ...] = ()) -> Question:
    return Question("1", question, answers, articles)


def test_a_passage_found_first_counts_at_every_cut_off(qa: QuestionAnswerer) -> None:
    found = measure_retrieval(qa, [asked("Who lives in the zoo?", "a zebra", articles=("zoo.txt",))])
    assert set(found) == {"bm25", "dense", "hybrid"}
    for figures in found.values():
        assert figures == {**{f"recall@{k}": 1.0 for k in CUTOFFS}, "ndcg@10": 1.0}


def test_the_answer_in_an_article_that_the_question_does_not_name_is_no_support(qa: QuestionAnswerer) -> None:
    found = measure_retrieval(qa, [asked("Who lives in the zoo?", "zebra", articles=("far.txt",))])
    assert found["bm25"]["recall@1"] == found["hybrid"]["recall@1"] == 0.0
    assert 0 < found["dense"]["ndcg@10"] < 1


def test_a_question_that_names_no_article_is_supported_by_any_passage_with_the_answer(qa: QuestionAnswerer) -> None:
    for question in ("Who lives in the zoo?", "Who came to the river that nobody knew?"):
        assert measure_retrieval(qa, [asked(question, "zebra")])["hybrid"]["recall@1"] == 1.0


def test_what_is_nowhere_counts_as_not_found_and_is_not_left_out(qa: QuestionAnswerer) -> None:
    there = asked("Who lives in the zoo?", "zebra", articles=("zoo.txt",))
    nowhere = asked("Who painted it?", "Rembrandt")
    found = measure_retrieval(qa, [there, nowhere])
    assert found["hybrid"]["recall@20"] == found["hybrid"]["ndcg@10"] == 0.5


def test_an_answer_inside_a_longer_word_is_no_support(qa: QuestionAnswerer) -> None:
    assert measure_retrieval(qa, [asked("Who lives in the zoo?", "zeb")])["hybrid"]["recall@20"] == 0.0


@pytest.mark.parametrize("answer", ["1950", "The king", "1901"])
def test_an_answer_beside_a_dash_or_in_a_genitive_is_support(qa: QuestionAnswerer, answer: str) -> None:
    found = measure_retrieval(qa, [asked("Whose tower stood here?", answer, articles=("tower.txt",))])
    assert found["bm25"]["recall@1"] == 1.0


def test_unanswerable_questions_are_not_searched_for(qa: QuestionAnswerer) -> None:
    told: list[int] = []
    assert measure_retrieval(qa, [asked("Who painted the tower?")], told.append) == {}
    assert told == []


def test_the_reader_alone_is_handed_the_supporting_passages(qa: QuestionAnswerer) -> None:
    right = asked("Who painted it?", "zebra", articles=("far.txt",))
    wrong = asked("Who painted it?", "river", articles=("far.txt",))
    assert f1_given_passage(qa, [right]) == 1.0
    assert f1_given_passage(qa, [right, wrong]) == 0.5
    assert f1_given_passage(qa, [asked("Who?", "zebra"), asked("Who?")]) is None


def test_a_passage_kept_in_place_of_the_named_article_s_copy_supports_the_question(
    indexed: Callable[[dict[str, str]], Path], words: Embedder, zebra_reader: Path
) -> None:
    report = (
        "The agency said on Friday that a zebra of great age had left the zoo in the old town by its northern gate. "
        "Keepers who followed it along the river until the evening told the agency that it seemed to be in good health."
    )
    store = LocalStore(indexed({"first.txt": f"One\n\n{report}", "second.txt": f"Two\n\n{report}"}))
    unfitted = Calibration(0.0, Features(1.0), 0.0, 0.5)
    qa = QuestionAnswerer(store, Retriever(words), Reader(zebra_reader, device="cpu"), unfitted, words)
    for name in ("first.txt", "second.txt"):
        found = measure_retrieval(qa, [asked("What left the zoo by its northern gate?", "zebra", articles=(name,))])
        assert found["hybrid"]["recall@1"] == 1.0
