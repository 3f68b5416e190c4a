"""Where there is a CUDA device the figures are whole; where there is none that is said in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import typer

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"


@pytest.fixture(scope="module")
def gpu(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("gpu")


def has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def test_without_a_device_it_says_so_in_one_line(gpu: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    if has_cuda():
        pytest.skip("there is a CUDA device")
    with pytest.raises(typer.Exit) as ended:
        gpu.main(SEEDS)
    assert ended.value.exit_code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the device cuda is not at hand" in line


def test_with_a_device_everything_is_measured(gpu: ModuleType, tmp_path: Path) -> None:
    if not has_cuda():
        pytest.skip("there is no CUDA device")
    gpu.main(SEEDS, passages=100, questions=4, output=tmp_path)
    figures = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert 0 < figures["share of the chip"] <= 1
    assert figures["questions"] == 4
    assert (tmp_path / "gpu.svg").exists()
