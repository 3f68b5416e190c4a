"""Questions of many threads: each gets its own answer, in order of arrival, and nobody pays for anybody else."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from index.errors import InputError
from index.local import LocalStore
from qa.batching import Batcher, Busy
from qa.confidence import Calibration, Features
from qa.pipeline import Examination, Inquiry, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever

ANIMALS = ["zebra", "lion", "otter", "heron", "badger", "camel", "moose", "gecko"]


def found(question: str) -> Examination:
    return Examination((), {}, {}, question, question, (), (), (), {"searching": 0.0})


class Gate:
    """An engine that examines nothing until it is let, and remembers the batches it was given."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.batches: list[list[str]] = []
        self.read: list[str] = []

    def examine_together(self, inquiries: Sequence[Inquiry]) -> list[Examination | None]:
        self.batches.append([asked.question for asked in inquiries])
        for asked in inquiries:
            asked.told("searching")
        assert self.opened.wait(20)
        if any("poison" in asked.question for asked in inquiries):
            raise InputError("this one is spoilt")
        wanted = [asked.wanted() for asked in inquiries]
        self.read += [asked.question for asked, is_wanted in zip(inquiries, wanted, strict=True) if is_wanted]
        return [found(asked.question) if one else None for asked, one in zip(inquiries, wanted, strict=True)]


@pytest.fixture
def gate() -> Iterator[Any]:
    made = Gate()
    yield made
    made.opened.set()


