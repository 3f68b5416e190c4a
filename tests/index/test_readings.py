"""A file that is as it was is not read again, and whatever makes a reading doubtful has it read."""

import gzip
import json
import os
import sqlite3
import zipfile
from contextlib import closing

import pytest

from index import readings, sources
from index.build import build
from index.catalog import FILE, Catalog
from index.errors import InputError
from index.exclude import exclude, readmit
from index.formats import MANY, SINGLE
from index.readings import reading_identity
from index.verify import verify


@pytest.fixture
def articles(articles):
    rows = [json.dumps({"text": f"The lake number {number} is deep."}) for number in range(25)]
    (articles / "rows.jsonl").write_text("\n".join([*rows, "no row"]))
    with zipfile.ZipFile(articles / "old.zip", "w") as archive:
        archive.writestr("c.txt", "The forest is dark.\n")
        archive.writestr("d.doc", "not supported")
    (articles / "packed.txt.gz").write_bytes(gzip.compress(b"The sea is wide.\n"))
    (articles / "articles.csv").write_text("file,title\na.txt,Mountains\n")
    return articles


@pytest.fixture
def read(monkeypatch):
    """The names of the files that were read, as they are read."""
    names = []
    contents = sources._contents
    monkeypatch.setattr(sources, "_contents", lambda *given: names.append(given[1].id) or contents(*given))
    return names


@pytest.fixture
def rebuild(articles, tmp_path, words, read):
    """Builds, and says what was read for it; everything was read once when a test begins."""

    def built():
        read.clear()
        return build([articles], tmp_path / "index", words), sorted(set(read))

    built()
    return built


def test_files_that_are_as_they_were_are_not_read_again_and_give_what_they_gave(rebuild, articles, tmp_path, words):
    report, read = rebuild()
    assert read == []
    assert (report.unchanged, report.embedded, report.generation) == (29, 0, 1)
    assert [item.path for item in report.skipped] == ["old.zip!d.doc", "rows.jsonl#26"]
    fresh = build([articles], tmp_path / "fresh", words)
    assert set(fresh.skipped) == set(report.skipped)


def test_nothing_is_written_where_nothing_has_changed(rebuild, tmp_path):
    before = (tmp_path / "index" / FILE).read_bytes()
    rebuild()
    assert (tmp_path / "index" / FILE).read_bytes() == before


def test_only_the_file_that_was_changed_is_read(rebuild, articles):
    (articles / "b.txt").write_text("The river is dry.\n")
    report, read = rebuild()
    assert (report.changed, read) == (("b.txt",), ["b.txt"])
    assert rebuild()[1] == []


def test_a_change_that_leaves_size_and_time_as_they_were_is_seen(rebuild, articles):
    path = articles / "b.txt"
    facts = path.stat()
    path.write_text("The river is wide.\n"[: facts.st_size - 1] + "\n")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (facts.st_size, facts.st_mtime_ns)
    report, read = rebuild()
    assert (report.changed, read) == (("b.txt",), ["b.txt"])


def test_a_file_that_was_only_touched_or_moved_with_its_folder_is_not_read(rebuild, articles, tmp_path, words, read):
    os.utime(articles / "a.txt", (1, 1))
    assert rebuild()[1] == []
    moved = articles.rename(tmp_path / "elsewhere")
    assert (build([moved], tmp_path / "index", words).unchanged, read) == (29, [])


def test_what_a_sidecar_says_of_a_file_has_it_read_again(rebuild, articles):
    (articles / "articles.csv").write_text("file,title\na.txt,Hills\nb.txt,Rivers\n")
    report, read = rebuild()
    assert (report.changed, read) == (("a.txt", "b.txt"), ["a.txt", "b.txt"])


def test_a_member_of_an_archive_that_was_changed_has_the_archive_read_again(rebuild, articles):
    with zipfile.ZipFile(articles / "old.zip", "w") as archive:
        archive.writestr("c.txt", "The forest is light.\n")
    report, read = rebuild()
    assert (report.changed, set(read)) == (("old.zip!c.txt",), {"old.zip", "old.zip!c.txt"})
    assert report.embedded == 1


def test_other_code_or_another_library_has_all_files_read_again(rebuild, monkeypatch):
    monkeypatch.setattr(readings, "reading_identity", lambda: "of another version")
    report, read = rebuild()
    assert len(read) == 6
    assert (report.unchanged, report.generation) == (29, 1)
    assert rebuild()[1] == []


def test_the_identity_of_reading_covers_each_module_of_the_formats_and_their_libraries(monkeypatch):
    files = {reader.__module__.rpartition(".")[2] for reader in (*SINGLE.values(), *MANY.values())}
    covered = {path.stem for path in (readings.Path(readings.__file__).parent / "formats").glob("*.py")}
    assert files <= covered
    before = reading_identity()
    reading_identity.cache_clear()
    monkeypatch.setattr(readings, "version", lambda library: "9.9")
    other = reading_identity()
    reading_identity.cache_clear()
    monkeypatch.undo()
    assert before == reading_identity() != other


