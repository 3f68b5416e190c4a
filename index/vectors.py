"""Nearest neighbours of a vector, with FAISS: exact for a small corpus, approximate for a large one.

Knows numbers and vectors. Never knows text. The file is derived from the catalog's cached
vectors and can be made from them again at any time.

    exact        every vector as it is, in memory
    approximate  inverted lists over k-means cells (IVF, Jégou et al. 2011, doi:10.1109/TPAMI.2010.57) of vectors at
                 one byte a component, memory-mapped; what they find is ranked anew by the true vectors
"""

import copy
import hashlib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from index.errors import CorpusError
from index.subset import PassageSet

Numbers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]
VectorsOf = Callable[[Numbers], tuple[Numbers, Matrix]]
"""The true vectors of some passages; those that are not there any more are left out."""

LOOKED_AT = 200_000
"""How many quantised vectors a question is compared with at least; about eight milliseconds on one core.

A fifth of a million: of true vectors in as many lists, a tenth would leave out one of twenty neighbours.
"""

SHARE_LOOKED_AT = 1 / 8
"""The same as a share, once the corpus is so large that this is more."""

RANKED_ANEW = 2
"""How many times the neighbours asked for are ranked by their true vectors: quantising swaps close ones only."""

TRAINED_ON = 64
"""Vectors for each cell that k-means learns from; FAISS asks for 39 at least."""

ROUNDS = 10
"""Rounds of k-means."""

AT_ONCE = 1 << 20
"""Bytes that are read or written in one go."""


TOLERANCE = 1e-3
"""How far the length of a unit vector may be from one."""


def are_unit(matrix: Matrix) -> npt.NDArray[np.bool_]:
    """Which of the rows have length one; not so what is no number."""
    lengths: Matrix = np.linalg.norm(matrix, axis=1)
    return np.abs(lengths - 1) < TOLERANCE