def soon(condition: Callable[[], bool]) -> None:
    """Wait until something is so that another thread is about to bring about."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_those_who_wait_are_examined_together_in_order_of_arrival(gate: Any) -> None:
    with Batcher(gate, at_once=4) as batcher:
        first = batcher.submit("0")
        soon(lambda: gate.batches == [["0"]])
        later = [batcher.submit(str(number)) for number in range(1, 10)]
        assert batcher.waiting == 9
        gate.opened.set()
        assert [pending.result().question for pending in (first, *later)] == [str(number) for number in range(10)]
    assert gate.batches == [["0"], ["1", "2", "3", "4"], ["5", "6", "7", "8"], ["9"]]


def test_a_full_queue_refuses_at_once_and_takes_more_when_there_is_room(gate: Any) -> None:
    with Batcher(gate, most_waiting=3, at_once=1) as batcher:
        first = batcher.submit("first")
        soon(lambda: gate.batches == [["first"]])
        waiting = [batcher.submit(str(number)) for number in range(3)]
        with pytest.raises(Busy, match="busy, try again: 3 questions are waiting"):
            batcher.submit("one too many")
        waiting[1].give_up()  # whoever has gone away holds no place
        waiting.append(batcher.submit("in its place"))
        gate.opened.set()
        assert [waiting[n].result().question for n in (0, 2, 3)] == ["0", "2", "in its place"]
        assert first.result().question == "first"
    assert gate.read == ["first", "0", "2", "in its place"]


def test_who_gives_up_while_waiting_costs_nothing(gate: Any) -> None:
    with Batcher(gate, at_once=2) as batcher:
        first = batcher.submit("first")
        soon(lambda: gate.batches == [["first"]])
        with pytest.raises(Busy, match=r"no answer within 0\.01 seconds"):
            batcher.examine("impatient", timeout=0.01)
        second = batcher.submit("second")
        gate.opened.set()
        assert (first.result().question, second.result().question) == ("first", "second")
    assert gate.batches == [["first"], ["second"]]


def test_who_gives_up_after_the_search_is_not_read_for(gate: Any) -> None:
    with Batcher(gate, at_once=2) as batcher:
        first = batcher.submit("first")
        soon(lambda: gate.batches == [["first"]])
        first.give_up()
        gate.opened.set()
        assert batcher.examine("second").question == "second"
    assert gate.read == ["second"]


def test_a_listener_that_raises_hurts_only_its_own_question(gate: Any) -> None:
    gate.opened.set()

    def vanish(step: str) -> None:
        raise ConnectionError(f"gone while {step}")

    with Batcher(gate) as batcher, ThreadPoolExecutor(8) as pool:
        gone = pool.submit(batcher.examine, "gone", told=vanish)
        others = [pool.submit(batcher.examine, str(number)) for number in range(20)]
        assert [other.result(20).question for other in others] == [str(number) for number in range(20)]
        with pytest.raises(ConnectionError, match="gone while searching"):
            gone.result(20)


def test_a_slow_listener_keeps_nobody_waiting(gate: Any) -> None:
    gate.opened.set()
    patience = threading.Event()
    with Batcher(gate) as batcher, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(batcher.examine, "slow", told=lambda step: patience.wait(20) and None)
        assert batcher.examine("quick", timeout=20).question == "quick"
        assert not slow.done()
        patience.set()
        assert slow.result(20).question == "slow"


def test_an_error_hurts_only_the_question_it_is_about(gate: Any) -> None:
    with Batcher(gate) as batcher:
        first = batcher.submit("first")
        soon(lambda: gate.batches == [["first"]])
        asked = [batcher.submit(question) for question in ("a", "poison", "b")]
        gate.opened.set()
        assert (first.result().question, asked[0].result().question, asked[2].result().question) == ("first", "a", "b")
        with pytest.raises(InputError, match="this one is spoilt"):
            asked[1].result()


@pytest.mark.parametrize("question", ["", "x" * 10_000, "\ud800"])
def test_what_is_no_question_is_refused_before_it_waits(gate: Any, question: str) -> None:
    with Batcher(gate) as batcher:
        with pytest.raises(InputError):
            batcher.submit(question)
        assert batcher.waiting == 0
    assert gate.batches == []


def test_closing_refuses_those_that_wait_and_those_that_come(gate: Any) -> None:
    batcher = Batcher(gate, at_once=1)
    first = batcher.submit("first")
    soon(lambda: gate.batches == [["first"]])
    waiting = batcher.submit("waiting")
    closing = threading.Thread(target=batcher.close)
    closing.start()
    soon(lambda: batcher._is_closed)
    with pytest.raises(Busy, match="closing"):
        batcher.submit("late")
    gate.opened.set()
    closing.join(20)
    assert first.result().question == "first"
    with pytest.raises(Busy, match="closing"):
        waiting.result()


def test_waiting_is_one_of_the_steps_that_are_timed(gate: Any) -> None:
    with Batcher(gate, at_once=1) as batcher:
        first, second = batcher.submit("first"), batcher.submit("second")
        soon(lambda: gate.batches == [["first"]])
        time.sleep(0.05)
        gate.opened.set()
        assert list(first.result().seconds) == ["waiting", "searching"]
        assert second.result().seconds["waiting"] >= 0.05


# ---- with a real engine, whose models are small ------------------------------------------------------


@pytest.fixture
def engine(indexed: Callable[[dict[str, str]], Path], words: Any, zebra_reader: Path) -> QuestionAnswerer:
    """Over an article for each animal, in which the zebra has been too; the reader answers "zebra" to everything."""
    told = "The {0} was captured in the river town. The zebra of the {0} was in the zoo."
    store = LocalStore(indexed({f"{animal}.txt": told.format(animal) for animal in ANIMALS}))
    surely = Calibration(1.0, Features(1.0), 0.0, 0.0)
    return QuestionAnswerer(store, Retriever(words), Reader(zebra_reader, device="cpu"), surely, words)


def test_sixty_four_threads_get_what_each_would_get_alone(engine: QuestionAnswerer, words: Any) -> None:
    asked = [f"Where was the {ANIMALS[n % 8]} of the {ANIMALS[n // 8]} captured?" for n in range(64)]
    together = QuestionAnswerer(engine.store, engine.retriever, engine.reader, engine._calibration, words)
    ready = threading.Barrier(64)

    def ask(question: str) -> Examination:
        ready.wait(20)
        return batcher.examine(question, timeout=60)

    with Batcher(together) as batcher, ThreadPoolExecutor(64) as pool:
        answers = [together.decide(examined) for examined in pool.map(ask, asked)]
    assert [answer.question for answer in answers] == asked
    for answer in answers[::4]:
        alone = engine.ask(answer.question)
        assert answer.text == alone.text
        assert answer.confidence == pytest.approx(alone.confidence, abs=1e-3)
        assert [(c.article.id, c.start) for c in answer.citations] == [(c.article.id, c.start) for c in alone.citations]


def test_a_new_generation_is_asked_from_the_next_batch_on(engine: QuestionAnswerer, tmp_path: Path) -> None:
    with Batcher(engine) as batcher:
        before = batcher.examine("Where is the heron?")
        assert "heron.txt" in before.articles
        (tmp_path / "articles" / "heron.txt").unlink()
        engine.rebuild()
        after = batcher.examine("Where is the heron?")
        assert after.articles
        assert "heron.txt" not in after.articles
