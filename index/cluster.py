"""Workers on a Ray cluster: Ray Data reads and cuts with tasks, and embeds with actors that load the model once.

Knows Ray. Never knows how anything is stored: what the cluster has prepared comes back bit by bit.

    ray              the cluster that this process is connected to, or that Ray's own RAY_ADDRESS names; else one
                     that is started on this machine, on its loopback address alone, and ends with the build
    HOST:PORT        the cluster with this address, of which this machine is a node
    ray://HOST:PORT  the cluster whose Ray Client server that is; this machine need be no node of it

The files must lie where every node reaches them under the same path, as on a shared file system, and
every node must have this project in the same version, and the model, in the same folder if one is
named. Work of a node that dies is done again by the others. An actor on the head node runs the
pipeline, and this process asks it for one block after another, as Ray's client cannot stream.
"""

import json
import logging
import os
import platform
import re
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from index.article import Article
from index.embedder import Embedder, Embedding, Parted, read_directions
from index.errors import CorpusError, InputError, ModelError, QAError
from index.files import File, Skipped
from index.pieces import Piece, piece_of
from index.readings import Known, Reading
from index.sources import Entry
from index.store import Progress
from index.workers import Have, Prepared, Read

if TYPE_CHECKING:
    from pyarrow import Table

ROWS = 64
"""Articles that are embedded together; the short passages of all of them apart from the long."""

BLOCK_BYTES = 2**20
"""About how much is read of a file, and held by one task, before others begin to cut it."""

FILES, TASKS = 64, 64
"""Most files that one task reads, and the least number of tasks where there are files enough."""

READS, CUTS, EMBEDS = 0.2, 0.4, 0.6
"""The CPUs that each step asks for. The last two fit on one together, if no more is left; and as no two of them are
alike, Ray leaves them apart, so that many cut what one read."""

LISTENS, ANSWERS = 5.0, 30.0
"""Seconds within which something must listen at an address, and turn out to be a cluster."""

TRIES = 3
"""Times that Ray's client server is asked to begin. It forks while it serves, and one in some twenty of its children
dies of that at once, or hangs (https://github.com/ray-project/ray/issues/63202)."""

BEGINS = 60.0
"""Seconds in which it must have begun; while its child hangs, Ray itself would wait without end."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS_SKIP_REGEX": "^"}
"""Told to Ray before it is imported: nothing is reported to anybody, nor said on standard output."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Has Ray listen where this machine alone can reach it, as by itself it does on systems other than Linux."""

PROBE = """
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="CRITICAL")
ray.cluster_resources()
"""

_RAISED = re.compile(r"^(?!ray\.)([\w.]*(?:Error|Exception)): (.*)$", re.MULTILINE)
"""An error and its message at the end of a traceback; not one of Ray's."""

Digests = npt.NDArray[np.bytes_]
"""Digests in order, shape (n,), that all processes of a machine read in the same place."""

Given = tuple[int, str, str, str, Mapping[str, str]]
"""A file as it is sent: its number, id, name and absolute path, and what is stated of it."""


class Cluster:
    """The workers at an address; nothing is started, and nobody asked, before there is something to read.

    Raises:
        InputError: Ray is not installed, or this is no address.
    """

    def __init__(self, address: str, embedder: Embedder) -> None:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if address != "ray" and not (host and port.isdecimal()):
            raise InputError(f"there can be no workers at {address!r}: say ray, ray://HOST:PORT or HOST:PORT")
        if find_spec("ray") is None or find_spec("pyarrow") is None:
            raise InputError("Ray is not installed: run `pip install 'qa-articles[cluster]'`")
        self._address, self._embedder = address, embedder

    def prepared(self, files: Sequence[Entry], have: Have, progress: Progress) -> Iterator[Prepared]:
        """As `index.workers.Workers` says; what stands in two articles may be embedded twice."""
        if not files:
            return
        given = [(n, e.file.id, e.file.name, os.path.abspath(e.file.where), e.stated) for n, e in enumerate(files)]
        articles = _in_order(map(bytes.fromhex, have.articles))
        vectors = _in_order(have.catalog.vector_digests())
        items: list[Known | Skipped] = []
        read = embedded = 0
        for table in _tables(self._address, self._embedder, given, articles, have.excluded, vectors):
            yield (made := _vectors(table))
            progress("embedding", embedded := embedded + len(made), 0)
            for kind, number, content in zip(*(table[name].to_pylist() for name in _ROW), strict=True):
                if kind == "piece":
                    piece = Piece.from_json(content)
                    items.append(Known(piece.article.id, piece.article.digest))
                    yield piece
                elif kind == "known":
                    items.append(Known(*json.loads(content)))
                elif kind == "skipped":
                    items.append(Skipped(*json.loads(content)))
                elif kind == "end":
                    yield Read(number, json.loads(content), items)
                    items = []
                else:
                    yield read_here(number, files[number], content)
                if kind in ("piece", "known"):
                    progress("reading", read := read + 1, 0)


