"""What each file gave when it was last read, so that one that is as it was is not read again.

Knows files by the digest of their bytes. Never knows how one is read, or what an article says.

    readings  (file, part): the articles of a file by id and digest, and what was skipped in it, as
              JSON in parts; each part under a seal over all that it comes from

A date of change is not trusted, as it may stay the same where the bytes do not. What was read
counts no more once the code that reads, or a library that it reads with, is another.
"""

import hashlib
import json
import os
import platform
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.article import Article
from index.files import File, Skipped

TABLES = """
CREATE TABLE readings (
    file TEXT NOT NULL, part INTEGER NOT NULL, seal BLOB NOT NULL, items BLOB NOT NULL, UNIQUE (file, part));
"""

PART = 10_000
"""Most items in a part."""

AT_ONCE = 2**20
"""Bytes of a file that are held at once."""

READ_BY = ("article.py", "boilerplate.py", "files.py", "formats", "metadata.py", "sources.py")
"""The modules that decide what a file gives, with what they import of each other."""

READ_WITH = (
    "brotli", "charset-normalizer", "htmldate", "justext", "lxml", "lxml_html_clean", "pyarrow", "pypdf",
    "python-docx", "trafilatura", "warcio",
)  # fmt: skip
"""The libraries that do; one that is not installed leaves its format unread."""


@dataclass(frozen=True, slots=True)
class Known:
    """An article of a file that is as it was when it was last read: the article is what it was too."""

    id: str
    digest: str


class Readings:
    """The table above, over the connection of a catalog, for one build.

    Args:
        holds: whether an article's text is not asked for, given its id and digest. Where one is, its file is read.
    """

    def __init__(self, sql: sqlite3.Connection, holds: Callable[[str, str], bool]) -> None:
        self._sql, self._holds = sql, holds
        self._same: set[str] = set()
        self._fresh: dict[str, tuple[str, list[Known | Skipped]]] = {}

    def recalled(self, file: File, stated: Mapping[str, str]) -> list[Known | Skipped] | None:
        """What the file gave when it was last read; None if it is to be read.

        It is not where it, or what is `stated` of it, is not as it was, nor where an article of it is asked for.
        """
        query = "SELECT part, CAST(seal AS BLOB), CAST(items AS BLOB) FROM readings WHERE file = ?"
        rows = self._sql.execute(query, (file.id,)).fetchall()
        state = _state(file) if rows else None
        key = _key(state, stated) if state else None
        if key is None or any(seal != _seal(file.id, key, part, len(rows), items) for part, seal, items in rows):
            return None
        found: list[Known | Skipped] = []
        for *_, items in rows:
            for row in json.loads(items):
                if len(row) == 2 and not self._holds(*row):
                    return None
                found.append(Known(*row) if len(row) == 2 else Skipped(*row))
        self._same.add(file.id)
        return found

    def note(self, file: str, key: str | None, items: list[Known | Skipped]) -> None:
        """What a file, by its id, gave now, under the key that `Reading` has for it."""
        if key is not None:
            self._fresh[file] = key, items

    @property
    def have_changed(self) -> bool:
        """Whether there is something to save."""
        return bool(self._fresh) or bool(self._gone())

    def save(self) -> None:
        """Inside a transaction: remember what was read, and forget the files that were not met."""
        forgotten = [(file,) for file in (*self._gone(), *self._fresh)]
        self._sql.executemany("DELETE FROM readings WHERE file = ?", forgotten)
        for file, (key, items) in self._fresh.items():
            parts = [_as_json(items[begin : begin + PART]) for begin in range(0, len(items), PART)]
            rows = [(file, n, _seal(file, key, n, len(parts), part), part) for n, part in enumerate(parts)]
            self._sql.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", rows)

    def _gone(self) -> list[str]:
        files = (row[0] for row in self._sql.execute("SELECT DISTINCT file FROM readings"))
        return [file for file in files if file not in self._same and file not in self._fresh]


@cache
def reading_identity() -> str:
    """Names the code and the libraries that read files: what one of another name gave is not to be relied on."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    for path in (here / name for name in READ_BY):
        for module in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(module.read_bytes())
    digest.update(" ".join([platform.python_version(), *map(_version, READ_WITH)]).encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


class Reading:
    """One file while it is read: gives what `read` gives.

    Afterwards `items` is what it gave, without the texts, and `key` is what `Readings.note` takes: None
    where that is not to be relied on, as the file was changed meanwhile or could not be opened.
    """

    def __init__(self, file: File, stated: Mapping[str, str], read: Iterable[Article | Skipped]) -> None:
        self._file, self._stated, self._read = file, stated, read
        self.items: list[Known | Skipped] = []
        self.key: str | None = None

    def __iter__(self) -> Iterator[Article | Skipped]:
        before = _state(self._file)
        may_pass = False
        for item in self._read:
            self.items.append(Known(item.id, item.digest) if isinstance(item, Article) else item)
            may_pass |= isinstance(item, Skipped) and item.may_pass
            yield item
        if before and not may_pass and before == _state(self._file):
            self.key = _key(before, self._stated)


_State = tuple[str, int]


def _state(file: File) -> _State | None:
    """The digest of its bytes, and its time of change, which tells whether it was changed and changed back.

    None where it cannot be opened.
    """
    try:
        with file.open() as data:
            changed, digest = os.fstat(data.fileno()).st_mtime_ns, hashlib.sha256()
            while piece := data.read(AT_ONCE):
                digest.update(piece)
            return digest.hexdigest(), changed
    except OSError:
        return None


def _key(state: _State, stated: Mapping[str, str]) -> str:
    return json.dumps([reading_identity(), state[0], sorted(stated.items())])


def _seal(file: str, key: str, part: int, parts: int, items: bytes) -> bytes:
    """Over everything, so that a damaged row is no reading at all."""
    return hashlib.sha256(f"{file}\0{key}\0{part}\0{parts}\0".encode() + items).digest()


def _as_json(items: Sequence[Known | Skipped]) -> bytes:
    rows = [[i.id, i.digest] if isinstance(i, Known) else [i.path, i.reason, i.states_metadata] for i in items]
    return json.dumps(rows).encode()
