"""Questions of many users, examined together in small batches and in order of arrival.

Knows who waits, since when, and who has given up. Never knows how a question is examined.

One thread does all the work: a model on a CPU takes every core for one batch, and two batches at once would only be
in each other's way. Whatever a user's side does, being slow, raising or vanishing, happens in that user's own thread.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import TracebackType

from index.errors import QAError
from index.store import EVERYTHING, Filter
from qa.dialogue import Turn
from qa.pipeline import Examination, Inquiry, QuestionAnswerer, Told, checked_question

MOST_WAITING = 128
AT_ONCE = 16
"""Questions examined together: with half as many 64 users are answered 5 % slower; more make the first wait longer."""


class Busy(QAError):
    """Too many questions wait already, or this one has waited for too long; nothing was done for it."""


class Batcher:
    """Examines questions for any number of threads; close it, or use it in a `with` block, to end its thread.

    Args:
        qa: what examines them. A generation published meanwhile is seen by the next batch.
        most_waiting: how many questions may wait; one more is refused at once.
        at_once: how many are examined together at most.
    """

    def __init__(self, qa: QuestionAnswerer, most_waiting: int = MOST_WAITING, at_once: int = AT_ONCE) -> None:
        self._qa, self._most_waiting, self._at_once = qa, most_waiting, at_once
        self._waiting: deque[Pending] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._worker = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._worker.start()

    def __enter__(self) -> "Batcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return sum(pending.is_wanted for pending in tuple(self._waiting))

    def examine(
        self,
        question: str,
        history: Sequence[Turn] = (),
        allowed: Filter = EVERYTHING,
        told: Told = lambda _: None,
        timeout: float | None = None,
    ) -> Examination:
        """What `QuestionAnswerer.examine` finds, with the seconds it waited for its turn as one more step.

        `told` is called in the caller's thread. If it raises, or `timeout` seconds are over, the question is given up.

        Raises:
            Busy: too many wait, or the time is over.
            QAError: as `QuestionAnswerer.examine`.
        """
        return self.submit(question, history, allowed).result(told, timeout)

    def submit(self, question: str, history: Sequence[Turn] = (), allowed: Filter = EVERYTHING) -> "Pending":
        """Put a question in the queue and return at once.

        Raises:
            Busy: too many wait.
            InputError: the question is empty or too long.
        """
        question = checked_question(question)
        with self._changed:
            if self._is_closed:
                raise Busy("the server is closing: no more questions are taken")
            if self.waiting >= self._most_waiting:
                raise Busy(f"busy, try again: {self._most_waiting} questions are waiting already")
            pending = Pending(question, tuple(history), allowed)
            self._waiting.append(pending)
            self._changed.notify()
        return pending

    def close(self) -> None:
        """Take no more questions, refuse those that wait, and end the thread once the batch in hand is done."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._worker.join()

    def _work(self) -> None:
        while batch := self._next():
            self._examine(batch)
        for pending in self._waiting:
            pending.ends_with(Busy("the server is closing: ask again later"))

    def _next(self) -> list["Pending"]:
        """Those who came first and still want to know, once there are any; none once it is closed."""
        batch: list[Pending] = []
        with self._changed:
            while not batch and not self._is_closed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                while self._waiting and len(batch) < self._at_once and not self._is_closed:
                    pending = self._waiting.popleft()
                    if pending.is_wanted:
                        batch.append(pending)
        return batch

    def _examine(self, batch: Sequence["Pending"]) -> None:
        started = time.perf_counter()
        try:
            examined = self._qa.examine_together([pending.inquiry for pending in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].ends_with(error)
            else:  # one of them spoilt it for all: each alone, so that it is the only one to suffer
                for pending in batch:
                    self._examine([pending])
            return
        for pending, found in zip(batch, examined, strict=True):
            if found:
                pending.ends_with(replace(found, seconds={"waiting": started - pending.since} | found.seconds))


class Pending:
    """A question that was put in the queue, for whoever put it there."""

    def __init__(self, question: str, history: Sequence[Turn], allowed: Filter) -> None:
        self.since = time.perf_counter()
        self.is_wanted = True
        self._news: SimpleQueue[str | Examination | Exception] = SimpleQueue()
        self.inquiry = Inquiry(question, history, allowed, self._news.put, lambda: self.is_wanted)

    def give_up(self) -> None:
        """Nobody waits for it any more: no further step is taken for it."""
        self.is_wanted = False

    def ends_with(self, outcome: Examination | Exception) -> None:
        """Hand over what came of it."""
        self._news.put(outcome)

    def result(self, told: Told = lambda _: None, timeout: float | None = None) -> Examination:
        """Wait for what came of it, as `Batcher.examine` does."""
        try:
            while isinstance(news := self._news.get(timeout=self._left(timeout)), str):
                told(news)
        except Empty:
            self.give_up()
            raise Busy(f"busy, try again: there was no answer within {timeout:g} seconds") from None
        except BaseException:
            self.give_up()
            raise
        if isinstance(news, Exception):
            raise news
        return news

    def _left(self, timeout: float | None) -> float | None:
        """Seconds until the time is over, which began when the question came."""
        return None if timeout is None else max(0.0, self.since + timeout - time.perf_counter())
