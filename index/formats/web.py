"""Web pages: as HTML, as saved by a browser in one file (MHTML), and as crawled (WARC).

Knows where a page keeps its main text and what its head says of it; trafilatura finds both
(Barbaresi 2021, ACL demo). Never knows which pages are worth reading.
"""

import email
import re
import zlib
from collections.abc import Iterator
from email.message import Message
from typing import Any, BinaryIO

from index.errors import InputError
from index.formats.record import Record, guarded, optional, whole
from index.formats.text import decode

LARGEST_PAGE = 20 * 2**20
"""Most bytes of a page: finding its main text takes time, and no article is so long."""

_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_ENDLESS_TAG = re.compile(r"""<[A-Za-z][^\s>]*+(?:\s++[^\s=>]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+){1000}""")
"""A tag of a thousand attributes, which the parser would compare each with each."""

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_BLOCKS = "address article blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li ol p pre"
_BLOCKS += " section table td th tr ul"


def html(file: BinaryIO) -> Iterator[Record | str]:
    """The main text of a page and what its head says about it."""
    yield _page(decode(whole(file, LARGEST_PAGE)))


def mhtml(file: BinaryIO) -> Iterator[Record | str]:
    """The page in a file that holds it together with its pictures (RFC 2557)."""
    with guarded("a saved page"):
        message = email.message_from_bytes(whole(file))
        part = next((part for part in message.walk() if part.get_content_type() in _PAGE_TYPES), None)
    if part is None:
        raise InputError("it holds no web page")
    url = message.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
    yield _page(decode(_payload(part), part.get_content_charset() or ""), str(url))


def warc(file: BinaryIO) -> Iterator[Record | str]:
    """The pages of a crawl (ISO 28500): of its records those that are a server's HTML."""
    library = optional("warcio.archiveiterator")
    with guarded("a WARC file"):
        crawl = library.ArchiveIterator(file)
        crawl.INC_RECORD = ""  # what it writes to standard error where a record's length is wrong
        for record in crawl:
            if record.rec_type == "response" and _is_page(record.http_headers):
                try:
                    yield _crawled(record)
                except InputError as error:
                    yield str(error)


def fragment(markup: str) -> str:
    """The text of a piece of HTML, a line break between its blocks."""
    from lxml import html as lxml_html

    with guarded("HTML"):
        tree = lxml_html.fragment_fromstring(markup.replace("\r", " "), create_parent="div")
        for element in list(tree.iter("script", "style")):
            element.drop_tree()
        for block in tree.iter(*_BLOCKS.split()):
            block.text = "\r" + (block.text or "")  # no line break of the source, which is only a space, is one
            block.tail = "\r" + (block.tail or "")
        found = (" ".join(line.split()) for line in tree.text_content().split("\r"))
        return "\n".join(line for line in found if line)


def _page(text: str, url: str = "") -> Record:
    import trafilatura

    if _ENDLESS_TAG.search(text):
        raise InputError("it has a tag of a thousand attributes, as no honest page does")
    stated = {"original_date": True, "extensive_search": False}  # a date found by searching may be anything's
    with guarded("HTML"):
        page: Any = trafilatura.bare_extraction(
            _XML_DECLARATION.sub("", text, count=1),
            with_metadata=True,
            include_comments=False,
            date_extraction_params=stated,
        )
    if page is None or not page.text:
        raise InputError("no main text was found in this page")
    return Record(
        text=page.text,
        title=page.title or "",
        source=page.sitename or "",
        url=page.url or url,
        published=page.date or "",
        author=(page.author or "").replace("; ", ", "),
    )


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _is_page(headers: Any) -> bool:
    stated = headers.get_header("Content-Type", "") if headers else ""
    return stated.partition(";")[0].strip().lower() in _PAGE_TYPES and headers.get_statuscode() == "200"


def _crawled(record: Any) -> Record:
    headers = record.http_headers
    chunked = headers.get_header("Transfer-Encoding", "").lower() == "chunked"
    library = optional("warcio.bufferedreaders")
    stream = library.ChunkedDataReader(record.raw_stream) if chunked else record.raw_stream
    with guarded("a page"):
        data = _unpacked(_read(stream), headers.get_header("Content-Encoding", "").strip().lower())
    stated = re.search(r"charset=[\"']?([\w.:-]+)", headers.get_header("Content-Type", ""), re.IGNORECASE)
    url = record.rec_headers.get_header("WARC-Target-URI", "")
    return _page(decode(data, stated[1] if stated else ""), url.strip("<>"))


def _read(stream: Any) -> bytes:
    """What is left of a record, which may come in many small parts."""
    data = bytearray()
    while part := stream.read(2**16):
        data += part
        _check_size(len(data))
    return bytes(data)


def _unpacked(data: bytes, coding: str) -> bytes:
    """A response's body, as a server may have packed it; never more of it than a page may have."""
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip", "deflate"):
        found = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, LARGEST_PAGE + 1)
    elif coding == "br":
        found = optional("brotli").Decompressor().process(data, output_buffer_limit=LARGEST_PAGE + 1)
    else:
        raise InputError(f"its content coding {coding!r} is not known")
    _check_size(len(found))
    return found


def _check_size(size: int) -> None:
    if size > LARGEST_PAGE:
        raise InputError(f"the page is larger than {LARGEST_PAGE >> 20} MiB")
