"""Which files there are: those below a folder, and those in an archive, which is read as a folder is.

Knows names and links. Opens a file only to tell a sidecar from a table. Never knows what an article is.
"""

import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from index import formats
from index.errors import InputError
from index.formats.archives import Allowance, opened_member, spooled, wrong_member
from index.formats.tables import header

SIDECAR = "articles.csv"
"""The name of a table that states what the files in its folder do not say of themselves."""

DOCUMENTS = re.compile(r"|\.(doc|odt|rtf|epub|pptx?|xlsx?|ods|sgml?|eml|mbox|rst|tex|arc|tar|tgz|bz2|xz|zst|7z|rar|gz)")
"""Endings (or none) of files that someone would expect to be read: they are reported, not passed over."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One file or row that could not be used; `path` is the id its article would have had."""

    path: str
    reason: str
    states_metadata: bool = False
    """It is of a sidecar: what it would have said is not used, but no article is left out for it."""
    may_pass: bool = False
    """The reason may lie outside the file: it could not be opened, or the memory did not suffice."""


@dataclass(frozen=True, slots=True)
class File:
    """A file on disk or in an archive, with its id, its bare name, and where a person finds it."""

    id: str
    name: str
    where: str
    open: Callable[[], BinaryIO]
    is_sidecar: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What one path of the user's, or one archive, holds."""

    entries: Sequence[File | Skipped]
    holds: Callable[[str], bool]
    """Whether there is a file of this id, whatever its format."""
    only: str = ""
    """The id of the one file that was asked for, if it was one: the sidecar beside it speaks of that alone."""


def listing(path: Path) -> Listing:
    """The files of a folder, or one file and the sidecar beside it.

    Raises:
        InputError: there is neither.
    """
    if path.is_dir():
        return Listing(list(_walk(path, path)), lambda id_: _is_file(path / id_))
    if not path.exists():
        raise InputError(f"{path} does not exist; give a file or a folder of articles")
    root, name = path.parent, _valid(path.name)
    entry = _look_at(name, str(path), path.is_file()) or Skipped(name, _unsupported(name))
    if isinstance(entry, File) and entry.is_sidecar:
        reason = "it states metadata of other files and holds no articles; give its folder"
        return Listing([Skipped(name, reason)], lambda _: False)
    is_beside = _is_file(root / SIDECAR) and path.name != SIDECAR
    beside = _look_at(SIDECAR, str(root / SIDECAR), is_file=True) if is_beside else None
    sidecars = [beside] if isinstance(beside, File) and beside.is_sidecar else []
    return Listing([entry, *sidecars], lambda id_: _is_file(root / id_), only=name)


def members(archive: zipfile.ZipFile, found: Sequence[zipfile.ZipInfo], file: File, allowance: Allowance) -> Listing:
    """The files in an archive, hidden ones and those that a Mac adds apart; a name counts once."""
    names: set[str] = set()
    entries: list[File | Skipped] = []
    for info in found:
        name, id_ = info.filename, f"{file.id}!{info.filename}"
        if _is_hidden(name):
            continue
        entry = _named(
            name, id_, f"{file.where}!{name}", partial(_opened, archive, info, allowance), wrong_member(info)
        )
        if entry is not None and name in names:
            entry = Skipped(f"{id_} (again)", "the archive holds another file of this name")
        if entry is not None:
            entries.append(entry)
        names.add(name)
    return Listing(entries, lambda id_: id_.removeprefix(f"{file.id}!") in names)


def ending(name: str) -> str:
    """What says how a file is read: its last ending, that of compression apart."""
    path = PurePosixPath(name)
    last = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if last == ".gz" else last


def _walk(folder: Path, root: Path, above: str = "") -> Iterator[File | Skipped]:
    """What is below a folder, hidden entries apart, sorted by name; `above` begins their ids."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(above.removesuffix("/") or ".", f"its folder cannot be listed: {error.strerror}")
        return
    for entry in entries:
        if entry.name.startswith(".") or (entry.name.endswith("_files") and _is_of_a_page(Path(entry.path))):
            continue
        name = _valid(above + entry.name)
        if entry.is_symlink() and (reason := _wrong_link(Path(entry.path), root)):
            yield Skipped(name, reason)
        elif entry.is_dir():
            yield from _walk(Path(entry.path), root, f"{name}/")
        elif seen := _look_at(name, entry.path, entry.is_file()):
            yield seen


def _is_of_a_page(entry: Path) -> bool:
    """Whether a browser saved it beside a page: its pictures and scripts, and the advertisements in its frames."""
    page = entry.name.removesuffix("_files")
    return any(_is_file(entry.with_name(page + last)) for last in (".html", ".htm"))


def _wrong_link(link: Path, root: Path) -> str:
    """Why a symbolic link is not followed; empty if it is."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "it is a symbolic link to nothing"
    if not target.is_relative_to(root.resolve()):
        return "it is a symbolic link out of the folder that was given"
    return "it is a symbolic link to a folder that is read in its own place" if target.is_dir() else ""


def _look_at(name: str, path: str, is_file: bool) -> File | Skipped | None:
    """The file, if it is one to read; None if nobody would miss it."""
    return _named(name, name, path, lambda: open(path, "rb"), "" if is_file else "it is not a regular file")


def _named(name: str, id_: str, where: str, opened: Callable[[], BinaryIO], wrong: str) -> File | Skipped | None:
    """A file by its name: one to read, one to report with what is `wrong`, or None if nobody would miss it."""
    if "\ufffd" in name:
        wrong = "its name is not valid Unicode; rename it"
    elif re.search(r"\.zip!", name, re.IGNORECASE):
        wrong = "its name looks like that of a file in an archive; rename it"
    is_read = ending(name) in formats.READERS or ending(name) == ".zip"
    if not is_read and not DOCUMENTS.fullmatch(ending(name)):
        return None
    if wrong or not is_read:
        return Skipped(id_, wrong or _unsupported(name))
    last = PurePosixPath(name).name
    return File(id_, last, where, opened, last == SIDECAR and _names_files(opened))


def _names_files(opened: Callable[[], BinaryIO]) -> bool:
    """Whether a table's header has the column that makes it a sidecar."""
    try:
        with opened() as file:
            return "file" in header(file)
    except (OSError, InputError):
        return False


def _unsupported(name: str) -> str:
    kind = f"the format {ending(name)}" if ending(name) else "a file without an ending"
    return f"{kind} is not supported; these are: {' '.join(formats.READERS)}, and those in .zip and .gz"


def _valid(name: str) -> str:
    """A name as text, with a mark for what is none in it."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name may be anything: one that is too long is not only absent, it is refused
        return False


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part.strip(".") for part in parts)


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowance: Allowance) -> BinaryIO:
    stream = opened_member(archive, info, allowance)
    return in_order(stream, info.filename)


def in_order(stream: BinaryIO, name: str) -> BinaryIO:
    """The stream, or a copy of it that can be read in any order, where the format asks for that."""
    if PurePosixPath(name).suffix.lower() not in formats.OUT_OF_ORDER:
        return stream
    with stream:
        return spooled(stream)
