"""Tables of articles: CSV, TSV, JSON, JSON Lines and Parquet; each row is an article.

Knows which columns hold what, by name or by their look. Rows are read as they are asked for: a
table may be larger than the memory. Never knows what an article is.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import Any, BinaryIO, TextIO

from index.errors import InputError
from index.formats.record import LARGEST, Record, guarded, optional
from index.formats.text import lines, opened

COLUMNS: Mapping[str, Sequence[str]] = {
    "text": ("text", "content", "body", "article", "articlebody", "articletext", "fulltext", "maintext", "story"),
    "title": ("title", "headline", "heading"),
    "source": ("source", "outlet", "publisher", "publication", "site", "sitename", "newspaper"),
    "url": ("url", "link", "href"),
    "published": ("published", "date", "publishedat", "publishdate", "publicationdate", "pubdate", "datepublished"),
    "author": ("author", "authors", "byline", "creator", "writer"),
}
"""The names a column may have, best first; case, spaces and underscores in them do not matter."""

_NO_TEXT_COLUMN = f"it has no column for the article's text; these names are known: {', '.join(COLUMNS['text'])}"

_SAMPLE_ROWS = 100
_SAMPLE_CHARACTERS = 2**20
_SHORTEST_PROSE = 200
"""Fewest characters that the cells of a column have on average, for it to be the text without saying so."""
_WORD = (3, 12)
"""Prose has a space every so many characters; numbers, codes, addresses and encoded data have not."""
_TITLE = (15, 160)
"""A headline's characters: the fewest on average, and the most in any cell."""

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_DECODER = json.JSONDecoder(parse_int=float)  # Python refuses whole numbers of more than 4,300 digits
_PIECE = 2**20

csv.field_size_limit(2**31 - 1)  # an article is one field, and the module's own limit of 128 KiB is too short for some

Row = Mapping[str, Any] | str
"""The cells by column name, or the reason why the row cannot be read."""


def records(rows: Iterable[Row]) -> Iterator[Record | str]:
    """What the rows of a table say, whatever names it has for its columns.

    Where none of the first rows (100, or as many as make a million characters) has a column of a
    known name for the text, the text is the column whose cells are longest on average, if they
    are prose: 200 characters or more, and a space every 3 to 12. The title is then the first
    other column, if none goes by a name, whose cells have 15 to 160 characters, spaces as prose
    has them, and hardly repeat.

    Raises:
        InputError: no column can be taken for the text.
    """
    rows = iter(rows)
    sample = list(_first(rows))
    readable = [row for row in sample if not isinstance(row, str)]
    guess: Mapping[str, str] = {}
    if readable and not any(map(_has_text_column, readable)) and not (guess := _guess(readable)):
        raise InputError(_NO_TEXT_COLUMN)
    for row in chain(sample, rows):
        yield row if isinstance(row, str) else _record(row, guess)


def separated(file: BinaryIO) -> Iterator[Record | str]:
    """A CSV or TSV file with a header; commas, semicolons, tabs or bars between the cells.

    A first row with a cell as long as prose is no header: its table has no names, and the columns
    are guessed.

    Raises:
        InputError: no column can be taken for the text.
    """
    with opened(file, newline="") as text:
        yield from records(_rows(text, _delimiter(text)))


def header(file: BinaryIO) -> list[str]:
    """The names of a CSV file's columns."""
    with opened(file, newline="") as text:
        return _header(text, ",")


def stated_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows below the header of a file with commas, by column name; blank lines do not count."""
    with opened(file, newline="") as text:
        yield from _rows(text, ",")


def json_lines(file: BinaryIO) -> Iterator[Record | str]:
    """One object a line; blank lines do not count."""
    with opened(file, newline="\n") as text:
        yield from records(_json_row(line) for line in lines(text) if line.strip())


def json_values(file: BinaryIO) -> Iterator[Record | str]:
    """A list of objects, objects one after the other, or one object that is an article or has a list of them."""
    with opened(file, newline="\n") as text:
        values = _values(text)
        first = list(islice(values, 2))
        if len(first) == 1 and isinstance(first[0], dict) and not _has_text_column(first[0]):
            yield from records(_longest_list(first[0]) or first)
        else:
            yield from records(chain(first, values))


def parquet(file: BinaryIO) -> Iterator[Record | str]:
    """The rows of a Parquet file; of its columns only those that could say something are read."""
    library = optional("pyarrow.parquet")
    with guarded("a Parquet file"), library.ParquetFile(file) as table:
        known = {name for names in COLUMNS.values() for name in names}
        names = [f.name for f in table.schema_arrow if _key(f.name) in known or "string" in str(f.type)]
        batches = table.iter_batches(batch_size=64, columns=names)
        yield from records(row for batch in batches for row in batch.to_pylist())


def _first(rows: Iterator[Row]) -> Iterator[Row]:
    """As many rows as show what the columns hold."""
    size = 0
    for row in islice(rows, _SAMPLE_ROWS):
        yield row
        size += sum(len(_text_of(value)) for value in row.values()) if not isinstance(row, str) else 0
        if size > _SAMPLE_CHARACTERS:
            return


def _record(row: Mapping[str, Any], guess: Mapping[str, str]) -> Record | str:
    by_key = {_key(name): _text_of(value) for name, value in row.items()}
    if not guess and not _has_text_column(row):
        return _NO_TEXT_COLUMN
    said = {field: next(filter(None, map(by_key.get, names)), "") or "" for field, names in COLUMNS.items()}
    guessed = {field: _text_of(row.get(name)) for field, name in guess.items() if not said[field]}
    return replace(Record(""), **{**said, **guessed})  # type: ignore[arg-type]


def _guess(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the columns that look like a text and a title; empty if none looks like a text."""
    columns: dict[str, list[str]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(_text_of(value))
    longest = max(columns, key=lambda name: sum(map(len, columns[name])), default="")
    if not _is_prose(columns.get(longest, [])) or _mean(columns[longest]) < _SHORTEST_PROSE:
        return {}
    titles = [name for name, cells in columns.items() if name != longest and _are_titles(cells)]
    return {"text": longest} | ({"title": titles[0]} if titles else {})


def _is_prose(cells: Sequence[str]) -> bool:
    spaces = sum(cell.count(" ") for cell in cells)
    return spaces > 0 and _WORD[0] <= sum(map(len, cells)) / spaces <= _WORD[1]


def _are_titles(cells: Sequence[str]) -> bool:
    fits = _mean(cells) >= _TITLE[0] and max(map(len, cells)) <= _TITLE[1]
    return fits and _is_prose(cells) and len(set(cells)) >= 0.9 * len(cells)


def _mean(cells: Sequence[str]) -> float:
    return sum(map(len, cells)) / len(cells)


def _text_of(value: Any) -> str:
    """A cell as text; an outlet or an author may be an object with a name of its own, authors a list of them."""
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, list):
        value = ", ".join(filter(None, (_text_of(item) for item in value if not isinstance(item, list))))
    if isinstance(value, date):
        value = value.isoformat()
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=1000)  # asked of the same few names for every row
def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _has_text_column(row: Mapping[str, Any]) -> bool:
    return not {_key(name) for name in row}.isdisjoint(COLUMNS["text"])


