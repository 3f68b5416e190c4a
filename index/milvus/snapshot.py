"""One published generation in Milvus, read as `index.store.Snapshot` says.

Knows what is asked of a generation and which rows tell it. Never knows how they came to be written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from index.aliases import MATES, consonants_of, nearest_of
from index.article import Article, Passage
from index.embedder import nearest
from index.errors import CorpusError
from index.milvus.analysis import Analyzer, Words
from index.milvus.bm25 import Counted, phrase_worth, score, worth
from index.milvus.rows import ARTICLE, FACTS, LEARNED, LINE, NAME, ORIGIN, TEXT, article_from, directions_from
from index.milvus.schema import Layout, Manifest, permitted, visible
from index.milvus.server import Row, Server, any_of, batches
from index.names import spoken
from index.store import EVERYTHING, Filter, Heading, Learned, Name, Ranking
from index.syndication import repeated

AT_ONCE, NUMBERS_AT_ONCE = 100, 2000
"""Names, and numbers, in one filter."""

TEXTS_AT_ONCE = 20_000
"""Passages whose articles are read in one query: some 20 to 60 MB, and Milvus gives no more than 100."""

DEEPER = 4
"""How many times as many passages, found by words, are scored as are wanted."""

WORDS = ["title_words", "words"]

LOOKED_THROUGH = 200
"""Most passages, the best by their words, that are looked through for words one after another."""

MOST = 16_384
"""Most rows that Milvus gives for one query."""


class Reader:
    """The rows of one generation; what a question reads waits only until the server has what belongs to it."""

    def __init__(self, server: Server, layout: Layout, manifest: Manifest) -> None:
        self.server, self.layout, self.manifest = server, layout, manifest
        self.visible = visible(manifest.generation)
        self._as_of: Row = {"consistency_level": "Customized", "guarantee_timestamp": manifest.moment}

    def records(self, kind: str, *conditions: str, most: int = MOST) -> list[tuple[Row, str]]:
        """The records of a kind that fulfil the conditions, each with its whole text."""
        where = " and ".join([f'kind == "{kind}"', *conditions, self.visible])
        fields = ["name", "number", "part", "body"]
        rows = self.server.call(
            "query", self.layout.records, filter=where, output_fields=fields, limit=most, **self._as_of
        )
        return joined(rows)

    def named(self, kind: str, names: Iterable[str]) -> dict[str, Any]:
        """What the records of a kind say that have these names."""
        found: dict[str, Any] = {}
        for some in batches(list(dict.fromkeys(names)), AT_ONCE):
            found |= {row["name"]: json.loads(body) for row, body in self.records(kind, any_of("name", some))}
        return found

    def all_records(self, kind: str) -> Iterator[Any]:
        """What every record of a kind says."""
        for _, body in self.all_texts(kind):
            yield json.loads(body)

    def all_texts(self, kind: str, *conditions: str) -> Iterator[tuple[str, str]]:
        """The names and whole texts of all records of a kind that fulfil the conditions.

        The parts of a text follow each other, as the keys of their rows begin alike.
        """
        where = " and ".join([f'kind == "{kind}"', *conditions, self.visible])
        fields = ["key", "name", "number", "part", "body"]
        held: list[Row] = []
        for page in self.server.pages(self.layout.records, "key", where, fields):
            for row in page:
                if held and held[0]["name"] != row["name"]:
                    yield held[0]["name"], joined(held)[0][1]
                    held = []
                held.append(row)
        if held:
            yield held[0]["name"], joined(held)[0][1]

    def passages(self, where: str, fields: Sequence[str]) -> list[Row]:
        found: list[Row] = self.server.call(
            "query", self.layout.passages, filter=f"{where} and {self.visible}", output_fields=["number", *fields],
            limit=MOST, **self._as_of,
        )  # fmt: skip
        return found

    def search(
        self, wanted: Sequence[Any], field: str, limit: int, conditions: Sequence[str], fields: Sequence[str] = ()
    ) -> list[list[Row]]:
        """For each thing wanted the best passages, best first; the conditions hold inside the search."""
        most = min(limit, MOST)
        params = {"metric_type": "COSINE", "params": {"ef": max(64, 2 * most)}} if field == "vector" else {}
        found = self.server.call(
            "search", self.layout.passages, data=list(wanted), anns_field=field, limit=most,
            filter=" and ".join([*conditions, self.visible]), output_fields=["number", *fields],
            search_params=params, **self._as_of,
        )  # fmt: skip
        return [[hit["entity"] | {"score": abs(hit["distance"])} for hit in hits] for hits in found]


class MilvusSnapshot:
    """One generation; what was asked of it is remembered for as long as the snapshot is.

    Args:
        facts: the record of that kind.
        analyzer: takes questions apart as the passages were.
    """

    def __init__(self, reader: Reader, facts: Mapping[str, Any], analyzer: Analyzer, words: bool) -> None:
        self._reader, self._facts, self._analyzer, self._has_words = reader, facts, analyzer, words
        self._articles: dict[str, Any] = {}
        self._passages: dict[int, Row] = {}
        self._counted: dict[int, Counted] = {}
        self._worths: dict[str, float] = {}
        self._holding: dict[Words, int | None] = {}
        self.names = MilvusNames(self)

    @property
    def generation(self) -> int:
        return self._reader.manifest.generation

    @property
    def publication(self) -> str:
        return self._reader.manifest.token

    # ---- searching -----------------------------------------------------------------------------

    def search_vectors(self, vector: npt.NDArray[np.float32], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        if not self._facts["passages"]:
            return []
        wanted = np.asarray(vector, np.float32).tolist()
        (hits,) = self._reader.search([wanted], "vector", limit, permitted(allowed))
        return _ranking({hit["number"]: hit["score"] for hit in hits}, limit)

    def nearest_sentences(self, vector: npt.NDArray[np.float32], numbers: Iterable[int]) -> dict[int, float]:
        wanted = [int(number) for number in numbers]
        if not wanted:
            return {}
        rows = self._reader.passages(any_of("number", wanted), ["sentences"])
        sentences = {row["number"]: directions_from(row["sentences"], len(vector)) for row in rows}
        return nearest(vector, sentences)

    def search_words(self, wanted: Sequence[str], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        phrases = [phrase for phrase in dict.fromkeys(self._analyzer.words(list(dict.fromkeys(wanted)))) if phrase]
        if not phrases or not self.can_search_words:
            return []
        text = " ".join(dict.fromkeys(word for phrase in phrases for word in phrase))
        (hits,) = self._reader.search([text], "sparse", limit * DEEPER, permitted(allowed), WORDS)
        return _ranking(self._scores(phrases, {hit["number"]: _counted(hit) for hit in hits}), limit)

    def word_scores(self, phrase: str, numbers: Iterable[int]) -> dict[int, float]:
        (words,) = self._analyzer.words([phrase])
        wanted = [int(number) for number in numbers]
        if not words or not wanted or not self.can_search_words:
            return {}
        if new := [number for number in wanted if number not in self._counted]:
            rows = self._reader.passages(any_of("number", new), WORDS)
            self._counted |= {row["number"]: _counted(row) for row in rows}
        return self._scores([words], {number: self._counted[number] for number in wanted if number in self._counted})

    def _scores(self, phrases: Sequence[Words], passages: Mapping[int, Counted]) -> dict[int, float]:
        """The BM25 scores of the passages that hold any of the phrases."""
        self._counted |= passages
        self._weigh({word for phrase in phrases for word in phrase})
        self._count([phrase for phrase in phrases if len(phrase) > 1])
        total = self._facts["passages"]
        average = self._facts["words"] / total
        worths = {phrase: phrase_worth(phrase, self._worths, total, self._holding.get(phrase)) for phrase in phrases}
        scores = {
            number: sum(score(passage, phrase, worth, average) for phrase, worth in worths.items())
            for number, passage in passages.items()
        }
        return {number: found for number, found in scores.items() if found > 0}

    def expect(self, texts: Sequence[str]) -> None:
        """Ask the server in one go about all words that are likely to be asked for soon."""
        if self.can_search_words:
            self._weigh({word for words in self._analyzer.words(texts) for word in words})

    def _weigh(self, words: Iterable[str]) -> None:
        """Learn from the server what words are worth: nothing at all for one that stands nowhere."""
        average = self._facts["words"] / self._facts["passages"]
        if new := [word for word in words if word not in self._worths]:
            for word, hits in zip(new, self._reader.search(new, "sparse", 1, [], WORDS), strict=True):
                found = [worth(_counted(hit), word, hit["score"], average) for hit in hits]
                self._worths[word] = found[0] if found else 0.0

    def _count(self, phrases: Sequence[Words]) -> None:
        """Learn how many passages hold words one after another: None if there are too many to look through."""
        new = [phrase for phrase in phrases if phrase not in self._holding]
        if not new:
            return
        found = self._reader.search([" ".join(phrase) for phrase in new], "sparse", LOOKED_THROUGH, [], WORDS)
        for phrase, hits in zip(new, found, strict=True):
            holding = sum(_counted(hit).holds(phrase) for hit in hits)
            self._holding[phrase] = holding if holding * 2 < LOOKED_THROUGH else None

    @property
    def can_search_words(self) -> bool:
        return self._has_words and bool(self._facts["passages"])

    def is_written(self, text: str) -> bool:
        """Whether these words stand in an article one after another, as far as the best passages for them tell.

        A server that searches no words cannot tell; it is taken to be so, as then nothing is made of it.
        """
        (words,) = self._analyzer.words([text])
        if not words or not self.can_search_words:
            return bool(words) and bool(self._facts["passages"])
        if len(words) == 1:
            self._weigh(words)
            return self._worths[words[0]] > 0
        self._count([words])
        return self._holding[words] != 0

    # ---- passages ------------------------------------------------------------------------------

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        wanted = [int(number) for number in numbers]
        if new := [number for number in wanted if number not in self._passages]:
            rows = self._rows(any_of("number", new))
            self._passages |= {row["number"]: row for row in rows}
        there = [self._passages[number] for number in wanted if number in self._passages]
        ids = self._ids({row["article"] for row in there})
        return {row["number"]: Passage(ids[row["article"]], row["start"], row["end"]) for row in there}

    def _rows(self, where: str) -> list[Row]:
        fields = ["article", "start", "end", "lines"]
        return self._reader.passages(where, fields) if self._facts["passages"] else []

    def _ids(self, articles: Iterable[int]) -> dict[int, str]:
        """The ids of articles by number."""
        known = {said["number"]: name for name, said in self._articles.items()}
        for some in batches([n for n in dict.fromkeys(articles) if n not in known], NUMBERS_AT_ONCE):
            found = {
                row["name"]: json.loads(body) for row, body in self._reader.records(ARTICLE, any_of("number", some))
            }
            self._articles |= found
            known |= {said["number"]: name for name, said in found.items()}
        return known

    def passages_of(self, article_id: str) -> dict[int, Passage]:
        said = self._said([article_id]).get(article_id)
        rows = self._rows(f"article == {said['number']}") if said else []
        rows.sort(key=lambda row: row["start"])
        return {row["number"]: Passage(article_id, row["start"], row["end"]) for row in rows}

    def copies(self, ranked: Sequence[int]) -> dict[int, int]:
        self.passages(ranked)
        rows = {number: self._passages[number] for number in ranked if number in self._passages}
        lengths = {number: _lengths(row["lines"]) for number, row in rows.items()}
        inside: dict[int, list[int]] = {}
        for some in batches(sorted({line for held in lengths.values() for line in held}), NUMBERS_AT_ONCE):
            found = self._reader.records(LINE, any_of("number", some))
            inside |= {row["number"]: json.loads(body) for row, body in found}
        return repeated(list(rows), {number: row["article"] for number, row in rows.items()}, lengths, inside)

    # ---- articles ------------------------------------------------------------------------------

    def _said(self, article_ids: Iterable[str]) -> dict[str, Any]:
        """What is said of articles, by their own ids."""
        wanted = list(article_ids)
        self._articles |= self._reader.named(ARTICLE, [name for name in wanted if name not in self._articles])
        return {name: self._articles[name] for name in wanted if name in self._articles}

    def _own(self, article_ids: Iterable[str]) -> dict[str, Any]:
        """The same, by any of their ids."""
        wanted = list(article_ids)
        found = self._said(wanted)
        own = self._reader.named(ORIGIN, others) if (others := [name for name in wanted if name not in found]) else {}
        said = self._said(own.values())
        return found | {name: said[its] for name, its in own.items() if its in said}

    def article(self, article_id: str) -> Article | None:
        return self.articles_of([article_id]).get(article_id)

    def articles_of(self, article_ids: Iterable[str]) -> dict[str, Article]:
        wanted = list(article_ids)
        own = self._own(wanted)
        whole = {article.id: article for article in self._whole({said["id"]: said for said in own.values()}.values())}
        return {name: whole[own[name]["id"]] for name in wanted if name in own}

    def _whole(self, everything: Iterable[Mapping[str, Any]]) -> Iterator[Article]:
        """The articles of these records, with their texts. Raises: CorpusError: a text is not what was written."""
        for some in together(everything):
            texts = {row["name"]: body for row, body in self._reader.records(TEXT, any_of("name", list(some)))}
            for digest, said in some.items():
                article = article_from(said, texts.get(digest, ""))
                if article.digest != digest:
                    raise CorpusError(
                        f"the article {said['id']} in {self._reader.server.address} is damaged: "
                        "`qa verify --repair` mends it"
                    )
                yield article

    def articles(self) -> list[Article]:
        return list(self._whole(sorted(self._reader.all_records(ARTICLE), key=lambda said: said["id"])))

    def ids(self) -> list[str]:
        return sorted(name for said in self._reader.all_records(ARTICLE) for name in (said["id"], *said["copies"]))

    def origins(self, article_id: str) -> tuple[str, ...]:
        said = self._own([article_id]).get(article_id)
        return (said["id"], *said["copies"]) if said else ()

    def stories(self, article_ids: Iterable[str]) -> dict[str, int]:
        return {name: said["story"] for name, said in self._own(article_ids).items()}

    def headings(self, allowed: Filter = EVERYTHING, offset: int = 0, limit: int | None = None) -> list[Heading]:
        where = " and ".join([f'kind == "{ARTICLE}" and part == 0', *permitted(allowed), self._reader.visible])
        pages = self._reader.server.pages(self._reader.layout.records, "key", where, ["key", "name"])
        names = sorted(row["name"] for page in pages for row in page)
        return self.headings_of(names[offset : None if limit is None else offset + limit])

    def headings_of(self, article_ids: Iterable[str]) -> list[Heading]:
        return [_heading(said) for said in self._said(article_ids).values()]

    def count_articles(self, allowed: Filter = EVERYTHING) -> int:
        if not allowed:
            return int(self._facts["articles"])
        where = [f'kind == "{ARTICLE}" and part == 0', *permitted(allowed), self._reader.visible]
        return self._reader.server.count(self._reader.layout.records, " and ".join(where))

    def sources(self) -> list[str]:
        return list(self._facts["sources"])

    def removed(self) -> list[str]:
        return sorted(self._facts["excluded"])

    # ---- names ---------------------------------------------------------------------------------

    def name_rows(self, folded: Iterable[str]) -> dict[str, list[Any]]:
        """By folded name: as written, how many articles hold it, whether it is a first name, names of the same."""
        return self._reader.named(NAME, folded)

    def mates(self, keys: tuple[str, str]) -> list[tuple[str, list[Any]]]:
        """Names with the same consonants, the most usual first."""
        same = f'(number > 0 and ({any_of("first", keys)} or (second != "" and {any_of("second", keys)})))'
        found = [(row, json.loads(body)) for row, body in self._reader.records(NAME, same)]
        found.sort(key=lambda pair: (-pair[1][1], pair[0]["number"]))
        return [(row["name"], said) for row, said in found[:MATES]]

    def learned(self) -> list[Learned]:
        found = [Learned(*said) for said in self._reader.all_records(LEARNED)]
        return sorted(found, key=lambda pair: (pair.one.casefold(), pair.other.casefold(), pair.article_id, pair.start))


class MilvusNames:
    """The names of a generation, as `index.store.Names` says."""

    def __init__(self, snapshot: MilvusSnapshot) -> None:
        self._snapshot = snapshot
        self._rows: dict[str, list[Any] | None] = {}

    def _look_up(self, folded: Iterable[str]) -> None:
        if new := [name for name in dict.fromkeys(folded) if name not in self._rows]:
            found = self._snapshot.name_rows(new)
            self._rows |= {name: found.get(name) for name in new}

    def known(self, folded: Iterable[str]) -> set[str]:
        names = list(folded)
        self._look_up(names)
        self._snapshot.expect(names)
        return {name for name in names if (row := self._rows[name]) and row[3]}

    def names_of(self, folded: str) -> tuple[Name, ...]:
        self._look_up([folded])
        row = self._rows[folded]
        if row is None:
            return (Name(folded, 0),)
        return tuple(Name(name, articles) for name, articles, _ in row[3]) or (Name(row[0], row[1]),)

    def nearest(self, folded: str) -> str | None:
        keys = consonants_of(spoken(folded))
        if not all(keys):
            return None
        mates = self._snapshot.mates(keys)
        first_names = {name for name, said in mates if said[2]}
        return nearest_of(folded, [(n, said[1]) for n, said in mates], lambda n, _: n in first_names, self.names_of)

    def is_written(self, text: str) -> bool:
        return self._snapshot.is_written(text)

    def learned(self) -> list[Learned]:
        return self._snapshot.learned()


def facts_of(reader: Reader) -> dict[str, Any]:
    """What is true of a generation as a whole. Raises: CorpusError: nothing says it."""
    found = reader.records(FACTS)
    if not found:
        raise CorpusError(f"the index {reader.server.address} is damaged: `qa verify --repair` may mend it")
    facts: dict[str, Any] = json.loads(found[0][1])
    return facts


def joined(rows: Iterable[Row]) -> list[tuple[Row, str]]:
    """Records whose texts may be in parts, each whole, with the row of its first part."""
    parts: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["part"]):
        parts.setdefault(row["name"], []).append(row)
    return [(found[0], "".join(row["body"] for row in found)) for found in parts.values()]


def together(everything: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Mapping[str, Any]]]:
    """What is said of articles, by digest, of so many of them as may be read in one query; a huge one stands alone."""
    some: dict[str, Mapping[str, Any]] = {}
    for said in everything:
        if some and (len(some) == AT_ONCE or sum(s["passages"] for s in (*some.values(), said)) > TEXTS_AT_ONCE):
            yield some
            some = {}
        some[said["digest"]] = said
    if some:
        yield some


def _counted(row: Row) -> Counted:
    return Counted.of(row["words"], row["title_words"])


def _lengths(lines: str) -> dict[int, int]:
    lengths: dict[int, int] = {}
    for line, length in json.loads(lines):
        lengths[line] = lengths.get(line, 0) + length
    return lengths


def _ranking(scores: Mapping[int, float], limit: int) -> Ranking:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _heading(said: Mapping[str, Any]) -> Heading:
    day = date.fromisoformat(said["published"]) if said["published"] else None
    return Heading(
        said["id"], said["title"], said["source"], said["url"], day, said["author"], said["passages"],
        tuple(said["copies"]),
    )  # fmt: skip
