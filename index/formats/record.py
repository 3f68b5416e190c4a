"""What a file says of one article, and how much of a file is held at once.

Knows what every reader shares: the record, the size limit, and how the failures of libraries are
told. Never knows a format.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import BinaryIO

from index.errors import InputError

LARGEST = 100 * 2**20
"""Most bytes of a file, or characters of a row, that is one article. Tables, feeds, crawls and
archives have no such limit: they are read a piece at a time."""

EXTRA = "pip install 'qa-articles[documents]'"


@dataclass(frozen=True, slots=True)
class Record:
    """What a file says of one article, as strings just as they were found; empty where it says nothing.

    `pages` are the offsets in `text` at which pages begin.
    """

    text: str
    title: str = ""
    source: str = ""
    url: str = ""
    published: str = ""
    author: str = ""
    pages: tuple[int, ...] = ()


Reader = Callable[[BinaryIO], Iterator[Record | str]]
"""Takes a file from its beginning, which can be rewound; gives a record for each article in it, or
the reason, as a string, why that one cannot be read. Raises InputError where the file cannot."""


def whole(file: BinaryIO, most: int = LARGEST) -> bytes:
    """All bytes of a file that is one article.

    Raises:
        InputError: there are more than `most`.
    """
    data = file.read(most + 1)
    if len(data) > most:
        raise InputError(f"it is larger than {most >> 20} MiB, the most that is read of a file of one article")
    return data


@contextmanager
def guarded(kind: str) -> Iterator[None]:
    """Say in one line whatever a library throws at damaged or hostile bytes; they throw anything."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__} {error}".split())
        raise InputError(f"it is not {kind} that can be read ({said[:200]})") from error


def optional(module: str) -> ModuleType:
    """A library that not everybody needs.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(f"to read this format, install what it needs: {EXTRA}") from error
