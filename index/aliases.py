"""Which names are of one thing, learned from the articles: what they introduce, and spellings of one name.

Knows the tables that remember names, and what speaks for two of them being one. Never knows questions.

Two names are one if an article says so ("Islamic State, also known as ISIS"), or if they are
spelled alike and stand in two articles that speak of much the same: closeness alone would make
one of Colombia and Columbia. What two articles have in common is the names in them, a rare one
counting for more. A pair is judged whenever an article with one of its names comes or goes.

    names          every name once, folded: as it is written, its consonants, how many articles hold it
    mentions       where it stands first in an article, how often, and whether apart from longer names
    introductions  what articles introduce, at [start, end)
    spellings      pairs of names spelled alike, each with an article that speaks for it

All of them are derived from the articles' texts.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from math import log

from rapidfuzz.distance import Indel

from index.boilerplate import kept_spans
from index.introductions import Naming, naming
from index.names import folded_name, skeleton, sound, spelled_alike, spoken, unfused
from index.store import Learned, Name

EVIDENCE = 10
"""Most articles with a name that are compared with those of another."""

SHARED = 3
"""Other names that two articles must share to speak of the same."""

ALIKE, LONG_ALIKE, EQUAL = 0.4, 0.25, 0.1
"""Share of the other names in the shorter of two articles, by weight, that the other must hold too for two spellings
in them to be one: of a single word, of several words, and of one that is the same but for spaces and articles."""

SHORTEST = 4
"""Letters of the shortest name that a question may spell in its own way."""

ORDINARY = 50
"""Most passages with a name that are looked through for it in small letters."""

TINY = 3
"""Letters up to which a word says something else when it is longer: BB, BBB."""

CONTEXTS = 20_000
"""Most articles whose names are held in memory while spellings are judged, some 100 MB."""

MATES = 50
"""Most names with the same consonants that a name is compared with."""

MEANINGS = 2 / 3
"""Share of its introductions that an abbreviation's one meaning must have for it to stand for that."""

MEANT = 50
"""Most names that one is said to stand for that are looked at, those in the most articles: many are slips."""

MEMBERS = 12
"""Most names of one thing that are given."""

TABLES = """
CREATE TABLE names (
    number INTEGER PRIMARY KEY, folded TEXT NOT NULL UNIQUE, name TEXT NOT NULL, consonants TEXT NOT NULL,
    unfused TEXT NOT NULL, articles INTEGER NOT NULL);
CREATE INDEX names_by_consonants ON names(consonants);
CREATE INDEX names_unfused ON names(unfused) WHERE unfused <> '';
CREATE TABLE mentions (
    article INTEGER NOT NULL, name INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    apart INTEGER NOT NULL, PRIMARY KEY (article, name)) WITHOUT ROWID;
CREATE INDEX mentions_of_name ON mentions(name, article);
CREATE TABLE introductions (
    article INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, one TEXT NOT NULL, other TEXT NOT NULL,
    one_folded TEXT NOT NULL, other_folded TEXT NOT NULL, short INTEGER NOT NULL,
    PRIMARY KEY (article, start, other)) WITHOUT ROWID;
CREATE INDEX introductions_of_one ON introductions(one_folded);
CREATE INDEX introductions_of_other ON introductions(other_folded);
CREATE TABLE spellings (
    one INTEGER NOT NULL, other INTEGER NOT NULL, article INTEGER NOT NULL, beside INTEGER NOT NULL,
    PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE INDEX spellings_of_other ON spellings(other);
CREATE VIEW aliases AS
    SELECT one_folded AS folded, other_folded AS other, other AS name, article, 0 AS long FROM introductions UNION ALL
    SELECT other_folded, one_folded, one, article, short FROM introductions UNION ALL
    SELECT o.folded, t.folded, t.name, s.article, 0 FROM names o JOIN spellings s ON s.one = o.number
        JOIN names t ON t.number = s.other UNION ALL
    SELECT t.folded, o.folded, o.name, s.article, 0 FROM names t JOIN spellings s ON s.other = t.number
        JOIN names o ON o.number = s.one;
"""


