"""What is kept in Milvus, and how: the collections of an index, their fields, and what a reader of a generation sees.

Knows fields and filters. Never knows SQLite, or in which order things are written.

    <name>             an alias, of the manifest of the published generation: to move it is to publish
    <name>_g<n>_<t>    a manifest, an empty collection; its name says the generation and its token
    <name>_passages    a row for each passage: place, outlet, date, words, lines, vector, its sentences' vectors
    <name>_records     everything else, in rows of one kind each: articles, their texts, names, facts
    <name>_builder     an alias, of the collection whose name says who builds, see `index.milvus.lease`

Rows are never changed under a reader. Each says the generation that it was `born` in and that in
which it `died`, a far one while it lives; who reads generation g sees what was born by then and did
not die. A text longer than Milvus's longest goes in `part`s.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from index.errors import CorpusError
from index.milvus.bm25 import SERVER_K1, B
from index.milvus.server import LONG, Server, any_of
from index.store import Filter

ALIVE = 2**62
"""The generation in which a row died that did not."""

LONGEST = 60_000
"""Bytes of a text in one row; Milvus takes 65,535."""

VARCHAR = 65_535


_Field = tuple[str, str, dict[str, Any]]
"""A name, a type of Milvus's, and what else is said of the field."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A published generation. What was written before `moment`, a time of Milvus's own, belongs to it."""

    collection: str
    generation: int
    token: str
    moment: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The collections of one index."""

    name: str

    @property
    def passages(self) -> str:
        return f"{self.name}_passages"

    @property
    def records(self) -> str:
        return f"{self.name}_records"

    @property
    def builder(self) -> str:
        return f"{self.name}_builder"

    def manifest(self, generation: int, token: str) -> str:
        return f"{self.name}_g{generation}_{token}"

    def generation(self, collection: str) -> tuple[int, str] | None:
        """The generation and the token that the name of a manifest says; None if it is none of this index."""
        match = re.fullmatch(rf"{re.escape(self.name)}_g(\d+)_([0-9a-f]+)", collection)
        return (int(match[1]), match[2]) if match else None


def published(server: Server, layout: Layout) -> Manifest | None:
    """The generation that the alias stands for; None before the first."""
    found = server.find("describe_collection", layout.name)
    said = layout.generation(found["collection_name"]) if found else None
    return Manifest(found["collection_name"], *said, int(found.get("created_timestamp") or 0)) if said else None


def has_words(server: Server) -> bool:
    """Whether it searches by words: Milvus does from 2.5 on."""
    version = server.version()
    number = re.match(r"v?(\d+)\.(\d+)", version)
    return "milvus_lite" in version or bool(number and (int(number[1]), int(number[2])) >= (2, 5))


def make_collections(server: Server, layout: Layout, dimension: int, words: bool, kind: str) -> None:
    """Make what is not there yet; passages only where the dimension of their vectors is known."""
    if not server.call("has_collection", layout.records):
        _make_records(server, layout)
    if dimension and not server.call("has_collection", layout.passages):
        _make_passages(server, layout, dimension, words, kind)
    check_fields(server, layout)
    for name in (layout.records, layout.passages):
        if server.call("has_collection", name):
            server.call("load_collection", name, patience=LONG)


def has_all_fields(server: Server, layout: Layout) -> bool:
    """Whether passages are kept there as this version keeps them; where there are none, they will be."""
    there = server.find("describe_collection", layout.passages)
    return not there or "sentences" in [field["name"] for field in there["fields"]]


def check_fields(server: Server, layout: Layout) -> None:
    """Raises: CorpusError: passages are kept there as an earlier version kept them."""
    if not has_all_fields(server, layout):
        raise CorpusError(
            f"the index {layout.name} in {server.address} was made by an earlier version, which kept no vectors of "
            "sentences: build it under another name, or drop its collections"
        )


def make_empty(server: Server, collection: str) -> None:
    """A collection of which only the name counts."""
    schema = _schema(("blank", "FLOAT_VECTOR", {"dim": 2}), key=("key", "INT64", {}))
    server.call("create_collection", collection, schema=schema, patience=LONG)


