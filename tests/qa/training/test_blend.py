import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from index.errors import InputError, ModelError
from qa.training.blend import blend


def reader(folder: Path, **weights: list[float]) -> Path:
    folder.mkdir()
    save_file({name: torch.tensor(values).half() for name, values in weights.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"name": folder.name}), encoding="utf-8")
    return folder


def test_weights_lie_between_the_two_in_the_shares_asked_for(tmp_path: Path) -> None:
    one, other = reader(tmp_path / "one", a=[0.0, 4.0]), reader(tmp_path / "other", a=[8.0, 4.0])
    blend(one, other, tmp_path / "new", share=0.25)
    made = load_file(tmp_path / "new" / "model.safetensors")
    assert made["a"].tolist() == [2.0, 4.0]
    assert made["a"].dtype == torch.float16
    assert json.loads((tmp_path / "new" / "config.json").read_text("utf-8")) == {"name": "other"}
    assert json.loads((tmp_path / "new" / "recipe.json").read_text("utf-8"))["share"] == 0.25


@pytest.mark.parametrize("weights", [{"b": [1.0, 2.0]}, {"a": [1.0]}])
def test_readers_of_different_kinds_are_refused(tmp_path: Path, weights: dict[str, list[float]]) -> None:
    one, other = reader(tmp_path / "one", a=[0.0, 4.0]), reader(tmp_path / "other", **weights)
    with pytest.raises(ModelError, match="not of one kind"):
        blend(one, other, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_share_that_is_none_and_a_missing_reader_are_refused(tmp_path: Path) -> None:
    one = reader(tmp_path / "one", a=[0.0])
    with pytest.raises(InputError, match="between 0 and 1"):
        blend(one, one, tmp_path / "new", share=1.5)
    with pytest.raises(ModelError, match="cannot be read"):
        blend(one, tmp_path / "nowhere", tmp_path / "new")