class Aliases:
    """The tables above, over the connection of a catalog; changes belong inside its transaction.

    After articles were added and removed, `relearn` brings the spellings up to date.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._stale: set[int] = set()
        self._contexts: dict[int, dict[str, float]] = {}
        self._weights: dict[str, float] = {}
        self._articles = 0

    # ---- what is one -------------------------------------------------------------------------

    def known(self, folded: Iterable[str]) -> set[str]:
        """Those of the folded names that have another name."""
        introduced, named = "SELECT 1 FROM introductions WHERE", "SELECT 1 FROM spellings JOIN names ON number ="
        query = f"""SELECT value FROM json_each(?) n
                    WHERE EXISTS ({introduced} one_folded = n.value) OR EXISTS ({introduced} other_folded = n.value)
                    OR EXISTS ({named} one WHERE folded = n.value) OR EXISTS ({named} other WHERE folded = n.value)"""
        return {row[0] for row in self._sql.execute(query, (json.dumps(list(folded)),))}

    def names_of(self, folded: str) -> tuple[Name, ...]:
        """All names of what a folded name is a name of, the most usual first; itself alone if there are none.

        A name that stands for different things leads to no other, but for the one it mostly stands for.
        """
        found = {folded: self._name(folded)}
        ahead = [folded]
        while ahead and len(found) < MEMBERS:
            for other, name in self._meant(ahead.pop(0)):
                if other not in found and len(found) < MEMBERS:
                    found[other] = Name(name, self._name(other).articles)
                    ahead.append(other)
        return tuple(sorted(found.values(), key=lambda n: (-n.articles, n.name)))

    def _name(self, folded: str) -> Name:
        row = self._sql.execute("SELECT name, articles FROM names WHERE folded = ?", (folded,)).fetchone()
        introduced = "SELECT coalesce(min(name), ?1), count(DISTINCT article) FROM aliases WHERE other = ?1"
        return Name(*(row or self._sql.execute(introduced, (folded,)).fetchone()))

    def _meant(self, folded: str) -> list[tuple[str, str]]:
        """The names next to one, folded and as written; of different things that it abbreviates, those of the usual."""
        query = (
            "SELECT other, min(name), max(long), count(DISTINCT article) FROM aliases WHERE folded = ? GROUP BY other"
        )
        found = self._sql.execute(f"{query} ORDER BY 4 DESC, 1 LIMIT {MEANT}", (folded,)).fetchall()
        senses: list[list[tuple[str, str, int]]] = []
        for other, name, _, articles in (row for row in found if row[2]):
            home = next((sense for sense in senses if any(self._is_one(other, known) for known, _, _ in sense)), None)
            if home is None:
                home = []
                senses.append(home)
            home.append((other, name, articles))
        weights = [sum(articles for _, _, articles in sense) for sense in senses]
        is_clear = len(senses) == 1 or (len(senses) > 1 and max(weights) >= MEANINGS * sum(weights))
        usual = senses[weights.index(max(weights))] if is_clear else []
        return [(other, name) for other, name, long, _ in found if not long] + [
            (other, name) for other, name, _ in usual
        ]

    def _is_one(self, one: str, other: str) -> bool:
        """Two names that one name is said to stand for are names of one thing."""
        mine, theirs = set(one.split()), set(other.split())
        if mine <= theirs or theirs <= mine or spelled_alike(spoken(one), spoken(other)):
            return True
        direct = "SELECT 1 FROM aliases WHERE folded = ? AND other = ?"
        return self._sql.execute(direct, (one, other)).fetchone() is not None

    def nearest(self, folded: str) -> str | None:
        """The known name that a folded one, which stands nowhere, is another spelling of; None if none or several are.

        A name that mostly stands before others is a first name, and no thing's own.
        """
        mates = [(name, articles) for _, name, articles in self._mates(spoken(folded))]
        return nearest_of(folded, mates, self._is_first_name, self.names_of)

    def is_written(self, text: str) -> bool:
        """Whether these words stand in an article one after another."""
        phrase = '"{}"'.format(text.replace("\0", " ").replace('"', '""'))
        return self._sql.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (phrase,)).fetchone() is not None

    def _is_first_name(self, folded: str, articles: int) -> bool:
        if " " in folded:
            return False
        query = "SELECT coalesce(sum(articles), 0) FROM names WHERE folded > ? AND folded < ?"
        return int(self._sql.execute(query, (f"{folded} ", f"{folded}!")).fetchone()[0]) > articles

    def learned(self) -> list[Learned]:
        """Every pair with the places it was learned from, in alphabetical order."""
        introduced = """SELECT i.one, i.other, i.short, a.id, i.start, i."end" FROM introductions i
                        JOIN articles a ON a.number = i.article"""
        spelled = """SELECT o.name, t.name, a.id, m.start, m."end", b.id FROM spellings s
                     JOIN names o ON o.number = s.one JOIN names t ON t.number = s.other
                     JOIN articles a ON a.number = s.article JOIN articles b ON b.number = s.beside
                     JOIN mentions m ON m.article = s.article AND m.name = s.other"""
        found = [
            Learned(one, other, "abbreviation" if short else "other name", *place)
            for one, other, short, *place in self._sql.execute(introduced)
        ]
        found += [Learned(one, other, "spelling", *place) for one, other, *place in self._sql.execute(spelled)]
        return sorted(found, key=lambda pair: (pair.one.casefold(), pair.other.casefold(), pair.article_id, pair.start))

    def problems(self) -> list[str]:
        """What is not derived from the articles that are there, each as one line."""
        found = []
        places = {"mentions": ("article",), "introductions": ("article",), "spellings": ("article", "beside")}
        for table, columns in places.items():
            foreign = " OR ".join(f"{column} NOT IN (SELECT number FROM articles)" for column in columns)
            if count := self._sql.execute(f"SELECT count(*) FROM {table} WHERE {foreign}").fetchone()[0]:
                found.append(f"{count} {table} of names belong to no article")
        counted = "SELECT count(*) FROM names n WHERE articles <> (SELECT count(*) FROM mentions WHERE name = n.number)"
        if count := self._sql.execute(counted).fetchone()[0]:
            found.append(f"{count} names are not counted as they stand in the articles")
        introduced = """SELECT count(*) FROM introductions i JOIN articles a ON a.number = i.article
                        WHERE instr(substr(a.text, i.start + 1, i."end" - i.start), i.other) = 0"""
        if count := self._sql.execute(introduced).fetchone()[0]:
            found.append(f"{count} names are not introduced where they are said to be")
        return found

    # ---- changes -----------------------------------------------------------------------------

    def add(self, article: int, naming: Naming) -> None:
        """Remember what an article says of names."""
        for mention in naming.mentions:
            folded = folded_name(mention.name)
            words = spoken(folded)
            short = unfused(words)
            number = self._sql.execute(
                "INSERT INTO names (folded, name, consonants, unfused, articles) VALUES (?, ?, ?, ?, 1)"
                " ON CONFLICT (folded) DO UPDATE SET articles = articles + 1 RETURNING number",
                (folded, mention.name, skeleton(words), skeleton(short) if short != words else ""),
            ).fetchone()[0]
            self._sql.execute(
                "INSERT INTO mentions VALUES (?, ?, ?, ?, ?)",
                (article, number, mention.start, mention.start + len(mention.name), mention.apart),
            )
            self._stale.add(number)
        rows = [
            (article, i.start, i.end, i.one, i.other, folded_name(i.one), folded_name(i.other), i.short)
            for i in naming.introductions
        ]
        self._sql.executemany("INSERT OR IGNORE INTO introductions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def remove(self, article: int) -> None:
        """Forget what an article said of names."""
        held = [row[0] for row in self._sql.execute("SELECT name FROM mentions WHERE article = ?", (article,))]
        self._sql.execute("DELETE FROM mentions WHERE article = ?", (article,))
        self._sql.execute("DELETE FROM introductions WHERE article = ?", (article,))
        numbers = [(number,) for number in held]
        self._sql.executemany("UPDATE names SET articles = articles - 1 WHERE number = ?", numbers)
        self._stale.update(held)

    def roll_back(self) -> None:
        """Forget what was added and removed in a transaction that failed."""
        self._stale.clear()

    def rebuild(self) -> None:
        """Learn everything again from the articles that are there."""
        for table in ("names", "mentions", "introductions", "spellings"):
            self._sql.execute(f"DELETE FROM {table}")
        self._stale.clear()
        for article, text in self._sql.execute("SELECT number, text FROM articles").fetchall():
            self.add(article, naming(text, kept_spans(text)))
        self.relearn()

    def relearn(self) -> None:
        """Judge the spellings again of all names in articles that came or went."""
        names = [(number,) for number in sorted(self._stale)]
        self._sql.executemany("DELETE FROM spellings WHERE one = ?1 OR other = ?1", names)
        self._sql.executemany("DELETE FROM names WHERE number = ? AND articles = 0", names)
        self._contexts.clear()
        self._weights.clear()
        (self._articles,) = self._sql.execute("SELECT count(*) FROM articles").fetchone()  # once: it takes its time
        for (number,) in names:
            row = self._sql.execute("SELECT folded FROM names WHERE number = ?", (number,)).fetchone()
            for mate, folded, _ in self._mates(spoken(row[0])) if row else ():
                if mate != number and not (mate in self._stale and mate < number):
                    self._judge((number, row[0]), (mate, folded))
        self._stale.clear()

    def _mates(self, words: tuple[str, ...]) -> list[tuple[int, str, int]]:
        """Names that have the same consonants: their numbers, themselves folded, and how many articles hold them."""
        query = """SELECT number, folded, articles FROM names WHERE consonants IN (?1, ?2)
                   UNION SELECT number, folded, articles FROM names WHERE unfused IN (?1, ?2) AND unfused <> ''
                   ORDER BY 3 DESC, 1 LIMIT ?3"""
        keys = consonants_of(words)
        return self._sql.execute(query, (*keys, MATES)).fetchall() if all(keys) else []

    def _judge(self, *pair: tuple[int, str]) -> None:
        """Remember two names as spellings of one where their articles speak for it."""
        (one, mine), (other, theirs) = sorted(pair)
        words = spoken(mine), spoken(theirs)
        if not _looks_alike(*words):
            return
        is_equal = "".join(words[0]) == "".join(words[1])
        least = EQUAL if is_equal else LONG_ALIKE if min(map(len, words)) > 1 else ALIKE
        together = "SELECT 1 FROM mentions m JOIN mentions n ON n.article = m.article WHERE m.name = ? AND n.name = ?"
        if max(map(len, words)) == 1 and not is_equal and self._sql.execute(together, (one, other)).fetchone():
            return  # who writes both means two things
        if any(len(spelled) == 1 and self._is_ordinary(spelled[0]) for spelled in words):
            return
        for beside in self._apart(one):
            for article in self._apart(other):
                if article != beside and self._in_common(article, beside, (one, other)) >= least:
                    self._sql.execute(
                        "INSERT OR IGNORE INTO spellings VALUES (?, ?, ?, ?)", (one, other, article, beside)
                    )
                    return

    def _is_ordinary(self, word: str) -> bool:
        """Whether an article writes it in small letters too."""
        query = """SELECT substr(a.text, p.start + 1, p."end" - p.start) FROM words w
                   JOIN passages p ON p.number = w.rowid JOIN articles a ON a.number = p.article
                   WHERE words MATCH ? LIMIT ?"""
        written = re.compile(rf"(?<![\w’'-]){re.escape(word)}(?![\w’'-])")
        return any(written.search(text) for (text,) in self._sql.execute(query, (f'body : "{word}"', ORDINARY)))

    def _apart(self, name: int) -> list[int]:
        query = f"SELECT article FROM mentions WHERE name = ? AND apart ORDER BY article DESC LIMIT {EVIDENCE}"
        return [row[0] for row in self._sql.execute(query, (name,))]

    def _in_common(self, article: int, other: int, but: tuple[int, int]) -> float:
        """Share of the names in the shorter of two articles, by weight, that stand in both; 0 if those are too few."""
        mine, theirs = self._context(article), self._context(other)
        left_out = {self._consonants(name) for name in but}
        shared = (mine.keys() & theirs.keys()) - left_out
        if len(shared) < SHARED:
            return 0.0
        whole = min(sum(w for name, w in names.items() if name not in left_out) for names in (mine, theirs))
        return sum(mine[name] for name in shared) / whole

    def _context(self, article: int) -> dict[str, float]:
        """The names in an article that stand in others too, by their consonants, with the weight of each."""
        if article not in self._contexts:
            if len(self._contexts) >= CONTEXTS:
                self._contexts.clear()
            held = """SELECT DISTINCT consonants FROM mentions m JOIN names n ON n.number = m.name
                      WHERE m.article = ? AND consonants <> ''"""
            weighed = ((row[0], self._weight(row[0])) for row in self._sql.execute(held, (article,)).fetchall())
            self._contexts[article] = {consonants: weight for consonants, weight in weighed if weight}
        return self._contexts[article]

    def _weight(self, consonants: str) -> float:
        """More for a name in few articles; none for one in a single one, which nothing else can share."""
        if consonants not in self._weights:
            query = "SELECT sum(articles) FROM names WHERE consonants = ?"
            (holding,) = self._sql.execute(query, (consonants,)).fetchone()
            self._weights[consonants] = log(1 + self._articles / holding) if holding > 1 else 0.0
        return self._weights[consonants]

    def _consonants(self, name: int) -> str:
        return str(self._sql.execute("SELECT consonants FROM names WHERE number = ?", (name,)).fetchone()[0])


def consonants_of(words: tuple[str, ...]) -> tuple[str, str]:
    """What the names that may be spellings of one are looked up by: its consonants, with and without an article."""
    return skeleton(words), skeleton(unfused(words))


def nearest_of(
    folded: str,
    mates: Iterable[tuple[str, int]],
    is_first_name: Callable[[str, int], bool],
    names_of: Callable[[str], Iterable[Name]],
) -> str | None:
    """Of known names with the same consonants, and how many articles hold each, the one that another is a spelling of.

    None if none is, or several are that are not names of one thing.
    """
    words = spoken(folded)
    found = [
        (articles, name)
        for name, articles in mates
        if _looks_alike(words, spoken(name), strict=False) and not is_first_name(name, articles)
    ]
    if not found:
        return None
    best = max(found)[1]
    group = {name.folded for name in names_of(best)}
    return best if all(name in group for _, name in found) else None


def _looks_alike(mine: tuple[str, ...], theirs: tuple[str, ...], strict: bool = True) -> bool:
    """They may be spellings of one name; a short word is one only if not `strict`, and if it sounds the same."""
    if mine != theirs and (set(mine) <= set(theirs) or set(theirs) <= set(mine)):
        return False  # a longer name, of something else or of more
    if len(mine) == len(theirs) and any(_differ(*pair) for pair in zip(mine, theirs, strict=True)):
        return False
    sounds = sound("".join(mine)), sound("".join(theirs))
    if not strict and mine and min(map(len, sounds)) >= SHORTEST and sounds[0] == sounds[1]:
        return True
    if spelled_alike(mine, theirs):
        return len(mine) == len(theirs) or Indel.distance(*sounds) <= 1
    short = unfused(mine), unfused(theirs)
    return short != (mine, theirs) and _looks_alike(*short, strict=strict)


def _differ(one: str, other: str) -> bool:
    """Two words so short that a letter more is another."""
    return len(one) != len(other) and max(len(one), len(other)) <= TINY
