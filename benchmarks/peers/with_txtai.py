"""txtai in the comparison: hybrid embeddings database and its extractive questions pipeline."""

from pathlib import Path

from task import Order, perform, pieces
from txtai import Embeddings
from txtai.pipeline import Questions


class Txtai:
    def __init__(self, order: Order) -> None:
        self._embeddings = Embeddings(path=order.embedder, hybrid=True, content=True)
        self._questions = Questions(path=order.reader, gpu=False)
        self._k = order.passages_read

    def build(self, folder: Path) -> None:
        texts = (file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.rglob("*.txt")))
        self._embeddings.index(piece for text in texts for piece in pieces(text))

    def ask(self, question: str) -> str:
        """Every passage is read, as by the others; answers come without a score: the first counts, as found best."""
        found = self._embeddings.search(question, self._k)
        answers = [self._read(question, passage["text"]) for passage in found]
        return next(filter(None, answers), "")

    def _read(self, question: str, text: str) -> str | None:
        """As the pipeline itself does it, passage by passage; where the reader prefers none it raises instead."""
        try:
            answer: str | None = self._questions([question], [text])[0]
        except TypeError:  # the null position is a word of neither question nor passage
            return None
        return answer


if __name__ == "__main__":
    perform(Txtai)