def read_here(number: int, entry: Entry, node: str) -> Read:
    """What a file gives that a node did not find; it may have been there a moment ago.

    Raises:
        InputError: it is there for this process.
    """
    if os.path.exists(entry.file.where):
        raise InputError(
            f"{entry.file.where} is here, but not on the node {node}: "
            "put the articles where every node of the cluster reaches them under the same path"
        )
    reading = Reading(entry.file, entry.stated, entry.articles())
    for _ in reading:
        pass
    return Read(number, reading.key, reading.items)


# ---- between this process and the cluster --------------------------------------------------------------


def _tables(address: str, embedder: Embedder, *given: Any) -> Iterator["Table"]:
    """What the pipeline gives, block by block; the next is on its way while one is looked at.

    The embedder is made in the pipeline: where Ray's client server has to make it and cannot, it ends the connection.

    Raises:
        InputError: the cluster cannot be reached, or failed at the work more often than it tries again.
        ModelError: the model cannot be loaded there.
    """
    with _connected(address) as ray:
        head = {"node:__internal_head__": 0.001}
        try:
            packed = ray.cloudpickle.dumps(embedder)
            pipeline = ray.remote(num_cpus=0, resources=head)(_Pipeline).remote(packed, embedder.identity, *given)
            ahead = pipeline.next.remote()
            while (table := ray.get(ahead)) is not None:
                ahead = pipeline.next.remote()
                yield table
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise _told(error, address) from error


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected; where this connects, it disconnects too, and ends what it started.

    Raises:
        InputError: there is no cluster at the address, or not one that this process can use.
    """
    connected = sys.modules.get("ray")
    if address == "ray" and connected and connected.is_initialized():
        yield connected
        return
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    named = os.environ.get("RAY_ADDRESS", "local") if address == "ray" else address
    if named == "local":
        os.environ.update(LOOPBACK)
    else:
        _refuse_unreachable(named)
    import ray

    try:
        in_time(BEGINS, lambda: connect(ray, named)) if named.startswith("ray://") else connect(ray, named)
    except (RuntimeError, ConnectionError, ValueError, OSError) as error:
        raise _unreachable(named, error) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def in_time(seconds: float, work: Callable[[], None]) -> None:
    """Do what cannot be stopped, in a thread that does not keep the process alive; raises what it raises.

    Raises:
        TimeoutError: it is not done by then, and perhaps never.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    outcome.result(seconds)


def connect(ray: Any, address: str) -> None:
    """Connect Ray, which says nothing; it raises what Ray does, but where only the client server's child died."""
    logging.getLogger("ray.util.client.logsclient").disabled = True  # which tells of a lost connection by itself
    options = {} if address.startswith("ray://") else {"include_dashboard": False}
    with warnings.catch_warnings(action="ignore"):
        for left in reversed(range(TRIES)):
            try:
                ray.init(address, log_to_driver=False, logging_level="CRITICAL", **options)
                return
            except ConnectionAbortedError:
                if not left:
                    raise


