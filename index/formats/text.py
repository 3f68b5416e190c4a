"""Bytes as text: which encoding a file is in, and the file as one string or line by line.

Knows encodings. Never knows what the text says.
"""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from index.errors import InputError
from index.formats.record import LARGEST, Record, whole

_PIECE = 2**20
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<(?:meta|\?xml)[^>]{1,200}(?:charset|encoding)=[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_NOT_FOR_PAGES = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}
_WESTERN_SHARE = 0.25
"""Western European text has fewer bytes beyond ASCII than this; other scripts have far more."""


def encoding_of(file: BinaryIO, stated: str = "") -> str:
    """The name of the encoding that a whole file can be decoded from; the file is rewound.

    A byte order mark, else UTF-8, else what was `stated` outside the file (by a server, say), else
    what an HTML or XML file declares, else Windows-1252 where few bytes are accented (a guess
    from statistics takes the pound sign of such a text for Polish or Japanese), else the guess.

    Raises:
        InputError: the bytes are not text, or in no encoding that could be recognised.
    """
    head = file.read(_PIECE)
    wide = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "")
    for encoding in (wide,) if wide else _candidates(head, stated):
        file.seek(0)
        if _decodes(file, encoding, zeros=bool(wide)):
            file.seek(0)
            return encoding
    file.seek(0)
    return _guessed(head)


def _candidates(head: bytes, stated: str) -> Iterator[str]:
    yield "utf-8-sig"
    declared = _DECLARED.search(head[:2048])
    for name in (stated, declared[1].decode("ascii") if declared else ""):
        if known := _text_encoding(name):
            yield known
    accented = len(head.translate(None, bytes(range(0x80))))
    if accented < _WESTERN_SHARE * len(head):
        yield "cp1252"


def _text_encoding(name: str) -> str:
    """Python's name of an encoding that a page may declare; empty if there is none.

    The tables of the Web read Latin-1 and ASCII as Windows-1252, which holds both.
    """
    try:
        b"a".decode(name)  # refuses Python's codecs from bytes to bytes, such as "zlib"
        known = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return ""
    if known in ("iso8859-1", "ascii"):
        return "cp1252"
    return "" if known.replace("_", "-") in _NOT_FOR_PAGES else known


def _decodes(file: BinaryIO, encoding: str, zeros: bool) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            if not zeros and b"\0" in piece:
                raise InputError("it holds binary data, not text")
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _guessed(head: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(head).best()
    if best is None:
        raise InputError("its encoding could not be recognised; save it as UTF-8")
    return best.encoding


def decode(data: bytes, stated: str = "") -> str:
    """The text of some bytes, without a byte order mark and otherwise exactly as it is.

    Raises:
        InputError: as in `encoding_of`.
    """
    return _decoded(data, encoding_of(io.BytesIO(data), stated))


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise InputError("its encoding could not be recognised; save it as UTF-8") from error
    return text.removeprefix("\ufeff")


@contextmanager
def opened(file: BinaryIO, newline: str) -> Iterator[TextIO]:
    """The file as text that is read a piece at a time, its line ends kept as they are.

    `newline` is what ends a line: `"\\n"`, or `""` for any of the three ways.
    """
    text = io.TextIOWrapper(file, encoding_of(file), newline=newline)
    try:
        yield text
    finally:
        text.detach()  # the file is closed by who opened it


def lines(text: TextIO) -> Iterator[str]:
    """The lines of a text with their ends.

    Raises:
        InputError: one is longer than any article may be, or is not in the encoding of the beginning.
    """
    try:
        while line := text.readline(LARGEST):
            if len(line) == LARGEST:
                raise InputError(f"a line in it is longer than {LARGEST >> 20} million characters")
            yield line
    except UnicodeError as error:
        raise InputError("its encoding could not be recognised; save it as UTF-8") from error


def plain(file: BinaryIO) -> Iterator[Record | str]:
    """The whole file is the article."""
    yield Record(decode(whole(file)))
