"""Bytes become the text they are, in whatever encoding, and what is no text is refused."""

import io

import pytest

from index.errors import InputError
from index.formats.record import LARGEST, whole
from index.formats.text import decode, encoding_of, lines, opened

GERMAN = "Grüße für 5 £ aus Köln, sagte Müller."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_a_text_is_the_same_in_each_encoding(encoding: str) -> None:
    assert decode(GERMAN.encode(encoding)) == GERMAN


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">', "shift_jis"),
    ],
)
def test_what_a_page_declares_counts_where_it_is_not_utf_8(head: str, encoding: str) -> None:
    text = head + ("日本語" if encoding == "shift_jis" else "Президент")
    assert decode(text.encode(encoding)) == text
    assert decode(text.encode("utf-8")) == text


def test_what_the_server_states_counts_before_what_the_page_declares() -> None:
    assert decode('<meta charset="koi8-r">Президент'.encode("cp1251"), "windows-1251").endswith("Президент")


@pytest.mark.parametrize("name", ["zlib", "hex", "idna", "unicode_escape", "undefined", "utf-7", "no-such", "x" * 40])
def test_a_codec_that_is_no_encoding_of_pages_is_passed_over(name: str) -> None:
    assert decode(f'<meta charset="{name}">{GERMAN}'.encode("cp1252")).endswith(GERMAN)


@pytest.mark.parametrize(
    ("data", "why"), [(b"a\0b", "binary"), (bytes(range(256)), "binary"), (b"\xff\xfe\x00", "encoding")]
)
def test_what_is_no_text_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        decode(data)


def test_an_odd_byte_far_behind_the_beginning_is_seen() -> None:
    file = io.BytesIO(b"a" * 3_000_000 + "é".encode("cp1252"))
    assert encoding_of(file) == "cp1252"
    assert file.tell() == 0


def test_line_ends_stay_as_they_are_and_the_file_stays_open() -> None:
    file = io.BytesIO("a\r\nb\rc\u2028d\n".encode())
    with opened(file, newline="\n") as text:
        assert list(lines(text)) == ["a\r\n", "b\rc\u2028d\n"]
    file.seek(0)
    with opened(file, newline="") as text:
        assert list(lines(text)) == ["a\r\n", "b\r", "c\u2028d\n"]


def test_a_file_of_one_article_has_a_largest_size() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= LARGEST + 1
            return bytes(size)

    with pytest.raises(InputError, match="larger than 100 MiB"):
        whole(Endless())  # type: ignore[arg-type]
    assert whole(io.BytesIO(b"abc"), most=3) == b"abc"
    with pytest.raises(InputError):
        whole(io.BytesIO(b"abcd"), most=3)
