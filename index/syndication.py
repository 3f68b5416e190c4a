"""Which sentences stand in more than one article: wire copy, reprints, paragraphs carried along.

Knows sentences, what makes two of them the same, and the tables that remember it. Never knows
vectors or questions.

A *line* is the words of a sentence, whatever its case and punctuation. A line stands in another
if at least half of its shingles do, its runs of five words (Broder 1997, "On the resemblance and
containment of documents"), and all of its numbers: one that differs in a number says something
else. MinHash (Broder et al. 1998, "Min-wise independent permutations") only finds the pairs worth
comparing; the shingles themselves decide.

    lines       every line once, under a hash of its words: shingles, numbers, how many articles hold it
    sentences   where it stands: (article, start, end, line)
    minima      the minimum of a line's shingles under each of a few hash functions
    contained   (line, other): the line stands in the other, which is not the same
    syndicated  the articles that share text with others, by story
"""

import hashlib
import json
import re
import sqlite3
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from index.boilerplate import kept_spans

SHINGLE = 5
"""Words in a shingle: few runs of five are met twice by accident, and changing one word breaks only five of them."""

SHORTEST = 12
"""Words below which a sentence, half as long as one of news is, counts as the same only word for word."""

CONTAINED = 0.5
"""Share of a line's shingles that must stand in another: two words changed in a sentence of 25 leave that much."""

MINIMA = 8
"""Hash functions: of pairs that share a third of all their shingles one in 25 is overlooked, of half one in 250."""

CANDIDATES = 100
"""Most lines that one new line is compared with, so that a formula met daily does not make the work quadratic."""

LINES_AT_ONCE = 20_000
"""New lines that are compared in one go; each step of that is an array, or a query, for all of them."""

LINES_WAITING = 100_000
"""Lines that are held in memory until they are compared, some 200 MB: a first build may bring any number."""

COMMON = 500
"""A line in more articles than this is a formula of an outlet, not a report: it ties no articles together."""

TOGETHER = 2
"""Lines that tie two articles: one alone may be quoted or a formula, two are not written twice by accident."""

COPY = 0.8
"""Share of a passage that must stand in better ones of other articles for it to be left out as a copy."""

TABLES = """
CREATE TABLE lines (
    number INTEGER PRIMARY KEY, shingles BLOB NOT NULL, numbers TEXT NOT NULL, articles INTEGER NOT NULL);
CREATE TABLE sentences (
    article INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, line INTEGER NOT NULL,
    telling INTEGER NOT NULL, PRIMARY KEY (article, start)) WITHOUT ROWID;
CREATE INDEX sentences_of_line ON sentences(line);
CREATE TABLE minima (minimum INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (minimum, line)) WITHOUT ROWID;
CREATE TABLE contained (line INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (line, other)) WITHOUT ROWID;
CREATE INDEX contained_in ON contained(other);
CREATE TABLE syndicated (article INTEGER PRIMARY KEY, story INTEGER NOT NULL);
CREATE INDEX syndicated_story ON syndicated(story);
"""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<!\s)\s*\n\s*\n\s*|\Z")
_SPEECH = re.compile(r"“(?:[^”\n]|\n(?!\s*\n))*|\"(?:[^\"\n]|\n(?!\s*\n))*\"")
# For each other article, how many lines of this one stand in it, and how many of its lines stand in this one. A CROSS
# JOIN is read from left to right; without statistics, SQLite would go through all sentences.
_FORWARD = """
WITH mine AS (SELECT DISTINCT s.line AS line FROM sentences s JOIN lines l ON l.number = s.line
              WHERE s.article = :article AND s.telling AND l.articles <= :common),
     found AS (SELECT line, line AS other FROM mine UNION
               SELECT mine.line, c.other FROM mine JOIN contained c ON c.line = mine.line
               JOIN lines l ON l.number = c.other WHERE l.articles <= :common)
SELECT s.article, count(DISTINCT found.line) FROM found CROSS JOIN sentences s ON s.line = found.other
WHERE s.article <> :article GROUP BY s.article
"""
_BACKWARD = """
WITH mine AS (SELECT DISTINCT s.line AS line FROM sentences s JOIN lines l ON l.number = s.line
              WHERE s.article = :article AND l.articles <= :common),
     found AS (SELECT line FROM mine UNION
               SELECT c.line FROM mine JOIN contained c ON c.other = mine.line
               JOIN lines l ON l.number = c.line WHERE l.articles <= :common)
SELECT s.article, count(DISTINCT found.line) FROM found CROSS JOIN sentences s ON s.line = found.line
WHERE s.article <> :article AND s.telling GROUP BY s.article
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence at [start, end) of a text, under the number of its words.

    `shingles` are none for a sentence of few words. `telling`: that it stands in two articles
    says something about where they come from. Direct speech does not, as any number of reporters
    hear it, nor does a sentence of few words.
    """

    start: int
    end: int
    number: int
    shingles: frozenset[int]
    numbers: frozenset[str]
    telling: bool

    def stands_in(self, other: "Line") -> bool:
        """Whether what it says is said by the other too, in the same words but for a few."""
        return _stands_in((self.shingles, self.numbers), (other.shingles, other.numbers))


