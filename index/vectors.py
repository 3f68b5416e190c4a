"""Nearest neighbours of a vector, with FAISS: exact search that filters inside.

Knows numbers and vectors. Never knows text. The file is derived from the catalog's cached
vectors and can be made from them again at any time.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from index.errors import CorpusError

Numbers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]


class Vectors:
    """Unit vectors under passage numbers; similarity is their inner product, the cosine.

    Raises:
        CorpusError: numbers and vectors do not match in count.
    """

    def __init__(self, numbers: Numbers, matrix: Matrix) -> None:
        if len(numbers) != len(matrix):
            raise CorpusError(f"{len(numbers)} passages but {len(matrix)} vectors: the index is damaged, build it anew")
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(matrix.shape[1] if matrix.size else 1))
        if len(numbers):
            self._index.add_with_ids(np.ascontiguousarray(matrix), numbers)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: Matrix, k: int, allowed: Numbers | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages with their cosines, best first, among the `allowed` numbers only."""
        if not len(self) or (allowed is not None and not len(allowed)):
            return []
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBatch(allowed)
        scores, numbers = self._index.search(vector.reshape(1, -1), min(k, len(self)), params=parameters)
        return [(int(n), float(s)) for n, s in zip(numbers[0], scores[0], strict=True) if n >= 0]

    def save(self, path: Path) -> str:
        """Write the file whole or not at all; returns its SHA-256."""
        content = faiss.serialize_index(self._index).tobytes()
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        return hashlib.sha256(content).hexdigest()

    @classmethod
    def load(cls, path: Path, checksum: str | None) -> "Vectors | None":
        """Read the file, or None if it is missing or is not the one with this checksum."""
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != checksum:
            return None
        loaded = cls.__new__(cls)
        loaded._index = faiss.deserialize_index(np.frombuffer(content, np.uint8))
        return loaded
