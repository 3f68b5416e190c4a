"""A file that long work ends in: whether it can be written is asked before, and none is ever half there.

Knows files. Never knows what is in them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import InputError


def check_writable(path: Path) -> None:
    """Try it beside the file, which stays as it is: what cannot be written is better heard of before an hour's work.

    Raises:
        InputError: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} cannot be written: it is there, and is not a file")
        beside = _beside(path)
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Where to write, to be moved over the file at the end, so that a killed or failed run leaves the old one whole."""
    beside = _beside(path)
    try:
        yield beside
        os.replace(beside, path)
    finally:
        if beside.is_file():
            beside.unlink()  # half a file is of no use, and on a full disk it takes the room


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")