def _refuse_unreachable(address: str) -> None:
    """Find out whether something listens, and whether it is a cluster, in a process of its own.

    For what is none Ray waits minutes, and then ends the process. Its client gives up in time by itself.
    """
    host, _, port = address.rpartition("//")[2].rpartition(":")
    command = [sys.executable, "-c", PROBE, address]
    try:
        if port.isdecimal():
            socket.create_connection((host, int(port)), LISTENS).close()
        if not address.startswith("ray://"):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=ANSWERS, errors="replace")
    except (OSError, OverflowError, subprocess.SubprocessError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> InputError:
    said = getattr(error, "strerror", None) or getattr(error, "stderr", None) or str(error)
    if isinstance(error, subprocess.TimeoutExpired | TimeoutError):
        said = "what listens there does not answer as a cluster does"
    return InputError(f"there is no Ray cluster to be reached at {address}: {_last_line(said)}")


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it gives no reason"])[-1]


def _told(error: Exception, address: str) -> QAError:
    """One line: what a worker reported on purpose, or else what it failed with.

    Ray sends a traceback, as text, and puts errors of its own before it and advice after it.
    """
    name, said = (_RAISED.findall(str(error)) or [("", _last_line(str(error)))])[-1]
    for kind in (InputError, ModelError, CorpusError):
        if name == f"{kind.__module__}.{kind.__name__}":
            return kind(said)
    said = f"{name}: {said}" if name else said
    return InputError(f"the workers at {address} failed ({said}): build again, what is embedded is kept")


# ---- on the cluster ------------------------------------------------------------------------------------

_ROW = ("kind", "file", "content")
"""The columns of every step: an article, a piece, one that is known, one that was skipped, a file that is at its end
or absent; the number of its file; and what there is to say of it, as JSON. The last step adds those below."""

_MADE = ("digests", "vectors", "counts", "sentences")
"""The digests of what was embedded for a row, the vectors, and of each how many sentences point where: each one
after the other."""


class _Pipeline:
    """All steps, on the head node; `next` gives a block of rows, in the order of the files, None at the end."""

    def __init__(
        self,
        packed: bytes,
        identity: str,
        files: Sequence[Given],
        articles: Digests,
        excluded: Mapping[str, str],
        made: Digests,
    ) -> None:
        import pyarrow
        import ray
        from ray.data import ActorPoolStrategy, DataContext, TaskPoolStrategy, from_arrow

        embedder: Embedder = ray.cloudpickle.loads(packed)
        context = DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = BLOCK_BYTES
        at_once = max(1, min(FILES, len(files) // TASKS))
        parts = (files[begin : begin + at_once] for begin in range(0, len(files), at_once))
        tables = [pyarrow.table({"given": [json.dumps(file) for file in part]}) for part in parts]
        there = ray.cluster_resources()
        cpus, gpus = max(1, int(there.get("CPU", 1))), int(there.get("GPU", 0) > 0)
        whole, known = {"batch_size": None, "batch_format": "pyarrow"}, (ray.put(articles), excluded)
        rows = from_arrow(tables)
        rows = rows.map_batches(_read, fn_args=known, num_cpus=READS, compute=TaskPoolStrategy(cpus), **whole)
        rows = rows.map_batches(_cut, fn_args=(embedder,), num_cpus=CUTS, compute=TaskPoolStrategy(cpus), **whole)
        rows = rows.map_batches(
            _Embed, fn_constructor_args=(embedder, identity, ray.put(made)), num_cpus=EMBEDS, num_gpus=gpus,
            compute=ActorPoolStrategy(min_size=1), batch_size=ROWS, batch_format="pyarrow",
        )  # fmt: skip
        self._tables = iter(rows.iter_batches(batch_size=None, batch_format="pyarrow"))

    def next(self) -> "Table | None":
        return next(self._tables, None)


def _read(files: "Table", articles: Any, excluded: Mapping[str, str]) -> Iterator["Table"]:
    """The rows of some files; the text of an article that is known, or left out, goes no further."""
    known = _fetched(articles)
    rows: list[tuple[str, int, str]] = []
    held = 0
    for number, id_, name, where, stated in map(json.loads, files["given"].to_pylist()):
        entry = Entry(File(id_, name, where, partial(_opened, where)), stated)
        if not os.path.exists(where):
            rows.append(("absent", number, platform.node()))
            continue
        reading = Reading(entry.file, entry.stated, entry.articles())
        for item in reading:
            rows.append(_row(item, number, known, excluded))
            held += len(rows[-1][2])
            if len(rows) >= ROWS or held >= BLOCK_BYTES:
                yield _table(rows)
                rows, held = [], 0
        rows.append(("end", number, json.dumps(reading.key)))
    yield _table(rows)


def _opened(path: str) -> BinaryIO:
    return open(path, "rb")


def _row(item: Article | Skipped, number: int, known: Digests, excluded: Mapping[str, str]) -> tuple[str, int, str]:
    if isinstance(item, Skipped):
        return "skipped", number, json.dumps([item.path, item.reason, item.states_metadata, item.may_pass])
    digest = item.digest
    if _has(known, bytes.fromhex(digest)) or excluded.get(item.id) == digest:
        return "known", number, json.dumps([item.id, digest])
    return "article", number, json.dumps(item.fields)


def _cut(rows: "Table", embedder: Embedder) -> "Table":
    """Pieces in place of the articles."""
    cut = []
    for kind, number, content in zip(*(rows[name].to_pylist() for name in _ROW), strict=True):
        is_article = kind == "article"
        piece = piece_of(Article.of_fields(*json.loads(content)), embedder).as_json() if is_article else content
        cut.append(("piece" if is_article else kind, number, piece))
    return _table(cut)


class _Embed:
    """An actor with the model, which adds the vectors that are not in the index."""

    def __init__(self, embedder: Embedder, identity: str, made: Any) -> None:
        if embedder.identity != identity:
            raise InputError(f"the node {platform.node()} has the embedder {embedder.identity}, not {identity}")
        self._embedder, self._made = embedder, _fetched(made)

    def __call__(self, rows: "Table") -> "Table":
        import pyarrow

        kinds, contents = rows["kind"].to_pylist(), rows["content"].to_pylist()
        pieces = [Piece.from_json(c) if kind == "piece" else None for kind, c in zip(kinds, contents, strict=True)]
        texts: list[dict[bytes, Parted]] = []
        seen: set[bytes] = set()
        for piece in pieces:
            own = dict(zip(piece.digests, piece.texts, strict=True)) if piece else {}
            texts.append({d: text for d, text in own.items() if d not in seen and not _has(self._made, d)})
            seen.update(own)
        every = [text for own in texts for text in own.values()]
        embedded = iter(self._embedder.embed(every)) if every else iter(())
        columns: list[list[bytes]] = [[], [], [], []]
        for own in texts:
            made = [next(embedded) for _ in own]
            counts = np.array([len(of.sentences) for of in made], "<i4")
            columns[0].append(b"".join(own))
            columns[1].append(b"".join(of.vector.astype("<f4").tobytes() for of in made))
            columns[2].append(counts.tobytes())
            columns[3].append(b"".join(of.sentences.tobytes() for of in made))
        for name, column in zip(_MADE, columns, strict=True):
            rows = rows.append_column(name, pyarrow.array(column, pyarrow.large_binary()))
        return rows


def _vectors(rows: "Table") -> dict[bytes, Embedding]:
    """What an embedding actor put into its columns."""
    found: dict[bytes, Embedding] = {}
    for digests, made, counts, sentences in zip(*(rows[name].to_pylist() for name in _MADE), strict=True):
        names = [digests[begin : begin + 32] for begin in range(0, len(digests), 32)]
        if not names:
            continue
        vectors = np.frombuffer(made, "<f4").reshape(len(names), -1)
        matrix = read_directions(sentences, vectors.shape[1])
        parts = np.split(matrix, np.cumsum(np.frombuffer(counts, "<i4"))[:-1])
        found |= zip(names, map(Embedding, vectors, parts), strict=True)
    return found


def _table(rows: Sequence[tuple[str, int, str]]) -> "Table":
    import pyarrow

    kinds = (pyarrow.string(), pyarrow.int64(), pyarrow.large_string())
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pyarrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pyarrow.table(arrays, names=list(_ROW))


def _fetched(reference: Any) -> Any:
    """What Ray keeps under a reference, where it has not been put in its place already."""
    import ray

    return ray.get(reference) if isinstance(reference, ray.ObjectRef) else reference


def _in_order(digests: Iterable[bytes]) -> Digests:
    return np.sort(np.fromiter(digests, "S32"))


def _has(digests: Digests, digest: bytes) -> bool:
    wanted = np.array([digest], digests.dtype)  # as there, zeros at its end are left out
    place = np.searchsorted(digests, wanted)[0]
    return bool(place < len(digests) and digests[place] == wanted[0])
