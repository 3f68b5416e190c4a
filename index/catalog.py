"""The truth of an index, in one SQLite file: articles, passages, full text, cached vectors, generation.

Knows SQL and words. Never knows FAISS, models or questions.

    meta      one row a fact: schema, generation, embedder, roots, checksum of the vector file
    articles  every article whole, text as read
    passages  (article, start, end, vector); numbers are never used twice
    words     FTS5 over title and passage, its text taken from the two tables above
    vectors   embeddings by digest of the text that was embedded, kept across rebuilds
    gone      passages removed since the vector file was written, by number
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.article import Article, Passage
from index.errors import CorpusError

SCHEMA = "3"
FILE = "catalog.sqlite"
UNHARMED = "nothing was published, and what was there before is whole"

TITLE_WEIGHT, BODY_WEIGHT = 0.5, 1.0
"""BM25 column weights: a word of the title counts for each passage, but less than one in the passage."""

NumberedVectors = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE articles (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL, published TEXT,
    author TEXT NOT NULL, pages TEXT NOT NULL);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL REFERENCES articles(number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_of_article ON passages(article);
CREATE INDEX passages_of_vector ON passages(vector);
CREATE TABLE gone (number INTEGER PRIMARY KEY);
CREATE TRIGGER gone AFTER DELETE ON passages BEGIN INSERT INTO gone VALUES (old.number); END;
CREATE TABLE vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE VIEW passage_text AS
    SELECT p.number AS number, p.article AS article, a.title AS title,
           substr(a.text, p.start + 1, p."end" - p.start) AS body
    FROM passages p JOIN articles a ON a.number = p.article;
CREATE VIRTUAL TABLE words USING fts5(
    title, body, content='passage_text', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2');
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles may be searched: outlets (none named: all) and publication dates, both ends included.

    An article without a date passes no date filter.
    """

    sources: tuple[str, ...] = ()
    published_after: date | None = None
    published_before: date | None = None

    def __bool__(self) -> bool:
        return bool(self.sources or self.published_after or self.published_before)

    def _where(self) -> tuple[str, list[str]]:
        clauses, values = ["1"], list(self.sources)
        if self.sources:
            clauses.append(f"source IN ({','.join('?' * len(self.sources))})")
        for operator, day in ((">=", self.published_after), ("<=", self.published_before)):
            if day:
                clauses.append(f"published {operator} ?")
                values.append(day.isoformat())
        return " AND ".join(clauses), values