def _make_records(server: Server, layout: Layout) -> None:
    long = {"max_length": VARCHAR}
    schema = _schema(
        ("kind", "VARCHAR", {"max_length": 16}), ("name", "VARCHAR", long), ("number", "INT64", {}),
        ("first", "VARCHAR", long), ("second", "VARCHAR", long), ("source", "VARCHAR", long),
        ("published", "INT64", {}), ("part", "INT64", {}), ("born", "INT64", {}), ("died", "INT64", {}),
        ("body", "VARCHAR", long), ("blank", "FLOAT_VECTOR", {"dim": 2}),
        key=("key", "VARCHAR", {"max_length": 128}),
    )  # fmt: skip
    indexes = [("blank", {"index_type": "FLAT", "metric_type": "L2"})]
    if "milvus_lite" not in server.version():  # to which they are of no use
        indexes += [(field, {"index_type": "Trie"}) for field in ("name", "first", "second")]
        indexes.append(("number", {"index_type": "STL_SORT"}))
    _make(server, layout.records, schema, indexes)


def _make_passages(server: Server, layout: Layout, dimension: int, words: bool, kind: str) -> None:
    pymilvus = import_module("pymilvus")
    long = {"max_length": VARCHAR}
    by_words: list[_Field] = [("sparse", "SPARSE_FLOAT_VECTOR", {})] if words else []
    analyzed = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "standard"}} if words else {}
    schema = _schema(
        ("article", "INT64", {}), ("start", "INT64", {}), ("end", "INT64", {}), ("source", "VARCHAR", long),
        ("published", "INT64", {}), ("born", "INT64", {}), ("died", "INT64", {}), ("digest", "VARCHAR", long),
        ("lines", "VARCHAR", long), ("sentences", "VARCHAR", long), ("title_words", "INT64", {}),
        ("words", "VARCHAR", long | analyzed), *by_words,
        ("vector", "FLOAT_VECTOR", {"dim": dimension}), key=("number", "INT64", {}),
    )  # fmt: skip
    graph = {"index_type": "HNSW", "metric_type": "COSINE", "params": {"M": 16, "efConstruction": 200}}
    exact = {"index_type": "FLAT", "metric_type": "COSINE"}
    indexes = [("vector", exact if kind == "exact" else graph)]
    if words:
        bm25 = pymilvus.FunctionType.BM25
        schema.add_function(pymilvus.Function("bm25", bm25, input_field_names="words", output_field_names="sparse"))
        weights = {"bm25_k1": SERVER_K1, "bm25_b": B}
        indexes.append(("sparse", {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": weights}))
    _make(server, layout.passages, schema, indexes)


def _schema(*fields: _Field, key: _Field) -> Any:
    pymilvus = import_module("pymilvus")
    schema = pymilvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    for name, kind, more in (key, *fields):
        schema.add_field(name, getattr(pymilvus.DataType, kind), is_primary=name == key[0], **more)
    return schema


def _make(server: Server, name: str, schema: Any, indexes: list[tuple[str, dict[str, Any]]]) -> None:
    params = import_module("pymilvus").MilvusClient.prepare_index_params()
    for field, more in indexes:
        params.add_index(field, **more)
    server.call("create_collection", name, schema=schema, consistency_level="Strong", patience=LONG)
    server.call(
        "create_index", name, params, sync=False, patience=LONG
    )  # nothing is in it yet that had to be waited for


def visible(generation: int) -> str:
    """What a reader of a generation sees."""
    return f"born <= {generation} and died > {generation}"


def permitted(allowed: Filter) -> list[str]:
    """The conditions of a filter, on fields that articles and passages both have; a day is counted from year 1."""
    found = [any_of("source", allowed.sources)] if allowed.sources else []
    if allowed.published_after or allowed.published_before:
        found.append("published > 0")
    if allowed.published_after:
        found.append(f"published >= {allowed.published_after.toordinal()}")
    if allowed.published_before:
        found.append(f"published <= {allowed.published_before.toordinal()}")
    return found


def parts(text: str) -> list[str]:
    """A text in pieces that a row can hold; one empty piece of an empty text."""
    pieces, rest = [], text.encode()
    while len(rest) > LONGEST:
        piece = rest[:LONGEST].decode(errors="ignore")  # a character cut in two goes to the next
        pieces.append(piece)
        rest = rest[len(piece.encode()) :]
    return [*pieces, rest.decode()]
