"""Every format is read as it is, and what cannot be used is said and never stops the rest."""

import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.article import Article
from index.errors import InputError
from index.sources import LONGEST_OUTLET, Skipped, read_articles

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
RUSSIAN = "Президент подписал указ о новых мерах поддержки."
BODY = "The council met on Friday to vote.\n\nIt will meet again in a month.\n"


def read(*paths: Path) -> dict[str, Article | str]:
    """What was found, by id: articles, and reasons for what was skipped."""
    found: dict[str, Article | str] = {}
    for item in read_articles(paths):
        name = item.path if isinstance(item, Skipped) else item.id
        assert name not in found
        found[name] = item.reason if isinstance(item, Skipped) else item
    return found


def article(found: dict[str, Article | str], name: str) -> Article:
    item = found[name]
    assert isinstance(item, Article), item
    return item


def reason(found: dict[str, Article | str], name: str) -> str:
    item = found[name]
    assert isinstance(item, str), item
    return item


def write(path: Path, content: str | bytes = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def test_the_seeds_are_read_byte_for_byte_with_what_their_sidecar_states() -> None:
    found = list(read_articles([SEEDS]))
    assert all(isinstance(item, Article) for item in found)
    articles = [item for item in found if isinstance(item, Article)]
    assert [item.id[:3] for item in articles] == ["000", "001", "002", "003", "004"]
    assert all(item.text.encode() == (SEEDS / item.id).read_bytes() for item in articles)
    outlets = ["The Washington Times", "", "CBC News", "", "The New York Times"]
    assert [item.source for item in articles] == outlets
    assert articles[0].published == date(2017, 11, 3)
    assert articles[4].title == "ISIS, Squeezed on Two Sides, Loses Syrian City and Border Crossing"


def test_ids_are_paths_below_the_folder_in_sorted_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.md", "README.md", "c.TXT"):
        write(tmp_path / name)
    assert list(read(tmp_path)) == ["README.md", "a/b/c.md", "a/z.txt", "b.txt", "c.TXT"]
    assert list(read(tmp_path / "a" / "z.txt")) == ["z.txt"]


def test_hidden_and_unknown_files_are_passed_over_but_documents_are_reported(tmp_path: Path) -> None:
    for name in (".hidden.txt", ".git/a.txt", "photo.jpg", "report.odt", "notes"):
        write(tmp_path / name)
    found = read(tmp_path)
    assert list(found) == ["notes", "report.odt"]
    assert ".odt is not supported" in reason(found, "report.odt")
    assert "without an ending" in reason(found, "notes")


def test_a_file_named_by_the_user_is_always_answered_for(tmp_path: Path) -> None:
    found = read(write(tmp_path / "photo.jpg"))
    assert ".jpg is not supported" in reason(found, "photo.jpg")


def test_a_missing_path_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        read_articles([tmp_path / "nowhere"])


def test_two_folders_with_one_id_are_refused_naming_both(tmp_path: Path) -> None:
    first, second = write(tmp_path / "x" / "a.txt"), write(tmp_path / "y" / "a.txt")
    with pytest.raises(InputError) as error:
        read_articles([tmp_path / "x", tmp_path / "y"])
    assert str(first) in str(error.value) and str(second) in str(error.value)
    with pytest.raises(InputError):
        read_articles([tmp_path / "x", tmp_path / "x"])


def test_two_folders_may_each_have_a_sidecar(tmp_path: Path) -> None:
    for folder, name in (("x", "a.txt"), ("y", "b.txt")):
        write(tmp_path / folder / name)
        write(tmp_path / folder / "articles.csv", f"file,source\n{name},Outlet {folder}\n")
    found = read(tmp_path / "x", tmp_path / "y")
    assert [article(found, name).source for name in ("a.txt", "b.txt")] == ["Outlet x", "Outlet y"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Un café.\r\n\r\n  Fin. ".encode(), "Un café.\r\n\r\n  Fin. "),
        (b"\xef\xbb\xbfHello.", "Hello."),
        ("A £5 café, said Mr Müller.".encode("cp1252"), "A £5 café, said Mr Müller."),
        ("Hello, “world”.".encode("utf-16"), "Hello, “world”."),
        (RUSSIAN.encode("cp1251"), RUSSIAN),
    ],
)
def test_text_is_the_files_own_in_any_encoding(tmp_path: Path, data: bytes, text: str) -> None:
    found = read(write(tmp_path / "a.txt", data))
    assert article(found, "a.txt").text == text


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "no text"), (b" \n\t\n", "no text"), (b"MZ\x00\x01", "binary"), (b"\xff\xfe\x00", "encoding")],
)
def test_files_without_text_are_skipped_and_the_rest_goes_on(tmp_path: Path, data: bytes, why: str) -> None:
    write(tmp_path / "a.txt", data)
    write(tmp_path / "b.txt")
    found = read(tmp_path)
    assert why in reason(found, "a.txt")
    assert article(found, "b.txt").text == BODY


