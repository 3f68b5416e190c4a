"""The truth of an index, in one SQLite file: articles, passages, full text, cached vectors, generation.

Knows SQL and words. Never knows FAISS, models or questions.

    meta      one row a fact: schema, generation, embedder, roots, checksum of the vector file
    articles  every article whole, text as read; two that are the same in all but their ids are one
    origins   every id that an article was read under
    passages  (article, start, end, vector); numbers are never used twice
    words     FTS5 over title and passage, its text taken from the two tables above
    vectors   embeddings by digest of the text that was embedded, kept across rebuilds
    directions  where the sentences of that text point to, a row of bytes each
    loose     digests of vectors that perhaps no passage has
    gone      passages removed since the vector file was written, by number

What articles have in common with each other stands in the tables of `index.syndication`, which
names are of one thing in those of `index.aliases`, and what each file gave when it was last read in
that of `index.readings`.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import aliases, readings, syndication, words
from index.aliases import Aliases
from index.article import Article, Passage
from index.connection import PATIENCE, UNREADABLE, connect
from index.embedder import Directions, Embedding, read_directions
from index.errors import CorpusError, QAError
from index.introductions import Naming
from index.readings import Readings
from index.store import EVERYTHING, Filter, Heading
from index.subset import PassageSet, RecentSets
from index.syndication import Line, Syndication

SCHEMA = "7"
FILE = "catalog.sqlite"
BUILD_CACHE_KIB = 256 * 1024
"""Pages that a build keeps in memory at most: digests and hashes fall anywhere in their tables."""

HIGHEST = 2**31
"""No passage has a higher number, unless the file is damaged."""

SAID = 200
"""Most characters of what SQLite says of a damaged file."""

UNHARMED = "nothing was published, and what was there before is whole"

UNNAMED = Naming()

NumberedVectors = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE articles (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL, published TEXT,
    author TEXT NOT NULL, pages TEXT NOT NULL);
CREATE INDEX articles_by_id ON articles(id);
CREATE INDEX articles_by_source ON articles(source, published);
CREATE TABLE origins (id TEXT PRIMARY KEY, article INTEGER NOT NULL REFERENCES articles(number)) WITHOUT ROWID;
CREATE INDEX origins_of_article ON origins(article);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL REFERENCES articles(number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_of_article ON passages(article);
CREATE INDEX passages_of_vector ON passages(vector);
CREATE TABLE gone (number INTEGER PRIMARY KEY);
CREATE TRIGGER gone AFTER DELETE ON passages BEGIN INSERT INTO gone VALUES (old.number); END;
CREATE TABLE vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE directions (digest BLOB PRIMARY KEY, matrix BLOB NOT NULL);
CREATE TABLE loose (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE VIEW passage_text AS
    SELECT p.number AS number, p.article AS article, a.title AS title,
           substr(a.text, p.start + 1, p."end" - p.start) AS body
    FROM passages p JOIN articles a ON a.number = p.article;
CREATE VIRTUAL TABLE words USING fts5(
    title, body, content='passage_text', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2');
"""
_TABLES += syndication.TABLES + readings.TABLES + aliases.TABLES


