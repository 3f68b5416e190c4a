"""Builds an index in a process of its own: ADDRESS WORKDIR ARTICLES STEP; says "built GENERATION", or the error.

Before the call to Milvus of that number it says "now", so that it can be killed there.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[3]))  # the project before its tests, which have an `index` too

from conftest import WordEmbedder

from index.errors import QAError
from index.milvus import MilvusStore
from index.milvus.server import Address, Server


class Counting(Server):
    """A server that says when it is asked for the so-manieth time."""

    def __init__(self, address: str, step: int) -> None:
        super().__init__(Address.read(address), timeout=30)
        self._left = step

    def call(self, method: str, *values: Any, patience: float = 1, **named: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            print("now", method, flush=True)
        return super().call(method, *values, patience=patience, **named)


def main() -> None:
    address, work, articles, step = sys.argv[1:]
    store = MilvusStore(address, Path(work), server=Counting(address, int(step)))
    try:
        print("built", store.build([Path(articles)], WordEmbedder()).generation, flush=True)
    except QAError as error:
        print(error, flush=True)


if __name__ == "__main__":
    main()
