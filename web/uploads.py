"""Files that users hand in, kept beside the index in a folder that its builds read too.

Knows names, sizes and endings. Never knows what a file holds, nor when it is read.

Each handing-in has a folder of its own, so that files of one name never meet, a sidecar among
them speaks of its own companions alone, and what was wrong with one can be taken back whole.
"""

import re
import shutil
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from index.errors import InputError
from index.files import SIDECAR, ending
from index.formats import PACKED, READERS
from web.page_files import held

ENDINGS = (*READERS, *PACKED)
MOST_FILES = 50
MOST_BYTES = 20 * 2**20
MOST_KEPT = 2 * 2**30
"""Most files at once, most bytes of one, and most bytes of all that was ever added."""

LONGEST_NAME = 120


def store(files: Sequence[Path], folder: Path) -> Path:
    """Copy files into a new folder below `folder`; returns that one.

    Raises:
        InputError: there are too many, one is too large or of no kind that is read, or the disk refuses;
            nothing was kept.
    """
    _check(files, folder)
    batch: Path | None = None
    try:
        batch = _fresh(folder)
        for file, name in zip(files, _names(files), strict=True):
            shutil.copyfile(file, batch / name)
    except OSError as error:
        if batch:
            discard(batch)  # the next build would read what is there of it
        raise InputError(f"what was added cannot be kept in {folder}: {error.strerror or error}") from error
    return batch


def discard(batch: Path) -> None:
    """Take back what `store` kept."""
    shutil.rmtree(batch, ignore_errors=True)


def _check(files: Sequence[Path], folder: Path) -> None:
    if not files:
        raise InputError("no file was given")
    if len(files) > MOST_FILES:
        raise InputError(f"{len(files):,} files were given: at most {MOST_FILES} are taken at once")
    for file in files:
        if ending(file.name) not in ENDINGS:
            raise InputError(f"{_name(file)} is of no kind that is read; these are: {' '.join(ENDINGS)}")
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{_name(file)} is too large: a file may have {MOST_BYTES // 2**20} MiB")
    if held(folder) + sum(file.stat().st_size for file in files) > MOST_KEPT:
        raise InputError(f"{folder} is full: it may hold {MOST_KEPT // 2**30} GiB")


def _fresh(folder: Path) -> Path:
    stamp = f"added-{datetime.now():%Y%m%d-%H%M%S}"
    number = 1
    while True:
        batch = folder / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            batch.mkdir(parents=True)
            return batch
        except FileExistsError:
            number += 1


def _names(files: Sequence[Path]) -> list[str]:
    """A plain name for each file, none of them twice; two that differ only in case would be one on some disks."""
    names = list[str]()
    taken = set[str]()
    for file in files:
        path, number = PurePosixPath(_name(file)), 1
        name = path.name
        while name.casefold() in taken:
            number += 1
            name = f"{path.stem} ({number}){path.suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _name(file: Path) -> str:
    """The last part of a path with nothing in it that a disk, a terminal or a link could take for more than a name."""
    if file.name == SIDECAR:
        return SIDECAR
    letters = unicodedata.normalize("NFC", file.name.encode("utf-8", "replace").decode())
    plain = re.sub(r"[^\w.,()+=@ -]+", "_", letters).strip(" ")
    stem, last = PurePosixPath(plain).stem.lstrip("._ ") or "article", PurePosixPath(plain).suffix
    return f"{stem[:LONGEST_NAME]}{last}"