def test_a_file_that_vanishes_after_the_listing_is_skipped(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "b.txt")
    items = read_articles([tmp_path])
    (tmp_path / "a.txt").unlink()
    first, second = items
    assert first == Skipped("a.txt", "it cannot be read: No such file or directory", may_pass=True)
    assert isinstance(second, Article)


def test_unreadable_files_and_folders_are_skipped(tmp_path: Path, as_mortal: Callable[..., Any]) -> None:
    write(tmp_path / "a.txt").chmod(0)
    write(tmp_path / "b" / "c.txt").parent.chmod(0)
    found = as_mortal(read, tmp_path)
    (tmp_path / "b").chmod(0o700)
    assert "cannot be read" in reason(found, "a.txt")
    assert "cannot be listed" in reason(found, "b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_skipped_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert "regular" in reason(read(tmp_path), "a.txt")


def test_links_out_of_the_folder_and_to_nothing_are_skipped(tmp_path: Path) -> None:
    outside, root = write(tmp_path / "secret.txt"), tmp_path / "root"
    inside = write(root / "a.txt")
    (root / "out.txt").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    (root / "again").symlink_to(root)
    (root / "none.txt").symlink_to(root / "gone.txt")
    (root / "same.txt").symlink_to(inside)
    found = read(root)
    assert article(found, "same.txt").text == BODY
    assert "out of the folder" in reason(found, "out.txt") and "out of the folder" in reason(found, "up")
    assert "to nothing" in reason(found, "none.txt")
    assert "in its own place" in reason(found, "again")
    assert len(found) == 6


def test_a_text_without_headline_takes_its_title_from_the_file_name(tmp_path: Path) -> None:
    found = read(write(tmp_path / "city_council-vote.txt"))
    assert article(found, "city_council-vote.txt").title == "city council vote"


HTML = """<html><head><meta charset="{charset}"><title>Café council votes</title>
<meta property="og:site_name" content="The Daily Planet"><meta property="og:title" content="Café council votes">
<link rel="canonical" href="https://planet.example/votes"><meta property="og:url" content="https://planet.example/votes">
<meta property="article:published_time" content="2017-11-03T10:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Café council votes</h1>
<p>The café council met on Friday evening to vote on the budget of the coming year, which had been late.</p>
<p>It will meet again in a month, when the mayor has returned from Zürich and the figures are known.</p></article>
<footer>All rights reserved</footer></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "mac-roman"])
def test_html_gives_its_main_text_and_what_its_head_states(tmp_path: Path, charset: str) -> None:
    found = article(read(write(tmp_path / "a.html", HTML.format(charset=charset).encode(charset))), "a.html")
    assert "The café council met" in found.text and "Zürich" in found.text
    assert "Home" not in found.text and "<p>" not in found.text
    assert (found.title, found.source) == ("Café council votes", "The Daily Planet")
    assert (found.url, found.published) == ("https://planet.example/votes", date(2017, 11, 3))


def test_html_without_an_article_is_skipped(tmp_path: Path) -> None:
    assert "no main text" in reason(read(write(tmp_path / "a.htm", "<html><body></body></html>")), "a.htm")


def test_json_lines_keep_good_rows_among_damaged_ones(tmp_path: Path) -> None:
    rows = [
        json.dumps({"content": BODY, "headline": "One", "publisher": {"name": "Planet"}, "date": "2017-11-03T10:00Z"}),
        '{"content": "cut off',
        "",
        "[1, 2]",
        json.dumps({"content": 5}),
        json.dumps({"title": "no text"}),
        '{"content": "half \\ud83d"}',
        "[" * 100_000,
        json.dumps({"Content": "Line one.\r\nLine\u2028two.", "link": "https://planet.example"}),
    ]
    found = read(write(tmp_path / "a.jsonl", "\n".join(rows)))
    first, last = article(found, "a.jsonl#1"), article(found, "a.jsonl#8")
    assert (first.text, first.title, first.source, first.published) == (BODY, "One", "Planet", date(2017, 11, 3))
    assert (last.text, last.url) == ("Line one.\r\nLine\u2028two.", "https://planet.example")
    assert last.title == "a 8"
    expected = ["not a line of JSON", "not a JSON object", "no text", "no column", "surrogate", "not a line of JSON"]
    for number, why in enumerate(expected, start=2):
        assert why in reason(found, f"a.jsonl#{number}")
    assert len(found) == 8


@pytest.mark.parametrize("field", ["title", "source", "url"])
def test_a_row_with_broken_metadata_costs_itself_only(tmp_path: Path, field: str) -> None:
    rows = [{"text": BODY, field: "half \ud83d"}, {"text": BODY, field: "nothing \0"}, {"text": BODY, field: "good"}]
    found = read(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert "surrogate" in reason(found, "a.jsonl#1") and field in reason(found, "a.jsonl#1")
    assert "binary" in reason(found, "a.jsonl#2") and field in reason(found, "a.jsonl#2")
    assert getattr(article(found, "a.jsonl#3"), field) == "good"


def test_an_outlet_without_end_is_cut(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.jsonl", json.dumps({"text": BODY, "source": "Planet " * 10_000})))
    assert article(found, "a.jsonl#1").source == ("Planet " * 50)[:LONGEST_OUTLET]


def test_csv_rows_are_articles_with_their_text_exact(tmp_path: Path) -> None:
    table = 'URL,Date,Title,Text\r\nhttps://x.example/1,2019-07-08,One,"He said ""no"".\r\n\r\nThen, he left. "\r\n'
    table += f"https://x.example/2,,Two,{'long ' * 100_000}\r\n"
    found = read(write(tmp_path / "t.csv", table))
    first, second = article(found, "t.csv#1"), article(found, "t.csv#2")
    assert first.text == 'He said "no".\r\n\r\nThen, he left. '
    assert (first.title, first.url, first.published) == ("One", "https://x.example/1", date(2019, 7, 8))
    assert (second.published, len(second.text)) == (None, 500_000)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_may_be_separated_by_semicolons_or_tabs(tmp_path: Path, sign: str) -> None:
    table = f"title{sign}body\nOne{sign}{BODY.splitlines()[0]}\n"
    assert article(read(write(tmp_path / "t.csv", table)), "t.csv#1").title == "One"


def test_one_damaged_csv_row_costs_itself_only(tmp_path: Path) -> None:
    table = 'title,text\nOne,First.\nTwo,"never closed\nThree,Third.\nFour,"Fourth, quoted."\nFive\nSix,a,b\n\nSeven,'
    found = read(write(tmp_path / "t.csv", table))
    texts = [item.text for item in found.values() if isinstance(item, Article)]
    assert texts == ["First.", "Third.", "Fourth, quoted."]
    assert "damaged row" in reason(found, "t.csv#2")
    assert "1 cells" in reason(found, "t.csv#5") and "3 cells" in reason(found, "t.csv#6")
    assert "no text" in reason(found, "t.csv#7")


def test_csv_without_a_text_column_is_skipped_with_the_names_known(tmp_path: Path) -> None:
    assert "text, content" in reason(read(write(tmp_path / "t.csv", "a,b\n1,2\n")), "t.csv")


def test_a_sidecar_overrides_what_was_detected_and_leaves_the_rest(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", f"Council votes\n\n3 November 2017\n\n{BODY}")
    write(tmp_path / "sub" / "b.txt")
    sidecar = "file,title,source,published,url\na.txt,,Planet,2017-11-04,https://x.example\nsub/b.txt,Outer,Outer,,\n"
    write(tmp_path / "articles.csv", sidecar)
    write(tmp_path / "sub" / "articles.csv", "file,title\nb.txt,Inner\n")
    found = read(tmp_path)
    first = article(found, "a.txt")
    assert (first.title, first.source, first.published) == ("Council votes", "Planet", date(2017, 11, 4))
    assert first.url == "https://x.example"
    assert article(found, "sub/b.txt").title == "Inner"
    assert len(found) == 2


def test_wrong_rows_of_a_sidecar_are_reported_and_the_others_count(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "b.txt")
    write(tmp_path.parent / "outside.txt")
    rows = ["gone.txt,G,", "b.txt,B,3 November 2017", "../outside.txt,O,", ",empty,", "a.txt,A,2017-11-03", "b.txt"]
    write(tmp_path / "articles.csv", "file,title,published\n" + "\n".join(rows))
    found = read(tmp_path)
    for number in (1, 3, 4):
        assert "not in this folder" in reason(found, f"articles.csv#{number}")
    assert "not of the form" in reason(found, "articles.csv#2")
    assert "1 cells" in reason(found, "articles.csv#6")
    assert (article(found, "a.txt").title, article(found, "b.txt").title) == ("A", "b")


@pytest.mark.parametrize("name", ["x" * 300, "y/" * 3000])
def test_a_file_name_too_long_for_the_system_costs_its_row_only(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "articles.csv", f"file,title\n{name},X\na.txt,A\n")
    found = read(tmp_path)
    assert "not in this folder" in reason(found, "articles.csv#1")
    assert article(found, "a.txt").title == "A"


def test_a_sidecar_that_changes_or_vanishes_after_the_listing_stops_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    sidecar = write(tmp_path / "articles.csv", "file,title\na.txt,A\n")
    for harm in (sidecar.unlink, lambda: write(sidecar, b"\0"), lambda: write(sidecar, "other,title\na.txt,A\n")):
        write(sidecar, "file,title\na.txt,A\n")
        items = read_articles([tmp_path])
        harm()
        skipped, item = items
        assert isinstance(skipped, Skipped) and skipped.states_metadata
        assert isinstance(item, Article) and item.title == "a"


def test_the_sidecar_beside_a_single_file_counts_for_it_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    write(tmp_path / "articles.csv", "file,title,published\ngone.txt,G,\na.txt,A,\n")
    found = read(path)
    assert list(found) == ["a.txt"] and article(found, "a.txt").title == "A"
    assert "no articles" in reason(read(tmp_path / "articles.csv"), "articles.csv")


def test_a_table_called_articles_csv_without_a_file_column_holds_articles(tmp_path: Path) -> None:
    write(tmp_path / "articles.csv", "title,text\nOne,First.\n")
    assert article(read(tmp_path), "articles.csv#1").title == "One"


def test_the_digest_is_the_same_on_every_reading() -> None:
    first, second = ([item.digest for item in read(SEEDS).values() if isinstance(item, Article)] for _ in range(2))
    assert first == second and len(set(first)) == 5


def zipped(members: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_an_archive_is_read_as_the_folder_it_was(tmp_path: Path) -> None:
    members = {path.name: path.read_bytes() for path in sorted(SEEDS.iterdir())}
    write(tmp_path / "seeds.zip", zipped(members))
    unpacked, packed = read(SEEDS), read(tmp_path)
    assert list(packed) == [f"seeds.zip!{name}" for name in unpacked]
    for name in unpacked:
        assert article(packed, f"seeds.zip!{name}").digest == article(unpacked, name).digest


def test_what_is_stated_of_an_archive_holds_for_all_in_it_that_say_nothing_else(tmp_path: Path) -> None:
    inner = "file,source,author\nsub/a.txt,Inner,Ada\nsub/gone.txt,G,\n../out.txt,O,\n"
    content = {"sub/a.txt": BODY, "b.txt": BODY, "articles.csv": inner, "sub/articles.csv": "file,title\na.txt,Near\n"}
    write(tmp_path / "a.zip", zipped(content))
    write(tmp_path / "articles.csv", "file,source,published\na.zip,Outer,2017-11-03\n")
    found = read(tmp_path)
    first, second = article(found, "a.zip!sub/a.txt"), article(found, "a.zip!b.txt")
    assert (first.title, first.source, first.author) == ("Near", "Inner", "Ada")
    assert (second.title, second.source) == ("b", "Outer")
    assert first.published == second.published == date(2017, 11, 3)
    for number in (2, 3):
        assert "not in this folder" in reason(found, f"a.zip!articles.csv#{number}")


def test_rows_and_members_have_ids_that_say_where_they_are(tmp_path: Path) -> None:
    line = json.dumps({"text": BODY})
    write(tmp_path / "a.jsonl.gz", gzip.compress(f"{line}\n{line}".encode()))
    write(tmp_path / "b.TXT.GZ", gzip.compress(BODY.encode()))
    inner = zipped({"d.csv": f'text\n"{BODY}"\n', "e.txt.gz": gzip.compress(b"deep")})
    write(tmp_path / "c.zip", zipped({"x/c.zip": inner, "f.json.gz": gzip.compress(line.encode())}))
    found = read(tmp_path)
    assert [name for name, item in found.items() if isinstance(item, Article)] == [
        "a.jsonl.gz#1",
        "a.jsonl.gz#2",
        "b.TXT.GZ",
        "c.zip!f.json.gz#1",
        "c.zip!x/c.zip!d.csv#1",
    ]
    assert "packed 3 times" in reason(found, "c.zip!x/c.zip!e.txt.gz")
    assert (article(found, "a.jsonl.gz#2").title, article(found, "b.TXT.GZ").title) == ("a 2", "b")


def test_an_archive_that_would_harm_is_read_as_far_as_it_is_honest(tmp_path: Path) -> None:
    harmful = {"../up.txt": "x", "/abs.txt": "x", "bomb.txt": bytes(9_000_000), "photo.jpg": "x", "old.doc": "x"}
    hidden = {".hidden.txt": "x", "__MACOSX/a.txt": "x", "sub/.git/a.txt": "x"}
    write(tmp_path / "a.zip", zipped(harmful | hidden | {"good.txt": BODY, "b.zip!c.txt": "x"}))
    write(tmp_path / "b.zip!c.txt")
    write(tmp_path / "bomb.txt.gz", gzip.compress(bytes(9_000_000)))
    write(tmp_path / "broken.zip", zipped({"a.txt": BODY})[:60])
    write(tmp_path / "empty.zip", zipped({}))
    found = read(tmp_path)
    assert article(found, "a.zip!good.txt").text == BODY
    reasons = {
        "a.zip!../up.txt": "leads out",
        "a.zip!/abs.txt": "leads out",
        "a.zip!bomb.txt": "200 times",
        "a.zip!old.doc": ".doc is not supported",
        "a.zip!b.zip!c.txt": "looks like",
        "b.zip!c.txt": "looks like",
        "bomb.txt.gz": "200 times",
        "broken.zip": "not a ZIP archive",
        "empty.zip": "no articles",
    }
    assert len(found) == 1 + len(reasons)
    for name, why in reasons.items():
        assert why in reason(found, name)


def test_two_members_of_one_name_are_one_article(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", BODY)
        archive.writestr("a.txt", "Another.")
    found = read(write(tmp_path / "a.zip", file.getvalue()))
    assert article(found, "a.zip!a.txt").text == BODY
    assert "another file of this name" in reason(found, "a.zip!a.txt (again)")


def test_what_a_browser_saved_beside_a_page_is_part_of_it(tmp_path: Path) -> None:
    write(tmp_path / "page.html", HTML.format(charset="utf-8"))
    write(tmp_path / "page_files" / "frame.html", HTML.format(charset="utf-8"))
    write(tmp_path / "other_files" / "a.txt")
    assert list(read(tmp_path)) == ["other_files/a.txt", "page.html"]


def test_tables_name_the_author_and_the_text_shows_the_rest(tmp_path: Path) -> None:
    rows = [{"text": f"Council votes\n\nBy Ada Wright\n\n3 November 2017\n\n{BODY}"}, {"text": BODY, "author": "Bob"}]
    found = read(write(tmp_path / "a.json", json.dumps(rows)))
    first = article(found, "a.json#1")
    assert (first.title, first.author, first.published) == ("Council votes", "Ada Wright", date(2017, 11, 3))
    assert article(found, "a.json#2").author == "Bob"


ENDINGS = "txt md html xhtml mhtml pdf docx jsonl json csv tsv parquet xml warc zip txt.gz zip.gz parquet.gz".split()


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_at_random_stop_nothing(tmp_path: Path, ending: str) -> None:
    chance = random.Random(ending)
    starts = (
        b"",
        b"PK\x03\x04",
        b"%PDF-1.7\n",
        b"PAR1",
        b"\x1f\x8b\x08\x00",
        b"WARC/1.0\r\n",
        b"<rss><item>",
        b'[{"text":',
    )
    for number, start in enumerate(starts):
        write(tmp_path / f"{number}.{ending}", start + chance.randbytes(500))
    write(tmp_path / "good.txt")
    assert article(read(tmp_path), "good.txt").text == BODY
