"""Which sentences stand in more than one article: wire copy, reprints, paragraphs carried along.

Knows sentences, what makes two of them the same, and the tables that remember it. Never knows
vectors or questions.

A *line* is the words of a sentence, whatever its case and punctuation. A line stands in another
if at least half of its shingles do, its runs of five words (Broder 1997, "On the resemblance and
containment of documents"), and all of its numbers: one that differs in a number says something
else. MinHash only finds the pairs worth comparing; the shingles themselves decide.

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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

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

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\s*\n\s*\n\s*|\Z")
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
    return [_line(text, start, end, speech) for first, last in kept for start, end in _sentences(text, first, last)]


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
    words = re.findall(r"\w+", text[start:end].casefold())
    runs = [" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)] if len(words) >= SHORTEST else []
    spoken = sum(max(0, min(end, e) - max(start, s)) for s, e in speech)
    return Line(
        start,
        end,
        int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8]) >> 1,  # SQLite's integers have a sign
        frozenset(zlib.crc32(run.encode()) for run in runs),
        frozenset(word for word in words if any(character.isdigit() for character in word)),
        len(words) >= SHORTEST and spoken * 2 < end - start,
    )


class Syndication:
    """The tables above, over the connection of a catalog; changes belong inside its transaction.

    After articles were added and removed, `regroup` brings the stories up to date.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._stale: set[int] = set()

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
        inside = self._contained({line for held in lengths.values() for line in held})
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

    def _lines_within(self, passages: Iterable[int]) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
        """Each passage's article, and the characters that it holds of each line whose middle lies in it."""
        query = """SELECT p.number, p.article, s.line, min(s."end", p."end") - max(s.start, p.start)
                   FROM passages p JOIN sentences s ON s.article = p.article AND s.start < p."end"
                   WHERE p.number IN (SELECT value FROM json_each(?))
                   AND s.start + s."end" BETWEEN 2 * p.start AND 2 * p."end" """
        article: dict[int, int] = {}
        lengths: dict[int, dict[int, int]] = {}
        for number, of, line, length in self._sql.execute(query, (json.dumps([int(n) for n in passages]),)):
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

    # ---- changes -----------------------------------------------------------------------------

    def add(self, article: int, lines: Sequence[Line]) -> None:
        """Remember the lines of an article and what they have in common with those of others."""
        self._sql.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            [(article, line.start, line.end, line.number, line.telling) for line in lines],
        )
        each = {line.number: line for line in lines}
        known = self._count(each, 1)
        fresh = [line for number, line in each.items() if number not in known]
        for line, minima in zip(fresh, self._minima([line.shingles for line in fresh]), strict=True):
            self._add_line(line, minima)
        self._stale.add(article)

    def remove(self, article: int) -> None:
        """Forget the lines of an article, and those that no other has."""
        story = "SELECT article FROM syndicated WHERE story = (SELECT story FROM syndicated WHERE article = ?)"
        self._stale.update(row[0] for row in self._sql.execute(story, (article,)).fetchall())
        self._stale.discard(article)
        lines = "SELECT DISTINCT line FROM sentences WHERE article = ?"
        held = [row[0] for row in self._sql.execute(lines, (article,))]
        self._sql.execute("DELETE FROM sentences WHERE article = ?", (article,))
        self._sql.execute("DELETE FROM syndicated WHERE article = ?", (article,))
        unused = [number for number, articles in self._count(held, -1).items() if not articles]
        known = "SELECT shingles FROM lines WHERE number = ?"
        shingles = (self._sql.execute(known, (number,)).fetchone()[0] for number in unused)
        minima = self._minima([frozenset(_unpacked(packed)) for packed in shingles])
        self._sql.executemany(
            "DELETE FROM minima WHERE minimum = ? AND line = ?",
            [(minimum, number) for number, all_of_it in zip(unused, minima, strict=True) for minimum in all_of_it],
        )
        self._sql.executemany("DELETE FROM contained WHERE line = ?1 OR other = ?1", [(number,) for number in unused])
        self._sql.executemany("DELETE FROM lines WHERE number = ?", [(number,) for number in unused])

    def _count(self, lines: Iterable[int], more: int) -> dict[int, int]:
        """Count an article more, or one less, for those of the lines that are known; returns their counts."""
        counts = {}
        for line in lines:
            query = "UPDATE lines SET articles = articles + ? WHERE number = ? RETURNING articles"
            if row := self._sql.execute(query, (more, line)).fetchone():
                counts[line] = row[0]
                if row[0] == COMMON + (more > 0):  # it ties articles no more, or does again
                    holders = self._sql.execute("SELECT DISTINCT article FROM sentences WHERE line = ?", (line,))
                    self._stale.update(article for (article,) in holders)
        return counts

    def _add_line(self, line: Line, minima: Sequence[int]) -> None:
        query = f"""SELECT number, shingles, numbers FROM lines WHERE number IN (
                    SELECT DISTINCT line FROM minima WHERE minimum IN ({",".join("?" * len(minima))})
                    ORDER BY line LIMIT {CANDIDATES})"""
        pairs = []
        mine = line.shingles, line.numbers
        for number, shingles, numbers in self._sql.execute(query, minima):
            theirs = frozenset(_unpacked(shingles)), frozenset(numbers.split())
            pairs += [(line.number, number)] if _stands_in(mine, theirs) else []
            pairs += [(number, line.number)] if _stands_in(theirs, mine) else []
        self._sql.executemany("INSERT INTO contained VALUES (?, ?)", pairs)
        packed = np.array(sorted(line.shingles), "<u4").tobytes()
        self._sql.execute(
            "INSERT INTO lines VALUES (?, ?, ?, 1)", (line.number, packed, " ".join(sorted(line.numbers)))
        )
        self._sql.executemany("INSERT INTO minima VALUES (?, ?)", [(minimum, line.number) for minimum in minima])

    def _minima(self, sets: Iterable[frozenset[int]]) -> list[list[int]]:
        """For each set of shingles its minimum under each hash function, with the function's place in front."""
        found = []
        for shingles in sets:
            values: list[int] = []
            if shingles:
                self._minhash.clear()
                self._minhash.update_batch(shingles)
                values = self._minhash.hashvalues.tolist()
            found.append([place << 32 | value for place, value in enumerate(values)])
        return found

    @cached_property
    def _minhash(self) -> Any:
        """One for all, as it takes longer to make than to use."""
        from datasketch import MinHash  # brings SciPy, which answering has no use for

        return MinHash(num_perm=MINIMA, hashfunc=int, scheme="affine32")

    def regroup(self) -> None:
        """Bring the stories up to date with what was added and removed, and nothing else.

        A story is what is connected by shared text, so that two articles that took different
        parts of one report are of one story as long as the report itself is there.
        """
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


_Said = tuple[frozenset[int], frozenset[str]]


def _stands_in(said: _Said, other: _Said) -> bool:
    return bool(said[0]) and len(said[0] & other[0]) >= CONTAINED * len(said[0]) and said[1] <= other[1]


def _unpacked(packed: bytes) -> list[int]:
    found: list[int] = np.frombuffer(packed, "<u4").tolist()
    return found
