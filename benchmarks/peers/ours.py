"""This project in the comparison, as `qa index` and `QuestionAnswerer` have it."""

import tempfile
from pathlib import Path

from task import Order, perform

from index.build import build
from index.embedder import Embedder
from index.local import LocalStore
from qa.confidence import Calibration
from qa.pipeline import QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever


class Ours:
    def __init__(self, order: Order) -> None:
        self._embedder, self._reader = Embedder(order.embedder), Reader(order.reader)
        self._work = tempfile.TemporaryDirectory()
        self._embedder.encode(["ready"])

    def build(self, folder: Path) -> None:
        index = Path(self._work.name) / "index"
        build([folder], index, self._embedder)
        store, calibration = LocalStore(index), Calibration.of_reader(self._reader.folder)
        self._qa = QuestionAnswerer(store, Retriever(self._embedder), self._reader, calibration, self._embedder)

    def ask(self, question: str) -> str:
        return self._qa.ask(question, min_confidence=0.0).text


if __name__ == "__main__":
    perform(Ours)