def lines_of(text: str, kept: Iterable[tuple[int, int]]) -> list[Line]:
    """The lines in the ranges of a text that are its own, in order; together they hold all words there."""
    speech = [match.span() for match in _SPEECH.finditer(text)]
    starts, ends = [start for start, _ in speech], [end for _, end in speech]
    return [
        _line(text, start, end, speech[bisect_right(ends, start) : bisect_left(starts, end)])
        for first, last in kept
        for start, end in _sentences(text, first, last)
    ]


def _sentences(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """What ends in a full stop or before a blank line.

    Where exactly a sentence ends matters less here than that it does so in every copy alike.
    """
    for match in _SENTENCE_END.finditer(text, first, last):
        piece = text[first : match.end()]
        if re.search(r"\w", piece):
            yield first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip())
        first = match.end()


def _line(text: str, start: int, end: int, speech: Sequence[tuple[int, int]]) -> Line:
    """The sentence at [start, end) of a text, of which some ranges are direct speech that may begin or end outside."""
    words = re.findall(r"\w+", text[start:end].casefold())
    runs = [" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)] if len(words) >= SHORTEST else []
    numbers = (word for word in words if not word.isalpha() and any(map(str.isdigit, word)))
    spoken = sum(min(end, e) - max(start, s) for s, e in speech)
    return Line(
        start,
        end,
        int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8]) >> 1,  # SQLite's integers have a sign
        frozenset(zlib.crc32(run.encode()) for run in runs),
        frozenset(numbers),
        len(words) >= SHORTEST and spoken * 2 < end - start,
    )