def _delimiter(text: TextIO) -> str:
    """The sign that makes a column with a known name, or else the most columns."""
    headers = {sign: _header(text, sign) for sign in ",;\t|"}
    named = (sign for sign, names in headers.items() if _has_text_column(dict.fromkeys(names)))
    return next(named, max(headers, key=lambda sign: len(headers[sign])))


def _header(text: TextIO, delimiter: str) -> list[str]:
    text.seek(0)
    try:
        names = next(csv.reader(lines(text), delimiter=delimiter), [])
    except csv.Error as error:
        raise InputError(f"its first row is damaged: {error}") from error
    text.seek(0)
    return [name.strip() for name in names]


def _rows(text: TextIO, delimiter: str) -> Iterator[Row]:
    """The rows by column name. A row that is damaged, for one by a quotation mark that is never
    closed, costs itself only: reading starts again at the line below the one it began on.
    """
    names = _header(text, delimiter)
    found = _cells(lines(text), delimiter)
    if any(len(name) >= _SHORTEST_PROSE for name in names):
        names = [f"column {number}" for number in range(1, len(names) + 1)]
    else:
        next(found, None)
    for cells in found:
        if isinstance(cells, str) or len(cells) == len(names):
            yield cells if isinstance(cells, str) else dict(zip(names, cells, strict=True))
        else:
            yield f"it has {len(cells)} cells where the header names {len(names)}"


def _cells(source: Iterator[str], delimiter: str) -> Iterator[list[str] | str]:
    again: deque[str] = deque()
    taken: list[str] = []

    def feed() -> Iterator[str]:
        size = 0
        while size <= LARGEST and (line := again.popleft() if again else next(source, "")):
            size = len(line) + (size if taken else 0)
            taken.append(line)
            yield line

    while True:
        try:
            for cells in csv.reader(feed(), delimiter=delimiter, strict=True):
                taken.clear()
                if cells:
                    yield cells
            return
        except csv.Error as error:
            again.extendleft(reversed(taken[1:]))
            taken.clear()
            yield f"a damaged row: {error}"


def _json_row(line: str) -> Row:
    try:
        value = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        return f"not a line of JSON: {error}"
    return value if isinstance(value, dict) else "not a JSON object"


def _values(text: TextIO) -> Iterator[Row]:
    """The objects of a JSON text. It is held up to the end of the one that is being read; what is
    read at once doubles as long as that end is not in sight, so that the work stays in proportion.
    """
    held, at = "", 0
    while True:
        at = _BETWEEN.match(held, at).end()  # type: ignore[union-attr]
        try:
            value, end = _DECODER.raw_decode(held, at)
        except (ValueError, RecursionError) as error:
            held, at = held[at:], 0
            piece = _read(text, max(_PIECE, len(held))) if len(held) <= LARGEST else ""
            if not piece:
                if held:
                    yield f"not JSON: {error}"
                return
            held += piece
            continue
        if not isinstance(value, dict):
            yield "not a JSON object"
            return
        yield value
        at = end


def _read(text: TextIO, size: int) -> str:
    try:
        return text.read(size)
    except UnicodeError as error:
        raise InputError("its encoding could not be recognised; save it as UTF-8") from error


def _longest_list(value: Mapping[str, Any], depth: int = 3) -> list[Row]:
    """The longest list of objects that an object holds, a few levels down at most."""
    found: list[list[Row]] = []
    for inner in value.values():
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            found.append(inner)
        elif isinstance(inner, dict) and depth:
            found.append(_longest_list(inner, depth - 1))
    return max(found, key=len, default=[])
