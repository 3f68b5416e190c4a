import json
from pathlib import Path

import pytest

from index.errors import InputError
from qa.fitted import read_fitted, write_fitted


def test_what_is_written_is_read_again_with_its_notes_and_replaces_what_was_there(tmp_path: Path) -> None:
    for slope in (1.0, 2.0):
        write_fitted(tmp_path / "it.json", {"slope": slope}, reader="r")
    assert read_fitted(tmp_path / "it.json", dict) == {"slope": 2.0, "reader": "r"}
    assert [file.name for file in tmp_path.iterdir()] == ["it.json"]


def test_where_it_cannot_be_written_one_line_says_so_and_the_old_one_stays_whole(tmp_path: Path) -> None:
    write_fitted(tmp_path / "it.json", {"slope": 1.0})
    (tmp_path / "it.json.new").mkdir()
    with pytest.raises(InputError, match=r"it\.json cannot be written: "):
        write_fitted(tmp_path / "it.json", {"slope": 2.0})
    assert json.loads((tmp_path / "it.json").read_text()) == {"slope": 1.0}