class Syndication:
    """The tables above, over the connection of a catalog; changes belong inside its transaction.

    After articles were added and removed, `regroup` brings the stories up to date. What was added
    is compared in one go, by `settle`.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._stale: set[int] = set()
        self._waiting: list[tuple[int, Sequence[Line]]] = []
        self._held = 0

    # ---- what is shared ----------------------------------------------------------------------

    def stories(self, articles: Iterable[int]) -> dict[int, int]:
        """Article number to that of its story; articles of one story took text from each other or from one source."""
        numbers = list(articles)
        found = self._sql.execute(
            "SELECT article, story FROM syndicated WHERE article IN (SELECT value FROM json_each(?))",
            (json.dumps(numbers),),
        )
        return {number: number for number in numbers} | dict(found)

    def copies(self, ranked: Sequence[int]) -> dict[int, int]:
        """Of passages, best first, those of which most stands in better ones of other articles.

        Each is given with the better passage that it has most in common with. Passages of one
        article are not copies of each other, nor is anything a copy of a copy.
        """
        article, lengths = self._lines_within(ranked)
        return repeated(ranked, article, lengths, self._contained({line for held in lengths.values() for line in held}))

    def _lines_within(self, passages: Iterable[int]) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
        """Each passage's article, and the characters that it holds of each line whose middle lies in it."""
        article: dict[int, int] = {}
        lengths: dict[int, dict[int, int]] = {}
        for number, of, line, length in lines_within(self._sql, passages):
            article[number] = of
            held = lengths.setdefault(number, {})
            held[line] = held.get(line, 0) + length
        return article, lengths

    def _contained(self, lines: set[int]) -> dict[int, list[int]]:
        query = "SELECT line, other FROM contained WHERE line IN (SELECT value FROM json_each(?))"
        inside: dict[int, list[int]] = {}
        for line, other in self._sql.execute(query, (json.dumps(sorted(lines)),)):
            inside.setdefault(line, []).append(other)
        return inside

    def problems(self) -> list[str]:
        """What of the tables does not belong together, each as one line."""
        found = []
        for table, columns in {"sentences": ("line",), "minima": ("line",), "contained": ("line", "other")}.items():
            foreign = " OR ".join(f"{column} NOT IN (SELECT number FROM lines)" for column in columns)
            if count := self._sql.execute(f"SELECT count(*) FROM {table} WHERE {foreign}").fetchone()[0]:
                found.append(f"{count} {table} of shared text are of no line that is known")
        held = "SELECT count(DISTINCT article) FROM sentences WHERE line = l.number"
        if count := self._sql.execute(f"SELECT count(*) FROM lines l WHERE articles <> ({held})").fetchone()[0]:
            found.append(f"{count} lines of shared text are not counted as they stand in the articles")
        return found

    # ---- changes -----------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything."""
        for table in ("lines", "sentences", "minima", "contained", "syndicated"):
            self._sql.execute(f"DELETE FROM {table}")
        self.roll_back()

    def rebuild(self) -> None:
        """Compare everything again in the articles that are there."""
        self.clear()
        for article, text in self._sql.execute("SELECT number, text FROM articles").fetchall():
            self.add(article, lines_of(text, kept_spans(text)))
        self.regroup()

    def add(self, article: int, lines: Sequence[Line]) -> None:
        """Remember the lines of an article; they are compared, by `settle`, once many wait or the transaction ends."""
        self._sql.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            [(article, line.start, line.end, line.number, line.telling) for line in lines],
        )
        self._waiting.append((article, lines))
        self._held += len(lines)
        if self._held >= LINES_WAITING:
            self.settle()

    def roll_back(self) -> None:
        """Forget what was added and removed in a transaction that failed."""
        self._stale.clear()
        self._waiting.clear()
        self._held = 0

    def remove(self, article: int) -> None:
        """Forget the lines of an article, and those that no other has."""
        self.settle()
        story = "SELECT article FROM syndicated WHERE story = (SELECT story FROM syndicated WHERE article = ?)"
        self._stale.update(row[0] for row in self._sql.execute(story, (article,)).fetchall())
        self._stale.discard(article)
        lines = "SELECT DISTINCT line FROM sentences WHERE article = ?"
        held = [row[0] for row in self._sql.execute(lines, (article,))]
        self._sql.execute("DELETE FROM sentences WHERE article = ?", (article,))
        self._sql.execute("DELETE FROM syndicated WHERE article = ?", (article,))
        unused = [number for number, articles in self._count(dict.fromkeys(held, -1)).items() if not articles]
        known = "SELECT shingles FROM lines WHERE number = ?"
        shingles = (self._sql.execute(known, (number,)).fetchone()[0] for number in unused)
        minima = _minima([frozenset(_unpacked(packed)) for packed in shingles])
        self._sql.executemany(
            "DELETE FROM minima WHERE minimum = ? AND line = ?",
            [(minimum, number) for number, all_of_it in zip(unused, minima, strict=True) for minimum in all_of_it],
        )
        self._sql.executemany("DELETE FROM contained WHERE line = ?1 OR other = ?1", [(number,) for number in unused])
        self._sql.executemany("DELETE FROM lines WHERE number = ?", [(number,) for number in unused])

    def _count(self, more: Mapping[int, int]) -> dict[int, int]:
        """Count so many articles more, or less, for each of the lines, which are known; returns their counts."""
        counts = {}
        query = "UPDATE lines SET articles = articles + ? WHERE number = ? RETURNING articles"
        for line, change in more.items():
            (counts[line],) = self._sql.execute(query, (change, line)).fetchone()
            if (counts[line] > COMMON) != (counts[line] - change > COMMON):  # it ties articles no more, or does again
                holders = self._sql.execute("SELECT DISTINCT article FROM sentences WHERE line = ?", (line,))
                self._stale.update(article for (article,) in holders)
        return counts

    def settle(self) -> None:
        """Compare the lines of the articles that were added with each other and with all others."""
        each: dict[int, Line] = {}
        holders: Counter[int] = Counter()
        for article, lines in self._waiting:
            distinct = {line.number: line for line in lines}
            holders.update(distinct.keys())
            each |= distinct
            self._stale.add(article)
        self._waiting.clear()
        self._held = 0
        known: set[int] = set()
        for part in _parts(sorted(each)):
            query = "SELECT number FROM lines WHERE number IN (SELECT value FROM json_each(?))"
            known.update(row[0] for row in self._sql.execute(query, (json.dumps(part),)))
        self._count({number: holders[number] for number in known})
        for part in _parts(sorted(each.keys() - known)):  # in order, as rows in order are written quickly
            self._add_lines([each[number] for number in part], holders)

    def _add_lines(self, fresh: Sequence[Line], holders: Mapping[int, int]) -> None:
        minima = _minima([line.shingles for line in fresh])
        said = {line.number: (line.shingles, line.numbers) for line in fresh}
        met = self._met([line.number for line in fresh], minima)
        said |= self._said({other for others in met.values() for other in others} - said.keys())
        compared = ((number, other) for number, others in met.items() for other in others)
        pairs = {(a, b) for pair in compared for a, b in (pair, pair[::-1]) if _stands_in(said[a], said[b])}
        self._sql.executemany("INSERT INTO contained VALUES (?, ?)", sorted(pairs))
        rows = ((line.number, _packed(line.shingles), " ".join(sorted(line.numbers))) for line in fresh)
        self._sql.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", ((*row, holders[row[0]]) for row in rows))
        numbers = np.repeat([line.number for line in fresh], [len(own) for own in minima])
        keys = np.fromiter(chain.from_iterable(minima), np.int64)
        order = np.lexsort((numbers, keys))
        ordered = zip(keys[order].tolist(), numbers[order].tolist(), strict=True)
        self._sql.executemany("INSERT INTO minima VALUES (?, ?)", ordered)

    def _met(self, fresh: Sequence[int], minima: Sequence[Sequence[int]]) -> dict[int, list[int]]:
        """For each new line those before it, known ones and new ones, that share a minimum with it."""
        keys, counts = np.unique(np.fromiter(chain.from_iterable(minima), np.int64), return_counts=True)
        holding: dict[int, list[int]] = {key: [] for key in keys[counts > 1].tolist()}
        first = f"SELECT line FROM minima WHERE minimum = k.value ORDER BY line LIMIT 1 OFFSET {CANDIDATES - 1}"
        query = f"""SELECT m.minimum, m.line FROM json_each(?) k CROSS JOIN minima m
                    ON m.minimum = k.value AND m.line <= coalesce(({first}), {2**63 - 1})"""
        for key, number in self._sql.execute(query, (json.dumps(keys.tolist()),)):
            holding.setdefault(key, []).append(number)
        met: dict[int, list[int]] = {}
        for line, own in zip(fresh, minima, strict=True):
            shared = [holding[key] for key in own if key in holding]
            if found := {number for others in shared for number in others[:CANDIDATES]}:
                met[line] = sorted(found)[:CANDIDATES]
            for others in shared:
                others.append(line)
        return met

    def _said(self, lines: set[int]) -> dict[int, "_Said"]:
        found: dict[int, _Said] = {}
        query = "SELECT number, shingles, numbers FROM lines WHERE number IN (SELECT value FROM json_each(?))"
        for number, shingles, numbers in self._sql.execute(query, (json.dumps(sorted(lines)),)):
            found[number] = frozenset(_unpacked(shingles)), frozenset(numbers.split())
        return found

    def regroup(self) -> None:
        """Bring the stories up to date with what was added and removed, and nothing else.

        A story is what is connected by shared text, so that two articles that took different
        parts of one report are of one story as long as the report itself is there.
        """
        self.settle()
        stale = self._with_their_stories()
        self._sql.executemany("DELETE FROM syndicated WHERE article = ?", [(article,) for article in stale])
        while stale:
            members: set[int] = set()
            joined: set[int] = set()
            ahead = [stale.pop()]
            while ahead:
                if (article := ahead.pop()) in members:
                    continue
                members.add(article)
                stale.discard(article)
                for other in set(self._neighbours(article)) - members:
                    story = self._story(other)  # none, too, for one that is stale
                    if story is None:
                        ahead.append(other)
                    else:
                        joined.add(story)
            if len(members) > 1 or joined:
                name = min(members | joined)
                renamed, named = [(name, old) for old in joined], [(member, name) for member in members]
                self._sql.executemany("UPDATE syndicated SET story = ? WHERE story = ?", renamed)
                self._sql.executemany("INSERT INTO syndicated VALUES (?, ?)", named)
        self._stale.clear()

    def _with_their_stories(self) -> set[int]:
        stale = set(self._stale)
        story = "SELECT article FROM syndicated WHERE story = (SELECT story FROM syndicated WHERE article = ?)"
        for article in self._stale:
            stale.update(row[0] for row in self._sql.execute(story, (article,)))
        return stale

    def _story(self, article: int) -> int | None:
        row = self._sql.execute("SELECT story FROM syndicated WHERE article = ?", (article,)).fetchone()
        return row[0] if row else None

    def _neighbours(self, article: int) -> Iterator[int]:
        """The articles that share enough with this one: two telling lines, or half of those of the shorter."""
        values = {"article": article, "common": COMMON}
        for query, whole in ((_FORWARD, lambda other: article), (_BACKWARD, lambda other: other)):
            for other, shared in self._sql.execute(query, values).fetchall():
                if shared >= TOGETHER or shared * 2 >= self._lines(whole(other)):
                    yield other

    def _lines(self, article: int) -> int:
        query = "SELECT count(DISTINCT line) FROM sentences WHERE article = ? AND telling"
        return int(self._sql.execute(query, (article,)).fetchone()[0])


