"""Makes Milvus serve what a workbook holds: writes what differs, then moves the alias, which is the moment.

Knows the order of things. Never knows how a question reads them.

A build of generation g + 1 writes rows born in g + 1, and says of those that go that they died in
g + 1; who reads g sees neither. Killed at any instant, g goes on; the next build takes the rows of
the build that was not finished back before it begins.
"""

import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from index.errors import CorpusError
from index.milvus.analysis import Analyzer
from index.milvus.rows import (
    ARTICLE,
    KINDS,
    TEXT,
    VECTORS,
    Record,
    Workbook,
    article_from,
    damaged_vectors,
    version_of,
)
from index.milvus.schema import (
    ALIVE,
    Layout,
    Manifest,
    has_words,
    make_collections,
    make_empty,
    parts,
    published,
    visible,
)  # fmt: skip
from index.milvus.server import LONG, Row, Server, any_of, batches
from index.milvus.snapshot import joined
from index.store import Progress, checked_kind
from index.vector_files import kind_for

ROWS_AT_ONCE = 500
"""Rows that are written at a time: about a megabyte of passages."""

BYTES_AT_ONCE = 4_000_000
"""Bytes of text that are written at a time, far below what gRPC lets through."""

PASSAGE = [
    "number",
    "article",
    "start",
    "end",
    "source",
    "published",
    "born",
    "digest",
    "lines",
    "sentences",
    "title_words",
    "words",
    "vector",
]
RECORD = [
    "key", "kind", "name", "number", "first", "second", "source", "published", "part", "born", "body", "blank"
]  # fmt: skip


