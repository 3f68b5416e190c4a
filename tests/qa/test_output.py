from pathlib import Path

import pytest

from index.errors import InputError
from qa.output import check_writable, written_beside


def test_asking_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    for name in ("old", "new"):
        check_writable(tmp_path / name)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("old", "old")]


@pytest.mark.parametrize("name", ["nowhere/it", "file/it", "folder"])
def test_where_nothing_can_be_written_one_line_says_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=f"{name} cannot be written: ") as caught:
        check_writable(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_ends_halfway_leaves_the_old_file_and_no_other(error: type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "it").write_text("old")
    with pytest.raises(error), written_beside(tmp_path / "it") as beside:
        beside.write_text("half")
        raise error
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("it", "old")]
