"""The whole way, on the real models and the seed articles."""

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.build import build
from index.embedder import Embedder
from index.exclude import exclude
from index.local import LocalStore
from index.store import Filter
from qa import Answer, CorpusError, InputError, ModelError, NoAnswer, QuestionAnswerer, answer
from qa.answer import Span
from qa.bound import ALL, Bound
from qa.confidence import Calibration, Features
from qa.evaluation.answers import evaluate, summarize
from qa.evaluation.questions import read_questions
from qa.pipeline import Inquiry
from qa.reader import Reader
from qa.retriever import Retriever

QUESTIONS = Path(__file__).parents[2] / "seeds" / "questions.jsonl"


def test_the_seed_questions_reach_the_bar(seed_qa: QuestionAnswerer) -> None:
    figures = summarize(evaluate(seed_qa, read_questions(QUESTIONS)))
    assert (figures.answerable, figures.unanswerable) == (26, 10)
    assert figures.right >= 23
    assert figures.declined >= 8
    assert figures.citations_exact == 1.0


def test_every_citation_is_verbatim_in_the_file(seed_qa: QuestionAnswerer, seeds: Path) -> None:
    for question in read_questions(QUESTIONS):
        result = seed_qa.ask(question.question, min_confidence=0)
        cited = [*result.citations, *(c for other in result.alternatives for c in other.citations)]
        assert cited
        for citation in cited:
            text = (seeds / citation.article.id).read_text(encoding="utf-8")
            assert text[citation.start : citation.end] == citation.quote != ""
            assert citation.quote in citation.sentence
            assert citation.sentence in text


