"""Files in, articles out: each text exactly as it was read.

Knows folders, and the sidecar `articles.csv` that says what a text does not. Never knows how a
file is laid out (`formats`), how a headline looks (`metadata`) or what becomes of an article. A
file or row that cannot be used never stops the others: it is handed on as `Skipped`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from index import formats
from index.article import Article
from index.errors import InputError
from index.metadata import detect, parse_date

SIDECAR = "articles.csv"
"""The name of a table that states title, source, published and url of files in its folder."""

DOCUMENTS = re.compile(
    r"|\.(pdf|docx?|odt|rtf|epub|pptx?|xlsx?|ods|json|xml|sgml?|eml|mbox|mhtml|markdown|rst|tex|tsv|parquet"
    r"|zip|gz|tar|tgz|bz2|xz|7z)"
)
"""Endings (or none) of files that someone would expect to be read: they are reported, not passed over."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One file or row that could not be used; `path` is the id its article would have had."""

    path: str
    reason: str
    states_metadata: bool = False
    """It is of a sidecar: what it would have said is not used, but no article is left out for it."""


@dataclass(frozen=True, slots=True)
class _File:
    id: str
    path: Path
    is_sidecar: bool = False


def read_articles(paths: Sequence[Path]) -> Iterator[Article | Skipped]:
    """The articles in files and folders, in the order of `paths` and by name within each.

    An article's id is its path below the folder given; that of a row adds `#` and its number,
    counted from one. Hidden files are passed over. Folders are listed before this returns; the
    files are read one by one as the result is consumed.

    Raises:
        InputError: a path does not exist, or two paths hold files that would get the same id.
    """
    listings = [_listing(path) for path in paths]
    _refuse_clashes([entry for listing in listings for entry in listing if isinstance(entry, _File)])
    return (found for path, listing in zip(paths, listings, strict=True) for found in _read_root(path, listing))


def _listing(path: Path) -> list[_File | Skipped]:
    if path.is_dir():
        return list(_walk(path, path))
    if path.exists():
        return [_look_at(path, path.parent) or Skipped(path.name, _unsupported(path))]
    raise InputError(f"{path} does not exist; give a file or a folder of articles")


def _walk(folder: Path, root: Path) -> Iterator[_File | Skipped]:
    """What is below a folder, hidden entries apart, sorted by name."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield Skipped(_id(folder, root), f"its folder cannot be listed: {error.strerror}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and (reason := _wrong_link(entry, root)):
            yield Skipped(_id(entry, root), reason)
        elif entry.is_dir():
            yield from _walk(entry, root)
        elif found := _look_at(entry, root):
            yield found


def _wrong_link(link: Path, root: Path) -> str:
    """Why a symbolic link is not followed; empty if it is."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "it is a symbolic link to nothing"
    if not target.is_relative_to(root.resolve()):
        return "it is a symbolic link out of the folder that was given"
    return "it is a symbolic link to a folder that is read in its own place" if target.is_dir() else ""


def _look_at(path: Path, root: Path) -> _File | Skipped | None:
    """The file, if it is one to read; None if nobody would miss it."""
    name = _id(path, root)
    if not path.is_file():
        return Skipped(name, "it is not a regular file")
    if "\ufffd" in name:
        return Skipped(name, "its name is not valid Unicode; rename it")
    if path.suffix.lower() in formats.READERS:
        return _File(name, path, path.name == SIDECAR and _names_files(path))
    return Skipped(name, _unsupported(path)) if DOCUMENTS.fullmatch(path.suffix.lower()) else None


def _unsupported(path: Path) -> str:
    kind = f"the format {path.suffix.lower()}" if path.suffix else "a file without an ending"
    return f"{kind} is not supported; these are: {' '.join(formats.READERS)}"


