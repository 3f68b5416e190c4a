from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from qa.training.weights import write_weights


def test_what_is_written_replaces_what_was_there(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        write_weights({"a": torch.tensor([[value, 0.0]]).T}, tmp_path / "it", {"format": "pt"})
    assert load_file(tmp_path / "it")["a"].tolist() == [[2.0], [0.0]]
    assert [file.name for file in tmp_path.iterdir()] == ["it"]


def test_where_it_cannot_be_written_the_old_one_stays_whole(tmp_path: Path) -> None:
    write_weights({"a": torch.ones(1)}, tmp_path / "it", {})
    (tmp_path / "it.new").mkdir()
    with pytest.raises(OSError, match="it cannot be written"):
        write_weights({"a": torch.zeros(1)}, tmp_path / "it", {})
    assert load_file(tmp_path / "it")["a"].tolist() == [1.0]
