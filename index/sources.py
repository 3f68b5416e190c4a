"""Files in, articles out: each text exactly as it was read.

Knows the sidecar that says what a text does not, and what counts where several things speak of an
article. Never knows where the files are (`files`), how one is laid out (`formats`), how a headline
looks (`metadata`) or what becomes of an article. A file or row that cannot be used never stops
the others: it is handed on as `Skipped`.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from index import formats
from index.article import Article
from index.errors import InputError
from index.files import SIDECAR, File, Listing, Skipped, in_order, listing, members
from index.formats.archives import DEEPEST, Allowance, gunzip, unzipped
from index.formats.record import Record
from index.formats.tables import stated_rows
from index.metadata import detect, parse_date

__all__ = ["SIDECAR", "Entry", "Skipped", "entries", "find", "read_articles"]

STATED = ("title", "source", "url", "published", "author")
"""The columns of a sidecar, besides `file`."""

LONGEST_OUTLET = 300
"""Most characters of an outlet's name; it is what articles are filtered by, and no store takes one of any length."""


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """How deep in archives a file lies, and what they may still unpack to."""

    allowance: Allowance
    depth: int = 0

    def deeper(self) -> "_Wrapping":
        if self.depth == DEEPEST:
            raise InputError(f"it is packed {DEEPEST + 1} times over; unpack it first")
        return _Wrapping(self.allowance, self.depth + 1)


def read_articles(paths: Sequence[Path]) -> Iterator[Article | Skipped]:
    """The articles in files and folders, in the order of `paths` and by name within each.

    An article's id is its path below the folder given. That of a row, a feed's entry or a crawled
    page adds `#` and its number, counted from one; that of a file in an archive is the archive's,
    `!`, and its path therein: `news.zip!2017/a.txt`. A file that is only compressed keeps its
    own: `news.jsonl.gz#3`. Hidden files are passed over. Folders are listed before this returns;
    the files are read one by one, tables and archives bit by bit, as the result is consumed.

    Raises:
        InputError: a path does not exist, or two paths hold files that would get the same id.
    """
    return (item for found in find(paths) for item in _read(found, {}))


def find(paths: Sequence[Path]) -> list[Listing]:
    """What there is to read; raises InputError as `read_articles` does."""
    listings = [listing(path) for path in paths]
    _refuse_clashes([entry for found in listings for entry in found.entries if isinstance(entry, File)])
    return listings


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read, and what the sidecars of its listing state of it."""

    file: File
    stated: Mapping[str, str]

    def articles(self) -> Iterator[Article | Skipped]:
        """What it holds, bit by bit."""
        return _read_file(self.file, self.stated, _Wrapping(Allowance()))


def entries(listings: Sequence[Listing]) -> Iterator[Entry | Skipped]:
    """What there is in listings, in order; only their sidecars are read."""
    for found in listings:
        stated = yield from _stated_in(found)
        for entry in found.entries:
            if isinstance(entry, Skipped):
                yield entry
            elif not entry.is_sidecar:
                yield Entry(entry, stated.get(entry.id, {}))


def _refuse_clashes(files: Sequence[File]) -> None:
    places: dict[str, File] = {}
    for file in files:
        first = places.setdefault(file.id, file)
        if first is not file and not file.is_sidecar:
            both = f"{first.where} and {file.where} would both be the article {file.id!r}"
            raise InputError(f"{both}; give a folder above both")


def _read(found: Listing, outer: Mapping[str, str], wrapping: _Wrapping | None = None) -> Iterator[Article | Skipped]:
    """Read what a listing holds, the metadata of its sidecars first; `outer` is stated of all in it."""
    stated = yield from _stated_in(found)
    for entry in found.entries:
        if isinstance(entry, Skipped):
            yield entry
        elif not entry.is_sidecar:
            yield from _read_file(entry, {**outer, **stated.get(entry.id, {})}, wrapping or _Wrapping(Allowance()))
        if wrapping and wrapping.allowance.is_spent:
            return


def _stated_in(found: Listing) -> Generator[Skipped, None, Mapping[str, Mapping[str, str]]]:
    """Returns what the sidecars of a listing say of each file, by its id; gives the rows that cannot be used."""
    stated: dict[str, Mapping[str, str]] = {}
    sidecars = [entry for entry in found.entries if isinstance(entry, File) and entry.is_sidecar]
    for sidecar in sorted(sidecars, key=lambda file: file.id.count("/")):  # the inner one has the last word
        for row in _stated(sidecar, found):
            if isinstance(row, Skipped):
                yield row
            else:
                stated[row[0]] = {**stated.get(row[0], {}), **row[1]}
    return stated


def _stated(sidecar: File, found: Listing) -> Iterator[tuple[str, Mapping[str, str]] | Skipped]:
    """What a sidecar says of each file, by the file's id."""
    folder = sidecar.id.removesuffix(SIDECAR)
    try:
        with sidecar.open() as file:
            for number, row in enumerate(stated_rows(file), start=1):
                name = "" if isinstance(row, str) else row.get("file", "").strip()
                id_ = folder + PurePosixPath(name).as_posix()
                if found.only in ("", id_):
                    reason = row if isinstance(row, str) else _wrong_row(row, name, found.holds(id_))
                    if isinstance(row, str) or reason:
                        yield Skipped(f"{sidecar.id}#{number}", reason, states_metadata=True)
                    else:
                        yield id_, {key: said for key in STATED if (said := row.get(key, "").strip())}
    except (OSError, InputError) as error:
        yield Skipped(sidecar.id, _why(error), states_metadata=True)


