"""Full-text search by BM25 that stays quick where words are common.

Knows FTS5 and how often words occur. Never knows articles, models or why one searches.

FTS5 scores every passage that holds any of the words, a microsecond each: over a million
passages, a question with the word "government" takes a good part of a second. So where the words
asked for stand in more passages than SCORED, only some are scored: those that hold one of the
rarer words, and those that hold all of the common ones. What is scored gets its whole BM25 score,
and what is not holds only some of the words that tell least. (Broder et al. 2003, "Efficient
query evaluation using a two-level retrieval process", name the principle.)
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

TITLE_WEIGHT, BODY_WEIGHT = 0.5, 1.0
"""BM25 column weights: a word of the title counts for each passage, but less than one in the passage."""

SCORED = 20_000
"""Most passages that are all scored; a corpus of so many, some five thousand articles, knows no short cuts."""

FORMULA = 0.2
"""A word in more than this share of the passages is left out where rarer ones are there: it hardly tells them apart."""

RANGES, RANGE = 16, 512
"""How often a word occurs is counted in so many ranges of so many passages, spread over all of them."""

Ranking = list[tuple[int, float]]
"""Passage numbers with scores, best first."""


def search(
    sql: sqlite3.Connection, words: Sequence[str], limit: int, where: str = "1", values: Sequence[str] = ()
) -> Ranking:
    """The best passages that hold any of the words and fulfil the SQL condition `where` on their `rowid`."""
    phrases = list(dict.fromkeys('"{}"'.format(word.replace("\0", " ").replace('"', '""')) for word in words))
    best: dict[int, float] = {}
    for step in _plan(*_frequencies(sql, phrases)):
        if step.always or len(best) < limit:
            for number, score in _scored(sql, step, limit, where, values):
                best[number] = max(score, best.get(number, 0.0))  # the whole score, or that of some of the words
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]


@dataclass(frozen=True, slots=True)
class _Step:
    """One FTS5 expression; only if too little was found so far, unless `always`; of SCORED passages if `bounded`."""

    match: str
    always: bool = True
    bounded: bool = False


def _plan(counts: Mapping[str, int], total: int) -> Iterator[_Step]:
    """What to search for, given in about how many of the `total` passages each phrase stands."""
    if sum(counts.values()) <= SCORED:
        if counts:
            yield _Step(_any(counts))
        return
    rarest_first = sorted(counts, key=lambda phrase: counts[phrase])
    sums = list(accumulate(counts[phrase] for phrase in rarest_first))
    rare = rarest_first[: bisect_right(sums, SCORED)]
    others = rarest_first[len(rare) :]
    common = [phrase for phrase in others if counts[phrase] <= FORMULA * total] or ([] if rare else others)
    if rare:
        yield _Step(_any(rare))
        if common:
            yield _Step(f"({_any(rare)}) AND ({_any(common)})")
    for size in range(len(common), 0, -1):  # all of the common words, then all but the commonest, and so on
        if size == 1:
            yield _Step(f"title : {common[0]}", always=False, bounded=True)
        yield _Step(" AND ".join(common[:size]), always=size == len(common) > 1, bounded=True)


def _any(phrases: Iterable[str]) -> str:
    return " OR ".join(phrases)


def _frequencies(sql: sqlite3.Connection, phrases: Sequence[str]) -> tuple[dict[str, int], int]:
    """In about how many passages each phrase stands, and how many there are; nothing is counted in a small corpus."""
    if sql.execute(f"SELECT count(*) FROM (SELECT 1 FROM passages LIMIT {SCORED} + 1)").fetchone()[0] <= SCORED:
        return dict.fromkeys(phrases, 0), 0
    low, high = (sql.execute(f"SELECT {edge}(number) FROM passages").fetchone()[0] for edge in ("min", "max"))
    starts = [low + place * (high - low) // RANGES for place in range(RANGES)]
    ranges = [(start, start + RANGE - 1) for start in starts]
    scale = (high - low + 1) / (RANGES * RANGE)
    within = "SELECT count(*) FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
    counts = {
        phrase: round(scale * sum(sql.execute(within, (phrase, *edges)).fetchone()[0] for edges in ranges))
        for phrase in phrases
    }
    sampled = "SELECT count(*) FROM passages WHERE number BETWEEN ? AND ?"
    return counts, round(scale * sum(sql.execute(sampled, edges).fetchone()[0] for edges in ranges))


def _scored(sql: sqlite3.Connection, step: _Step, limit: int, where: str, values: Sequence[str]) -> Ranking:
    query = f"""SELECT rowid AS number, -bm25(words, {TITLE_WEIGHT}, {BODY_WEIGHT}) AS score FROM words
                WHERE words MATCH ? AND {where}"""
    if step.bounded:
        query = f"SELECT * FROM ({query} LIMIT {SCORED})"
    return sql.execute(f"{query} ORDER BY score DESC, number LIMIT {int(limit)}", (step.match, *values)).fetchall()