def test_a_file_is_read_again_where_its_article_is_asked_for(rebuild, tmp_path):
    exclude(["a.txt", "rows.jsonl#3"], tmp_path / "index")
    report, read = rebuild()
    assert (report.excluded, read) == (("a.txt", "rows.jsonl#3"), [])
    readmit(["rows.jsonl#3"], tmp_path / "index")
    report, read = rebuild()
    assert (report.added, report.excluded, read) == (("rows.jsonl#3",), ("a.txt",), ["rows.jsonl"])


def test_a_file_that_is_gone_is_forgotten_and_read_when_it_is_back(rebuild, articles, tmp_path):
    text = (articles / "a.txt").read_text()
    (articles / "a.txt").unlink()
    (articles / "articles.csv").unlink()
    rebuild()
    assert "a.txt" not in remembered(tmp_path / "index")
    (articles / "a.txt").write_text(text)
    report, read = rebuild()
    assert (report.added, read) == (("a.txt",), ["a.txt"])


def remembered(index):
    with closing(sqlite3.connect(index / FILE)) as sql:
        return {row[0] for row in sql.execute("SELECT file FROM readings")}


def test_a_reading_in_several_parts_is_whole_or_none(rebuild, articles, tmp_path, monkeypatch):
    monkeypatch.setattr(readings, "PART", 10)
    with (articles / "rows.jsonl").open("a") as file:
        file.write('\n{"text": "The last lake is shallow."}\n')
    assert rebuild()[1] == ["rows.jsonl"]
    assert (rebuild()[0].unchanged, rebuild()[1]) == (30, [])
    with closing(sqlite3.connect(tmp_path / "index" / FILE)) as sql, sql:
        assert sql.execute("DELETE FROM readings WHERE file = 'rows.jsonl' AND part = 2").rowcount == 1
    report, read = rebuild()
    assert (report.unchanged, read) == (30, ["rows.jsonl"])


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE readings SET items = CAST(replace(items, 'a.txt', 'z.txt') AS BLOB) WHERE file = 'a.txt'",
        "UPDATE readings SET items = (SELECT items FROM readings WHERE file = 'b.txt') WHERE file = 'a.txt'",
        "UPDATE readings SET items = 7, seal = x'ff' WHERE file = 'a.txt'",
        "UPDATE OR REPLACE readings SET file = 'a.txt' WHERE file = 'b.txt'",
    ],
)
def test_a_damaged_reading_is_none(rebuild, tmp_path, harm):
    with closing(sqlite3.connect(tmp_path / "index" / FILE)) as sql, sql:
        assert sql.execute(harm).rowcount == 1
    report, read = rebuild()
    assert report.unchanged == 29
    assert "a.txt" in read
    assert verify(tmp_path / "index").notes == ()
    assert rebuild()[1] == []


def test_a_file_that_changes_while_it_is_read_is_read_again_next_time(rebuild, articles, monkeypatch):
    path, whole = articles / "b.txt", sources.formats.SINGLE[".txt"]

    def changing(file):
        found = list(whole(file))
        if b"river" in path.read_bytes() and "river" in found[0].text:
            path.write_text("The river is another.\n")
        return iter(found)

    monkeypatch.setitem(sources.formats.SINGLE, ".txt", changing)
    path.write_text("The river is dry.\n")
    assert rebuild()[0].changed == ("b.txt",)
    monkeypatch.undo()
    report, _ = rebuild()
    assert report.changed == ("b.txt",)


def test_a_file_changed_and_changed_back_while_it_is_read_is_read_again_next_time(rebuild, articles, monkeypatch):
    path, whole = articles / "b.txt", sources.formats.SINGLE[".txt"]
    was, wanted = path.stat(), "The river is dry.\n"

    def changing(file):
        if path.read_text() != wanted:
            return whole(file)
        path.write_text("The river is wet.\n")
        with path.open("rb") as other:
            found = list(whole(other))
        path.write_text(wanted)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 9))
        return iter(found)

    path.write_text(wanted)
    monkeypatch.setitem(sources.formats.SINGLE, ".txt", changing)
    rebuild()
    with Catalog(articles.parent / "index") as catalog:
        assert catalog.article("b.txt").text == "The river is wet.\n"
    monkeypatch.undo()
    rebuild()
    with Catalog(articles.parent / "index") as catalog:
        assert catalog.article("b.txt").text == wanted


def test_what_the_memory_did_not_suffice_for_is_tried_again(rebuild, articles, monkeypatch):
    def short_of_memory(file):
        try:
            raise MemoryError
        except MemoryError as error:
            raise InputError("it is not something that can be read") from error

    with monkeypatch.context() as patch:
        patch.setitem(sources.formats.SINGLE, ".txt", short_of_memory)
        (articles / "e.txt").write_text("The hills are old.\n")
        assert "e.txt" in [item.path for item in rebuild()[0].skipped]
    assert rebuild()[0].added == ("e.txt",)


def test_what_cannot_be_read_for_what_it_is_is_not_tried_again(rebuild, articles):
    (articles / "e.txt").write_bytes(b"\0\0")
    assert "e.txt" in [item.path for item in rebuild()[0].skipped]
    report, read = rebuild()
    assert "e.txt" in [item.path for item in report.skipped]
    assert read == []