def lines_within(sql: sqlite3.Connection, passages: Iterable[int]) -> Iterator[tuple[int, int, int, int]]:
    """For each line whose middle lies in one of the passages: passage, its article, line, characters of it there."""
    query = """SELECT p.number, p.article, s.line, min(s."end", p."end") - max(s.start, p.start)
               FROM passages p JOIN sentences s ON s.article = p.article AND s.start < p."end"
               WHERE p.number IN (SELECT value FROM json_each(?))
               AND s.start + s."end" BETWEEN 2 * p.start AND 2 * p."end" """
    yield from sql.execute(query, (json.dumps([int(number) for number in passages]),))


def repeated(
    ranked: Sequence[int],
    article: Mapping[int, int],
    lengths: Mapping[int, Mapping[int, int]],
    inside: Mapping[int, Sequence[int]],
) -> dict[int, int]:
    """What `Syndication.copies` gives, of passages best first.

    Args:
        article: each passage's article.
        lengths: for each passage the characters that it holds of each of its lines.
        inside: for each line the others that it stands in.
    """
    holders: dict[int, list[int]] = {}
    found: dict[int, int] = {}
    for number in ranked:
        covered = 0
        shared: dict[int, int] = {}
        for line, length in lengths.get(number, {}).items():
            better = {h for o in (line, *inside.get(line, ())) for h in holders.get(o, ())}
            better = {holder for holder in better if article[holder] != article[number]}
            covered += length if better else 0
            for holder in better:
                shared[holder] = shared.get(holder, 0) + length
        if shared and covered >= COPY * sum(lengths[number].values()):
            found[number] = max(shared, key=lambda holder: (shared[holder], -ranked.index(holder)))
        else:
            for line in lengths.get(number, ()):
                holders.setdefault(line, []).append(number)
    return found


