"""What one file holds: its bytes in, records of named text fields out.

Knows encodings, HTML, JSON Lines and CSV. Never knows where the file lies or what an article is.
A record is a dictionary of what was found (`text`, `title`, `source`, `url`, `published`), or
the reason, as a string, why that one record cannot be read.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from index.errors import InputError

COLUMNS: Mapping[str, Sequence[str]] = {
    "text": ("text", "content", "body", "article", "articlebody", "articletext", "fulltext", "maintext", "story"),
    "title": ("title", "headline", "heading"),
    "source": ("source", "outlet", "publisher", "publication", "site", "sitename", "newspaper"),
    "url": ("url", "link", "href"),
    "published": ("published", "date", "publishedat", "publishdate", "publicationdate", "pubdate", "datepublished"),
}
"""The names a column may have, best first; case, spaces and underscores in them do not matter."""

_NO_TEXT_COLUMN = f"it has no column for the article's text; these names are known: {', '.join(COLUMNS['text'])}"

Record = dict[str, str] | str

_CHARSET = re.compile(rb"<meta[^>]{1,200}charset=[\"']?([\w-]+)", re.IGNORECASE)
_WESTERN_SHARE = 0.25
"""Western European text has fewer bytes beyond ASCII than this; other scripts have far more."""

csv.field_size_limit(2**31 - 1)  # an article is one field, and the module's own limit of 128 KiB is too short for some


def decode(data: bytes) -> str:
    """The text of a file, without a byte order mark and otherwise exactly as it is.

    UTF-8, else what an HTML file declares, else Windows-1252 where few bytes are accented (a
    guess from statistics takes the pound sign of such a text for Polish or Japanese), else the guess.

    Raises:
        InputError: the bytes are not text, or in no encoding that could be recognised.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in data and not wide:
        raise InputError("it holds binary data, not text")
    for encoding in ("utf-16",) if wide else _encodings(data):
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return _guessed(data)


def _encodings(data: bytes) -> Iterator[str]:
    yield "utf-8-sig"
    if declared := _CHARSET.search(data[:2048]):
        yield declared[1].decode("ascii")
    accented = len(data.translate(None, bytes(range(0x80))))
    if accented < _WESTERN_SHARE * len(data):
        yield "cp1252"


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise InputError("its encoding could not be recognised; save it as UTF-8")
    return str(best)


def plain(text: str) -> Iterator[Record]:
    """The whole file is the article."""
    yield {"text": text}


def html(text: str) -> Iterator[Record]:
    """The main text of a web page and what its head says about it."""
    import trafilatura
    from lxml.etree import LxmlError

    stated = {"original_date": True, "extensive_search": False}  # a date found by searching may be anything's
    try:
        page = trafilatura.bare_extraction(
            text, with_metadata=True, include_comments=False, date_extraction_params=stated
        )
    except (LxmlError, ValueError, RecursionError) as error:
        raise InputError(f"its HTML cannot be read: {error}") from error
    if page is None or isinstance(page, dict) or not page.text:
        raise InputError("no main text was found in this page")
    found = {"title": page.title, "source": page.sitename, "url": page.url, "published": page.date, "text": page.text}
    yield {name: value or "" for name, value in found.items()}


def json_lines(text: str) -> Iterator[Record]:
    """One object a line; blank lines do not count."""
    for line in io.StringIO(text):
        if line.strip():
            yield _json_record(line)


def _json_record(line: str) -> Record:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not a line of JSON: {error}"
    return _fields(value) if isinstance(value, dict) else "not a JSON object"


def table(text: str) -> Iterator[Record]:
    """The rows of a CSV file with a header; commas, semicolons or tabs between the cells.

    Raises:
        InputError: no column of the header has a name known for an article's text.
    """
    delimiter = next((sign for sign in ",;\t" if _has_text_column(header(text, sign))), "")
    if not delimiter:
        raise InputError(_NO_TEXT_COLUMN)
    for row in rows(text, delimiter):
        yield _fields(row) if isinstance(row, dict) else row


def header(text: str, delimiter: str = ",") -> list[str]:
    """The names of a table's columns."""
    return [name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]


def rows(text: str, delimiter: str = ",") -> Iterator[Record]:
    """The rows below the header, by column name; blank lines do not count.

    A row that is damaged, for one by a quotation mark that is never closed, costs itself only:
    reading starts again at the line below the one it began on.
    """
    records = _cells(list(io.StringIO(text, newline="")), delimiter)
    next(records, None)
    names = header(text, delimiter)
    for cells in records:
        if isinstance(cells, str) or len(cells) == len(names):
            yield cells if isinstance(cells, str) else dict(zip(names, cells, strict=True))
        else:
            yield f"it has {len(cells)} cells where the header names {len(names)}"


def _cells(lines: Sequence[str], delimiter: str) -> Iterator[list[str] | str]:
    start = 0
    while start < len(lines):
        begin = start
        reader = csv.reader((lines[i] for i in range(start, len(lines))), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield cells
                begin = start + reader.line_num
            return
        except csv.Error as error:
            yield f"a damaged row: {error}"
            start = begin + 1


def _fields(values: Mapping[str, Any]) -> Record:
    """The fields of a record that goes by its own names for them."""
    by_key = {_key(name): _text_of(value) for name, value in values.items()}
    if not _has_text_column(list(values)):
        return _NO_TEXT_COLUMN
    return {field: next(filter(None, map(by_key.get, names)), "") or "" for field, names in COLUMNS.items()}


def _text_of(value: Any) -> str:
    """A cell as text; an outlet may be an object with a name of its own."""
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _has_text_column(names: Sequence[str]) -> bool:
    return not {_key(name) for name in names}.isdisjoint(COLUMNS["text"])


READERS: Mapping[str, Callable[[str], Iterator[Record]]] = {
    ".txt": plain,
    ".md": plain,
    ".html": html,
    ".htm": html,
    ".jsonl": json_lines,
    ".csv": table,
}
"""What reads a file, by its ending."""
TABLES = frozenset({".jsonl", ".csv"})
"""The endings of files that hold many articles."""