def test_an_answer_carries_what_design_promises(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("Who is the Syrian army spokesman?")
    assert isinstance(result, Answer)
    assert result.found
    assert "Ali Mayhoub" in result.text
    assert 0 <= result.confidence <= 1
    assert result.citations[0].quote == result.text
    assert result.citations[0].article.id == "003_820ed5a3dd7f2756.txt"


def test_one_answer_cites_every_article_that_gives_it(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("How long had Deir el-Zour been divided between the government and ISIS?")
    assert {citation.article.id[:3] for citation in result.citations} == {"002", "003"}


def test_a_refusal_is_its_own_state_with_the_closest_passages(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("Who won the 2018 FIFA World Cup?")
    assert isinstance(result, NoAnswer)
    assert not result.found
    assert result.text is None
    assert result.citations == ()
    assert result.closest
    json.dumps(result.as_dict())


def test_the_threshold_is_one_dial(seed_qa: QuestionAnswerer) -> None:
    assert seed_qa.ask("Who won the 2018 FIFA World Cup?", min_confidence=0).found
    assert not seed_qa.ask("Who is the Syrian army spokesman?", min_confidence=1).found


def test_filters_decide_which_articles_are_searched(seed_qa: QuestionAnswerer) -> None:
    question = "How far is al Qaim from Baghdad?"
    cbc = seed_qa.ask(question, sources=["CBC News"], min_confidence=0)
    assert {c.article.source for a in cbc.alternatives for c in a.citations} <= {"CBC News"}
    assert {c.article.source for c in cbc.citations} == {"CBC News"}
    nowhere = seed_qa.ask(question, sources=["No such outlet"], min_confidence=0)
    assert (nowhere.found, nowhere.alternatives, nowhere.as_dict()["closest"]) == (False, (), [])
    assert not seed_qa.ask(question, published_after=date(2017, 11, 4), min_confidence=0).found
    assert seed_qa.ask(question, published_before=date(2017, 11, 3), min_confidence=0).found


def test_a_follow_up_is_understood_from_the_conversation(seed_qa: QuestionAnswerer) -> None:
    result = seed_qa.ask("How old is she?", history=[("Who fled from the bombings?", "Alia Mohamed")])
    assert result.understood == "How old is Alia Mohamed?"
    assert result.text == "33"


def test_a_follow_up_is_understood_however_long_ago_its_subject_was_named(seed_qa: QuestionAnswerer) -> None:
    asked = ["Who controls it?", "Is it large?", "Who lives there?", "Who founded it?", "Is it safe?"]
    history = [("Where is Deir el-Zour?", None), *((question, None) for question in asked * 3)]
    assert seed_qa.examine("How large is it?", history).understood == "How large is Deir el-Zour?"


@pytest.mark.parametrize("question", ["", "   \n", "x" * 10_000])
def test_an_empty_or_overlong_question_is_one_clear_line(seed_qa: QuestionAnswerer, question: str) -> None:
    with pytest.raises(InputError) as caught:
        seed_qa.ask(question)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("question", ["?", "the of and", '"*" NEAR( OR', "日本の首相は誰ですか", "𝔘𝔫𝔦 🙂", "a\x00b"])
def test_strange_questions_are_answered_or_declined(seed_qa: QuestionAnswerer, question: str) -> None:
    assert seed_qa.ask(question).found in (True, False)


def test_page_furniture_is_never_quoted(seed_qa: QuestionAnswerer) -> None:
    furniture = ["Hide Ad", "Click to", "block ads", "OPEN Graphic", "HyperComments", "Comment Policy", "What's Hot"]
    asked = [
        "What is powered by HyperComments?",
        "What does the Comment Policy say?",
        "What can I click to hide?",
        "What happened on December 15, 2017?",
        "Where do I click for reprint permission?",
        "Which border crossings did Israel close?",
    ]
    for question in asked:
        result = seed_qa.ask(question, min_confidence=0)
        for citation in [*result.citations, *(c for a in result.alternatives for c in a.citations)]:
            assert not any(phrase in citation.sentence for phrase in [*furniture, "Israel Closes Border"])


def test_examining_tells_its_steps_and_times_them(seed_qa: QuestionAnswerer) -> None:
    told: list[str] = []
    examined = seed_qa.examine("Who is the prime minister of Iraq?", told=told.append)
    assert told in (["searching", "reading"], ["searching"])  # what was asked a moment ago needs no reading
    assert list(examined.seconds) == ["understanding", "searching", "reading", "judging", "comparing"]
    assert all(seconds >= 0 for seconds in examined.seconds.values())
    assert seed_qa.decide(examined).seconds >= sum(examined.seconds.values())


def test_one_examination_is_decided_at_many_thresholds(seed_qa: QuestionAnswerer) -> None:
    examined = seed_qa.examine("Who is the Syrian army spokesman?")
    beliefs = seed_qa.beliefs(examined)
    assert len(beliefs) == len(examined.groups)
    assert seed_qa.decide(examined, beliefs[0]).found
    assert not seed_qa.decide(examined, min(1.0, beliefs[0] + 1e-6)).found
    with pytest.raises(InputError, match="between 0 and 1"):
        seed_qa.decide(examined, 1.5)


def test_questions_examined_together_find_what_each_finds_alone(seed_index: Path, seed_qa: QuestionAnswerer) -> None:
    asked = ["Who is the Syrian army spokesman?", "Who won the 2018 FIFA World Cup?", "How old is she?"]
    turn = ("Who fled from the bombings?", "Alia Mohamed")
    cbc = Filter(sources=("CBC News",))
    inquiries = [Inquiry(asked[0]), Inquiry(asked[1]), Inquiry(asked[2], [turn]), Inquiry(asked[0], allowed=cbc)]
    parts = seed_qa.store, seed_qa.retriever, seed_qa.reader, seed_qa._calibration, Embedder(), seed_qa._bound
    fresh = QuestionAnswerer(*parts)
    for inquiry, together in zip(inquiries, fresh.examine_together(inquiries), strict=True):
        alone = seed_qa.examine(inquiry.question, inquiry.history, inquiry.allowed)
        assert together
        assert (together.question, together.understood) == (inquiry.question, alone.understood)
        assert [r.number for r in together.retrieved] == [r.number for r in alone.retrieved]
        assert fresh.decide(together).text == seed_qa.decide(alone).text
        best = together.groups[0].score, alone.groups[0].score
        assert best[0] == pytest.approx(best[1], abs=0.3)  # in bfloat16 a text's neighbours in a batch count a little
        assert fresh.beliefs(together)[:1] == pytest.approx(seed_qa.beliefs(alone)[:1], abs=0.02)


def test_where_a_passage_stood_in_each_search_is_told(seed_qa: QuestionAnswerer) -> None:
    examined = seed_qa.examine("Who is the Syrian army spokesman?")
    assert [r.score for r in examined.retrieved] == sorted((r.score for r in examined.retrieved), reverse=True)
    best = examined.retrieved[0]
    assert 1 in (best.dense_rank, best.words_rank)
    assert best.cosine > 0
    assert best.bm25 > 0
    assert {candidate.retrieved for candidate in examined.candidates} <= set(examined.retrieved)


def test_examples_come_from_the_corpus_and_are_answered(seed_qa: QuestionAnswerer) -> None:
    examples = seed_qa.examples(4)
    assert len(examples) == len(set(examples)) == 4
    assert all(seed_qa.ask(example).found for example in examples)


def test_a_rebuild_is_seen_by_the_next_question(tmp_path: Path, embedder: Embedder) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    articles.mkdir()
    harbour = articles / "harbour.txt"
    harbour.write_text("The harbour of Tallow Bay was opened by Mayor Edda Quist in May 1987.", encoding="utf-8")
    build([articles], index, embedder)
    engine = QuestionAnswerer.open(index)
    question = "Who opened the harbour of Tallow Bay?"
    assert "Edda Quist" in (engine.ask(question).text or "")

    harbour.write_text("The harbour of Tallow Bay was opened by Governor Piet Lund in May 1987.", encoding="utf-8")
    (articles / "bridge.txt").write_text("The Tallow Bay bridge is 412 metres long.", encoding="utf-8")
    stages = []
    report = engine.rebuild(lambda stage, done, total: stages.append(stage))
    assert (report.added, report.changed, report.removed) == (("bridge.txt",), ("harbour.txt",), ())
    assert "embedding" in stages
    assert "Piet Lund" in (engine.ask(question).text or "")

    harbour.unlink()
    engine.rebuild()
    left = engine.ask(question, min_confidence=0)
    assert {c.article.id for c in left.citations} <= {"bridge.txt"}
    with pytest.raises(InputError, match=r"harbour\.txt"):
        engine.article("harbour.txt")


class Counting:
    """Passes questions on to a reader, and counts them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.questions: list[str] = []

    def read_together(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Span]]]:
        self.questions += [question for question, _ in asked]
        return self._reader.read_together(asked)


@pytest.fixture
def counted(indexed: Callable[[dict[str, str]], Path], words: Any, zebra_reader: Path) -> QuestionAnswerer:
    """Over two articles about a zebra; reader and embedder are small, and count what they are asked."""
    texts = {"zoo.txt": "A zebra lives in the zoo of the town.", "river.txt": "A zebra came to the river in 1997."}
    store, surely = LocalStore(indexed(texts)), Calibration(1.0, Features(1.0), 0.0, 0.0)
    words.texts = 0
    reader: Any = Counting(Reader(zebra_reader, device="cpu"))
    return QuestionAnswerer(store, Retriever(words), reader, surely, words)


class Partial(Counting):
    """Reads as a reader does, and side by side likes one quote better than all others."""

    def __init__(self, reader: Reader, favourite: str) -> None:
        super().__init__(reader)
        self.favourite = favourite

    def weigh(self, asked: Sequence[tuple[str, str, Sequence[tuple[int, int]]]]) -> list[list[float]]:
        liked = [[text[start:end] == self.favourite for start, end in places] for _, text, places in asked]
        return [[9.0 if best else -9.0 for best in places] for places in liked]


def test_what_wins_side_by_side_is_answered(counted: QuestionAnswerer, words: Any, zebra_reader: Path) -> None:
    read = counted.examine("Which zebra?")
    favourite = read.groups[1].best.quote
    assert {group.beside for group in read.groups} == {0.0}  # with no weight it is not read again
    weighed = Calibration(1.0, Features(0.1, beside=0.5), 0.0, 0.0, beside_weight=5.0)
    reader: Any = Partial(Reader(zebra_reader, device="cpu"), favourite)
    engine = QuestionAnswerer(counted.store, Retriever(words), reader, weighed, words)
    one, other, nothing = engine.examine_together([Inquiry("Which zebra?"), Inquiry("Where?"), Inquiry("Was it?")])
    assert one and other and nothing
    assert one.groups[0].best.quote == favourite
    assert [group.beside > 0 for group in one.groups] == [True] + [False] * (len(one.groups) - 1)
    assert engine.beliefs(one) == sorted(engine.beliefs(one), reverse=True)
    assert engine.ask("Which zebra?").text == favourite


def test_a_question_asked_again_needs_neither_model(counted: QuestionAnswerer, words: Any) -> None:
    first, again = counted.ask("Which zebra lives in the zoo?"), counted.ask("  Which zebra  lives in the zoo? ")
    assert (again.text, again.citations, again.confidence) == (first.text, first.citations, first.confidence)
    assert again.question == "  Which zebra  lives in the zoo? "
    assert (words.texts, len(counted.reader.questions)) == (1, 1)


def test_the_same_question_of_several_users_is_read_once(counted: QuestionAnswerer, words: Any) -> None:
    both = counted.examine_together([Inquiry("Which zebra?"), Inquiry("Which zebra?"), Inquiry("Where was it?")])
    assert [examined and examined.question for examined in both] == ["Which zebra?", "Which zebra?", "Where was it?"]
    assert (words.texts, counted.reader.questions) == (2, ["Which zebra?", "Where was it?"])


def test_what_cannot_change_the_answer_is_not_read(
    indexed: Callable[[dict[str, str]], Path], words: Any, zebra_reader: Path
) -> None:
    texts = {
        "zoo.txt": "A zebra lives in the zoo of the town.",
        "river.txt": "A zebra of the town came to the river.",
        "army.txt": "The army of the town lost.",
    }
    store, surely = LocalStore(indexed(texts)), Calibration(1.0, Features(1.0), 0.0, 0.0)
    parts = store, Retriever(words), Reader(zebra_reader, device="cpu"), surely, words
    asked = "Which zebra lives in the zoo of the town?"
    everything, bounded = (QuestionAnswerer(*parts, of).examine(asked) for of in (ALL, Bound(-1000.0, 0.0, first=1)))
    assert bounded.retrieved == everything.retrieved
    assert {candidate.article.id for candidate in everything.candidates} == set(texts)
    assert {candidate.article.id for candidate in bounded.candidates} == {"zoo.txt", "river.txt"}  # a zebra in both
    assert bounded.groups[0] == everything.groups[0]


def test_another_filter_is_another_examination_of_the_same_vector(counted: QuestionAnswerer, words: Any) -> None:
    assert counted.ask("Which zebra?").found
    assert not counted.ask("Which zebra?", sources=["No such outlet"]).found
    assert (words.texts, len(counted.reader.questions)) == (1, 1)  # there is nothing to read


def test_a_follow_up_is_another_question_after_another_conversation(counted: QuestionAnswerer) -> None:
    one = counted.examine("How old is she?", [("Who came to the river?", "Alia Mohamed")])
    other = counted.examine("How old is she?", [("Who came to the river?", "Anna Berg")])
    assert (one.question, one.understood) == ("How old is she?", "How old is Alia Mohamed?")
    assert (other.question, other.understood) == ("How old is she?", "How old is Anna Berg?")
    assert len(counted.reader.questions) == 2


def test_what_was_removed_is_never_cited_from_memory(counted: QuestionAnswerer, tmp_path: Path) -> None:
    assert {c.article.id for c in counted.ask("Which zebra lives in the zoo?").citations} == {"zoo.txt", "river.txt"}
    exclude(["zoo.txt"], tmp_path / "index")
    assert {c.article.id for c in counted.ask("Which zebra lives in the zoo?").citations} == {"river.txt"}


def test_an_index_thrown_away_and_made_anew_is_asked_anew(
    counted: QuestionAnswerer, tmp_path: Path, words: Any
) -> None:
    before = counted.ask("Which zebra lives in the zoo?")
    shutil.rmtree(tmp_path / "index")
    (tmp_path / "articles" / "articles.csv").write_text("file,source\nzoo.txt,The Zoo Gazette\n", encoding="utf-8")
    build([tmp_path / "articles"], tmp_path / "index", words)  # the same vectors under the same generation
    after = counted.ask("Which zebra lives in the zoo?")
    assert len(counted.reader.questions) == 2
    assert [c.article.source for c in before.citations] == ["", ""]
    assert {c.article.source for c in after.citations} == {"", "The Zoo Gazette"}


def test_nobody_is_read_for_who_does_not_want_it_any_more(counted: QuestionAnswerer) -> None:
    gone = Inquiry("Which zebra?", wanted=lambda: False)
    nothing, something = counted.examine_together([gone, Inquiry("Where was it?")])
    assert nothing is None
    assert something
    assert counted.reader.questions == ["Where was it?"]


def test_the_answer_function_builds_the_seeds_when_there_is_no_index() -> None:
    result = answer("Who is the prime minister of Iraq?")
    assert "Abadi" in (result.text or "")
    assert answer("Who is the prime minister of Iraq?").as_dict().keys() == result.as_dict().keys()


def test_an_index_may_be_named_by_the_address_of_its_store(
    seed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Mayhoub" in (answer("Who is the Syrian army spokesman?", store=str(seed_index)).text or "")
    with pytest.raises(InputError, match="give one of --index-dir and --store"):
        answer("Who is the Syrian army spokesman?", seed_index, store=str(seed_index))
    monkeypatch.setenv("QA_STORE", str(tmp_path / "nowhere"))  # what a store is to hold is its owner's to say
    with pytest.raises(CorpusError, match="there is no index"):
        QuestionAnswerer.open()


def test_what_cannot_be_opened_says_so_in_one_line(tmp_path: Path, seed_index: Path) -> None:
    with pytest.raises(CorpusError, match="there is no index"):
        QuestionAnswerer.open(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no model folder"):
        QuestionAnswerer.open(seed_index, reader=str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="between 0 and 1"):
        QuestionAnswerer.open(seed_index, min_confidence=2)
    damaged = tmp_path / "damaged"
    shutil.copytree(seed_index, damaged)
    (damaged / "catalog.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(CorpusError, match="cannot be read"):
        QuestionAnswerer.open(damaged)
