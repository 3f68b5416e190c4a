"""Articles are listed, added, removed and restored, and each change says how far it is and can be cancelled."""

import threading
from pathlib import Path
from typing import Any

import pytest

from index.store import BuildReport, Progress
from web.engine import Engine
from web.tabs import articles
from web.tabs.articles import Library


@pytest.fixture(autouse=True)
def _breathless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "BREATH", 0)


def test_articles_are_listed_and_found_by_their_words(library: Library) -> None:
    assert "2 articles" in library.shelf() and "2 articles" in library.shelf(None)
    assert "1 article<" in library.shelf("metres") and "A bridge" in library.shelf("metres")
    assert "Show more (1 left)" in library.shelf("", 1)


def test_the_list_ends_where_no_more_are_listed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "MOST_LISTED", 1)
    assert "1 more article: search to see the rest" in library.shelf("", 50)


def test_what_is_added_is_listed_and_what_is_removed_can_be_restored(library: Library, tmp_path: Path) -> None:
    (tmp_path / "mill.txt").write_text("The mill turns\n\nThe mill of Tallow Bay turns again, its miller said.\n")
    *_, last = library.add([str(tmp_path / "mill.txt")], threading.Event())
    assert "1 added" in last and "The mill turns" in library.shelf()
    assert "1 article removed." in library.remove("bridge.txt")
    assert "A bridge" not in library.shelf() and "bridge&#46;txt" in library.removed()
    *_, last = library.restore("bridge.txt", threading.Event())
    assert "1 article restored." in last and "A bridge" in library.shelf() and library.removed() == ""


def test_a_rebuild_shows_its_progress_and_its_report(library: Library, shelf: Path) -> None:
    for number in range(5):
        (shelf / f"{number}.txt").write_text(f"Story {number}\n\nStory number {number} happened in Tallow Bay.\n")
    *steps, last = library.rebuild(threading.Event())
    assert all("<progress" in step for step in steps)
    assert "5 added" in last and "<progress" not in last


def test_a_change_that_is_cancelled_changes_nothing(library: Library, shelf: Path, engine: Engine) -> None:
    (shelf / "mill.txt").write_text("The mill turns\n\nThe mill of Tallow Bay turns again, its miller said.\n")
    stop, before = threading.Event(), engine.generation()
    stop.set()
    *_, last = library.rebuild(stop)
    assert "Cancelled: the articles are as they were before" in last.replace("&#58;", ":")
    assert engine.generation() == before


def test_what_cannot_be_done_is_one_line(library: Library, engine: Engine) -> None:
    *_, last = library.add([], threading.Event())
    assert 'role="alert"' in last and "No file was given" in last
    assert 'role="alert"' in library.remove("gone.txt")

    def broken(progress: Progress) -> BuildReport:
        raise ZeroDivisionError("a fault")

    engine.rebuild = broken  # type: ignore[method-assign]
    *_, last = library.rebuild(threading.Event())
    assert "ZeroDivisionError" in last


def test_a_read_only_engine_shows_no_way_to_change_it_and_refuses_every_change(
    library: Library, engine: Engine, tmp_path: Path
) -> None:
    engine.remove(["bridge.txt"])
    engine.read_only = True
    (tmp_path / "mill.txt").write_text("The mill turns again, its miller said.\n")
    assert "remove" not in library.shelf().lower() and library.removed() == ""
    changes: list[Any] = [
        library.add([str(tmp_path / "mill.txt")], threading.Event()),
        library.rebuild(threading.Event()),
        library.restore("bridge.txt", threading.Event()),
        [library.remove("harbour.txt")],
    ]
    for (last,) in changes:
        assert 'role="alert"' in last
    assert "1 article<" in library.shelf()