def _wrong_row(row: Mapping[str, str], name: str, is_there: bool) -> str:
    """Why a sidecar's row cannot be used; empty if it can."""
    path = PurePosixPath(name)
    if not name or not is_there or path.is_absolute() or ".." in path.parts:
        return f"it names the file {name!r}, which is not in this folder"
    published = row.get("published", "").strip()
    return "" if not published or _iso_date(published) else f"its date {published!r} is not of the form 2017-11-03"


def _iso_date(text: str) -> date | None:
    return parse_date(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None


def _read_file(file: File, stated: Mapping[str, str], wrapping: _Wrapping) -> Iterator[Article | Skipped]:
    is_empty = True
    try:
        with file.open() as data:
            for item in _contents(data, file, file.name, stated, wrapping):
                is_empty = False
                yield item
        if is_empty:
            yield Skipped(file.id, "it holds no articles")
    except (OSError, InputError) as error:
        may_pass = isinstance(error, OSError) or isinstance(error.__cause__, OSError | MemoryError)
        yield Skipped(file.id, _why(error), may_pass=may_pass)


def _contents(
    data: BinaryIO, file: File, name: str, stated: Mapping[str, str], wrapping: _Wrapping
) -> Iterator[Article | Skipped]:
    """The articles in an open file, whose `name` loses an ending with each wrapping that is taken off."""
    stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix.lower()
    if ending == ".gz":
        inner = wrapping.deeper()
        with in_order(gunzip(data, inner.allowance), stem) as unpacked:
            yield from _contents(unpacked, file, stem, stated, inner)
    elif ending == ".zip":
        inner = wrapping.deeper()
        with unzipped(data, inner.allowance) as (archive, found):
            yield from _read(members(archive, found, file, inner.allowance), stated, inner)
        if inner.allowance.is_spent and wrapping.depth == 0:
            raise InputError("it unpacks to more than is read of one archive; the rest of it is left out")
    elif ending in formats.SINGLE:
        for record in formats.SINGLE[ending](data):
            yield _article(file.id, stem, record, stated)
    else:
        for number, record in enumerate(formats.MANY[ending](data), start=1):
            yield _article(f"{file.id}#{number}", f"{stem} {number}", record, stated)


def _why(error: OSError | InputError) -> str:
    return f"it cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


def _article(id_: str, stem: str, record: Record | str, stated: Mapping[str, str]) -> Article | Skipped:
    """One article: what the sidecar states counts first, then what the record says, then what the text shows."""
    if isinstance(record, str):
        return Skipped(id_, record)
    if reason := _unusable(record.text):
        return Skipped(id_, reason)
    said = {key: stated.get(key, "") or getattr(record, key).strip() for key in STATED}
    for key in ("title", "source", "url", "author"):
        if said[key] and (reason := _unusable(said[key])):
            return Skipped(id_, f"its {key} cannot be used: {reason}")
    shown = detect(record.text)
    return Article(
        id=id_,
        title=" ".join(said["title"].split()) or shown.title or re.sub(r"[_\W]+", " ", stem).strip() or stem,
        text=record.text,
        source=said["source"][:LONGEST_OUTLET] or shown.source,
        url=said["url"],
        published=parse_date(said["published"]) or shown.published,
        author=" ".join(said["author"].split()) or shown.author,
        pages=record.pages,
    )


def _unusable(text: str) -> str:
    """Why a text cannot be indexed; empty if it can."""
    if not text.strip():
        return "it holds no text"
    if "\0" in text:
        return "it holds binary data, not text"
    return "it holds broken Unicode (half of a surrogate pair)" if re.search(r"[\ud800-\udfff]", text) else ""
