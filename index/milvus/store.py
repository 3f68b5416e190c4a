"""An index in Milvus, as `index.store.Store` says: read by any number of machines, built by one at a time.

Knows how a build, a snapshot and a check go together. Never knows pymilvus or SQL.

A build is an ordinary local one, into a *workbook*: a folder of this machine. It plans, reads,
cuts, embeds and learns names with the very same code; then what differs from what Milvus serves is
written there and published. So a change costs what it changes, and one of metadata embeds nothing.
Where another machine published since, or the folder is new, the workbook is first made anew from
Milvus, without the model.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs

from index.build import build_lock
from index.embedder import Embedder
from index.errors import CorpusError
from index.local import LocalStore
from index.milvus.analysis import Analyzer
from index.milvus.lease import lease
from index.milvus.publish import Ledger, Publisher, noted
from index.milvus.restore import restore
from index.milvus.rows import ARTICLE, TEXT, VECTORS, Workbook, article_from, damaged_vectors
from index.milvus.schema import ALIVE, Layout, Manifest, check_fields, has_all_fields, has_words, published
from index.milvus.server import Address, Server
from index.milvus.snapshot import MilvusSnapshot, Reader, facts_of
from index.store import BuildReport, Kind, Progress, VerifyReport

_log = logging.getLogger(__name__)


class _Desk(NamedTuple):
    """A builder at work: its workbook, which agrees with the generation in Milvus, if there is one yet."""

    book: LocalStore
    before: Manifest | None
    publisher: Publisher


class MilvusStore:
    """The index at an address; nothing is asked of the server yet.

    Args:
        address: `http://HOST:PORT/COLLECTION`, `https://` likewise, `user:password@` before the host where the server
            asks for it; or a path that ends in `.db`, for Milvus inside this process, the only one that may open it.
        folder: where this machine keeps its workbook; by default one named by the address, in `$QA_WORK_DIR` or
            the user's data folder.
        timeout: seconds that the server has for an answer; by default `$QA_STORE_TIMEOUT`, or 10.
        server: what is asked in place of the server at the address.

    Raises:
        InputError: the address names no index.
    """

    def __init__(
        self, address: str, folder: Path | None = None, timeout: float | None = None, server: Server | None = None
    ) -> None:
        self._address = Address.read(address)
        self._folder = folder or _working_folder(self._address)
        self._server, self._layout = server or Server(self._address, timeout), Layout(self._address.collection)
        self._lock, self._analyzer = threading.Lock(), Analyzer()
        self._known: tuple[str, dict[str, Any]] | None = None
        self._words: bool | None = None

    @property
    def address(self) -> str:
        return str(self._address)

    @property
    def folder(self) -> Path:
        return self._folder

    def close(self) -> None:
        """End the connection; it is made anew if the store is used again."""
        self._server.close()

    # ---- reading -------------------------------------------------------------------------------

    def is_published(self) -> bool:
        return self._published() is not None and has_all_fields(self._server, self._layout)

    @contextmanager
    def snapshot(self, embedder: str | None = None) -> Iterator[MilvusSnapshot]:
        manifest = self._finished(self._published())
        reader = Reader(self._server, self._layout, manifest)
        facts = self._facts(reader)
        if embedder is not None:
            self._check_embedder(facts, embedder)
        yield MilvusSnapshot(reader, facts, self._analyzer, self._has_words())

    def roots(self) -> list[Path]:
        manifest = self._finished(self._published())
        return [Path(path) for path in self._facts(Reader(self._server, self._layout, manifest))["roots"]]

    def _published(self) -> Manifest | None:
        if self._address.path and not self._address.path.exists():
            return None  # to look is not to make it
        return published(self._server, self._layout)

    def _finished(self, manifest: Manifest | None) -> Manifest:
        """Raises: CorpusError: nothing was ever published."""
        if manifest is None:
            raise CorpusError(f"there is no finished index in {self._address}: build one with `qa index PATH`")
        return manifest

    def _facts(self, reader: Reader) -> dict[str, Any]:
        """Those of a generation, read once."""
        with self._lock:
            token = reader.manifest.token
            if self._known is None or self._known[0] != token:
                check_fields(self._server, self._layout)
                self._known = token, facts_of(reader)
            return self._known[1]

    def _has_words(self) -> bool:
        if self._words is None:
            self._words = has_words(self._server)
            if not self._words:
                _log.warning(
                    "Milvus at %s, %s, cannot search by words: passages are found by meaning alone (2.5 and later can)",
                    self._address, self._server.version(),
                )  # fmt: skip
        return self._words

    def _check_embedder(self, facts: dict[str, Any], identity: str) -> None:
        if facts["embedder"] != identity:
            raise CorpusError(
                f"the index in {self._address} was built with {facts['embedder']}, but the embedder now is {identity}: "
                "name that embedder, or build into another collection"
            )

    # ---- changing ------------------------------------------------------------------------------

    def build(
        self,
        paths: Sequence[Path],
        embedder: Embedder,
        progress: Progress = lambda *_: None,
        vector_kind: Kind | None = None,
        wait: float | None = 0,
        strict: bool = False,
        workers: str | None = None,
    ) -> BuildReport:
        """As `index.store.Store.build`. The kind of vector index is chosen when the first passage is written."""
        with self._at_work(wait, progress, embedder.identity) as desk:
            report = desk.book.build(paths, embedder, progress, vector_kind, wait, strict, workers)
            return replace(report, generation=self._publish(desk, progress).generation)

    def exclude(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        return self._changed(lambda book: book.exclude(article_ids))

    def readmit(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        return self._changed(lambda book: book.readmit(article_ids))

    def _changed(self, change: Callable[[LocalStore], tuple[str, ...]]) -> tuple[str, ...]:
        self._finished(self._published())
        with self._at_work(wait=0) as desk:
            done = change(desk.book)
            self._publish(desk)
        return done

    @contextmanager
    def _at_work(
        self, wait: float | None, progress: Progress = lambda *_: None, embedder: str | None = None
    ) -> Iterator[_Desk]:
        """The only builder, its workbook as Milvus is, and nothing left there of builds that did not finish."""
        if self._address.path:
            self._address.path.parent.mkdir(parents=True, exist_ok=True)
        with build_lock(self._folder, wait), lease(self._server, self._layout, self._folder, wait) as still_ours:
            publisher = Publisher(self._server, self._layout, self._folder, still_ours)
            before = published(self._server, self._layout)
            book = LocalStore(self._folder / "workbook")
            if before:
                check_fields(self._server, self._layout)
                reader = Reader(self._server, self._layout, before)
                if embedder is not None:
                    self._check_embedder(self._facts(reader), embedder)
                publisher.clean(before.generation)
                has_ledger = Ledger.path_of(self._folder, before.token).exists()
                if not (has_ledger and book.is_published() and self._leaves_out_the_same(book, reader)):
                    restore(reader, self._facts(reader), book.folder, progress)
                    noted(self._server, self._layout, before.generation, self._folder / "noting.sqlite").close()
                    (self._folder / "noting.sqlite").replace(Ledger.path_of(self._folder, before.token))
            yield _Desk(book, before, publisher)

    def _leaves_out_the_same(self, book: LocalStore, reader: Reader) -> bool:
        """Whether what was removed is so in both: not where a change was made in the workbook and went no further.

        Anything else that went no further is made again by the next build, as it is in the files.
        """
        try:
            removed = sorted(self._facts(reader)["excluded"])
        except CorpusError:  # they are damaged, and the workbook is there to mend them
            return True
        with book.snapshot() as snapshot:
            return snapshot.removed() == removed

    def _publish(self, desk: _Desk, progress: Progress = lambda *_: None) -> Manifest:
        self._has_words()  # which says so where it has none
        token = desk.before.token if desk.before else "none"
        path = Ledger.path_of(self._folder, token)
        if not desk.before:
            path.unlink(missing_ok=True)
        with closing(Workbook(desk.book.folder)) as book, closing(Ledger(path)) as ledger:
            return desk.publisher.publish(desk.before, book, ledger, progress)

    # ---- checking ------------------------------------------------------------------------------

    def verify(self) -> VerifyReport:
        """Compare counts, every article with its digest, vectors' lengths, and look for what unfinished builds left."""
        manifest = self._finished(self._published())
        reader = Reader(self._server, self._layout, manifest)
        facts = self._facts(reader)
        articles, problems = self._articles(reader)
        passages, unusual = self._vectors(reader, facts)
        notes = self._leftovers(manifest)
        for what, found in (("articles", articles), ("passages", passages)):
            if found != facts[what]:
                problems.append(f"there are {found:,} {what}, and should be {facts[what]:,}")
        if unusual:
            problems.append(
                f"{unusual:,} vectors are damaged: their length is not one, or their sentences' cannot be read"
            )
        kind = self._vector_index() if facts["passages"] else "exact"
        return VerifyReport(
            manifest.generation, facts["embedder"], articles, passages, passages, kind, tuple(problems), tuple(notes)
        )

    def repair(self) -> tuple[str, ...]:
        """Take back what unfinished builds left, and write again from the workbook what is not as it should be.

        Where this machine has no workbook of the generation, articles that are damaged in Milvus are taken out: it
        is the next build that reads them again.
        """
        with self._at_work(wait=0) as desk:
            before = self._finished(desk.before)
            done = list(desk.publisher.clean(before.generation))
            path = Ledger.path_of(self._folder, before.token)
            noted(self._server, self._layout, before.generation, path).close()
            if self._publish(desk) != before:
                done.append("what was damaged or missing in Milvus was written again")
        return tuple(done)

    def _articles(self, reader: Reader) -> tuple[int, list[str]]:
        said = {each["digest"]: each for each in reader.all_records(ARTICLE)}
        whole = sum(
            digest in said and article_from(said[digest], text).digest == digest
            for digest, text in reader.all_texts(TEXT)
        )
        problems = [f"{len(said) - whole:,} articles are not what was written"] if whole < len(said) else []
        return len(said), problems

    def _vectors(self, reader: Reader, facts: dict[str, Any]) -> tuple[int, int]:
        """How many passages there are, and of how many a vector is damaged."""
        count = unusual = 0
        if facts["passages"]:
            for page in self._server.pages(self._layout.passages, "number", reader.visible, VECTORS):
                count += len(page)
                unusual += len(damaged_vectors(page))
        return count, unusual

    def _leftovers(self, manifest: Manifest) -> list[str]:
        now = manifest.generation
        count = sum(
            self._server.count(name, f"born > {now} or (died > {now} and died < {ALIVE})")
            for name in (self._layout.records, self._layout.passages)
            if self._server.call("has_collection", name)
        )
        return (
            [f"{count:,} rows are of a build that goes on or was not finished: the next one clears up"] if count else []
        )

    def _vector_index(self) -> str:
        found = self._server.call("describe_index", self._layout.passages, "vector")
        return "exact" if found.get("index_type") == "FLAT" else "approximate"


def _working_folder(address: Address) -> Path:
    """A folder of this machine that no other address has."""
    root = Path(os.environ.get("QA_WORK_DIR") or platformdirs.user_data_path("qa-articles") / "stores")
    said = str(address.path.absolute()) if address.path else f"{address.uri}/{address.collection}"
    return root / f"{address.collection}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
