"""Documents for paper: PDF, with its pages, and Word.

Knows how to take the running text out of them, through pypdf and python-docx, which the extra
`documents` installs. Never knows pictures: a page that was scanned holds no text.
"""

import io
import logging
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, zip_longest
from typing import Any, BinaryIO

from index.errors import InputError
from index.formats.archives import Allowance, opened_member, unzipped
from index.formats.record import LARGEST, Record, guarded, optional, whole

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_TITLE = re.compile(r"microsoft \w+ - .*|.*\.(?:docx?|pdf|rtf|indd|qxd|tex|dvi|pptx?)|untitled.*", re.IGNORECASE)
_LINE_ENDS_ITSELF = 0.7
"""A line shorter than this share of the long lines on its page is the last of a paragraph, or a heading."""


def pdf(file: BinaryIO) -> Iterator[Record | str]:
    """The text of a PDF, page after page, its lines joined to paragraphs again.

    Raises:
        InputError: it is damaged, opens with a password only, or was scanned and holds no text.
    """
    library = optional("pypdf")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every flaw that it mends
    with guarded("a PDF"):
        document = library.PdfReader(io.BytesIO(whole(file)))
        if document.is_encrypted and not document.decrypt(""):
            raise InputError("it is encrypted; save a copy that opens without a password")
        pages, size = [], 0
        for page in document.pages:
            pages.append(unwrapped(page.extract_text()))
            if (size := size + len(pages[-1])) > LARGEST:
                raise InputError(f"its text is longer than {LARGEST >> 20} million characters")
        about: Any = document.metadata or {}
        title, author = (str(about.get(name) or "") for name in ("/Title", "/Author"))
    if not any(map(str.strip, pages)):
        raise InputError("it holds no text, only pictures of it: let a program for text recognition (OCR) add the text")
    begins = tuple(accumulate((len(page) + 1 for page in pages[:-1]), initial=0))
    yield Record("\n".join(pages), title=_title(title), author=author, pages=begins)


def unwrapped(text: str) -> str:
    """A page with the lines of each paragraph joined: what ends a line of paper ends no sentence.

    A break stays after a line that is clearly shorter than the long ones, and at a blank line. A
    hyphen before a small letter goes with its break.
    """
    found = [line.rstrip() for line in text.splitlines()]
    lengths = sorted(map(len, filter(None, found)))
    full = _LINE_ENDS_ITSELF * lengths[len(lengths) * 9 // 10] if lengths else 0
    return "".join(_joined(found, full)).strip()


def _joined(found: Sequence[str], full: float) -> Iterator[str]:
    for line, below in zip_longest(found, found[1:], fillvalue=""):
        small = below[:1].islower()
        if line and small and re.search(r"[^\W\d]-$", line):
            yield line[:-1]
        elif line and below and (small or len(line) >= full):
            yield line + " "
        else:
            yield line + "\n"


def docx(file: BinaryIO) -> Iterator[Record | str]:
    """The paragraphs of a Word document, those in tables too, in order.

    Raises:
        InputError: it is damaged, encrypted, or unpacks to more than a document may.
    """
    library = optional("docx")
    data = whole(file)
    if data.startswith(_OLD_OFFICE):
        raise InputError("it is encrypted, or of Word before 2007: save it as .docx without a password")
    _check_size(data)
    with guarded("a Word document"):
        document = library.Document(io.BytesIO(data))
        paragraphs = [part.text for part in document.element.body.iter(f"{{{_WORDS}}}p") if not _is_repeated(part)]
        about = document.core_properties
        title, author = about.title or "", about.author or ""
    yield Record("\n\n".join(filter(str.strip, paragraphs)), title=_title(title), author=author)


_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def _is_repeated(paragraph: Any) -> bool:
    """Whether it says again, for old programs, what stands beside it for new ones."""
    return next(paragraph.iterancestors(f"{{{_COMPATIBILITY}}}Fallback"), None) is not None


def _check_size(data: bytes) -> None:
    """Unpack all parts once, as python-docx sets no bounds."""
    allowance = Allowance(total=2 * LARGEST, member=LARGEST, members=10_000)
    with unzipped(io.BytesIO(data), allowance) as (archive, parts):
        for info in parts:
            with opened_member(archive, info, allowance) as part:
                while part.read(2**20):
                    pass


def _title(stated: str) -> str:
    """A title that someone gave, rather than a program that made one of a file's name."""
    return "" if _NO_TITLE.fullmatch(stated.strip()) else stated
