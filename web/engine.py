"""One engine behind the page and the programs: it opens in the background, answers, and changes its index.

Knows which of its users' wishes are allowed, and what state it is in. Never knows widgets, HTTP or users' names.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.address import chosen_store
from index.article import Article, Passage
from index.embedder import Embedder
from index.errors import CorpusError, InputError, QAError
from index.store import (
    ADDED,
    EVERYTHING,
    BuildReport,
    Filter,
    Heading,
    Progress,
    Store,
    added,
    articles_named,
)
from qa.answer import Answer, Citation, NoAnswer
from qa.batching import MOST_WAITING, Batcher, Pending
from qa.confidence import Calibration
from qa.dialogue import Turn
from qa.pipeline import Examination, QuestionAnswerer, Told, checked_question, first_articles
from qa.reader import SHIPPED, Reader
from qa.retriever import articles_with
from web import uploads
from web.metrics import Metrics

log = logging.getLogger(__name__)

State = Literal["loading", "ready", "failed"]

LONGEST_WAIT = 60.0
"""Seconds after which a question that was not examined is given up."""

WAITING = 0.2
"""Seconds between looks at whether a change may begin, or was called off meanwhile."""

RETRY = 10.0
"""Seconds after which an index that could not be opened is tried again."""


class NotReady(QAError):
    """The models are still being loaded, or could not be; the message says which."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of a list of articles, and how many the whole list has."""

    headings: tuple[Heading, ...]
    total: int


