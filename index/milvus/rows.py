"""What a catalog holds, as the records and passages that are kept in Milvus.

Knows the catalog's tables and how a record tells what stands in them. Never knows a server.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from index.aliases import Aliases
from index.article import Article
from index.catalog import FILE
from index.connection import connect
from index.embedder import Directions, read_directions
from index.milvus.analysis import Analyzer
from index.milvus.schema import LONGEST
from index.syndication import lines_within
from index.vectors import are_unit

FACTS, ARTICLE, TEXT, ORIGIN, LINE, NAME, LEARNED = "facts", "article", "text", "origin", "line", "name", "learned"
"""The kinds of records: what is true of all; an article but its text; its text, by digest; another id of an article;
the lines in which a line stands; a name, folded; a pair of names with the place that it was learned from."""


KINDS = (FACTS, ARTICLE, TEXT, ORIGIN, LINE, NAME, LEARNED)

VECTORS = ("number", "vector", "sentences")
"""The fields of a passage that say where it points to."""


class Record(NamedTuple):
    """One record. `number`, `first` and `second` are what its kind is looked up by besides its name.

    `body` gives the text, which is only made where it is to be written; `version` changes with it.
    """

    kind: str
    name: str
    version: bytes
    body: Callable[[], str]
    number: int = 0
    first: str = ""
    second: str = ""
    source: str = ""
    published: int = 0


def version_of(body: str, *others: str | int) -> bytes:
    """Names what a record says."""
    return hashlib.sha256(json.dumps([body, *others]).encode("utf-8", "surrogatepass")).digest()[:16]


def _record(kind: str, name: str, said: Any, number: int = 0, first: str = "", second: str = "", source: str = "",
            published: int = 0) -> Record:  # fmt: skip
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    version = version_of(body, number, first, second, source, published)
    return Record(kind, name, version, lambda: body, number, first, second, source, published)


class Workbook:
    """The catalog that a builder of this machine works on, read for what is to be kept in Milvus."""

    def __init__(self, folder: Path) -> None:
        self._sql, _ = connect(folder / FILE)

    def close(self) -> None:
        self._sql.close()

    def meta(self, name: str, otherwise: str = "") -> str:
        row = self._sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else otherwise

    def records(self) -> Iterator[Record]:
        """Everything but passages. Each is looked at again at every build, which asks no model and no server."""
        yield self._facts()
        yield from self._articles()
        for name, article in self._sql.execute(
            "SELECT o.id, a.id FROM origins o JOIN articles a ON a.number = o.article WHERE o.id <> a.id"
        ):
            yield _record(ORIGIN, name, article)
        inside: dict[int, list[int]] = {}
        for line, other in self._sql.execute("SELECT line, other FROM contained ORDER BY line, other"):
            inside.setdefault(line, []).append(other)
        for line, others in inside.items():
            yield _record(LINE, str(line), others, number=line)
        yield from self._names()

    def _facts(self) -> Record:
        count = {t: self._sql.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("articles", "passages")}
        outlets = self._sql.execute("SELECT DISTINCT source FROM articles WHERE source <> '' ORDER BY 1")
        used = dict(self._sql.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        facts = {
            "embedder": self.meta("embedder"), "vector_kind": self.meta("vector_kind", "automatic"),
            "roots": json.loads(self.meta("roots", "[]")), "excluded": json.loads(self.meta("excluded", "{}")),
            "articles": count["articles"], "passages": count["passages"],
            "sources": [row[0] for row in outlets], "dimension": self.dimension(),
            "words": self._count_words(),
            "used": {"articles": used.get("articles", 0), "passages": used.get("passages", 0)},
        }  # fmt: skip
        return _record(FACTS, "", facts)

    def dimension(self) -> int:
        """That of the vectors; 0 if there is none."""
        row = self._sql.execute(
            "SELECT v.vector FROM passages p JOIN vectors v ON v.digest = p.vector LIMIT 1"
        ).fetchone()
        return len(row[0]) // 4 if row else 0

    def _count_words(self) -> int:
        """Those in all passages and their titles, from the record that FTS5 keeps of them: rows, titles, bodies."""
        block: bytes = self._sql.execute("SELECT block FROM words_data WHERE id = 1").fetchone()[0]
        counts, value = [], 0
        for byte in block:  # numbers in groups of seven bits, the highest first; the last byte of each is below 128
            value = value << 7 | byte & 127
            if byte < 128:
                counts.append(value)
                value = 0
        return sum(counts[1:])

    def count_passages(self) -> int:
        return int(self._sql.execute("SELECT count(*) FROM passages").fetchone()[0])

    def _articles(self) -> Iterator[Record]:
        query = """SELECT a.number, a.id, a.digest, a.title, a.source, a.url, a.published, a.author, a.pages,
                          (SELECT count(*) FROM passages p WHERE p.article = a.number),
                          (SELECT json_group_array(o.id) FROM origins o WHERE o.article = a.number AND o.id <> a.id),
                          coalesce((SELECT story FROM syndicated s WHERE s.article = a.number), a.number)
                   FROM articles a"""
        for number, name, digest, title, source, url, day, author, pages, passages, copies, story in self._sql.execute(
            query
        ):
            said = {
                "number": number, "id": name, "digest": digest, "title": title, "source": source, "url": url,
                "published": day, "author": author, "pages": pages, "passages": passages,
                "copies": sorted(json.loads(copies)), "story": story,
            }  # fmt: skip
            yield _record(ARTICLE, name, said, number=number, source=source, published=_day(day))
            yield Record(TEXT, digest, b"", lambda digest=digest: self._text(digest), number=number)  # type: ignore[misc]

    def _text(self, digest: str) -> str:
        return str(self._sql.execute("SELECT text FROM articles WHERE digest = ?", (digest,)).fetchone()[0])

    def _names(self) -> Iterator[Record]:
        aliases = Aliases(self._sql)
        known = {row[0] for row in self._sql.execute("SELECT DISTINCT folded FROM aliases")}
        query = """SELECT number, folded, name, consonants, unfused, articles,
                          instr(folded, ' ') = 0 AND articles < (SELECT coalesce(sum(l.articles), 0) FROM names l
                          WHERE l.folded > n.folded || ' ' AND l.folded < n.folded || '!') FROM names n"""
        for number, folded, name, consonants, unfused, articles, before_others in self._sql.execute(query).fetchall():
            said = [name, articles, before_others, self._group(aliases, folded) if folded in known else []]
            known.discard(folded)
            yield _record(NAME, folded, said, number=number, first=consonants, second=unfused)
        for folded in sorted(known):  # those that are only introduced
            group = self._group(aliases, folded)
            name, articles = next((pair for pair in group if pair[2] == folded), (folded, 0, ""))[:2]
            yield _record(NAME, folded, [name, articles, 0, group])
        for pair in aliases.learned():
            said = [pair.one, pair.other, pair.kind, pair.article_id, pair.start, pair.end, pair.beside]
            yield _record(LEARNED, hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32], said)

    @staticmethod
    def _group(aliases: Aliases, folded: str) -> list[tuple[str, int, str]]:
        return [(name.name, name.articles, name.folded) for name in aliases.names_of(folded)]

    # ---- passages ------------------------------------------------------------------------------

    def passage_numbers(self) -> Iterator[int]:
        for (number,) in self._sql.execute("SELECT number FROM passages ORDER BY number"):
            yield number

    def passages(self, numbers: Iterable[int], analyzer: Analyzer) -> list[dict[str, Any]]:
        """Passages as they are written, but for the generation."""
        query = """SELECT p.number, p.article, p.start, p."end", a.source, a.published, p.vector, v.vector, s.matrix,
                          a.title, substr(a.text, p.start + 1, p."end" - p.start)
                   FROM passages p JOIN articles a ON a.number = p.article JOIN vectors v ON v.digest = p.vector
                        LEFT JOIN directions s ON s.digest = p.vector
                   WHERE p.number IN (SELECT value FROM json_each(?)) ORDER BY p.number"""
        wanted = list(numbers)
        found = self._sql.execute(query, (json.dumps(wanted),)).fetchall()
        lines = self._lines(wanted)
        words = analyzer.words([text for *_, title, body in found for text in (title, body)])
        return [
            {
                "number": number, "article": article, "start": start, "end": end, "source": source,
                "published": _day(day), "digest": digest.hex(), "lines": json.dumps(lines.get(number, [])),
                "title_words": len(title), "words": _clipped(" ".join((*title, *body))),
                "vector": np.frombuffer(vector, "<f4").astype(np.float32),
                "sentences": _as_text(sentences or b"", len(vector) // 4),
            }
            for (number, article, start, end, source, day, digest, vector, sentences, *_), title, body
            in zip(found, words[::2], words[1::2], strict=True)
        ]  # fmt: skip

    def _lines(self, wanted: Iterable[int]) -> Mapping[int, list[tuple[int, int]]]:
        """For each passage the lines whose middle lies in it, each with the characters that it holds of it."""
        lines: dict[int, list[tuple[int, int]]] = {}
        for number, _, line, length in lines_within(self._sql, wanted):
            lines.setdefault(number, []).append((line, length))
        return lines


def article_from(said: Mapping[str, Any], text: str) -> Article:
    """The article that a record and a text are of."""
    return Article.of_fields(
        said["id"], said["title"], text, said["source"], said["url"], said["published"], said["author"], said["pages"]
    )


def _as_text(sentences: bytes, dimension: int) -> str:
    """Where sentences point to, as many of them as a row can hold."""
    most = LONGEST * 3 // 4 // dimension
    return base64.b64encode(sentences[: most * dimension]).decode()


def directions_from(text: str, dimension: int) -> Directions:
    """What `_as_text` made text of; no sentences if that is damaged."""
    try:
        return read_directions(base64.b64decode(text, validate=True), dimension)
    except ValueError:
        return read_directions(b"", dimension)


def damaged_vectors(passages: Iterable[Mapping[str, Any]]) -> list[int]:
    """The numbers of those, with VECTORS, whose vector is not of length one or whose sentences' cannot be read."""
    return [
        passage["number"]
        for passage in passages
        if not are_unit(np.array([passage["vector"]], np.float32)).all()
        or (passage["sentences"] and not len(directions_from(passage["sentences"], len(passage["vector"]))))
    ]


def _day(day: str | None) -> int:
    return date.fromisoformat(day).toordinal() if day else 0


def _clipped(text: str) -> str:
    """What a row can hold of it; only a passage of one enormous word is longer."""
    return text if len(text) * 4 <= LONGEST else text.encode()[:LONGEST].decode(errors="ignore")
