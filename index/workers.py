"""Who reads, cuts and embeds for a build: this process alone, or others.

Knows which articles are wanted, and how much is held at once. Never knows how anything is stored.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from index.catalog import Catalog
from index.embedder import Embedder, Embedding
from index.files import Skipped
from index.pieces import Piece, piece_of
from index.readings import Known, Reading
from index.sources import Entry
from index.store import Progress

EMBED_AT_ONCE = 256
"""Texts whose vectors are handed on together: a build that is cut short loses no more than these."""

BLOCK = 2048
"""Passages that are held at once, so that long ones are embedded with long ones; an article is held whole."""

Embedded = Mapping[bytes, Embedding]
"""By the digests of what was embedded."""


@dataclass(frozen=True, slots=True)
class Read:
    """The file of this number was read to its end: what it gave, and the key that `Readings.note` takes."""

    file: int
    key: str | None
    items: list[Known | Skipped]


Prepared = Read | Piece | Embedded
"""What becomes of files; the vectors of a piece come before it, but for those that the index has."""


@dataclass(frozen=True, slots=True)
class Have:
    """What an index has: articles by digest, those left out by id, and vectors."""

    articles: AbstractSet[str]
    excluded: Mapping[str, str]
    catalog: Catalog

    def lacks(self, article_id: str, digest: str) -> bool:
        """Whether an article is to be prepared."""
        return digest not in self.articles and self.excluded.get(article_id) != digest


class Workers(Protocol):
    """Prepares what is in files for one who writes it down."""

    def prepared(self, files: Sequence[Entry], have: Have, progress: Progress) -> Iterator[Prepared]:
        """Read files in their order, cut and embed of it what an index does not have.

        Raises:
            InputError: the workers cannot be reached, or cannot reach the files.
            ModelError: the model cannot be loaded.
        """


class Alone:
    """This process does everything, with no more than a block of passages in memory."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def prepared(self, files: Sequence[Entry], have: Have, progress: Progress) -> Iterator[Prepared]:
        pieces: list[Piece] = []
        seen: set[str] = set()
        read = held = embedded = 0
        for number, entry in enumerate(files):
            reading = Reading(entry.file, entry.stated, entry.articles())
            for item in reading:
                if isinstance(item, Skipped):
                    continue
                progress("reading", read := read + 1, 0)
                digest = item.digest
                if digest not in seen and have.lacks(item.id, digest):
                    seen.add(digest)
                    pieces.append(piece_of(item, self._embedder))
                    held += len(pieces[-1].runs)
                    progress("cutting", len(seen), 0)
                if held >= BLOCK:
                    embedded = yield from self._embed(pieces, have, embedded, progress)
                    pieces, held = [], 0
            yield Read(number, reading.key, reading.items)
        yield from self._embed(pieces, have, embedded, progress)

    def _embed(
        self, pieces: Sequence[Piece], have: Have, finished: int, progress: Progress
    ) -> Generator[Prepared, None, int]:
        """The vectors that pieces lack, then the pieces; returns how many texts are `finished` with these."""
        texts = {digest: text for piece in pieces for digest, text in zip(piece.digests, piece.texts, strict=True)}
        missing = sorted(have.catalog.missing_vectors(texts), key=lambda digest: len(texts[digest].text))
        total = finished + len(missing)

        def done(count: int) -> None:
            nonlocal finished
            finished += count
            progress("embedding", finished, total)

        for begin in range(0, len(missing), EMBED_AT_ONCE):
            part = missing[begin : begin + EMBED_AT_ONCE]
            yield dict(zip(part, self._embedder.embed([texts[digest] for digest in part], done), strict=True))
        yield from pieces
        return total