def _id(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _refuse_clashes(files: Sequence[_File]) -> None:
    places: dict[str, Path] = {}
    for file in files:
        first = places.setdefault(file.id, file.path)
        if first is not file.path and not file.is_sidecar:
            raise InputError(f"{first} and {file.path} would both be the article {file.id!r}; give a folder above both")


def _read_root(root: Path, listing: Sequence[_File | Skipped]) -> Iterator[Article | Skipped]:
    """Read what one path of the user's holds, the metadata of its sidecars first."""
    stated: dict[Path, Mapping[str, str]] = {}
    for sidecar in _sidecars(root, listing):
        for row in _stated(sidecar, only=None if root.is_dir() else root):
            if isinstance(row, Skipped):
                yield row
            else:
                stated[row[0]] = row[1]
    for entry in listing:
        if isinstance(entry, Skipped):
            yield entry
        elif not entry.is_sidecar:
            yield from _read_file(entry, stated.get(entry.path, {}))
        elif entry.path == root:
            yield Skipped(entry.id, "it states metadata of other files and holds no articles; give its folder")


def _sidecars(root: Path, listing: Sequence[_File | Skipped]) -> list[_File]:
    """The sidecars, outer before inner so that the inner one, closer to the file, has the last word."""
    beside = root.parent / SIDECAR
    entries = listing if root.is_dir() else [_look_at(beside, root.parent)]
    sidecars = [entry for entry in entries if isinstance(entry, _File) and entry.is_sidecar]
    return sorted(sidecars, key=lambda file: len(file.path.parts))


def _names_files(path: Path) -> bool:
    """Whether a table's header has the column that makes it a sidecar."""
    try:
        return "file" in formats.header(formats.decode(path.read_bytes()))
    except (OSError, InputError):
        return False


def _stated(sidecar: _File, only: Path | None) -> Iterator[tuple[Path, Mapping[str, str]] | Skipped]:
    """What a sidecar says of each file, or of `only` one."""
    folder = sidecar.path.parent
    try:
        text = formats.decode(sidecar.path.read_bytes())
    except (OSError, InputError) as error:
        yield Skipped(sidecar.id, _why(error), states_metadata=True)
        return
    for number, row in enumerate(formats.rows(text), start=1):
        name = row.get("file", "").strip() if isinstance(row, dict) else ""
        if only is None or name == only.name:
            reason = row if isinstance(row, str) else _wrong_row(folder, name, row.get("published", "").strip())
            if isinstance(row, str) or reason:
                yield Skipped(f"{sidecar.id}#{number}", reason, states_metadata=True)
            else:
                yield folder / name, row


def _wrong_row(folder: Path, name: str, published: str) -> str:
    """Why a sidecar's row cannot be used; empty if it can."""
    inside = (folder / name).is_relative_to(folder) and ".." not in PurePosixPath(name).parts
    if not inside or not _is_file(folder / name):
        return f"it names the file {name!r}, which is not in this folder"
    return "" if not published or _iso_date(published) else f"its date {published!r} is not of the form 2017-11-03"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a cell may hold anything: a name that is too long is not only absent, it is refused
        return False


def _iso_date(text: str) -> date | None:
    return parse_date(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None


def _read_file(file: _File, stated: Mapping[str, str]) -> Iterator[Article | Skipped]:
    ending = file.path.suffix.lower()
    many = ending in formats.TABLES
    try:
        text = formats.decode(file.path.read_bytes())
        for number, record in enumerate(formats.READERS[ending](text), start=1):
            stem = f"{file.path.stem} {number}" if many else file.path.stem
            yield _article(f"{file.id}#{number}" if many else file.id, stem, record, stated)
    except (OSError, InputError) as error:
        yield Skipped(file.id, _why(error))


def _why(error: OSError | InputError) -> str:
    return f"it cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


def _article(name: str, stem: str, record: formats.Record, stated: Mapping[str, str]) -> Article | Skipped:
    """One article: what the sidecar states counts first, then what the record says, then what the text shows."""
    if isinstance(record, str):
        return Skipped(name, record)
    text = record["text"]
    if reason := _unusable(text):
        return Skipped(name, reason)
    shown = detect(text)
    said = {key: stated.get(key, "").strip() or record.get(key, "").strip() for key in formats.COLUMNS}
    for key in ("title", "source", "url"):
        if said[key] and (reason := _unusable(said[key])):
            return Skipped(name, f"its {key} cannot be used: {reason}")
    return Article(
        id=name,
        title=" ".join(said["title"].split()) or shown.title or re.sub(r"[_\W]+", " ", stem).strip() or stem,
        text=text,
        source=said["source"] or shown.source,
        url=said["url"],
        published=parse_date(said["published"]) or shown.published,
    )


def _unusable(text: str) -> str:
    """Why a text cannot be indexed; empty if it can."""
    if not text.strip():
        return "it holds no text"
    if "\0" in text:
        return "it holds binary data, not text"
    return "it holds broken Unicode (half of a surrogate pair)" if re.search(r"[\ud800-\udfff]", text) else ""
