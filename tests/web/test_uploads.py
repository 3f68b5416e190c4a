"""Files that users hand in: which are taken, under what names, and how much of them is kept."""

import unicodedata

import pytest

from index.errors import InputError
from index.sources import read_articles
from web import uploads
from web.uploads import store


def handed_in(folder, name: str, content: bytes = b"Some news.\n"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_files_are_copied_byte_for_byte_into_a_folder_of_their_own(tmp_path):
    first = store([handed_in(tmp_path / "in", "a.txt", b"one\r\n")], tmp_path / "kept")
    second = store([handed_in(tmp_path / "in", "a.txt", b"two\r\n")], tmp_path / "kept")
    assert first != second and first.parent == second.parent == tmp_path / "kept"
    assert ((first / "a.txt").read_bytes(), (second / "a.txt").read_bytes()) == (b"one\r\n", b"two\r\n")


@pytest.mark.parametrize("name", ["a.exe", "a", "a.txt.sh", ".txt", "a.sqlite", "a.gz", "a.sh.gz"])
def test_what_is_of_no_kind_that_is_read_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="of no kind that is read"):
        store([handed_in(tmp_path, name)], tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("name", ["a.txt", "A.HTML", "a.jsonl.gz", "a.zip", "a.pdf", "articles.csv"])
def test_every_kind_that_is_read_is_taken(tmp_path, name):
    (kept,) = store([handed_in(tmp_path, name)], tmp_path / "kept").iterdir()
    assert kept.name == name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Ærlig talt – nr. 3.txt", "Ærlig talt _ nr. 3.txt"),
        (".hidden.txt", "hidden.txt"),
        ("~$lock.txt", "lock.txt"),
        ("<img src=x>.txt", "img src=x_.txt"),
        ("a\nb\x1b[31m.txt", "a_b_31m.txt"),
        ("news.zip!x.txt", "news.zip_x.txt"),
        ("#hash#.txt", "hash_.txt"),
        ("-rf.txt", "-rf.txt"),
        ("….txt", "article.txt"),
        ("l" * 200 + ".txt", "l" * 120 + ".txt"),
    ],
)
def test_a_name_keeps_only_what_is_harmless_in_it(tmp_path, name, plain):
    batch = store([handed_in(tmp_path, name)], tmp_path / "kept")
    assert [path.name for path in batch.iterdir()] == [plain]
    assert [item.id for item in read_articles([batch])] == [plain]  # and is read under that name


def test_names_that_become_one_are_told_apart(tmp_path):
    files = [handed_in(tmp_path / str(n), name) for n, name in enumerate(["a?.txt", "a*.txt", "A!.TXT"])]
    assert sorted(path.name for path in store(files, tmp_path / "kept").iterdir()) == [
        "A_ (3).TXT",
        "a_ (2).txt",
        "a_.txt",
    ]


def test_accents_are_one_letter_whatever_disk_they_come_from(tmp_path):
    batch = store([handed_in(tmp_path, unicodedata.normalize("NFD", "é.txt"))], tmp_path / "kept")
    assert [path.name for path in batch.iterdir()] == ["é.txt"]


def test_too_many_too_large_and_too_much_are_refused_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    monkeypatch.setattr(uploads, "MOST_KEPT", 150)
    small, large = handed_in(tmp_path, "s.txt", b"x" * 80), handed_in(tmp_path, "l.txt", b"x" * 101)
    for files, why in (([], "no file"), ([small] * 3, "at most 2"), ([small, large], "too large")):
        with pytest.raises(InputError, match=why):
            store(files, tmp_path / "kept")
    store([small], tmp_path / "kept")
    with pytest.raises(InputError, match="is full"):
        store([small], tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_disk_that_refuses_is_one_line(tmp_path):
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="cannot be kept"):
        store([handed_in(tmp_path / "in", "a.txt")], tmp_path / "kept")


def test_nothing_is_kept_of_files_that_cannot_all_be_copied(tmp_path):
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(InputError, match="cannot be kept"):
        store([handed_in(tmp_path, "a.txt"), tmp_path / "b.txt"], tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