class Ledger:
    """What a generation in Milvus holds, noted beside the workbook: names and versions, no texts.

    Its file bears the token of the generation, so that it is of use only while that is the published one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._sql.execute("PRAGMA synchronous = OFF")  # one that is damaged or lost is made anew
        self._sql.execute(
            "CREATE TABLE IF NOT EXISTS records (kind, name, version, PRIMARY KEY (kind, name)) WITHOUT ROWID"
        )
        self._sql.execute("CREATE TABLE IF NOT EXISTS passages (number INTEGER PRIMARY KEY)")
        for table in ("records", "passages"):
            self._sql.execute(f"CREATE TEMP TABLE wanted_{table} AS SELECT * FROM {table} WHERE 0")

    @classmethod
    def path_of(cls, folder: Path, token: str) -> Path:
        return folder / f"published-{token}.sqlite"

    @classmethod
    def remove_others(cls, folder: Path, token: str) -> None:
        for path in folder.glob("published-*"):
            if path != cls.path_of(folder, token):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._sql.close()

    def wanted(self, records: Iterable[Record], passages: Iterable[int]) -> None:
        """Take in what is to be published."""
        self._sql.execute("BEGIN")
        for table in ("records", "passages"):
            self._sql.execute(f"DELETE FROM wanted_{table}")
        rows = ((record.kind, record.name, record.version) for record in records)
        self._sql.executemany("INSERT INTO wanted_records VALUES (?, ?, ?)", rows)
        self._sql.executemany("INSERT INTO wanted_passages VALUES (?)", ((number,) for number in passages))
        self._sql.execute("COMMIT")

    def fresh_records(self) -> set[tuple[str, str]]:
        query = "SELECT kind, name FROM (SELECT * FROM wanted_records EXCEPT SELECT * FROM records)"
        return set(self._sql.execute(query))

    def gone_records(self) -> list[tuple[str, str]]:
        """Those that are not wanted any more, or not as they are."""
        query = "SELECT kind, name FROM (SELECT * FROM records EXCEPT SELECT * FROM wanted_records) ORDER BY 1, 2"
        return self._sql.execute(query).fetchall()

    def fresh_passages(self) -> list[int]:
        query = "SELECT number FROM wanted_passages EXCEPT SELECT number FROM passages ORDER BY 1"
        return [row[0] for row in self._sql.execute(query)]

    def gone_passages(self) -> list[int]:
        query = "SELECT number FROM passages EXCEPT SELECT number FROM wanted_passages ORDER BY 1"
        return [row[0] for row in self._sql.execute(query)]

    def differs(self) -> bool:
        return bool(self.fresh_records() or self.gone_records() or self.fresh_passages() or self.gone_passages())

    def note(self, records: Iterable[tuple[str, str, bytes]], passages: Iterable[int]) -> None:
        """Say what is published, besides what was said before."""
        self._sql.execute("BEGIN")
        self._sql.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", records)
        self._sql.executemany("INSERT OR IGNORE INTO passages VALUES (?)", ((number,) for number in passages))
        self._sql.execute("COMMIT")

    def next(self, path: Path) -> None:
        """Write the ledger of a generation that holds what is wanted now."""
        path.unlink(missing_ok=True)
        shutil.copyfile(self.path, path)
        with closing(Ledger(path)) as copy:
            copy._sql.execute("BEGIN")
            for table in ("records", "passages"):
                copy._sql.execute(f"DELETE FROM {table}")
                rows = self._sql.execute(f"SELECT * FROM wanted_{table}")
                marks = "?, ?, ?" if table == "records" else "?"
                copy._sql.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            copy._sql.execute("COMMIT")


class Publisher:
    """One build's way from a workbook to Milvus, under the lease.

    Args:
        still_ours: raises CorpusError where another builder has taken the lease.
    """

    def __init__(self, server: Server, layout: Layout, folder: Path, still_ours: Callable[[], None]) -> None:
        self._server, self._layout, self._folder, self._still_ours = server, layout, folder, still_ours

    def clean(self, generation: int) -> list[str]:
        """Take back what an unfinished build left, and delete for good what no reader sees any more; says what.

        What died in the present generation may be read by a question that began before it, and stays until the next.
        """
        done = []
        for collection, fields, key in self._collections():
            unborn = self._server.count(collection, f"born > {generation}")
            if unborn:
                self._server.call("delete", collection, filter=f"born > {generation}", patience=LONG)
                done.append(f"{unborn:,} rows of an unfinished build were deleted from {collection}")
            dying = f"died > {generation} and died < {ALIVE}"
            revived = sum(self._died(collection, page, ALIVE) for page in self._pages(collection, key, dying, fields))
            if revived:
                done.append(f"{revived:,} rows that an unfinished build took out of {collection} are back")
            self._server.call("delete", collection, filter=f"died < {generation}", patience=LONG)
        return done

    def publish(self, before: Manifest | None, book: Workbook, ledger: Ledger, progress: Progress) -> Manifest:
        """Bring Milvus to what the workbook holds; the generation before if nothing differs."""
        ledger.wanted(book.records(), book.passage_numbers())
        if before and not ledger.differs():
            return before
        generation = before.generation + 1 if before else 1
        wanted = checked_kind(book.meta("vector_kind", "automatic")) or "automatic"
        kind, words = kind_for(wanted, book.count_passages()), has_words(self._server)
        make_collections(self._server, self._layout, book.dimension(), words, kind)
        if before is None:  # what is there was never published
            self.clean(0)
        self._take_out(generation, ledger)
        token = secrets.token_hex(8)
        self._put_records(generation, token, book, ledger.fresh_records())
        self._put_passages(generation, book, ledger.fresh_passages(), progress)
        for collection, _, _ in self._collections():
            self._server.call("flush", collection, patience=LONG)
        return self._switch(before, generation, token, ledger)

    def _switch(self, before: Manifest | None, generation: int, token: str, ledger: Ledger) -> Manifest:
        """The moment of publication, and what is put in order after it."""
        collection = self._layout.manifest(generation, token)
        make_empty(self._server, collection)
        ledger.next(Ledger.path_of(self._folder, token))
        self._still_ours()
        self._server.call("alter_alias" if before else "create_alias", collection, self._layout.name)
        for other in self._server.call("list_collections"):
            if other != collection and self._layout.generation(other):
                self._server.call("drop_collection", other)
        Ledger.remove_others(self._folder, token)
        manifest = published(self._server, self._layout)
        if manifest is None or manifest.token != token:
            raise CorpusError(f"another build published to {self._server.address} in the same moment: build again")
        return manifest

    # ---- rows ----------------------------------------------------------------------------------

    def _collections(self) -> list[tuple[str, list[str], str]]:
        found = [(self._layout.records, RECORD, "key"), (self._layout.passages, PASSAGE, "number")]
        return [each for each in found if self._server.call("has_collection", each[0])]

    def _take_out(self, generation: int, ledger: Ledger) -> None:
        by_kind: dict[str, list[str]] = {}
        for kind, name in ledger.gone_records():
            by_kind.setdefault(kind, []).append(name)
        for kind, names in by_kind.items():
            for some in batches(names, 100):
                where = f'kind == "{kind}" and {any_of("name", some)} and died == {ALIVE}'
                for page in self._pages(self._layout.records, "key", where, RECORD):
                    self._died(self._layout.records, page, generation)
        for numbers in batches(ledger.gone_passages(), ROWS_AT_ONCE):
            where = f"{any_of('number', numbers)} and died == {ALIVE}"
            for page in self._pages(self._layout.passages, "number", where, PASSAGE):
                self._died(self._layout.passages, page, generation)

    def _died(self, collection: str, rows: Sequence[Row], generation: int) -> int:
        """Say that rows died in a generation: whole rows, as a server of before 2.5 cannot change a field alone."""
        self._server.call("upsert", collection, [row | {"died": generation} for row in rows], patience=LONG)
        return len(rows)

    def _put_records(self, generation: int, token: str, book: Workbook, fresh: set[tuple[str, str]]) -> None:
        rows: list[Row] = []
        size = 0
        for record in book.records() if fresh else ():
            if (record.kind, record.name) not in fresh:
                continue
            for row in _rows(record, generation, token):
                rows.append(row)
                size += len(row["body"]) * 4 + 200
                if size > BYTES_AT_ONCE:
                    self._insert(self._layout.records, rows)
                    rows, size = [], 0
        self._insert(self._layout.records, rows)

    def _put_passages(self, generation: int, book: Workbook, fresh: Sequence[int], progress: Progress) -> None:
        with closing(Analyzer()) as analyzer:
            done = 0
            for numbers in batches(fresh, ROWS_AT_ONCE):
                rows = book.passages(numbers, analyzer)
                self._insert(self._layout.passages, [row | {"born": generation, "died": ALIVE} for row in rows])
                done += len(numbers)
                progress("writing", done, len(fresh))

    def _insert(self, collection: str, rows: Sequence[Row]) -> None:
        if rows:
            self._server.call("insert", collection, list(rows), patience=LONG)

    def _pages(self, collection: str, key: str, where: str, fields: Sequence[str]) -> Iterator[list[Row]]:
        yield from self._server.pages(collection, key, where, fields, at_once=200)


def noted(server: Server, layout: Layout, generation: int, path: Path) -> Ledger:
    """A ledger made anew from what Milvus itself holds of a generation.

    What is damaged there is noted as that, so that it goes and is written anew; a passage of which a vector is damaged
    is deleted at once.
    """
    path.unlink(missing_ok=True)
    ledger = Ledger(path)
    if server.call("has_collection", layout.passages):
        for page in server.pages(layout.passages, "number", visible(generation), VECTORS):
            damaged = damaged_vectors(page)
            if damaged:
                server.call("delete", layout.passages, filter=any_of("number", damaged))
            ledger.note([], {row["number"] for row in page}.difference(damaged))
    digests: dict[str, Mapping[str, Any]] = {}
    fields = [field for field in RECORD if field not in ("blank", "born")]
    for kind in KINDS:
        where = f'kind == "{kind}" and {visible(generation)}'
        rows = [row for page in server.pages(layout.records, "key", where, fields) for row in page]
        found = joined(rows)
        if kind == ARTICLE:
            digests = {said["digest"]: said for said in (json.loads(body) for _, body in found)}
        ledger.note(((kind, row["name"], _version(kind, row, body, digests)) for row, body in found), [])
    return ledger


def _version(kind: str, row: Row, body: str, digests: Mapping[str, Mapping[str, Any]]) -> bytes:
    """As the workbook names it; of a text that is not what was written, as nothing does."""
    if kind != TEXT:
        return version_of(body, row["number"], row["first"], row["second"], row["source"], row["published"])
    said = digests.get(row["name"])
    return b"" if said is not None and article_from(said, body).digest == row["name"] else b"damaged"


def _rows(record: Record, generation: int, token: str) -> Iterator[Row]:
    """A record's rows; their keys are never those of another build's."""
    named = hashlib.sha256(f"{record.kind}\0{record.name}".encode()).hexdigest()[:40]
    for part, body in enumerate(parts(record.body())):
        yield {
            "key": f"{named}-{part}-{token}", "kind": record.kind, "name": record.name, "number": record.number,
            "first": record.first, "second": record.second, "source": record.source, "published": record.published,
            "part": part, "born": generation, "died": ALIVE, "body": body, "blank": [0.0, 0.0],
        }  # fmt: skip