class Engine:
    """Answers questions and changes the index, from any thread; `start` it first.

    Args:
        store: the index.
        opened: loads the models and opens the index; hears of progress, and takes its time.
        read_only: whether every change is refused.
        refreshed: whether the article folders are read again once the index is open.
        log_questions: whether the log may say what was asked.
        metrics: what counts questions.
        retry: seconds after which an index that could not be opened is tried again: its server may be up by then.
    """

    def __init__(
        self,
        store: Store,
        opened: Callable[[Progress], QuestionAnswerer],
        read_only: bool = False,
        refreshed: bool = False,
        log_questions: bool = False,
        metrics: Metrics | None = None,
        retry: float = RETRY,
    ) -> None:
        self.store, self.read_only = store, read_only
        self.state: State = "loading"
        self.message = "The models are being loaded."
        self._opened, self._refreshed = opened, refreshed
        self.metrics = metrics or Metrics()
        self._log_questions = log_questions
        self._qa: QuestionAnswerer | None = None
        self._batcher: Batcher | None = None
        self._settled, self._closed, self._retry = threading.Event(), threading.Event(), retry
        self._changing = threading.Lock()
        self._examples: tuple[str, list[str]] | None = None
        self._finding_examples = threading.Lock()

    @classmethod
    def at(
        cls,
        index_dir: Path | None = None,
        paths: Sequence[Path] = (),
        reader: str | None = None,
        embedder: str | None = None,
        min_confidence: float | None = None,
        read_only: bool = False,
        log_questions: bool = False,
        store: str | None = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> "Engine":
        """The engine of an index, which is made to hold `paths` if there are any; named as `chosen_store` says.

        Models run on `device` in `precision`, as `index.inference.load` takes them.
        """
        kept = chosen_store(index_dir, store)

        def opened(progress: Progress) -> QuestionAnswerer:
            reads, embeds = Reader(reader, device, precision), Embedder(embedder, device, precision)
            if paths:
                kept.build([*paths, *added(kept.folder, paths)], embeds, progress)
            qa = QuestionAnswerer.over(kept, reads, embeds, min_confidence, first_articles(index_dir, store))
            qa.warm()
            return qa

        return cls(kept, opened, read_only, refreshed=not paths and not read_only, log_questions=log_questions)

    # ---- the way to being ready ------------------------------------------------------------

    def start(self) -> None:
        """Begin to load, and return at once."""
        threading.Thread(target=self._load, name="engine", daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is ready, once that is settled or the time is over."""
        self._settled.wait(seconds)
        return self.state == "ready"

    def close(self) -> None:
        """Take no more questions, and refuse those that wait."""
        self._closed.set()
        if self._batcher:
            self._batcher.close()

    def _load(self) -> None:
        while (failure := self._open()) is not None:
            said = str(failure) if isinstance(failure, QAError) else f"unexpected {type(failure).__name__}: {failure}"
            if said != self.message:
                print(f"app: {' '.join(said.split())}", file=sys.stderr, flush=True)
            self.state, self.message = "failed", said
            self._settled.set()
            if not isinstance(failure, CorpusError) or self._closed.wait(self._retry):
                return
        self.state, self.message = "ready", ""
        self._settled.set()
        if self._refreshed:
            self._refresh()

    def _open(self) -> Exception | None:
        """What went wrong, if anything did."""
        try:
            self._qa = self._opened(self._tell if self.state == "loading" else lambda *_: None)
            self._batcher = Batcher(self._qa, MOST_WAITING)
        except Exception as error:  # whatever it was, the page must say so, as nobody waits for this thread
            return error
        return None

    def _refresh(self) -> None:
        """Read the article folders again; if they are gone, or another build runs, the index is whole all the same."""
        try:
            with self._alone():
                report = self._ready().rebuild(self._tell)
            for item in report.skipped:
                print(f"app: skipped {item.path}: {item.reason}", file=sys.stderr)
        except QAError as error:
            print(f"app: serving the index as it is: {error}", file=sys.stderr, flush=True)
        self.message = ""

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.message = f"{stage.capitalize()}: {done:,}{f' of {total:,}' if total else ''}."

    def _ready(self) -> QuestionAnswerer:
        if self._qa is None:
            raise NotReady(self.message if self.state == "failed" else "the models are still being loaded: try again")
        return self._qa

    # ---- questions -------------------------------------------------------------------------

    @property
    def min_confidence(self) -> float:
        """The threshold used where a question does not bring its own; the shipped reader's until one is loaded."""
        return self._qa.min_confidence if self._qa else self.calibration.threshold

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        allowed: Filter = EVERYTHING,
        min_confidence: float | None = None,
    ) -> Answer | NoAnswer:
        """Answer or decline; raises what `examine` and `decide` raise."""
        return self.decide(self.examine(question, history, allowed), min_confidence)

    def examine(
        self,
        question: str,
        history: Sequence[Turn] = (),
        allowed: Filter = EVERYTHING,
        told: Told = lambda _: None,
    ) -> Examination:
        """Search and read for a question, together with those of others that wait.

        Raises:
            NotReady: the models are not loaded.
            Busy: too many questions wait.
            QAError: as `QuestionAnswerer.examine`.
        """
        return self.result(self.submit(question, history, allowed), told)

    def submit(self, question: str, history: Sequence[Turn] = (), allowed: Filter = EVERYTHING) -> Pending:
        """Put a question in the queue and return at once; raises as `examine`."""
        try:
            self._ready()
            assert self._batcher
            return self._batcher.submit(question, history, allowed)
        except QAError as error:
            self.metrics.refused(error)
            raise

    def result(self, pending: Pending, told: Told = lambda _: None) -> Examination:
        """Wait for what is found out about a question that was submitted; raises as `examine`."""
        try:
            found = pending.result(told, LONGEST_WAIT)
        except QAError as error:
            self.metrics.refused(error)
            raise
        self.metrics.examined(time.perf_counter() - pending.since, found.seconds)
        return found

    def decide(self, found: Examination, min_confidence: float | None = None) -> Answer | NoAnswer:
        """Answer with what was found, or decline."""
        result = self._ready().decide(found, min_confidence)
        self.metrics.decided(result.found)
        text = f": {found.question}" if self._log_questions else ""
        log.info("%s in %.2f s%s", "answered" if result.found else "declined", result.seconds, text)
        return result

    def beliefs(self, found: Examination) -> list[float]:
        """The probability, 0 to 1, that each possible answer is right, in the order of `found.groups`."""
        return self._ready().beliefs(found)

    @property
    def calibration(self) -> Calibration:
        """What makes those probabilities, and the threshold used where a question does not bring its own."""
        return self._qa.calibration if self._qa else Calibration.of_reader(SHIPPED)

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return self._batcher.waiting if self._batcher else 0

    def search(self, query: str, most: int, allowed: Filter = EVERYTHING) -> list[tuple[Citation, float]]:
        """The passages nearest to a query, whole, best first, each with its fused score, 0 to 1.

        Raises:
            NotReady: the models are not loaded.
            InputError: the query is empty or too long.
        """
        qa, query = self._ready(), checked_question(query)
        with qa.snapshot() as snapshot:
            found = qa.retriever.search(query, snapshot, most, allowed)
            articles = articles_named(snapshot, {retrieved.passage.article_id for retrieved in found})
        return [(_whole(articles[r.passage.article_id], r.passage), r.score) for r in found]

    def examples(self, count: int = 4) -> list[str]:
        """Questions that the articles answer; found once a generation, as that takes many questions."""
        qa = self._ready()
        with self._finding_examples:  # every page that is open asks as soon as the models are loaded
            with self.store.snapshot() as snapshot:
                publication = snapshot.publication
            if self._examples is None or self._examples[0] != publication:
                self._examples = publication, qa.examples(count)
            return self._examples[1][:count]

    # ---- articles --------------------------------------------------------------------------

    def generation(self) -> int:
        """Which publication of the index is in use."""
        with self.store.snapshot() as snapshot:
            return snapshot.generation

    @property
    def folder(self) -> Path:
        """Where this machine keeps what belongs to the index: what users added, and what they said."""
        return self.store.folder

    def articles(
        self, search: str = "", sources: Sequence[str] = (), offset: int = 0, limit: int | None = None
    ) -> Shelf:
        """A page of the articles, by id; with words to search for, those that hold them, the best first.

        It asks for no model, and so need not wait until they are loaded.
        """
        allowed = Filter(tuple(sources))
        with self.store.snapshot() as snapshot:
            if not search.strip():
                return Shelf(tuple(snapshot.headings(allowed, offset, limit)), snapshot.count_articles(allowed))
            found = articles_with(search, snapshot, allowed)
            end = None if limit is None else offset + limit
            return Shelf(tuple(snapshot.headings_of(found[offset:end])), len(found))

    def article(self, article_id: str) -> Article:
        """Raises: InputError: there is no such article in the index (any more)."""
        with self.store.snapshot() as snapshot:
            found = snapshot.article(article_id)
        if found is None:
            raise InputError(f"there is no article {article_id} in the index")
        return found

    def sources(self) -> list[str]:
        """The outlets of the articles, in alphabetical order."""
        with self.store.snapshot() as snapshot:
            return snapshot.sources()

    def removed(self) -> list[str]:
        """The ids of the articles that were removed and may be restored."""
        with self.store.snapshot() as snapshot:
            return snapshot.removed()

    # ---- changes ---------------------------------------------------------------------------
    # Each refuses with an InputError where the engine is read-only, and waits for the change before it. What
    # `progress` raises calls a change off, and nothing of it is published.

    def rebuild(self, progress: Progress = lambda *_: None) -> BuildReport:
        """Read the article folders again."""
        self._refuse_if_read_only()
        with self._alone(progress):
            return self._ready().rebuild(progress)

    def add(self, files: Sequence[Path], progress: Progress = lambda *_: None) -> BuildReport:
        """Keep copies of files, by their names, in the index's own folder, and read the article folders and that again.

        Where none of them holds an article, none is kept; the report says of each why.
        """
        self._refuse_if_read_only()
        with self._alone(progress):
            qa, folder = self._ready(), self.folder / ADDED
            batch, is_used = uploads.store(files, folder), False
            try:
                report = qa.rebuild(progress, also=[folder])
                is_used = any(name.startswith(f"{batch.name}/") for name in report.added)
            finally:
                if not is_used:
                    uploads.discard(batch)
        return report

    def remove(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        """Take articles out until their files change; returns their ids and those of their exact copies."""
        self._refuse_if_read_only()
        with self._alone():
            return self.store.exclude(article_ids)

    def restore(self, article_ids: Sequence[str], progress: Progress = lambda *_: None) -> tuple[str, ...]:
        """Let removed articles in again; returns their ids and those of their exact copies, of all that were found."""
        self._refuse_if_read_only()
        with self._alone(progress):
            qa, again = self._ready(), self.store.readmit(article_ids)
            qa.rebuild(progress)
            still_out = self.removed()
        return tuple(article_id for article_id in again if article_id not in still_out)

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise InputError("this index is served read-only: nothing in it can be changed from here")

    @contextmanager
    def _alone(self, progress: Progress = lambda *_: None) -> Iterator[None]:
        """One change at a time: those of other processes are kept out by the build's own lock."""
        while not self._changing.acquire(timeout=WAITING):
            progress("waiting for another build", 0, 0)
        try:
            yield
        finally:
            self._changing.release()


def _whole(article: Article, passage: Passage) -> Citation:
    return Citation(article, passage.start, passage.end, article.text[passage.start : passage.end])
