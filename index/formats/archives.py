"""Packed files unpacked within bounds: gzip, and the members of a ZIP archive.

Knows what an honest archive looks like, and stops where one is not: nothing is written below a
name that an archive chose, and what is unpacked is counted byte by byte, whatever sizes the
archive claims. Never knows what the members hold.
"""

import gzip
import io
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from index.errors import InputError
from index.formats.record import guarded

DEEPEST = 2
"""How many wrappings a file may have: a ZIP in a ZIP, or a gzip in a ZIP, and no more."""

LARGEST_RATIO = 200
"""A file that unpacks to more than this many times its packed size is a bomb; text packs tenfold or so."""

_AT_ONCE = 2**16

_INNOCENT = 8 * 2**20
"""As many bytes may come from nearly nothing, as a small file of blanks is no bomb."""


@dataclass(slots=True)
class Allowance:
    """What one archive may still unpack to, all archives within it counted; bytes and files."""

    total: int = 64 * 2**30
    member: int = 16 * 2**30
    members: int = 1_000_000

    @property
    def is_spent(self) -> bool:
        return self.total < 0 or self.members < 0


class _Unpacked(io.RawIOBase):
    """A packed stream that is counted as it is read, and can be rewound to its beginning."""

    def __init__(self, stream: Any, packed: Callable[[], int], allowance: Allowance) -> None:
        self._stream, self._packed, self._allowance = stream, packed, allowance
        self._taken = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) in ((0, io.SEEK_CUR), (self._taken, io.SEEK_SET)):
            return self._taken
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("a packed file can only be rewound")
        self._stream.seek(0)
        self._allowance.total += self._taken
        self._taken = 0
        return 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with guarded("a packed file"):
            data = self._stream.read(len(buffer))
        self._taken += len(data)
        self._allowance.total -= len(data)
        if self._taken > max(_INNOCENT, LARGEST_RATIO * self._packed()):
            raise InputError(f"it unpacks to more than {LARGEST_RATIO} times its size, as no honest file does")
        if self._taken > self._allowance.member:
            raise InputError(f"it unpacks to more than {self._allowance.member:,} bytes")
        if self._allowance.is_spent:
            raise InputError("the archive unpacks to more than is read of one")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def gunzip(packed: BinaryIO, allowance: Allowance) -> BinaryIO:
    """The file within a gzip file.

    Reading from it raises InputError where the data are damaged or too many.
    """
    return io.BufferedReader(_Unpacked(gzip.GzipFile(fileobj=packed), packed.tell, allowance), _AT_ONCE)


@contextmanager
def unzipped(file: BinaryIO, allowance: Allowance) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A ZIP archive and its files, sorted by name, while it is open.

    Raises:
        InputError: it is damaged, or holds more files than are allowed.
    """
    with guarded("a ZIP archive"):
        opened = zipfile.ZipFile(file)
    with opened as archive:
        found = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        allowance.members -= len(found)
        if allowance.is_spent:
            raise InputError("the archive holds more files than are read of one")
        yield archive, found


def wrong_member(info: zipfile.ZipInfo) -> str:
    """Why a member of an archive is not read; empty if it is."""
    name = info.filename
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
        return "its name leads out of the archive"
    if info.flag_bits & 0x1:
        return "it is encrypted; unpack the archive with its password first"
    return "it is a symbolic link" if stat.S_ISLNK(info.external_attr >> 16) else ""


def opened_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowance: Allowance) -> BinaryIO:
    """A member as a file; reading from it raises InputError where the data are damaged or too many.

    Raises:
        InputError: its beginning is damaged, or it is packed in a way that Python does not know.
    """
    with guarded("a packed file"):
        stream = archive.open(info)
    return io.BufferedReader(_Unpacked(stream, lambda: info.compress_size, allowance), _AT_ONCE)


def spooled(file: BinaryIO) -> BinaryIO:
    """A copy that can be read in any order, in memory while it is small and in a temporary file otherwise."""
    copy = tempfile.SpooledTemporaryFile(max_size=16 * 2**20)  # noqa: SIM115 - the caller closes it
    try:
        shutil.copyfileobj(file, copy)
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy  # type: ignore[return-value]
