"""One builder at a time, across machines.

Knows how Milvus lets one of several be the first. Never knows what is built.

Milvus has no locks. But an alias can be made only once, and so `<name>_builder` is the lease: it
stands for an empty collection whose name says until when, and from which folder of which machine,
it is held. It is renewed while the build goes on. One whose time is over, or whose builder worked
in this very folder and so is dead, as its lock is ours, may be taken over.

What this cannot exclude: machines whose clocks differ by more than the lease lasts; and a builder
that sleeps between its last look at the lease and the move of the alias, while another takes over
and publishes. Then the later of the two counts, and the next build puts in order what is left.
"""

import hashlib
import os
import platform
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import CorpusError
from index.milvus.schema import Layout, make_empty
from index.milvus.server import Server

SECONDS = 120
"""How long a builder that dies on another machine is waited for."""

LOOK_AGAIN = 2.0
"""Seconds between two looks at a lease that another holds."""


@contextmanager
def lease(server: Server, layout: Layout, folder: Path, wait: float | None) -> Iterator[Callable[[], None]]:
    """Hold the lease; gives what raises CorpusError if it is held no more.

    Raises:
        CorpusError: another builder holds it, and still did after `wait` seconds; None waits as long as it takes.
    """
    held = _Lease(server, layout, folder)
    held.take(wait)
    ended = threading.Event()
    renewal = threading.Thread(target=held.renew_until, args=(ended,), daemon=True)
    renewal.start()
    try:
        yield held.check
    finally:
        ended.set()
        renewal.join()
        held.give_back()


class _Lease:
    def __init__(self, server: Server, layout: Layout, folder: Path) -> None:
        self._server, self._layout = server, layout
        place = hashlib.sha256(f"{platform.node()}\0{folder.resolve()}".encode()).hexdigest()[:12]
        host = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:40] or "host"
        self._prefix = f"{layout.name}_lease_"
        self._who = f"{place}_{os.getpid()}_{host}_{secrets.token_hex(4)}"
        self._place, self._collection = place, ""

    def take(self, wait: float | None) -> None:
        patient_until = None if wait is None else time.monotonic() + wait
        self._make()
        while not self._is_taken():
            if patient_until is not None and time.monotonic() >= patient_until:
                holder = self._holder()
                self._drop(self._collection)
                raise CorpusError(f"another build of {self._server.address} is under way{_told(holder)}: wait for it")
            time.sleep(LOOK_AGAIN)
            self._drop(self._collection)
            self._make()
        for other in self._server.call("list_collections"):
            if other.startswith(self._prefix) and other != self._collection and _expiry(other) < time.time() - SECONDS:
                self._drop(other)

    def _is_taken(self) -> bool:
        """Whether it could be had now."""
        holder = self._holder()
        if holder is None:
            with suppress(CorpusError):  # another was quicker
                self._server.call("create_alias", self._collection, self._layout.builder)
        elif _expiry(holder) < time.time() or _place(holder) == self._place:
            self._server.call("alter_alias", self._collection, self._layout.builder)
            self._drop(holder)
        return self._holder() == self._collection

    def renew_until(self, ended: threading.Event) -> None:
        while not ended.wait(SECONDS / 4):
            with suppress(CorpusError):  # before it publishes, the build looks whether the lease is held
                self.check()
                before = self._collection
                self._make()
                self._server.call("alter_alias", self._collection, self._layout.builder)
                self._drop(before)

    def check(self) -> None:
        holder = self._holder()
        if holder is None or not holder.endswith(self._who):
            raise CorpusError(f"another build of {self._server.address} has taken over{_told(holder)}: build again")

    def give_back(self) -> None:
        with suppress(CorpusError):  # then it ends by itself
            self.check()
            self._server.call("drop_alias", self._layout.builder)
            self._drop(self._collection)

    def _make(self) -> None:
        self._collection = f"{self._prefix}{int(time.time()) + SECONDS}_{self._who}"
        make_empty(self._server, self._collection)

    def _drop(self, collection: str) -> None:
        self._server.find("drop_collection", collection)

    def _holder(self) -> str | None:
        found = self._server.find("describe_collection", self._layout.builder)
        return str(found["collection_name"]) if found else None


def _fields(collection: str) -> list[str]:
    return collection.rpartition("_lease_")[2].split("_")


def _expiry(collection: str) -> float:
    return float(_fields(collection)[0])


def _place(collection: str) -> str:
    return _fields(collection)[1]


def _told(holder: str | None) -> str:
    if holder is None:
        return ""
    _, _, process, host, *_ = _fields(holder)
    return f" (process {process} on {host})"
