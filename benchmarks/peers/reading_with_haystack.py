"""Haystack's extractive reader by itself: one answer for each passage, the best it finds with the same weights.

It gives the model no token types (as of 2.0.0), so that question and passage look like one text, and bounds the length
of no answer; that it finds other spans than a plain loop over the same model is its own doing.
"""

import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read at import

from haystack import Document
from haystack_integrations.components.readers.transformers import TransformersExtractiveReader
from task import Passages, perform_reading


class Haystack:
    def __init__(self, reader: str) -> None:
        self._reader = TransformersExtractiveReader(model=reader, answers_per_seq=1, no_answer=False)
        self._reader.warm_up()

    def read(self, question: str, passages: Passages) -> list[tuple[str, bool]]:
        documents = [Document(id=str(place), content=text) for place, text in enumerate(passages)]
        answers = self._reader.run(query=question, documents=documents, top_k=len(documents))["answers"]
        best = {answer.document.id: answer.data for answer in answers if answer.document}
        return [(best.get(document.id) or "", True) for document in documents]


if __name__ == "__main__":
    perform_reading(Haystack)