class Catalog:
    """One connection to the SQLite file; made for one thread and closed by its `with` block.

    `sets` keeps what filters let through from one connection to the next.
    """

    def __init__(self, folder: Path, create: bool = False, sets: RecentSets | None = None) -> None:
        path = folder / FILE
        if not create and not path.exists():
            raise CorpusError(f"there is no index in {folder}: build one with `qa index PATH --index-dir {folder}`")
        self.folder, self._sets = folder, sets
        try:
            self._sql, self._unchanging = connect(path)
        except UNREADABLE as error:
            raise _unreadable(folder, error) from error
        self.shared, self.aliases = Syndication(self._sql), Aliases(self._sql)
        try:
            self._prepare(create)
        except UNREADABLE as error:
            self._sql.close()
            raise _unreadable(folder, error) from error
        except CorpusError:
            self._sql.close()
            raise

    def _prepare(self, create: bool) -> None:
        """Make the tables, if they are to be made; those of an older format are thrown away."""
        if create:
            self._sql.execute(f"PRAGMA cache_size = -{BUILD_CACHE_KIB}")
        is_empty = not self._sql.execute("SELECT 1 FROM sqlite_master").fetchone()
        schema = "0" if is_empty else self.meta("schema") or ""
        is_older = schema.isdecimal() and int(schema) < int(SCHEMA)
        if create and is_older:
            with self.transaction():
                self._drop_tables()
                for statement in _TABLES.split(";\n"):
                    self._sql.execute(statement)
                self.set_meta(schema=SCHEMA, generation="0")
        elif is_empty:
            raise _Unbuilt(
                f"the index in {self.folder} was never finished: "
                f"build it with `qa index PATH --index-dir {self.folder}`"
            )
        elif is_older:
            raise _Unbuilt(
                f"the index in {self.folder} has format {schema}, this version reads {SCHEMA}: "
                f"build it anew with `qa index PATH --index-dir {self.folder}`"
            )
        elif schema != SCHEMA:
            raise CorpusError(
                f"the index in {self.folder} has format {schema}, this version reads {SCHEMA}: "
                "use the newer version that made it, or build into another --index-dir"
            )

    def _drop_tables(self) -> None:
        """The virtual table first, as it has tables of its own."""
        query = "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        for kind, name in self._sql.execute(f"{query} ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC").fetchall():
            self._sql.execute(f'DROP {kind} IF EXISTS "{name}"')

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close; what damage to the file led to inside the block is told as what it is, a damaged index."""
        found: Exception | str | None = None
        if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
            found = error
        elif isinstance(error, Exception) and not isinstance(error, QAError):
            found = self._first_problem()  # a damaged value may be of any type, and so may be what it leads to
        self._sql.close()
        if self._unchanging and self._unchanging.has_changed():
            raise CorpusError(
                f"{self._unchanging.path} was changed while it was read, in a place that is read-only here: try again"
            ) from error
        if found:
            raise _unreadable(self.folder, found) from error

    def _first_problem(self) -> Exception | str | None:
        try:
            self._roll_back()
            return next(iter(self.problems()), None)
        except Exception as error:
            return error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is published at its end, or nothing of it."""
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.shared.settle()
        except BaseException:
            self._roll_back()
            self.shared.roll_back()
            self.aliases.roll_back()
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

    def excluded(self) -> dict[str, str]:
        """The ids that builds leave out, each for as long as its article has this digest."""
        return dict(json.loads(self.meta("excluded") or "{}"))

    def readings(self, holds: Callable[[str, str], bool]) -> Readings:
        """What the files gave when they were last read, for a build that asks of articles as `Readings` says."""
        return Readings(self._sql, holds)

    # ---- articles and passages -------------------------------------------------------------

    def articles(self) -> list[Article]:
        """All articles in the order of their ids, each once however many origins it has."""
        return [self._article(row) for row in self._sql.execute(f"SELECT digest, {_COLUMNS} FROM articles ORDER BY id")]

    def article(self, article_id: str) -> Article | None:
        """The article of that id, or with that id among its origins."""
        return self.articles_of([article_id]).get(article_id)

    def articles_of(self, article_ids: Iterable[str]) -> dict[str, Article]:
        """The same of several at once, by the ids asked for and in their order; one that is not there is left out."""
        wanted = list(article_ids)
        query = f"""SELECT origin, digest, {_COLUMNS} FROM articles JOIN
                    (SELECT id AS origin, article FROM origins WHERE id IN (SELECT value FROM json_each(?)))
                    ON number = article"""
        rows = self._sql.execute(query, (json.dumps(wanted),))
        found = {origin: self._article(tuple(row)) for origin, *row in rows}
        return {article_id: found[article_id] for article_id in wanted if article_id in found}

    def headings(self, allowed: Filter = EVERYTHING, offset: int = 0, limit: int | None = None) -> list[Heading]:
        """What a list shows of the articles that a filter lets through, a page of them, by id; no text is read."""
        where, values = _where(allowed)
        page = (-1 if limit is None else limit, offset)
        return self._headings(f"WHERE {where} ORDER BY a.id LIMIT ? OFFSET ?", (*values, *page))

    def headings_of(self, article_ids: Iterable[str]) -> list[Heading]:
        """The same of these articles, in the order given; one that is not there is left out."""
        wanted = list(article_ids)
        query = "WHERE a.id IN (SELECT value FROM json_each(?))"
        found = {heading.id: heading for heading in self._headings(query, (json.dumps(wanted),))}
        return [found[article_id] for article_id in wanted if article_id in found]

    def count_articles(self, allowed: Filter) -> int:
        """How many articles a filter lets through."""
        where, values = _where(allowed)
        return int(self._sql.execute(f"SELECT count(*) FROM articles WHERE {where}", values).fetchone()[0])

    def _headings(self, rest: str, values: Sequence[str | int]) -> list[Heading]:
        query = """SELECT a.id, a.title, a.source, a.url, a.published, a.author,
                          (SELECT count(*) FROM passages p WHERE p.article = a.number),
                          (SELECT json_group_array(o.id) FROM origins o WHERE o.article = a.number AND o.id <> a.id)
                   FROM articles a """
        return [
            Heading(name, title, source, url, date.fromisoformat(day) if day else None, author, passages, others)
            for name, title, source, url, day, author, passages, copies in self._sql.execute(query + rest, values)
            for others in (tuple(sorted(json.loads(copies))),)
        ]

    def _article(self, row: tuple[Any, ...]) -> Article:
        """The article of a row, if it is as it was written: SQLite itself does not see a bit turned over in a text."""
        digest, *fields = row
        article = Article.of_fields(*fields)
        if article.digest != digest:
            raise _unreadable(self.folder, f"the article {article.id} is damaged")
        return article

    def _is_whole(self, row: tuple[Any, ...]) -> bool:
        try:
            return bool(self._article(row))
        except (CorpusError, ValueError, TypeError, AttributeError):
            return False

    def digests(self) -> dict[str, str]:
        """Every id that an article was read under, and the digest of the article."""
        return dict(self._sql.execute("SELECT o.id, a.digest FROM origins o JOIN articles a ON a.number = o.article"))

    def origins(self, article_id: str) -> tuple[str, ...]:
        """All ids that this very article was read under, the article's own first; none if it is not there."""
        query = "SELECT id FROM origins WHERE article = (SELECT article FROM origins WHERE id = ?) ORDER BY id"
        return tuple(row[0] for row in self._sql.execute(query, (article_id,)))

    def stories(self, article_ids: Iterable[str]) -> dict[str, int]:
        """For each article the number of its story.

        Articles of one story share text with each other, or with others between them, and count
        as one source: the number of different stories is that of independent sources.
        """
        query = "SELECT id, article FROM origins WHERE id IN (SELECT value FROM json_each(?))"
        numbers = dict(self._sql.execute(query, (json.dumps(list(article_ids)),)))
        stories = self.shared.stories(numbers.values())
        return {article_id: stories[number] for article_id, number in numbers.items()}

    def syndicated_with(self, article_id: str) -> set[str]:
        """The other articles of the same story."""
        query = """SELECT a.id FROM origins o JOIN syndicated mine ON mine.article = o.article
                   JOIN syndicated s ON s.story = mine.story AND s.article <> o.article
                   JOIN articles a ON a.number = s.article WHERE o.id = ?"""
        return {row[0] for row in self._sql.execute(query, (article_id,))}

    def copies(self, ranked: Sequence[int]) -> dict[int, int]:
        """Of passages, best first, those that repeat better ones of other articles, each with the one it repeats."""
        return self.shared.copies(ranked)

    def sources(self) -> list[str]:
        """The outlets, in alphabetical order."""
        return [
            row[0] for row in self._sql.execute("SELECT DISTINCT source FROM articles WHERE source <> '' ORDER BY 1")
        ]

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Passages by number, in the order asked for; a number that is gone is left out."""
        wanted = [int(number) for number in numbers]
        query = """SELECT p.number, a.id, p.start, p."end" FROM passages p JOIN articles a ON a.number = p.article
                   WHERE p.number IN (SELECT value FROM json_each(?))"""
        found = {number: Passage(*rest) for number, *rest in self._sql.execute(query, (json.dumps(wanted),))}
        return {number: found[number] for number in wanted if number in found}

    def passages_of(self, article_id: str) -> dict[int, Passage]:
        """The passages of one article by number, in the order of the text."""
        query = """SELECT p.number, p.start, p."end" FROM passages p JOIN articles a ON a.number = p.article
                   WHERE a.id = ? ORDER BY p.start"""
        return {number: Passage(article_id, *span) for number, *span in self._sql.execute(query, (article_id,))}

    def count(self) -> tuple[int, int]:
        """How many articles and passages there are."""
        articles, passages = (
            self._sql.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("articles", "passages")
        )
        return articles, passages

    def count_copies(self) -> int:
        """How many articles were read that another one equals in all but its id."""
        return int(self._sql.execute("SELECT count(*) FROM origins").fetchone()[0]) - self.count()[0]

    def passage_numbers(self, allowed: Filter) -> npt.NDArray[np.int64]:
        """The passages of the articles that a filter lets through."""
        where, values = _where(allowed)
        query = f"SELECT number FROM passages WHERE article IN (SELECT number FROM articles WHERE {where})"
        return np.fromiter((row[0] for row in self._sql.execute(query, values)), np.int64)

    def passage_set(self, allowed: Filter) -> PassageSet:
        """The same for a search; inside a snapshot, it is not made again while the generation is the same."""
        publication = self.meta("publication")
        if self._sets is None or publication is None:
            return self._passage_set(allowed)
        return self._sets.get((publication, allowed), lambda: self._passage_set(allowed))

    def _passage_set(self, allowed: Filter) -> PassageSet:
        """From a row an article, as its passages are put at once and so have numbers in a row."""
        where, values = _where(allowed)
        query = f"""SELECT min(number), max(number), count(*) FROM passages
                    WHERE article IN (SELECT number FROM articles WHERE {where}) GROUP BY article"""
        rows = np.array(self._sql.execute(query, values).fetchall(), np.int64).reshape(-1, 3)
        first, last, count = rows.T
        if len(rows) and not 0 < first.min() <= last.max() <= HIGHEST:
            raise _unreadable(self.folder, "the numbers of passages are damaged")
        if (last - first + 1 == count).all():
            return PassageSet(first, last)
        return PassageSet.of(self.passage_numbers(allowed))

    def search_words(self, wanted: Sequence[str], limit: int, allowed: Filter) -> list[tuple[int, float]]:
        """Passage numbers with their BM25 scores, best first, higher better; any of the words may match."""
        if not allowed:
            return words.search(self._sql, wanted, limit)
        inside = self.passage_set(allowed)
        if not len(inside):
            return []
        self._sql.create_function("is_allowed", 1, inside.contains(), deterministic=True)
        return words.search(self._sql, wanted, limit, "is_allowed(rowid)")

    def word_scores(self, phrase: str, numbers: Iterable[int]) -> dict[int, float]:
        """What a word, or words one after another, add to the BM25 score of each of these passages that holds them."""
        return words.scores(self._sql, phrase, numbers)

    def problems(self) -> list[str]:
        """What is wrong inside the file, each as one line: SQLite's own check, full text, offsets."""
        checked = (row[0] for row in self._sql.execute("PRAGMA quick_check") if row[0] != "ok")
        found = [f"SQLite: {' '.join(said.split())}" for said in checked]
        rows = self._sql.execute(f"SELECT digest, {_COLUMNS} FROM articles")
        if count := sum(not self._is_whole(row) for row in rows):
            found.append(f"{count} articles are not what was written")
        outside = f"SELECT count(*) FROM passages p JOIN articles a ON a.number = p.article WHERE {_OUTSIDE}"
        if count := self._sql.execute(outside).fetchone()[0]:
            found.append(f"{count} passages lie outside their article")
        homeless = "SELECT count(*) FROM passages WHERE article NOT IN (SELECT number FROM articles)"
        if count := self._sql.execute(homeless).fetchone()[0]:
            found.append(f"{count} passages belong to no article")
        if count := len(self._sql.execute(_LACKING).fetchall()):
            found.append(f"{count} articles lack a passage")
        texts = self._sql.execute("SELECT count(*) FROM words_docsize").fetchone()[0]
        if texts != self.count()[1]:
            found.append(f"the full text holds {texts} passages, the catalog {self.count()[1]}")
        first = "SELECT min(id) FROM origins WHERE article = a.number"
        unnamed = f"SELECT count(*) FROM articles a WHERE id IS NOT ({first})"
        if count := self._sql.execute(unnamed).fetchone()[0]:
            found.append(f"{count} articles do not bear the name of their first origin")
        return found + self.shared.problems() + self.aliases.problems()

    def words_agree(self) -> bool | None:
        """Whether the full text is that of the passages; None while that cannot be told, as something is being written.

        Nothing can be written while it looks, and in a transaction or a snapshot not until that ends.
        """
        try:
            self._sql.execute("PRAGMA busy_timeout = 0")
            self._sql.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the family of the error
            if code == sqlite3.SQLITE_CORRUPT:
                return False
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY):
                return None
            raise
        finally:
            self._sql.execute(PATIENCE)
        return True

    # ---- changes, inside a transaction -------------------------------------------------------

    def put(
        self,
        article: Article,
        passages: Sequence[tuple[int, int]],
        vectors: Sequence[bytes],
        lines: Sequence[Line],
        naming: Naming = UNNAMED,
    ) -> None:
        """Add an article with its passages' offsets, the digests of their vectors, lines, and what it says of names.

        No article of that digest may be there, and it is one only once `assign` names its origins.
        """
        number = self._sql.execute(
            f"INSERT INTO articles (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (article.digest, *article.fields),
        ).lastrowid
        assert number is not None
        rows = [(number, start, end, vector) for (start, end), vector in zip(passages, vectors, strict=True)]
        self._sql.executemany('INSERT INTO passages (article, start, "end", vector) VALUES (?, ?, ?, ?)', rows)
        self._sql.execute(
            "INSERT INTO words (rowid, title, body) SELECT number, title, body FROM passage_text WHERE article = ?",
            (number,),
        )
        self.shared.add(number, lines)
        self.aliases.add(number, naming)

    def assign(self, origins: Mapping[str, str | None]) -> None:
        """Say of ids which article each names now, by digest, or None; an article that no id names is taken out.

        The first of its origins by name gives an article its id, in whatever order they came.
        """
        touched: set[int] = set()
        before = "SELECT article FROM origins WHERE id = ?"
        for article_id, digest in origins.items():
            touched.update(row[0] for row in self._sql.execute(before, (article_id,)))
            if digest is None:
                self._sql.execute("DELETE FROM origins WHERE id = ?", (article_id,))
            else:
                (number,) = self._sql.execute("SELECT number FROM articles WHERE digest = ?", (digest,)).fetchone()
                self._sql.execute("INSERT OR REPLACE INTO origins VALUES (?, ?)", (article_id, number))
                touched.add(number)
        for number in sorted(touched):
            (first,) = self._sql.execute("SELECT min(id) FROM origins WHERE article = ?", (number,)).fetchone()
            if first is None:
                self._take_out(number)
            else:
                self._sql.execute("UPDATE articles SET id = ?1 WHERE number = ?2 AND id <> ?1", (first, number))
        self.shared.regroup()
        self.aliases.relearn()

    def _take_out(self, article: int) -> None:
        """Delete an article with its passages, words and lines."""
        self.shared.remove(article)
        self.aliases.remove(article)
        self._sql.execute(
            "INSERT INTO words (words, rowid, title, body)"
            " SELECT 'delete', number, title, body FROM passage_text WHERE article = ?",
            (article,),
        )
        self._sql.execute("INSERT OR IGNORE INTO loose SELECT vector FROM passages WHERE article = ?", (article,))
        self._sql.execute("DELETE FROM passages WHERE article = ?", (article,))
        self._sql.execute("DELETE FROM articles WHERE number = ?", (article,))

    def continue_at(self, article: int, passage: int) -> None:
        """Give the articles and passages that are put from now on the numbers from these on."""
        for table, number in (("articles", article), ("passages", passage)):
            self._sql.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            self._sql.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number - 1))

    def take_out_damaged(self, passages: Iterable[int] = ()) -> int:
        """Take out the articles that are not what was written, or whose passages have gone or have no place or vector.

        Whatever belongs to no article goes too. The vectors of the `passages` named count as lost.
        Returns how many articles went; the full text is to be rebuilt then.
        """
        lost = "DELETE FROM vectors WHERE digest = (SELECT vector FROM passages WHERE number = ?)"
        self._sql.executemany(lost, [(int(number),) for number in passages])
        rows = self._sql.execute(f"SELECT number, digest, {_COLUMNS} FROM articles")
        damaged = {number for number, *row in rows if not self._is_whole(tuple(row))}
        wrong = f"""SELECT p.article FROM passages p JOIN articles a ON a.number = p.article
                    WHERE {_OUTSIDE} OR p.vector NOT IN (SELECT digest FROM vectors)"""
        damaged.update(row[0] for query in (wrong, _LACKING) for row in self._sql.execute(query))
        for number in sorted(damaged):
            self._sql.execute("DELETE FROM origins WHERE article = ?", (number,))
            self._take_out(number)
        for table in ("origins", "passages"):
            self._sql.execute(f"DELETE FROM {table} WHERE article NOT IN (SELECT number FROM articles)")
        self.shared.regroup()
        return len(damaged)

    def rebuild_words(self) -> None:
        """Make the full text again from the passages."""
        self._sql.execute("INSERT INTO words (words) VALUES ('rebuild')")

    # ---- cached vectors ----------------------------------------------------------------------

    def missing_vectors(self, digests: Iterable[bytes]) -> list[bytes]:
        """Those of the digests for which no vector is cached, each once, in order."""
        known = "SELECT 1 FROM vectors WHERE digest = ?"
        return [d for d in dict.fromkeys(digests) if not self._sql.execute(known, (d,)).fetchone()]

    def vector_digests(self) -> Iterator[bytes]:
        """The digests of all vectors that are cached."""
        return (row[0] for row in self._sql.execute("SELECT digest FROM vectors"))

    def cache_vectors(self, made: Mapping[bytes, Embedding]) -> None:
        """Keep vectors by digest; done at once, so that a build cut short does not embed them again."""
        vectors = [(digest, of.vector.astype("<f4").tobytes()) for digest, of in made.items()]
        sentences = [(digest, of.sentences.tobytes()) for digest, of in made.items()]
        with self.transaction():
            self._sql.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", vectors)
            self._sql.executemany("INSERT OR REPLACE INTO directions VALUES (?, ?)", sentences)
            self._sql.executemany("INSERT OR IGNORE INTO loose VALUES (?)", [(digest,) for digest in made])

    def forget_unused_vectors(self) -> None:
        """Look through those cached, or left by a passage, since the last time: all others are in use."""
        for table in ("vectors", "directions"):
            self._sql.execute(
                f"DELETE FROM {table} WHERE digest IN (SELECT digest FROM loose)"
                f" AND NOT EXISTS (SELECT 1 FROM passages WHERE vector = {table}.digest)"
            )
        self._sql.execute("DELETE FROM loose")

    def sentences_of(self, numbers: Iterable[int]) -> dict[int, Directions]:
        """Where the sentences of these passages point to, shape (sentences, dimension); left out if that is damaged."""
        query = """SELECT p.number, length(v.vector), CAST(s.matrix AS BLOB) FROM passages p
                   JOIN vectors v ON v.digest = p.vector JOIN directions s ON s.digest = p.vector
                   WHERE p.number IN (SELECT value FROM json_each(?))"""
        rows = self._sql.execute(query, (json.dumps([int(number) for number in numbers]),))
        return {n: read_directions(m, size // 4) for n, size, m in rows if size >= 4 and not len(m) % (size // 4)}

    def without_sentences(self) -> list[int]:
        """The passages for which it was not kept, or is damaged, where their sentences point to."""
        query = """SELECT p.number FROM passages p JOIN vectors v ON v.digest = p.vector
                   LEFT JOIN directions s ON s.digest = p.vector
                   WHERE s.matrix IS NULL OR 4 * length(CAST(s.matrix AS BLOB)) % length(v.vector)"""
        return [row[0] for row in self._sql.execute(query)]

    def passage_vectors(self, after: int = 0) -> NumberedVectors:
        """The numbers over `after` in order, shape (n,), and their vectors, shape (n, dimension)."""
        return _numbered(self._sql.execute(f"{_VECTORS} WHERE p.number > ? ORDER BY p.number", (after,)).fetchall())

    def vectors_of(self, numbers: Iterable[int]) -> NumberedVectors:
        """Those of the numbers that are passages, in the order asked for, with their vectors."""
        query = f"{_VECTORS} WHERE p.number = ?"
        found = (self._sql.execute(query, (int(number),)).fetchone() for number in numbers)
        return _numbered([row for row in found if row])

    def vectors_in_blocks(self, rows: int) -> Iterator[NumberedVectors]:
        """Every passage's number and vector, so many at a time, in the order in which they lie on the disk."""
        query = "SELECT p.number, v.vector FROM vectors v CROSS JOIN passages p ON p.vector = v.digest"
        cursor = self._sql.execute(f"{query} ORDER BY v.rowid, p.number")
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
    """Whether a build into `folder` was ever finished, and in the format of this version."""
    if not (folder / FILE).exists():
        return False
    try:
        with Catalog(folder) as catalog:
            return catalog.generation > 0
    except _Unbuilt:
        return False


class _Unbuilt(CorpusError):
    """There is nothing yet, or nothing any more, that this version can read: a build makes it."""


_OUTSIDE = '(p.start < 0 OR p.start >= p."end" OR p."end" > length(a.text))'

_LACKING = """SELECT DISTINCT s.article FROM sentences s JOIN articles a ON a.number = s.article
              WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.article = s.article
                                AND p.start < s."end" AND p."end" > s.start)"""
"""The articles that hold a sentence, as their shared text is kept, which is in none of their passages."""

_VECTORS = "SELECT p.number, v.vector FROM passages p JOIN vectors v ON v.digest = p.vector"


def _numbered(rows: Sequence[tuple[int, bytes]]) -> NumberedVectors:
    numbers = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    matrix = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1 if rows else 0)
    return numbers, matrix.astype(np.float32)


def _where(allowed: Filter) -> tuple[str, list[str]]:
    """What a row of `articles` must be to pass a filter, and the values of that condition."""
    clauses, values = ["1"], list(allowed.sources)
    if allowed.sources:
        clauses.append(f"source IN ({','.join('?' * len(allowed.sources))})")
    for operator, day in ((">=", allowed.published_after), ("<=", allowed.published_before)):
        if day:
            clauses.append(f"published {operator} ?")
            values.append(day.isoformat())
    return " AND ".join(clauses), values


_COLUMNS = "id, title, text, source, url, published, author, pages"


def _unreadable(folder: Path, error: object) -> CorpusError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_FULL:
        return CorpusError(f"{folder / FILE} cannot be written, as the disk is full: {UNHARMED}")
    family = code & 0xFF  # the low byte
    if family == sqlite3.SQLITE_BUSY:
        return CorpusError(f"{folder / FILE} is in use by another process: {UNHARMED}; try again")
    if family in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
        return CorpusError(f"{folder / FILE} cannot be read or written ({error}): {UNHARMED}")
    said = " ".join(str(error).split())[:SAID]  # it may quote an article
    return CorpusError(
        f"{folder / FILE} cannot be read as an index ({said}): if that lasts, delete {folder} and build it anew"
    )
