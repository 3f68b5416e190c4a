"""Folders are followed: each change makes one build, and neither errors nor the folder's end stop the watching."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from index import watch as module
from index.build import build
from index.errors import InputError
from index.local import LocalStore
from index.watch import is_followed, watch

PATIENCE = 60


class Follower:
    """Watches in a thread, and keeps what it was told."""

    def __init__(self, paths, index, embedder):
        self.reports, self.errors, self.stop = [], [], threading.Event()
        self.thread = threading.Thread(
            target=watch,
            args=(
                paths,
                index,
                lambda: self.reports.append(build(paths, index, embedder)),
                lambda error: self.errors.append(str(error)),
                self.stop,
            ),
        )

    def __enter__(self):
        self.thread.start()
        self.wait_for(lambda: self.reports)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end and self.thread.is_alive()
            time.sleep(0.02)


@pytest.fixture
def articles(articles):
    (articles / "b.txt").unlink()
    return articles


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "TICK_MS", 50)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.2)


def test_an_open_store_sees_each_change_and_changes_together_make_one_build(articles, tmp_path, words):
    with Follower([articles], tmp_path / "index", words) as follower:
        store = LocalStore(tmp_path / "index")

        def texts():
            with store.snapshot(words.identity) as snapshot:
                return {article.id: article.text for article in snapshot.catalog.articles()}

        assert texts() == {"a.txt": "The mountain is high.\n"}
        (articles / "a.txt").write_text("The mountain is low.\n")
        for name in "bcd":
            (articles / f"{name}.txt").write_text(f"The river {name} is long.\n")
        follower.wait_for(lambda: len(follower.reports) == 2)
        assert texts()["a.txt"] == "The mountain is low.\n"
        assert len(texts()) == 4
        (articles / "deeper").mkdir()
        (articles / "b.txt").rename(articles / "deeper" / "e.txt")
        follower.wait_for(lambda: texts().keys() == {"a.txt", "c.txt", "d.txt", "deeper/e.txt"})


def test_an_index_inside_the_folder_and_temporary_files_are_passed_over(articles, words):
    with Follower([articles], articles / "index", words) as follower:
        for name in (".hidden.txt", "a.txt~", ".a.txt.swp", "download.txt.part", "~$letter.docx"):
            (articles / name).write_text("What is written here is not read.\n")
        time.sleep(1)
        assert len(follower.reports) == 1
        (articles / "b.txt").write_text("The river is long.\n")
        follower.wait_for(lambda: len(follower.reports) == 2)
        assert follower.reports[1].added == ("b.txt",)


def test_a_folder_that_goes_is_an_error_told_once_and_one_that_comes_back_is_followed(articles, tmp_path, words):
    with Follower([articles], tmp_path / "index", words) as follower:
        articles.rename(tmp_path / "away")
        follower.wait_for(lambda: follower.errors)
        time.sleep(1)
        assert len(follower.errors) == 1
        assert "does not exist" in follower.errors[0]
        shutil.copytree(tmp_path / "away", articles)
        (articles / "b.txt").write_text("The river is long.\n")
        follower.wait_for(lambda: follower.reports[-1].added == ("b.txt",))
        (articles / "c.txt").write_text("The lake is deep.\n")
        follower.wait_for(lambda: follower.reports[-1].added == ("c.txt",))


def test_a_build_that_failed_is_tried_again_though_nothing_changed(articles, tmp_path, words):
    tried, failures, stop = [], [], threading.Event()

    def attempt():
        tried.append(time.monotonic())
        if len(tried) == 1:
            (articles / "b.txt").write_text("The river is long.\n")
        elif len(tried) < 4:
            raise InputError("the disk is full")
        else:
            stop.set()

    watch([articles], tmp_path / "index", attempt, failures.append, stop)
    assert len(tried) == 4
    assert [str(error) for error in failures] == ["the disk is full"]


def test_an_error_of_the_first_build_is_raised(tmp_path, words):
    missing = tmp_path / "missing"
    with pytest.raises(InputError, match="does not exist"):
        watch(
            [missing], tmp_path / "index", lambda: build([missing], tmp_path / "index", words), print, threading.Event()
        )


def test_a_single_file_is_followed_when_it_is_replaced(articles, tmp_path, words):
    with Follower([articles / "a.txt"], tmp_path / "index", words) as follower:
        (articles / "other.txt").write_text("Not this one.\n")
        (articles / "new").write_text("The mountain is low.\n")
        (articles / "new").rename(articles / "a.txt")
        follower.wait_for(lambda: follower.reports[-1].changed == ("a.txt",))
        assert len(follower.reports) == 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/articles/a.txt", True),
        ("/articles/deep/er/a.html", True),
        ("/articles/articles.csv", True),
        ("/articles/.git/a.txt", False),
        ("/articles/deep/.a.txt.swp", False),
        ("/articles/a.TMP", False),
        ("/articles/#a.txt#", False),
        ("/articles/4913", False),
        ("/articles/index/catalog.sqlite-wal", False),
        ("/single/one.txt", True),
        ("/single/articles.csv", True),
        ("/single/two.txt", False),
        ("/elsewhere/a.txt", False),
    ],
)
def test_what_is_followed(path, expected):
    roots = [Path("/articles"), Path("/single/one.txt")]
    assert is_followed(Path(path), roots, Path("/articles/index")) is expected
