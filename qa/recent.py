"""What was worked out lately, for as long as there is room for it.

Knows how to forget: what was not asked for longest goes first. Never knows what it keeps, nor when it is out of date.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by key, of a bounded weight together, from any thread.

    Args:
        room: the most that all values may weigh; what weighs more by itself is not kept.
        weight: of one value; without it each weighs one.
    """

    def __init__(self, room: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        self._room, self._weight, self._filled = room, weight, 0
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """The value, which is now the one asked for last; None if it is not there any more."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value, in place of what was under its key, and forget what there is no more room for."""
        weight = self._weight(value)
        with self._lock:
            self._filled -= self._kept.pop(key, (None, 0))[1]
            if weight > self._room:
                return
            self._kept[key] = value, weight
            self._filled += weight
            while self._filled > self._room:
                self._filled -= self._kept.popitem(last=False)[1][1]

    def __len__(self) -> int:
        return len(self._kept)
