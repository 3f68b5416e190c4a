"""What is packed is unpacked byte for byte, and only as far as an honest archive goes."""

import gzip
import io
import stat
import zipfile

import pytest

from index.errors import InputError
from index.formats.archives import Allowance, gunzip, opened_member, spooled, unzipped, wrong_member

TEXT = b"The council met on Friday. " * 10_000


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def unpacked(data: bytes, allowance: Allowance) -> list[bytes]:
    found = []
    with unzipped(io.BytesIO(data), allowance) as (archive, members):
        for info in members:
            with opened_member(archive, info, allowance) as member:
                found.append(member.read())
    return found


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_are_given_by_name_byte_for_byte(packing: int) -> None:
    assert unpacked(zipped({"b.txt": b"", "a/c.txt": TEXT[:5_000]}, packing), Allowance()) == [TEXT[:5_000], b""]


def test_gzip_may_be_rewound_and_counts_once() -> None:
    allowance = Allowance(total=len(TEXT))
    with gunzip(io.BytesIO(gzip.compress(TEXT)), allowance) as file:
        assert file.read(10) == TEXT[:10]
        file.seek(0)
        assert file.read() == TEXT
    assert allowance.total == 0
    with gunzip(io.BytesIO(gzip.compress(b"one ") + gzip.compress(b"two")), Allowance()) as file:
        assert file.read() == b"one two"


@pytest.mark.parametrize("data", [b"", b"no gzip", gzip.compress(TEXT)[:500], gzip.compress(TEXT)[:-8] + bytes(8)])
def test_damaged_gzip_is_said(data: bytes) -> None:
    if data:
        with pytest.raises(InputError, match="not a packed file"), gunzip(io.BytesIO(data), Allowance()) as file:
            file.read()
    else:
        with gunzip(io.BytesIO(data), Allowance()) as file:
            assert file.read() == b""


def test_damaged_zip_is_said() -> None:
    data = bytearray(zipped({"a.txt": TEXT}))
    data[60:80] = bytes(20)
    with pytest.raises(InputError, match="not a packed file"):
        unpacked(bytes(data), Allowance())
    for harmed in (b"", b"no zip", zipped({"a.txt": TEXT})[:100], zipped({"a.txt": TEXT})[50:]):
        with pytest.raises(InputError):
            unpacked(harmed, Allowance())


BOMB = bytes(9_000_000)


def test_a_bomb_is_left_unpacked_whether_zip_or_gzip() -> None:
    with pytest.raises(InputError, match="200 times"):
        unpacked(zipped({"a.txt": BOMB}), Allowance())
    with pytest.raises(InputError, match="200 times"), gunzip(io.BytesIO(gzip.compress(BOMB)), Allowance()) as file:
        while file.read(2**16):
            pass


@pytest.mark.parametrize(
    ("allowance", "why"),
    [
        (Allowance(member=len(TEXT) - 1), "more than 269,999 bytes"),
        (Allowance(total=2 * len(TEXT) - 1), "more than is read of one"),
        (Allowance(members=1), "more files"),
    ],
)
def test_an_archive_unpacks_no_further_than_it_may(allowance: Allowance, why: str) -> None:
    with pytest.raises(InputError, match=why):
        unpacked(zipped({"a.txt": TEXT, "b.txt": TEXT}), allowance)
    assert unpacked(zipped({"a.txt": TEXT, "b.txt": TEXT}), Allowance(2 * len(TEXT), len(TEXT), 2)) == [TEXT, TEXT]


def test_what_is_nested_counts_for_the_archive_around_it() -> None:
    allowance = Allowance(total=100_000)
    inner = zipped({"a.txt": TEXT[:60_000]})
    with unzipped(io.BytesIO(zipped({"b.zip": inner})), allowance) as (archive, (info,)):
        assert unpacked(opened_member(archive, info, allowance).read(), allowance) == [TEXT[:60_000]]
    assert allowance.total == 100_000 - 60_000 - len(inner)


@pytest.mark.parametrize(
    "name", ["/etc/passwd.txt", "../a.txt", "a/../../b.txt", "..\\a.txt", "C:\\a.txt", "\\\\host\\a.txt", "c:a.txt"]
)
def test_a_name_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    assert "leads out" in wrong_member(zipfile.ZipInfo(name))


def test_links_and_encrypted_members_are_refused_and_plain_names_are_not() -> None:
    link, locked = zipfile.ZipInfo("a.txt"), zipfile.ZipInfo("a.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    locked.flag_bits |= 0x1
    assert "symbolic link" in wrong_member(link)
    assert "encrypted" in wrong_member(locked)
    assert not any(wrong_member(zipfile.ZipInfo(name)) for name in ("a.txt", "a/b..c.txt", "a:b.txt"[1:]))


def test_a_copy_can_be_read_in_any_order() -> None:
    with gunzip(io.BytesIO(gzip.compress(TEXT)), Allowance()) as file, spooled(file) as copy:
        copy.seek(-10, io.SEEK_END)
        assert copy.read() == TEXT[-10:]
        copy.seek(5)
        assert copy.read(5) == TEXT[5:10]
