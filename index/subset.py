"""Which passages a search may find, as bits, and the sets that were asked for last.

Knows numbers. Never knows why a passage is in a set.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

KEPT = 32
"""Most sets that are kept; one of ten million passages takes 1.2 MB."""


class PassageSet:
    """Passages by number, a bit each; `bits` holds them as FAISS takes them, the lowest bit of a byte first."""

    def __init__(self, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> None:
        """All numbers from one of `first` to the one beside it in `last`; no two of these ranges overlap."""
        edges = np.zeros(int(last.max(initial=0)) + 2, np.int8)
        edges[first] += 1
        edges[last + 1] -= 1
        self._bytes = np.packbits(np.cumsum(edges[:-1], dtype=np.int8), bitorder="little").tobytes()
        self.bits = np.frombuffer(self._bytes, np.uint8)
        self._count = int((last - first + 1).sum())

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int64]) -> "PassageSet":
        """These very passages."""
        each = np.unique(numbers)
        begins = np.flatnonzero(np.diff(each, prepend=-2) > 1)
        ends = np.append(begins[1:], len(each)) - 1 if len(each) else begins
        return cls(each[begins], each[ends])

    def __len__(self) -> int:
        return self._count

    def contains(self) -> Callable[[int], bool]:
        """A quick way to ask for one after the other."""
        data, end = self._bytes, 8 * len(self._bytes)
        return lambda number: number < end and bool(data[number >> 3] >> (number & 7) & 1)


class RecentSets:
    """The sets that were asked for last, shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sets: OrderedDict[Hashable, PassageSet] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], PassageSet]) -> PassageSet:
        """The set of that key, made if it is not there; two threads may make the same one at once."""
        with self._lock:
            if key in self._sets:
                self._sets.move_to_end(key)
                return self._sets[key]
        made = make()
        with self._lock:
            self._sets[key] = made
            self._sets.move_to_end(key)
            while len(self._sets) > KEPT:
                self._sets.popitem(last=False)
        return made
