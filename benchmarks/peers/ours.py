"""This project in the comparison, as `qa index` and `QuestionAnswerer` have it."""

from pathlib import Path

from task import Order, perform

from index.build import build
from index.embedder import Embedder
from index.local import LocalStore
from qa.bound import Bound
from qa.confidence import Calibration
from qa.pipeline import QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever


class Ours:
    def __init__(self, order: Order) -> None:
        self._embedder, self._reader = Embedder(), Reader()  # the same models, by their own names
        self._index = Path(order.work) / "index"
        self._embedder.encode(["ready"])

    def build(self, folder: Path) -> None:
        build([folder], self._index, self._embedder)
        self._qa = QuestionAnswerer(
            LocalStore(self._index),
            Retriever(self._embedder),
            self._reader,
            Calibration.of_reader(self._reader.folder),
            self._embedder,
            Bound.of_reader(self._reader.folder),
        )

    def ask(self, question: str) -> str:
        return self._qa.ask(question, min_confidence=0.0).text


if __name__ == "__main__":
    perform(Ours)