_Said = tuple[frozenset[int], frozenset[str]]


def _stands_in(said: _Said, other: _Said) -> bool:
    return bool(said[0]) and len(said[0] & other[0]) >= CONTAINED * len(said[0]) and said[1] <= other[1]


def _constants(name: str) -> "np.ndarray[tuple[int, int], np.dtype[np.uint64]]":
    """Fixed numbers that look drawn by lot, one for each hash function, in a column."""
    drawn = [int.from_bytes(hashlib.sha256(f"{name} {place}".encode()).digest()[:8]) for place in range(MINIMA)]
    return np.array(drawn, np.uint64).reshape(MINIMA, 1)


_FACTORS, _SUMMANDS = _constants("factor"), _constants("summand")


def _minima(sets: Sequence[frozenset[int]]) -> list[list[int]]:
    """For each set of shingles its minimum under each hash function, with the function's place in front.

    The functions are multiply-shift's (Dietzfelbinger 1996, doi:10.1007/3-540-60922-9_46): two shingles
    are as likely to be in the order as in the other.
    """
    sizes = np.array([len(shingles) for shingles in sets], np.int64)
    found: list[list[int]] = [[] for _ in sets]
    if filled := np.flatnonzero(sizes).tolist():
        every = np.fromiter(chain.from_iterable(sets), np.uint64, int(sizes.sum()))
        starts = (np.cumsum(sizes) - sizes)[filled]
        least = np.minimum.reduceat((_FACTORS * every + _SUMMANDS) >> np.uint64(32), starts, axis=1)
        keys = least | np.arange(MINIMA, dtype=np.uint64).reshape(MINIMA, 1) << np.uint64(32)
        for place, own in zip(filled, keys.T.tolist(), strict=True):
            found[place] = own
    return found


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(numbers), LINES_AT_ONCE):
        yield numbers[begin : begin + LINES_AT_ONCE]


def _packed(shingles: frozenset[int]) -> bytes:
    return np.array(sorted(shingles), "<u4").tobytes()


def _unpacked(packed: bytes) -> list[int]:
    found: list[int] = np.frombuffer(packed, "<u4").tolist()
    return found