class Catalog:
    """One connection to the SQLite file; made for one thread and closed by its `with` block."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        path = folder / FILE
        if not create and not path.exists():
            raise CorpusError(f"there is no index in {folder}: build one with `qa index PATH --index-dir {folder}`")
        self.folder = folder
        try:
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise _unreadable(folder, error) from error
        try:
            schema = self._prepare(create)
            if schema != SCHEMA:
                raise CorpusError(
                    f"{path} has format {schema}, this version reads {SCHEMA}: delete {folder} and build it anew"
                )
        except sqlite3.DatabaseError as error:
            self._sql.close()
            raise _unreadable(folder, error) from error
        except CorpusError:
            self._sql.close()
            raise

    def _prepare(self, create: bool) -> str | None:
        """Set the connection up, and the tables if they are to be made; returns the file's format."""
        self._sql.execute("PRAGMA busy_timeout = 10000")
        self._sql.execute("PRAGMA journal_mode = WAL")
        if create and not self._sql.execute("SELECT 1 FROM sqlite_master").fetchone():
            with self.transaction():
                for statement in _TABLES.split(";\n"):
                    self._sql.execute(statement)
                self.set_meta(schema=SCHEMA, generation="0")
        return self.meta("schema")

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close; damage that SQLite came upon inside the block is told as what it is, a damaged index."""
        self._sql.close()
        if type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise _unreadable(self.folder, error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is published at its end, or nothing of it."""
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self._sql.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one generation, whatever is published meanwhile."""
        self._sql.execute("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._sql.in_transaction:  # after some errors, a full disk for one, SQLite has done it itself
            self._sql.execute("ROLLBACK")

    # ---- facts about the index -------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        row = self._sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, **values: str) -> None:
        self._sql.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    @property
    def generation(self) -> int:
        """Counts the publications; 0 before the first."""
        return int(self.meta("generation") or 0)

    # ---- articles and passages -------------------------------------------------------------

    def articles(self) -> list[Article]:
        """All articles in the order of their ids."""
        return [_article(row) for row in self._sql.execute(f"SELECT {_COLUMNS} FROM articles ORDER BY id")]

    def article(self, article_id: str) -> Article | None:
        row = self._sql.execute(f"SELECT {_COLUMNS} FROM articles WHERE id = ?", (article_id,)).fetchone()
        return _article(row) if row else None

    def digests(self) -> dict[str, str]:
        """Article id to digest, of every article."""
        return dict(self._sql.execute("SELECT id, digest FROM articles"))

    def sources(self) -> list[str]:
        """The outlets, in alphabetical order."""
        return [
            row[0] for row in self._sql.execute("SELECT DISTINCT source FROM articles WHERE source <> '' ORDER BY 1")
        ]

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Passages by number; a number that is gone is left out."""
        found = {}
        for number in numbers:
            row = self._sql.execute(
                'SELECT a.id, p.start, p."end" FROM passages p JOIN articles a ON a.number = p.article'
                " WHERE p.number = ?",
                (number,),
            ).fetchone()
            if row:
                found[number] = Passage(*row)
        return found

    def count(self) -> tuple[int, int]:
        """How many articles and passages there are."""
        articles, passages = (
            self._sql.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("articles", "passages")
        )
        return articles, passages

    def passage_numbers(self, allowed: Filter) -> npt.NDArray[np.int64]:
        """The passages of the articles that a filter lets through."""
        where, values = allowed._where()
        query = f"SELECT number FROM passages WHERE article IN (SELECT number FROM articles WHERE {where})"
        return np.fromiter((row[0] for row in self._sql.execute(query, values)), np.int64)

    def search_words(self, words: Sequence[str], limit: int, allowed: Filter) -> list[tuple[int, float]]:
        """Passage numbers with their BM25 scores, best first, higher better; any of the words may match."""
        if not words:
            return []
        match = " OR ".join('"{}"'.format(word.replace("\0", " ").replace('"', '""')) for word in words)
        query = f"SELECT rowid, -bm25(words, {TITLE_WEIGHT}, {BODY_WEIGHT}) AS score FROM words WHERE words MATCH ?"
        values = [match]
        if allowed:
            where, more = allowed._where()
            articles = f"SELECT number FROM articles WHERE {where}"
            query += f" AND rowid IN (SELECT number FROM passages WHERE article IN ({articles}))"
            values += more
        return self._sql.execute(f"{query} ORDER BY score DESC, rowid LIMIT {int(limit)}", values).fetchall()

    def problems(self) -> list[str]:
        """What is wrong inside the file, each as one line: SQLite's own check, full text, offsets."""
        found = [f"SQLite: {row[0]}" for row in self._sql.execute("PRAGMA quick_check") if row[0] != "ok"]
        outside = """SELECT count(*) FROM passages p JOIN articles a ON a.number = p.article
                     WHERE p.start < 0 OR p.start >= p."end" OR p."end" > length(a.text)"""
        if count := self._sql.execute(outside).fetchone()[0]:
            found.append(f"{count} passages lie outside their article")
        homeless = "SELECT count(*) FROM passages WHERE article NOT IN (SELECT number FROM articles)"
        if count := self._sql.execute(homeless).fetchone()[0]:
            found.append(f"{count} passages belong to no article")
        words = self._sql.execute("SELECT count(*) FROM words_docsize").fetchone()[0]
        if words != self.count()[1]:
            found.append(f"the full text holds {words} passages, the catalog {self.count()[1]}")
        return found

    # ---- changes, inside a transaction -------------------------------------------------------

    def put(self, article: Article, passages: Sequence[tuple[int, int]], vectors: Sequence[bytes]) -> None:
        """Add an article with its passages' offsets and the digests of their vectors."""
        self.remove(article.id)
        published = article.published.isoformat() if article.published else None
        number = self._sql.execute(
            f"INSERT INTO articles (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article.digest, article.id, article.title, article.text, article.source, article.url, published,
                article.author, " ".join(map(str, article.pages)),
            ),  # fmt: skip
        ).lastrowid
        rows = [(number, start, end, vector) for (start, end), vector in zip(passages, vectors, strict=True)]
        self._sql.executemany('INSERT INTO passages (article, start, "end", vector) VALUES (?, ?, ?, ?)', rows)
        self._sql.execute(
            "INSERT INTO words (rowid, title, body) SELECT number, title, body FROM passage_text WHERE article = ?",
            (number,),
        )

    def remove(self, article_id: str) -> None:
        """Take an article out, with its passages and words; nothing happens if it is not there."""
        row = self._sql.execute("SELECT number FROM articles WHERE id = ?", (article_id,)).fetchone()
        if not row:
            return
        self._sql.execute(
            "INSERT INTO words (words, rowid, title, body)"
            " SELECT 'delete', number, title, body FROM passage_text WHERE article = ?",
            row,
        )
        self._sql.execute("DELETE FROM passages WHERE article = ?", row)
        self._sql.execute("DELETE FROM articles WHERE number = ?", row)

    # ---- cached vectors ----------------------------------------------------------------------

    def missing_vectors(self, digests: Iterable[bytes]) -> list[bytes]:
        """Those of the digests for which no vector is cached, each once, in order."""
        known = "SELECT 1 FROM vectors WHERE digest = ?"
        return [d for d in dict.fromkeys(digests) if not self._sql.execute(known, (d,)).fetchone()]

    def cache_vectors(self, vectors: Mapping[bytes, npt.NDArray[np.float32]]) -> None:
        """Keep vectors by digest; done at once, so that a build cut short does not embed them again."""
        rows = [(digest, vector.astype("<f4").tobytes()) for digest, vector in vectors.items()]
        with self.transaction():
            self._sql.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def forget_unused_vectors(self) -> None:
        self._sql.execute("DELETE FROM vectors WHERE digest NOT IN (SELECT vector FROM passages)")

    def passage_vectors(self, after: int = 0) -> NumberedVectors:
        """The numbers over `after` in order, shape (n,), and their vectors, shape (n, dimension)."""
        return _numbered(self._sql.execute(f"{_VECTORS} WHERE p.number > ? ORDER BY p.number", (after,)).fetchall())

    def vectors_of(self, numbers: Iterable[int]) -> NumberedVectors:
        """Those of the numbers that are passages, in the order asked for, with their vectors."""
        query = f"{_VECTORS} WHERE p.number = ?"
        found = (self._sql.execute(query, (int(number),)).fetchone() for number in numbers)
        return _numbered([row for row in found if row])

    def vectors_in_blocks(self, rows: int) -> Iterator[NumberedVectors]:
        """Every passage's number and vector, so many at a time, ordered by digest: as they lie on the disk."""
        query = "SELECT p.number, v.vector FROM vectors v CROSS JOIN passages p ON p.vector = v.digest"
        cursor = self._sql.execute(f"{query} ORDER BY v.digest, p.number")
        while block := cursor.fetchmany(rows):
            yield _numbered(block)

    # ---- what was published after the vector file was written ----------------------------------

    def gone(self, newest: int) -> npt.NDArray[np.int64]:
        """The passages up to number `newest` that were removed since `forget_gone`, in order."""
        query = "SELECT number FROM gone WHERE number <= ? ORDER BY number"
        return np.fromiter((row[0] for row in self._sql.execute(query, (newest,))), np.int64)

    def newest(self) -> int:
        """The highest number of a passage; 0 if there is none."""
        return int(self._sql.execute("SELECT coalesce(max(number), 0) FROM passages").fetchone()[0])

    def published_after(self, number: int) -> int:
        """How many passages have a higher number."""
        return int(self._sql.execute("SELECT count(*) FROM passages WHERE number > ?", (number,)).fetchone()[0])

    def forget_gone(self) -> None:
        self._sql.execute("DELETE FROM gone")


def is_published(folder: Path) -> bool:
    """Whether a build into `folder` was ever finished."""
    if not (folder / FILE).exists():
        return False
    with Catalog(folder) as catalog:
        return catalog.generation > 0


_VECTORS = "SELECT p.number, v.vector FROM passages p JOIN vectors v ON v.digest = p.vector"


def _numbered(rows: Sequence[tuple[int, bytes]]) -> NumberedVectors:
    numbers = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    matrix = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1 if rows else 0)
    return numbers, matrix.astype(np.float32)


_COLUMNS = "id, title, text, source, url, published, author, pages"


def _unreadable(folder: Path, error: object) -> CorpusError:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return CorpusError(f"{folder / FILE} cannot be written, as the disk is full: {UNHARMED}")
    return CorpusError(
        f"{folder / FILE} cannot be read as an index ({error}): if that lasts, delete {folder} and build it anew"
    )


def _article(row: tuple[str, str, str, str, str, str | None, str, str]) -> Article:
    published = date.fromisoformat(row[5]) if row[5] else None
    return Article(*row[:5], published, row[6], tuple(map(int, row[7].split())))
