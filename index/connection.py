"""Opens the SQLite file of an index: to be read while another writes, or as it stands where nothing may be written.

Knows SQLite's files. Never knows what is in them.

Who reads a file in write-ahead mode leaves marks beside it. In a folder, or on media, that are
read-only there is no room for marks, and the file is read as one that nobody changes (SQLite's
`immutable`). It may be read-only to us alone: whether it was changed after all is looked at afterwards.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from index.errors import CorpusError

PATIENCE = "PRAGMA busy_timeout = 10000"
PAGE = "PRAGMA page_size = 8192"
"""Of a file that is new: a vector takes 1.5 KiB, of which a page of 8 holds five, and the usual one of 4 only two."""

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Unchanging:
    """A file that is read as one that nobody changes, as it was at first."""

    path: Path
    facts: tuple[int, int, int]

    @classmethod
    def now(cls, path: Path) -> "Unchanging":
        return cls(path, _facts(path))

    def has_changed(self) -> bool:
        try:
            return _facts(self.path) != self.facts
        except OSError:
            return True


def connect(path: Path) -> tuple[sqlite3.Connection, Unchanging | None]:
    """A connection, and what to ask afterwards where the file can only be read as one that nobody changes.

    Raises:
        sqlite3.DatabaseError, UnicodeDecodeError: the file cannot be opened, or is none of SQLite's; the
            latter where what SQLite says of it holds damaged text.
        CorpusError: its last changes lie beside it, and to take them in it would have to be written.
    """
    sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        sql.execute(PATIENCE)
        sql.execute(PAGE)
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute("SELECT 1 FROM sqlite_master")
        return sql, None
    except UNREADABLE as error:
        sql.close()
        if not _is_for_want_of_rights(path, error):
            raise
    if _size(path.with_name(f"{path.name}-wal")):
        raise CorpusError(
            f"{path} cannot be read in a read-only place, as its last changes were not taken in yet: "
            "open the index once where it may be written, with `qa verify` for one"
        )
    unchanging = Unchanging.now(path)
    address = f"{path.resolve().as_uri()}?immutable=1"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False), unchanging


def _is_for_want_of_rights(path: Path, error: Exception) -> bool:
    family = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the family of the error
    refused = family in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
    return refused and os.access(path, os.R_OK) and not os.access(path.parent, os.W_OK)


def _facts(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
