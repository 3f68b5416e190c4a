"""PDF keeps its pages, Word its paragraphs, and neither is trusted."""

import io
import sys
import zipfile

import pytest

from index.errors import InputError
from index.formats.documents import docx, pdf, unwrapped
from index.formats.record import Reader, Record

pypdf = pytest.importorskip("pypdf")
word = pytest.importorskip("docx")

PAGES = (
    ("Council votes", "", "The council met on Friday evening in the old town hall, where infor-", "mation was given."),
    ("Ada Wright was elected by all.",),
)


def read(reader: Reader, data: bytes) -> Record:
    (record,) = reader(io.BytesIO(data))
    assert isinstance(record, Record)
    return record


def pdf_of(*pages: tuple[str, ...]) -> bytes:
    """A PDF by hand: each page a column of lines in Helvetica."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        shown = "BT /F1 12 Tf 72 720 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        resources = "/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        ]
    data, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def encrypted(data: bytes, password: str, **about: str) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(data))
    writer.add_metadata({f"/{name.title()}": said for name, said in about.items()})
    if password is not None:
        writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_keeps_its_pages_and_joins_its_lines() -> None:
    found = read(pdf, pdf_of(*PAGES))
    first, second = found.text[: found.pages[1]], found.text[found.pages[1] :]
    assert first.startswith("Council votes\n") and "in the old town hall, where information was given." in first
    assert second == "Ada Wright was elected by all."
    assert found.pages[0] == 0 and len(found.pages) == 2


def test_empty_pages_count_as_pages() -> None:
    found = read(pdf, pdf_of((), ("Second.",), (), ("Fourth.",)))
    assert found.text == "\nSecond.\n\nFourth."
    assert [found.text[begin:].strip()[:6] for begin in found.pages] == ["Second", "Second", "Fourth", "Fourth"]


def test_a_pdf_says_its_title_and_author_unless_a_program_made_them_up() -> None:
    found = read(pdf, encrypted(pdf_of(*PAGES), "", title="Council votes", author="Ada Wright"))
    assert (found.title, found.author) == ("Council votes", "Ada Wright")
    assert read(pdf, encrypted(pdf_of(*PAGES), "", title="Microsoft Word - votes2.doc")).title == ""


def test_an_encrypted_pdf_is_refused_unless_it_opens_without_a_password() -> None:
    assert "Ada Wright" in read(pdf, encrypted(pdf_of(*PAGES), "")).text
    with pytest.raises(InputError, match="encrypted"):
        read(pdf, encrypted(pdf_of(*PAGES), "secret"))


def test_a_scanned_pdf_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"only pictures.*OCR"):
        read(pdf, pdf_of((), ()))


WHOLE = pdf_of(*PAGES)
HOSTILE = {
    "nothing": b"",
    "no pdf": b"once upon a time",
    "cut off": WHOLE[:200],
    "zeros": b"%PDF-1.4\n" + bytes(5_000),
    "pages that hold themselves": WHOLE.replace(b"/Kids [4 0 R", b"/Kids [2 0 R"),
    "giant count": WHOLE.replace(b"/Count 2", b"/Count 99999999999999"),
    "deep": b"%PDF-1.4\n1 0 obj\n" + b"[" * 100_000 + b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pdf_gives_its_text_or_a_reason(data: bytes) -> None:
    try:
        assert read(pdf, data).text.strip()
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("A title\nThe first line goes on to the very\nend. The next one follows on from it.\nNew.", None),
        ("", ""),
        ("One.\n\nTwo.", "One.\n\nTwo."),
        ("It was well-\nknown.", "It was wellknown."),
        (
            "A long line that ends with a Name of\nRome and goes on.",
            "A long line that ends with a Name of Rome and goes on.",
        ),
    ],
)
def test_lines_of_paper_become_paragraphs(page: str, text: str | None) -> None:
    joined = "A title\nThe first line goes on to the very end. The next one follows on from it. New."
    assert unwrapped(page) == (joined if text is None else text)


def docx_of(*paragraphs: str, **about: str) -> bytes:
    document = word.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    table = document.add_table(1, 2)
    for cell, said in zip(table.rows[0].cells, ("Left", "Right"), strict=True):
        cell.text = said
    document.add_paragraph("After.")
    for name, said in about.items():
        setattr(document.core_properties, name, said)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_word_gives_its_paragraphs_and_tables_in_order() -> None:
    found = read(docx, docx_of("One.", "", "Two\tthree.", title="Council votes", author="Ada Wright"))
    assert found == Record("One.\n\nTwo\tthree.\n\nLeft\n\nRight\n\nAfter.", title="Council votes", author="Ada Wright")


def with_part(name: str, content: bytes) -> bytes:
    """A Word document with one part of it replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx_of("One."))) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, content)
    return file.getvalue()


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(10))
HOSTILE_WORD = {
    "nothing": b"",
    "no zip": b"once upon a time",
    "cut off": docx_of("One.")[:5_000],
    "old or encrypted": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000),
    "a bomb": with_part("word/media/image1.png", bytes(12_000_000)),
    "billion laughs": with_part("word/document.xml", f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><x>&l10;</x>'.encode()),
    "a part that is no XML": with_part("word/document.xml", b"once upon a time"),
    "deep": with_part("word/document.xml", b"<w>" * 100_000),
}


@pytest.mark.parametrize("data", HOSTILE_WORD.values(), ids=HOSTILE_WORD)
def test_a_hostile_word_document_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError) as error:
        read(docx, data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("reader", "library"), [(pdf, "pypdf"), (docx, "docx")])
def test_without_its_library_a_format_says_what_to_install(
    reader: Reader, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=r"pip install 'qa-articles\[documents\]'"):
        read(reader, b"")
