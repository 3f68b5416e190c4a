"""Full-text search by BM25 that stays quick where words are common.

Knows FTS5 and how often words occur. Never knows articles, models or why one searches.

FTS5 scores every passage that holds any of the words, a microsecond each: over a million
passages, a question with the words "government" and "people" takes a good part of a second. So
where that would be more passages than SCORED, only some are scored: those that hold one of the
rarer words, and those that hold several of the common ones. Whatever is scored gets its whole
score, and what is not holds only a few of the words that tell least (the idea of the two-level
search of Broder et al. 2003, "Efficient query evaluation using a two-level retrieval process").
"""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

TITLE_WEIGHT, BODY_WEIGHT = 0.5, 1.0
"""BM25 column weights: a word of the title counts for each passage, but less than one in the passage."""

SCORED = 50_000
"""Most passages scored in a step of a search; a corpus of so many, some ten thousand articles, knows no short cuts."""

FORMULA = 1 / 3
"""A word in more than this share of the passages is left out where rarer ones are there: it hardly tells them apart.
So is a phrase of such words alone: to find where they stand one after another takes longer than all else."""

RANGES, RANGE = 8, 1024
"""How often a word occurs is counted in so many ranges of so many passages, spread over all of them."""

Ranking = list[tuple[int, float]]
"""Passage numbers with scores, best first."""


def search(sql: sqlite3.Connection, words: Sequence[str], limit: int, where: str = "1") -> Ranking:
    """The best passages that hold any of the words and fulfil the SQL condition `where` on their `rowid`."""
    phrases = list(dict.fromkeys(map(_quoted, words)))
    best: dict[int, float] = {}
    for step in _steps(sql, phrases):
        if not best or not step.bounded:
            for number, score in _scored(sql, step, limit, where):
                best[number] = max(score, best.get(number, 0.0))  # the whole score, or that of some of the words
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]


def scores(sql: sqlite3.Connection, phrase: str, numbers: Iterable[int]) -> dict[int, float]:
    """What one phrase adds to the scores of those passages that hold it, given their numbers.

    Nothing, if it is one that a search leaves out where rarer ones are there.
    """
    if _is_large(sql) and _Sample(sql).is_formula(_quoted(phrase)):
        return {}
    query = f"""SELECT rowid, -bm25(words, {TITLE_WEIGHT}, {BODY_WEIGHT}) FROM words
                WHERE words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"""
    return dict(sql.execute(query, (_quoted(phrase), json.dumps(list(numbers)))).fetchall())


def _quoted(phrase: str) -> str:
    return '"{}"'.format(phrase.replace("\0", " ").replace('"', '""'))


@dataclass(frozen=True, slots=True)
class _Step:
    """One FTS5 expression; where it is `bounded`, its first SCORED passages alone, if nothing was found before."""

    match: str
    bounded: bool = False


def _steps(sql: sqlite3.Connection, phrases: Sequence[str]) -> Iterator[_Step]:
    if not phrases:
        return
    if not _is_large(sql):
        yield _Step(_any(phrases))
        return
    sample = _Sample(sql)
    formulas = [phrase for phrase in phrases if sample.is_formula(phrase)]
    counts = {phrase: sample.total if phrase in formulas else sample.holding(phrase) for phrase in phrases}
    yield from _plan(counts, sample.total, sample.holding)


def _is_large(sql: sqlite3.Connection) -> bool:
    """Whether there are more passages than are scored."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM passages LIMIT {SCORED} + 1)"
    return int(sql.execute(query).fetchone()[0]) > SCORED


def _plan(counts: Mapping[str, int], total: int, holding: Callable[[str], int]) -> Iterator[_Step]:
    """What to search for, given in about how many of all passages each phrase stands, and how to ask that of others."""
    rarest_first = sorted(counts, key=lambda phrase: counts[phrase])
    sums = list(accumulate(counts[phrase] for phrase in rarest_first))
    rare = rarest_first[: bisect_right(sums, SCORED)]
    others = rarest_first[len(rare) :]
    common = [phrase for phrase in others if counts[phrase] <= FORMULA * total] or ([] if rare else others)
    if rare:
        yield _Step(_any(rare))
    if rare and common:
        yield _Step(f"({_any(rare)}) AND ({_any(common)})")
    for groups in range(1, len(common) + 1):  # one word of each group: the fewer groups, the more passages
        match = " AND ".join(f"({_any(common[place::groups])})" for place in range(groups))
        if holding(match) <= SCORED:
            yield _Step(match)
            return
    if common:
        yield _Step(f"title : ({_any(common)})", bounded=True)
        yield _Step(" AND ".join(common), bounded=True)


def _any(phrases: Iterable[str]) -> str:
    return " OR ".join(phrases)


class _Sample:
    """Some ranges of passages that stand for all."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._known: dict[str, int] = {}
        low, high = (sql.execute(f"SELECT {edge}(number) FROM passages").fetchone()[0] for edge in ("min", "max"))
        starts = [low + place * (high - low) // RANGES for place in range(RANGES)]
        self._ranges = [(start, start + RANGE - 1) for start in starts]
        self._scale = (high - low + 1) / (RANGES * RANGE)
        self.total = self._count("SELECT count(*) FROM passages WHERE number BETWEEN ? AND ?")

    def holding(self, match: str) -> int:
        """About how many passages an FTS5 expression finds."""
        if match not in self._known:
            query = "SELECT count(*) FROM words WHERE rowid BETWEEN ? AND ? AND words MATCH ?"
            self._known[match] = self._count(query, match)
        return self._known[match]

    def is_formula(self, phrase: str) -> bool:
        """Whether each word of a phrase stands in so many passages that it hardly tells them apart."""
        words = [f'"{word}"' for word in phrase[1:-1].split()]
        return bool(words) and all(self.holding(word) > FORMULA * self.total for word in words)

    def _count(self, query: str, *values: str) -> int:
        counts = (int(self._sql.execute(query, (*edges, *values)).fetchone()[0]) for edges in self._ranges)
        return round(float(self._scale) * sum(counts))


def _scored(sql: sqlite3.Connection, step: _Step, limit: int, where: str) -> Ranking:
    query = f"""SELECT rowid AS number, -bm25(words, {TITLE_WEIGHT}, {BODY_WEIGHT}) AS score FROM words
                WHERE words MATCH ? AND {where}"""
    if step.bounded:
        query = f"SELECT * FROM ({query} LIMIT {SCORED})"
    return sql.execute(f"{query} ORDER BY score DESC, number LIMIT {int(limit)}", (step.match,)).fetchall()
