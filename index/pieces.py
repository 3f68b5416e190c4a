"""An article made ready for the catalog: cut into passages, with what is embedded for each, its lines and its names.

Knows how text is cut for a model's window. Never knows what is stored already, or who does the cutting.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.article import Article
from index.boilerplate import kept_spans
from index.embedder import Embedder, Parted
from index.errors import CorpusError
from index.introductions import Introduction, Mention, Naming, naming
from index.passages import CAPACITY, Offsets, runs
from index.syndication import Line, lines_of

TITLE_TOKENS = 40
"""Most of a title that is embedded with each passage: with the default model's 256 a passage keeps its own share."""

SPARE_TOKENS = 4
"""The special tokens of a model's window, and the line break after the title."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One article to be written: its passages' sentences, the digests of what is embedded for each, lines and names.

    `heading` is what of the title is embedded before each passage: a passage alone may not name its subject.
    """

    article: Article
    heading: str
    runs: list[list[Offsets]]
    digests: list[bytes]
    lines: list[Line]
    naming: Naming

    @property
    def spans(self) -> list[Offsets]:
        """The passages' offsets."""
        return [_span(run) for run in self.runs]

    @property
    def texts(self) -> list[Parted]:
        """What is embedded for each passage."""
        return [_parted(self.heading, self.article, run) for run in self.runs]

    def as_json(self) -> str:
        """One line that `from_json` makes the same piece of."""
        return json.dumps(
            [
                self.article.fields,
                self.heading,
                self.runs,
                [digest.hex() for digest in self.digests],
                [[v.start, v.end, v.number, [*v.shingles], [*v.numbers], v.telling] for v in self.lines],
                [[m.name, m.start, m.apart] for m in self.naming.mentions],
                [[i.one, i.other, i.start, i.end, i.short] for i in self.naming.introductions],
            ]
        )

    @classmethod
    def from_json(cls, text: str) -> "Piece":
        article, heading, runs, digests, lines, mentions, introductions = json.loads(text)
        return cls(
            Article.of_fields(*article),
            heading,
            [[(start, end) for start, end in run] for run in runs],
            [bytes.fromhex(digest) for digest in digests],
            [Line(s, e, number, frozenset(runs), frozenset(said), told) for s, e, number, runs, said, told in lines],
            Naming(tuple(Mention(*m) for m in mentions), tuple(Introduction(*i) for i in introductions)),
        )


def piece_of(article: Article, embedder: Embedder) -> Piece:
    """Cut an article for the window of a model; nothing is embedded yet."""
    heading, taken = _heading("" if article.is_untitled else article.title, embedder)
    capacity = max(1, min(CAPACITY, embedder.max_tokens - taken - SPARE_TOKENS))
    kept = kept_spans(article.text)
    passages = runs(article.text, kept, embedder.token_offsets, capacity)
    digests = [_vector_digest(_parted(heading, article, run).text, embedder) for run in passages]
    return Piece(article, heading, passages, digests, lines_of(article.text, kept), naming(article.text, kept))


def _heading(title: str, embedder: Embedder) -> tuple[str, int]:
    """What is embedded of a title, and its tokens; a quarter at most of a window that is a small one."""
    (offsets,) = embedder.token_offsets([title])
    most = min(TITLE_TOKENS, embedder.max_tokens // 4)
    return (title, len(offsets)) if len(offsets) <= most else (title[: offsets[most][0]].rstrip(), most)


def _span(run: Sequence[Offsets]) -> Offsets:
    return run[0][0], run[-1][1]


def _parted(heading: str, article: Article, run: Sequence[Offsets]) -> Parted:
    """A passage under the heading, and where its sentences stand in that."""
    start, end = _span(run)
    before = f"{heading}\n" if heading else ""
    shift = len(before) - start
    return Parted(before + article.text[start:end], tuple((s + shift, e + shift) for s, e in run))


def _vector_digest(text: str, embedder: Embedder) -> bytes:
    """Names a vector by all that it comes from: a build cut short may leave some of another embedder's."""
    return hashlib.sha256(f"{embedder.identity}\0{text}".encode()).digest()


class Spool:
    """Pieces on disk in the order in which they came, each article once, until its `with` block ends.

    The file has no name, so that a build that is killed leaves nothing of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: set[str] = set()
        try:
            self._file = tempfile.TemporaryFile("w+", dir=folder, encoding="ascii", newline="\n")  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()
        except OSError as error:  # what was not written yet is written now
            raise self._unwritable(error) from error

    def add(self, piece: Piece) -> None:
        """Keep a piece, unless one of the very same article is there.

        Raises:
            CorpusError: the disk is full.
        """
        if (digest := piece.article.digest) in self._digests:
            return
        self._digests.add(digest)
        try:
            self._file.write(f"{piece.as_json()}\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def __iter__(self) -> Iterator[Piece]:
        """All pieces so far; raises CorpusError where the disk is full, as the last of them are written now."""
        try:
            self._file.seek(0)
        except OSError as error:
            raise self._unwritable(error) from error
        return map(Piece.from_json, self._file)

    def _unwritable(self, error: OSError) -> CorpusError:
        return CorpusError(f"{self._folder} cannot be written ({error.strerror or error}): nothing was published")
