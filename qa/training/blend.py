"""A reader between two others: their weights averaged.

Two readers of one kind, trained one from the other, often lie in one basin, and a point between
them answers better than either (Wortsman et al. 2022, arXiv:2203.05482 and arXiv:2109.01903).

Knows files of weights. Never knows how either was trained.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from index.errors import InputError, ModelError
from index.models import weights_digest
from qa.training.weights import write_weights

WEIGHTS = "model.safetensors"
BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json")
"""What comes with the weights, taken from the second reader."""


def blend(one: Path, other: Path, output: Path, share: float = 0.5) -> None:
    """Write a reader whose weights are `1 - share` of the first one's and `share` of the second's.

    Raises:
        ModelError: one of them cannot be read, or they are not of one kind.
        InputError: `share` is not between 0 and 1, or `output` cannot be written.
    """
    if not 0 <= share <= 1:
        raise InputError(f"the share is {share}: it must lie between 0 and 1")
    first, second = (_weights(folder) for folder in (one, other))
    if {n: w.shape for n, w in first.items()} != {n: w.shape for n, w in second.items()}:
        raise ModelError(f"{one} and {other} are not of one kind: their weights have other names or shapes")
    blended = {name: torch.lerp(first[name].float(), w.float(), share).to(w.dtype) for name, w in second.items()}
    recipe = {"of": [weights_digest(one)[:12], weights_digest(other)[:12]], "share": share}
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name in BESIDE:
            if (other / name).exists():
                shutil.copyfile(other / name, output / name)
        write_weights(blended, output / WEIGHTS, {"format": "pt"})
        (output / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error}") from error


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"the reader in {folder} cannot be read: {error}") from error
