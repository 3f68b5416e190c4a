"""Makes a workbook anew from what Milvus serves, so that any machine can go on with an index.

Knows what a catalog is made of. Never knows files or models: vectors come from Milvus, and what is
learned of names and shared sentences is learned again from the texts.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.boilerplate import kept_spans
from index.build import publish
from index.catalog import Catalog
from index.embedder import Embedding
from index.introductions import naming
from index.milvus.rows import ARTICLE, TEXT, article_from, damaged_vectors, directions_from
from index.milvus.server import Row, any_of, batches
from index.milvus.snapshot import Reader
from index.store import Progress
from index.syndication import lines_of
from index.vector_files import wanted_kind

ARTICLES_AT_ONCE = 50
"""Articles whose texts and vectors are held at a time."""


def restore(reader: Reader, facts: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Put into `folder`, emptied first, a catalog of a generation: articles, numbers and vectors as they are there.

    An article whose text is not what was written, or that lacks a passage or the vectors of one, is left out: the next
    build reads it again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    everything = sorted(reader.all_records(ARTICLE), key=lambda said: said["number"])
    with Catalog(folder, create=True) as catalog:
        done = 0
        for some in batches(everything, ARTICLES_AT_ONCE):
            _put(catalog, reader, some)
            done += len(some)
            progress("fetching", done, len(everything))
        with catalog.transaction():
            catalog.continue_at(facts["used"]["articles"] + 1, facts["used"]["passages"] + 1)
            catalog.set_meta(vector_kind=facts["vector_kind"])
            publish(
                catalog, wanted_kind(catalog), embedder=facts["embedder"], roots=json.dumps(facts["roots"]),
                excluded=json.dumps(facts["excluded"]),
            )  # fmt: skip


def _put(catalog: Catalog, reader: Reader, everything: Sequence[Any]) -> None:
    passages = _passages(reader, [said["number"] for said in everything])
    texts = dict(reader.all_texts(TEXT, any_of("name", [said["digest"] for said in everything])))
    whole = []
    for said in everything:
        article = article_from(said, texts.get(said["digest"], ""))
        own = passages.get(said["number"], [])
        if article.digest == said["digest"] and len(own) == said["passages"] and not damaged_vectors(own):
            whole.append((said, article, own))
    catalog.cache_vectors({bytes.fromhex(row["digest"]): _embedding(row) for _, _, own in whole for row in own})
    with catalog.transaction():
        for said, article, own in whole:
            catalog.continue_at(said["number"], own[0]["number"] if own else 1)
            kept = kept_spans(article.text)
            spans = [(row["start"], row["end"]) for row in own]
            digests = [bytes.fromhex(row["digest"]) for row in own]
            catalog.put(article, spans, digests, lines_of(article.text, kept), naming(article.text, kept))
        catalog.assign({name: said["digest"] for said, _, _ in whole for name in (said["id"], *said["copies"])})


def _embedding(row: Row) -> Embedding:
    vector = np.asarray(row["vector"], np.float32)
    return Embedding(vector, directions_from(row["sentences"], len(vector)))


def _passages(reader: Reader, articles: list[int]) -> dict[int, list[Row]]:
    """The passages of articles, by article, in the order of their numbers."""
    found: dict[int, list[Row]] = {}
    if reader.server.call("has_collection", reader.layout.passages):
        where = f"{any_of('article', articles)} and {reader.visible}"
        fields = ["number", "article", "start", "end", "digest", "vector", "sentences"]
        for page in reader.server.pages(reader.layout.passages, "number", where, fields):
            for row in page:
                found.setdefault(row["article"], []).append(row)
    return found
