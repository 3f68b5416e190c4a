"""A page gives its article and what its head says, however it was saved, and the same each time."""

import base64
import gzip
import io
import quopri
import zlib

import pytest

from index.errors import InputError
from index.formats.record import Reader, Record
from index.formats.web import fragment, html, mhtml, warc

PARAGRAPHS = (
    "The café council met on Friday evening to vote on the budget of the coming year, which had been late.",
    "It will meet again in a month, when the mayor has returned from Zürich and the figures are known.",
)
PAGE = f"""<html><head><title>Café council votes</title><meta name="author" content="Ada Wright; Bob Roe">
<meta property="og:site_name" content="The Daily Planet"><meta property="article:published_time" content="2017-11-03">
</head><body><nav><a href="/">Home</a></nav><article><h1>Café council votes</h1>
{"".join(f"<p>{p}</p>" for p in PARAGRAPHS)}</article><footer>All rights reserved</footer></body></html>"""


def read(reader: Reader, data: str | bytes) -> list[Record | str]:
    return list(reader(io.BytesIO(data.encode() if isinstance(data, str) else data)))


def one(found: list[Record | str]) -> Record:
    (record,) = found
    assert isinstance(record, Record), record
    return record


def test_the_author_is_found_with_the_rest() -> None:
    found = one(read(html, PAGE))
    assert (found.author, found.source, found.published) == ("Ada Wright, Bob Roe", "The Daily Planet", "2017-11-03")
    assert all(paragraph in found.text for paragraph in PARAGRAPHS) and "Home" not in found.text


def test_a_page_is_the_same_whatever_was_read_before() -> None:
    first = one(read(html, PAGE))
    read(html, PAGE.replace("council", "board"))
    assert one(read(html, PAGE)) == first


def test_xhtml_may_declare_its_encoding() -> None:
    page = '<?xml version="1.0" encoding="iso-8859-1"?>\n' + PAGE
    assert one(read(html, page.encode("iso-8859-1"))) == one(read(html, PAGE))


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_a_page_saved_in_one_file_is_the_page(encoding: str) -> None:
    data = PAGE.encode("cp1252")
    body = quopri.encodestring(data) if encoding == "quoted-printable" else base64.encodebytes(data)
    saved = (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://planet.example/1\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="B"\r\n\r\n'
        b"--B\r\nContent-Type: image/png\r\n\r\nxx\r\n--B\r\nContent-Type: text/html; charset=windows-1252\r\n"
        b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body + b"\r\n--B--\r\n"
    )
    found = one(read(mhtml, saved))
    assert found.text == one(read(html, PAGE)).text
    assert (found.url, found.author) == ("https://planet.example/1", "Ada Wright, Bob Roe")


@pytest.mark.parametrize(
    "data", [b"", b"no mail", bytes(1_000), b"Content-Type: multipart/related; boundary=B\n\n--B\n" * 500]
)
def test_a_file_without_a_page_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read(mhtml, data)


DEEP = "<div>" * 50_000
HOSTILE = {
    "deep": DEEP + "Text." + "</div>" * 50_000,
    "cut off": PAGE[:250],
    "attributes": "<p " + " ".join(f"a{n}='x'" for n in range(200_000)) + ">Text.</p>",
    "open quotation marks": "<p a='" * 2_001 + '<p a="' * 2_001,
    "entities": "<p>" + "&#99999999999999;&bogus;" * 5_000 + "</p>",
    "control characters": "<html><body><p>\x01\x02\x1b</p></body></html>",
    "a comment": "<!--" + "-" * 100_000,
    "no HTML": "{}",
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_gives_its_text_or_a_reason(page: str) -> None:
    try:
        assert one(read(html, page)).text.strip()
    except InputError as error:
        assert "\n" not in str(error)


def test_a_fragment_keeps_its_blocks_apart_and_its_words_as_they_are() -> None:
    assert fragment("<p>One <b>bo</b>ld &lt;.</p>Loose.<ul><li>A<li>B</ul>") == "One bold <.\nLoose.\nA\nB"
    assert fragment("") == fragment("<br>") == fragment("<!-- no -->") == ""
    assert fragment(DEEP + "x").strip("x") == ""


def response(body: bytes, *headers: str, status: str = "200 OK", kind: str = "response") -> bytes:
    content = "\r\n".join([f"HTTP/1.1 {status}", *headers]).encode() + b"\r\n\r\n" + body
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://planet.example/1\r\n"
    head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content + b"\r\n\r\n"


IS_PAGE = "Content-Type: text/html; charset=windows-1252"
BYTES = PAGE.encode("cp1252")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BYTES, []),
        (gzip.compress(BYTES), ["Content-Encoding: gzip"]),
        (zlib.compress(BYTES), ["Content-Encoding: deflate"]),
        (b"%x\r\n%s\r\n0\r\n\r\n" % (len(BYTES), BYTES), ["Transfer-Encoding: chunked"]),
    ],
    ids=["plain", "gzip", "deflate", "chunked"],
)
def test_a_crawled_page_is_read_as_the_server_sent_it(body: bytes, headers: list[str]) -> None:
    pytest.importorskip("warcio")
    found = one(read(warc, response(body, IS_PAGE, *headers)))
    assert (found.text, found.url) == (one(read(html, PAGE)).text, "https://planet.example/1")


def test_of_a_crawl_only_pages_are_articles_and_a_bad_one_costs_itself() -> None:
    pytest.importorskip("warcio")
    bomb = gzip.compress(bytes(21_000_000))
    crawl = [
        response(b"info", IS_PAGE, kind="warcinfo"),
        response(b"x", "Content-Type: image/png"),
        response(BYTES, IS_PAGE, status="404 Not Found"),
        response(bomb, IS_PAGE, "Content-Encoding: gzip"),
        response(b"no gzip", IS_PAGE, "Content-Encoding: gzip"),
        response(b"x", IS_PAGE, "Content-Encoding: zstd"),
        response(BYTES, IS_PAGE),
    ]
    *bad, good = read(warc, b"".join(crawl))
    assert isinstance(good, Record) and len(bad) == 3
    for said, why in zip(bad, ("larger than 20 MiB", "not a page", "zstd"), strict=True):
        assert isinstance(said, str) and why in said


def test_brotli_is_unpacked_no_further_than_a_page_may_be_long() -> None:
    pytest.importorskip("warcio")
    brotli = pytest.importorskip("brotli")
    packed = [
        response(brotli.compress(data, quality=1), IS_PAGE, "Content-Encoding: br")
        for data in (BYTES, bytes(21_000_000))
    ]
    good, bad = read(warc, b"".join(packed))
    assert isinstance(good, Record) and isinstance(bad, str) and "larger" in bad


@pytest.mark.parametrize("data", [b"no crawl at all", bytes(5_000), b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n"])
def test_a_damaged_crawl_gives_nothing_or_a_reason(data: bytes) -> None:
    pytest.importorskip("warcio")
    try:
        assert read(warc, data) == []
    except InputError as error:
        assert "not a WARC file" in str(error)
