"""Haystack in the comparison: the indexing and the hybrid extractive pipeline that its documentation describes."""

import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read at import

from pathlib import Path

from haystack import Pipeline
from haystack.components.converters import TextFileToDocument
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.readers.transformers import TransformersExtractiveReader
from task import OVERLAP, WORDS, Order, perform


class Haystack:
    def __init__(self, order: Order) -> None:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        self._indexing = Pipeline()
        self._indexing.add_component("converter", TextFileToDocument())
        self._indexing.add_component(
            "splitter", DocumentSplitter(split_by="word", split_length=WORDS, split_overlap=OVERLAP)
        )
        embedder = SentenceTransformersDocumentEmbedder(model=order.embedder, progress_bar=False)
        self._indexing.add_component("embedder", embedder)
        self._indexing.add_component("writer", DocumentWriter(store))
        for one, other in (("converter", "splitter"), ("splitter", "embedder"), ("embedder", "writer")):
            self._indexing.connect(one, other)
        k = order.passages_read
        self._asking = Pipeline()
        self._asking.add_component(
            "embedder", SentenceTransformersTextEmbedder(model=order.embedder, progress_bar=False)
        )
        self._asking.add_component("dense", InMemoryEmbeddingRetriever(store, top_k=50))
        self._asking.add_component("words", InMemoryBM25Retriever(store, top_k=50))
        self._asking.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=k))
        self._asking.add_component("reader", TransformersExtractiveReader(model=order.reader, top_k=1, no_answer=False))
        self._asking.connect("embedder.embedding", "dense.query_embedding")
        self._asking.connect("dense", "joiner")
        self._asking.connect("words", "joiner")
        self._asking.connect("joiner.documents", "reader.documents")
        self._indexing.warm_up()
        self._asking.warm_up()

    def build(self, folder: Path) -> None:
        self._indexing.run({"converter": {"sources": sorted(folder.rglob("*.txt"))}})

    def ask(self, question: str) -> str:
        asked = {"embedder": {"text": question}, "words": {"query": question}, "reader": {"query": question}}
        answers = self._asking.run(asked)["reader"]["answers"]
        return (answers[0].data or "") if answers else ""


if __name__ == "__main__":
    perform(Haystack)