class Vectors:
    """Unit vectors under passage numbers; similarity is their inner product, the cosine.

    Made from a matrix they are exact; `approximate` makes the other kind. Objects never change:
    `since` and `ranked_by` return another that shares the file.

    Raises:
        CorpusError: numbers and vectors do not match in count.
    """

    checksum: str | None = None
    """Of the file these were loaded from; None if they were made in memory."""

    def __init__(self, numbers: Numbers, matrix: Matrix) -> None:
        self._filed = _exact(numbers, matrix)
        self._late = _exact(numbers[:0], matrix[:0])
        self._gone = numbers[:0]
        self._vectors_of: VectorsOf | None = None

    @classmethod
    def approximate(cls, count: int, sample: Matrix, blocks: Iterable[tuple[Numbers, Matrix]]) -> "Vectors":
        """Inverted lists over the vectors of all `blocks`, about `count`, with cells learnt from a `sample` of them.

        The same vectors in the same order give the same file.
        """
        made = cls(np.empty(0, np.int64), sample[:0])
        dimension, lists = sample.shape[1], cells(count)
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimension), dimension, lists,
            faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT,
        )  # fmt: skip
        index.cp.spherical, index.cp.niter, index.cp.min_points_per_centroid = True, ROUNDS, 1
        index.train(np.ascontiguousarray(sample))
        for numbers, matrix in blocks:
            index.add_with_ids(np.ascontiguousarray(matrix), numbers)
        made._filed = index
        return made

    def __len__(self) -> int:
        return int(self._filed.ntotal) - len(self._gone) + int(self._late.ntotal)

    @property
    def is_exact(self) -> bool:
        return isinstance(self._filed, faiss.IndexIDMap)

    @property
    def kind(self) -> str:
        """For people: how neighbours are found."""
        return "exact" if self.is_exact else f"IVF{self._filed.nlist},SQ8, {self._lists(None)} probes"

    def since(self, gone: Numbers, numbers: Numbers, matrix: Matrix) -> "Vectors":
        """The same file brought up to date: without the `gone` of its numbers, with vectors that came after it."""
        later = copy.copy(self)
        later._gone, later._late = gone, _exact(numbers, matrix)
        return later

    def ranked_by(self, vectors_of: VectorsOf) -> "Vectors":
        """These, with what an approximate search finds ranked anew by true vectors. An exact search needs none."""
        ranked = copy.copy(self)
        ranked._vectors_of = vectors_of
        return ranked

    def search(self, vector: Matrix, k: int, allowed: PassageSet | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages with their cosines, best first, among the `allowed` ones only.

        What is not allowed is passed over inside the search, so that a filter costs no recall: with
        one an approximate search goes through all lists, and compares what is allowed alone.
        """
        if allowed is not None and not len(allowed):
            return []
        question, selector = vector.reshape(1, -1), _selector(allowed, self._gone)
        filed = self._search_filed(question, k, selector, self._lists(allowed))
        late = _nearest(self._late, question, k, selector)
        numbers, scores = np.concatenate([filed[0], late[0]]), np.concatenate([filed[1], late[1]])
        best = np.lexsort((numbers, -scores))[:k]
        return list(zip(numbers[best].tolist(), scores[best].tolist(), strict=True))

    def _search_filed(self, question: Matrix, k: int, selector: Any, lists: int) -> tuple[Numbers, Matrix]:
        if self.is_exact:
            return _nearest(self._filed, question, k, selector)
        if self._vectors_of is None:
            return _nearest(self._filed, question, k, selector, lists)
        # A damaged number is unknown here, or gets the true score of the passage it names: none stands for another.
        found, _ = _nearest(self._filed, question, RANKED_ANEW * k, selector, lists)
        numbers, matrix = self._vectors_of(np.unique(found))
        return numbers, np.einsum("ij,j->i", matrix, question[0]) if len(numbers) else np.empty(0, np.float32)

    def _lists(self, allowed: PassageSet | None) -> int:
        """How many of the lists a search goes through, the nearest first."""
        if self.is_exact:
            return 0
        count, lists = max(1, self._filed.ntotal), int(self._filed.nlist)
        looked_at = count if allowed is not None else max(LOOKED_AT, SHARE_LOOKED_AT * count)
        return int(min(lists, math.ceil(lists * looked_at / count)))

    def save(self, path: Path) -> str:
        """Write the file whole or not at all; returns the checksum to load it with."""
        beside, whole = path.with_name(f"{path.name}.new"), hashlib.sha256()
        with beside.open("wb") as file:

            def write(part: bytes) -> int:
                whole.update(part)
                return file.write(part)

            faiss.write_index(self._filed, faiss.PyCallbackIOWriter(write, AT_ONCE))
            file.flush()
            os.fsync(file.fileno())
        size = beside.stat().st_size
        head = size if self.is_exact else size - self._filed.ntotal * (self._filed.code_size + 8)
        seal = _Seal(size, head, _digest(beside, head), whole.hexdigest())
        os.replace(beside, path)
        return str(seal)

    @classmethod
    def load(cls, path: Path, checksum: str | None, thorough: bool = False) -> "Vectors | None":
        """Open the file, or None if it is missing or is not the one with this checksum.

        An exact file is read and checked whole. Of an approximate one, which is memory-mapped, the
        size and the head are checked, cells and lengths of lists, and only if `thorough` the lists:
        they may be gigabytes, and harm to one can lose a passage to a question, not make up one.
        """
        seal = _Seal.read(checksum)
        try:
            if seal is None or not seal.fits(path, thorough):
                return None
            index = _open(path, mapped=seal.head < seal.size)
        except OSError:
            return None
        loaded = cls(np.empty(0, np.int64), np.empty((0, index.d), np.float32))
        loaded._filed, loaded.checksum = index, checksum
        return loaded


def cells(count: int) -> int:
    """How many cells, and so lists: the power of two nearest to the square root of the count."""
    return int(2 ** round(math.log2(max(1, count)) / 2))


@dataclass(frozen=True, slots=True)
class _Seal:
    """What tells a file from another: its size, the digest of its head, and that of all of it."""

    size: int
    head: int
    head_digest: str
    digest: str

    def __str__(self) -> str:
        return f"{self.digest}-{self.size}-{self.head}-{self.head_digest}"

    @classmethod
    def read(cls, text: str | None) -> "_Seal | None":
        match = re.fullmatch(r"([0-9a-f]{64})-(\d+)-(\d+)-([0-9a-f]{64})", text or "")
        return cls(int(match[2]), int(match[3]), match[4], match[1]) if match else None

    def fits(self, path: Path, thorough: bool) -> bool:
        if path.stat().st_size != self.size or _digest(path, self.head) != self.head_digest:
            return False
        return not thorough or self.head == self.size or _digest(path, self.size) == self.digest


def _digest(path: Path, length: int) -> str:
    """SHA-256 of the first `length` bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(min(AT_ONCE, length)):
            digest.update(part)
            length -= len(part)
    return digest.hexdigest()


def _open(path: Path, mapped: bool) -> Any:
    """Only for a file whose head was checked: FAISS believes the lengths it reads."""
    if mapped:
        return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC)
    return faiss.deserialize_index(np.frombuffer(path.read_bytes(), np.uint8))


def _exact(numbers: Numbers, matrix: Matrix) -> Any:
    if len(numbers) != len(matrix):
        raise CorpusError(f"{len(numbers)} passages but {len(matrix)} vectors: the index is damaged, build it anew")
    index = faiss.IndexIDMap(faiss.IndexFlatIP(matrix.shape[1] or 1))
    if len(numbers):
        index.add_with_ids(np.ascontiguousarray(matrix), numbers)
    return index


@contextmanager
def _one_thread() -> Iterator[None]:
    """One question is work for one thread: others have nothing to do, but on a busy machine are waited for."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _selector(allowed: PassageSet | None, gone: Numbers) -> Any:
    """Lets through the allowed numbers, which are all there; without a filter all but the gone ones."""
    if allowed is not None:
        return faiss.IDSelectorBitmap(allowed.bits)
    return faiss.IDSelectorNot(faiss.IDSelectorBatch(gone)) if len(gone) else None


def _nearest(index: Any, question: Matrix, k: int, selector: Any, lists: int = 0) -> tuple[Numbers, Matrix]:
    """Up to `k` numbers with their scores, best first; `lists` are gone through if there are lists."""
    k = min(k, index.ntotal)
    if not k:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    parameters = faiss.SearchParametersIVF(nprobe=lists) if lists else faiss.SearchParameters()
    parameters.sel = selector
    with _one_thread():
        scores, numbers = index.search(question, k, params=parameters)
    return numbers[0][numbers[0] >= 0], scores[0][numbers[0] >= 0]
