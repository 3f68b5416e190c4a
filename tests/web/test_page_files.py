"""The page's own files: how much they hold, and that what is old goes, however it came."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from web import page_files
from web.page_files import held, sweep

DAY = 24 * 3600.0


def test_all_files_are_counted_however_deep(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"xxx")
    (tmp_path / "d").write_bytes(b"xx")
    assert held(tmp_path) == 5 and held(tmp_path / "nowhere") == 0


def test_a_file_that_goes_while_they_are_counted_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"xx")
    seen = page_files._below

    def gone_meanwhile(folder: Path) -> Iterator[Path]:
        yield folder / "gone"
        yield from seen(folder)

    monkeypatch.setattr(page_files, "_below", gone_meanwhile)
    assert held(tmp_path) == 2
    sweep(tmp_path, -DAY)
    assert held(tmp_path) == 0


def test_what_is_old_goes_and_what_is_not_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x")
    sweep(tmp_path, DAY)
    assert held(tmp_path) == 1
    os.utime(tmp_path / "a" / "b", (0, 0))  # what a client says of a file's age is not what counts
    sweep(tmp_path, DAY)
    assert held(tmp_path) == 1
    sweep(tmp_path, -DAY)
    assert list(tmp_path.iterdir()) == []
