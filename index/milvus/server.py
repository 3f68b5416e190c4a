"""One Milvus server as this project asks it: every call bounded in time, every failure one line.

Knows pymilvus, what an address says, and how a server refuses. Never knows what is kept in its collections.
"""

import logging
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from index.errors import CorpusError, InputError

TIMEOUT = 10.0
"""Seconds that a server has for an answer, unless `$QA_STORE_TIMEOUT` says otherwise."""

LONG = 12
"""How many times as long it has for what takes long by nature: to write rows to the disk, to load a collection."""

PAGE = 1000
"""Rows that are read at a time."""

EMBEDDED_COLLECTION = "articles"
"""What the collections of a `.db` path are called."""

MISSING = (100, 1600)
"""Milvus's codes for a collection, or an alias, that does not exist."""

UNCONNECTED = 2
"""pymilvus's for a connection that could not be made again."""

UNLOADED = 101
"""That for a collection whose rows are not at hand to be searched."""

Row = dict[str, Any]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Address:
    """`http://[user:password@]host:port/collection`, or a path that ends in `.db` for Milvus inside this process."""

    said: str
    uri: str
    collection: str
    token: str = ""

    @classmethod
    def read(cls, said: str) -> "Address":
        """Raises: InputError: it names no collection, or one that Milvus cannot have."""
        if "://" not in said:
            return cls(said, said, EMBEDDED_COLLECTION)
        parts = urlsplit(said)
        collection = parts.path.strip("/")
        if not parts.hostname or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", collection):
            raise InputError(
                f"{cls._shown(said)} names no index: it is http://HOST:PORT/COLLECTION, "
                "the collection of letters, digits and underscores"
            )
        token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        return cls(said, f"{parts.scheme}://{parts.hostname}:{parts.port or 19530}", collection, token)

    @property
    def path(self) -> Path | None:
        """The files of Milvus inside this process; None for a server."""
        return None if "://" in self.uri else Path(self.uri)

    def __str__(self) -> str:
        return self._shown(self.said)

    @staticmethod
    def _shown(said: str) -> str:
        """Without the password."""
        return re.sub(r"(?<=://)[^/@]*@", "", said)


class Server:
    """A connection, made when it is first needed, for any number of threads.

    Raises, whatever is called:
        CorpusError: the server cannot be reached, gives no answer in time, or refuses.
    """

    def __init__(self, address: Address, timeout: float | None = None) -> None:
        self.address = address
        self._timeout = _timeout() if timeout is None else timeout
        self._lock = threading.Lock()
        self._client: Any = None

    def call(self, method: str, *values: Any, patience: float = 1, **named: Any) -> Any:
        """A method of pymilvus's client; `patience` times as long is waited for it.

        A server that was started again may have to be told to load a collection.
        """
        try:
            try:
                return getattr(self._connected(), method)(*values, timeout=self._timeout * patience, **named)
            except _failures() as error:
                if getattr(error, "code", None) != UNLOADED or method == "load_collection":
                    raise
                self.call("load_collection", values[0], patience=LONG)
                return getattr(self._connected(), method)(*values, timeout=self._timeout * patience, **named)
        except _failures() as error:
            raise self._failed(error) from error

    def find(self, method: str, *values: Any) -> Any:
        """The same of something that may not exist: then None."""
        try:
            return getattr(self._connected(), method)(*values, timeout=self._timeout)
        except _failures() as error:
            if getattr(error, "code", None) in MISSING:
                return None
            raise self._failed(error) from error

    def pages(
        self, collection: str, key: str, where: str, fields: Sequence[str], at_once: int = PAGE
    ) -> Iterator[list[Row]]:
        """All rows that fulfil a condition, so many at a time, in the order of their primary key, `key`.

        pymilvus's own iterator reads as of its first page without waiting for what was written just before: on the
        standalone server 2.3.5 it left out two fifths of 5,000 rows. So the pages are asked for one by one, each with
        the collection's own consistency, which is Strong. `iterator` is how Milvus is told to keep to the order.
        """
        beyond = ""
        while True:
            rows = self.call(
                "query", collection, filter=f"({where}){beyond}", output_fields=[*fields], limit=at_once,
                iterator="True", reduce_stop_for_best="True",
            )  # fmt: skip
            rows = sorted(rows, key=lambda row: row[key])
            if rows:
                yield rows
            else:
                return
            last = rows[-1][key]
            beyond = f" and {key} > {quoted(last) if isinstance(last, str) else last}"

    def count(self, collection: str, where: str) -> int:
        """How many rows fulfil a condition."""
        rows = self.call("query", collection, filter=where, output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def version(self) -> str:
        """What it says of itself; "milvus_lite-…" inside this process, "v2.6.1" of a server."""
        return str(self.call("get_server_version"))

    def close(self) -> None:
        """End the connection; Milvus inside this process ends with it, so that another may open its files."""
        with self._lock:
            if self._client is None:
                return
            self._client.close()
            self._client = None
            if path := self.address.path:
                import_module("milvus_lite.server_manager").server_manager_instance.release_server(str(path))

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                pymilvus = _library()
                token = {"token": self.address.token} if self.address.token else {}
                uri = str(self.address.path.absolute()) if self.address.path else self.address.uri
                self._client = pymilvus.MilvusClient(uri, timeout=self._timeout, dedicated=True, **token)
            return self._client

    def _failed(self, error: Exception) -> CorpusError:
        code = getattr(error, "code", None)
        if path := self.address.path:
            if self._client is None:
                return CorpusError(
                    f"{path} cannot be opened: one process at a time may; "
                    f"for several, `milvus-lite server --data-dir {path}` serves it at an address"
                )
        elif self._client is None or not isinstance(code, int) or code == UNCONNECTED:  # gRPC's own failure, or no link
            return CorpusError(
                f"Milvus at {self.address} gives no answer within {self._timeout:g} s: "
                "see that it runs and can be reached ($QA_STORE_TIMEOUT sets the seconds)"
            )
        said = " ".join(str(getattr(error, "message", error)).split())[:200]
        return CorpusError(f"Milvus at {self.address} refuses: {said}")


def batches(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    """All values, so many at a time."""
    for begin in range(0, len(values), size):
        yield values[begin : begin + size]


def quoted(value: str) -> str:
    """A text as it is written in a filter."""
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"{}"'.format(plain.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t"))


def any_of(field: str, values: Sequence[str] | Sequence[int]) -> str:
    """The condition that a field has one of these values."""
    return f"{field} in [{', '.join(quoted(v) if isinstance(v, str) else str(int(v)) for v in values)}]"


def _timeout() -> float:
    said = os.environ.get("QA_STORE_TIMEOUT", "")
    try:
        seconds = float(said or TIMEOUT)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise InputError(f"$QA_STORE_TIMEOUT is {said}: give the seconds that a server has for an answer")
    return seconds


def _library() -> Any:
    """pymilvus, which would print each failure with its traceback, kept quiet: what fails is raised, and told once."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    pymilvus = import_module("pymilvus")
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return pymilvus


def _failures() -> tuple[type[Exception], ...]:
    grpc, exceptions = import_module("grpc"), import_module("pymilvus.exceptions")
    return exceptions.MilvusException, grpc.RpcError, grpc.FutureTimeoutError
