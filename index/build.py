"""Make an index agree with the articles: plan what changed, embed only what is new, publish at once.

Knows the order of things. Never knows questions.
"""

import json
import os
import platform
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import filelock

from index.catalog import Catalog
from index.cluster import Cluster
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.files import File, Listing, Skipped
from index.formats import READERS
from index.pieces import Piece, Spool
from index.readings import Known, Readings
from index.sources import Entry, entries, find
from index.store import BuildReport, Kind, Progress
from index.vector_files import is_of_kind, mend_vectors, publish_vectors, remove_old_files, wanted_kind
from index.workers import Alone, Have, Read, Workers


def build(
    paths: Sequence[Path],
    folder: Path,
    embedder: Embedder,
    progress: Progress = lambda *_: None,
    vector_kind: Kind | None = None,
    wait: float | None = 0,
    strict: bool = False,
    workers: str | None = None,
) -> BuildReport:
    """Make the index in `folder` hold exactly the articles under `paths`.

    The generation before stays whole and in use until the last moment; a build that is cut
    short leaves it so, and the next one goes on with the vectors already made.

    Where the folders are those of the generation before and hold no article now, the new
    generation is empty too: what was deleted is not to be cited any more.

    Another build of the same index is waited for up to `wait` seconds, or for as long as it takes if that is None.

    The vector index is exact for a small corpus and approximate for a large one, unless
    `vector_kind` asks for one of them; what was asked for holds until another is.

    An article that was excluded stays out for as long as it is the same; changed, it is read again. So is one that was
    readmitted, by the one build that follows: where that is cut short, the article stays out as it was.

    With `strict` nothing is published where something that should be an article cannot be read;
    what a sidecar says wrongly leaves out no article, and does not count.

    Files are read, cut and embedded by this process, or by the cluster that `workers` names, see `index.cluster`.
    What was read is held in memory a block at a time, and waits on the disk for its publication.

    Raises:
        InputError: a path does not exist, or there is no article that can be read under them, or no such kind;
            with `strict`, what could not be read, all of it; the workers cannot be had.
        CorpusError: the index belongs to another embedder, is damaged, cannot be written, or
            another build runs; the error says which process that is.
    """
    started = time.perf_counter()
    hands: Workers = Alone(embedder) if workers is None else Cluster(workers, embedder)
    files = find(paths)  # a path that does not exist is refused here, before anything is made
    with build_lock(folder, wait) as waited, Catalog(folder, create=True) as catalog, Spool(folder) as spool:
        check_embedder(catalog, embedder.identity)
        kind = wanted_kind(catalog, vector_kind)
        roots = json.dumps([str(path.resolve()) for path in paths])

        # 1. Find which files are not as they were.
        before, kept_out = catalog.digests(), _kept_out(catalog)
        have = Have(set(before.values()), kept_out, catalog)
        readings = catalog.readings(lambda name, digest: not have.lacks(name, digest))
        found = _Found(kept_out)
        unread = found.compare(find(paths) if waited else files, readings, progress)

        # 2. Read those, cut what is new into passages and embed those whose text was never embedded, bit by bit.
        embedded = 0
        for made in hands.prepared([entry for _, entry in unread], have, progress):
            if isinstance(made, Piece):
                spool.add(made)
            elif isinstance(made, Read):
                place, entry = unread[made.file]
                readings.note(entry.file.id, made.key, made.items)
                found.take(place, made.items)
            else:
                embedded += len(catalog.missing_vectors(made))
                catalog.cache_vectors(made)
        after, skipped = found.articles, found.skipped
        if not after and not found.excluded and not (catalog.meta("roots") == roots and _emptied(paths, skipped)):
            raise InputError(_nothing_to_read(paths, skipped))
        if strict and (reasons := [f"{s.path}: {s.reason}" for s in skipped if not s.states_metadata]):
            raise InputError(f"nothing was published, as {len(reasons):,} cannot be read: {'; '.join(reasons)}")
        added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
        changed = sorted(name for name in after.keys() & before.keys() if after[name] != before[name])

        # 3. Publish: the commit is the moment; the vector file of the new generation is already there.
        if added or changed or removed or not is_of_kind(catalog, kind):
            with catalog.transaction():
                for piece in spool:
                    catalog.put(piece.article, piece.spans, piece.digests, piece.lines, piece.naming)
                catalog.assign({name: after.get(name) for name in (*added, *changed, *removed)})
                readings.save()
                still_out = {name: digest for name, digest in catalog.excluded().items() if name not in after}
                publish(catalog, kind, embedder=embedder.identity, roots=roots, excluded=json.dumps(still_out))
        else:
            mend_vectors(catalog)
            if readings.have_changed or (catalog.meta("roots"), catalog.meta("vector_kind")) != (roots, kind):
                with catalog.transaction():
                    readings.save()
                    catalog.set_meta(roots=roots, vector_kind=kind)
        remove_old_files(catalog)  # also those of a build that was killed just before this line

        return BuildReport(
            tuple(added), tuple(changed), tuple(removed), len(after) - len(added) - len(changed), tuple(skipped),
            catalog.count()[1], embedded, catalog.generation, time.perf_counter() - started, catalog.count_copies(),
            tuple(found.excluded),
        )  # fmt: skip


@dataclass(slots=True)
class _Found:
    """What the files hold: articles as digests by id, ids that are left out, and what was skipped, by file."""

    kept_out: Mapping[str, str]
    articles: dict[str, str] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)
    _skipped: dict[int, list[Skipped]] = field(default_factory=dict)

    def compare(self, files: Sequence[Listing], readings: Readings, progress: Progress) -> list[tuple[int, Entry]]:
        """Take what is as it was; returns the files that are to be read, each with its place among all."""
        unread: list[tuple[int, Entry]] = []
        total = sum(isinstance(entry, File) and not entry.is_sidecar for found in files for entry in found.entries)
        compared = 0
        for place, entry in enumerate(entries(files)):
            if isinstance(entry, Skipped):
                self.take(place, [entry])
                continue
            if (items := readings.recalled(entry.file, entry.stated)) is not None:
                self.take(place, items)
            else:
                unread.append((place, entry))
            progress("comparing", compared := compared + 1, total)
        return unread

    def take(self, place: int, items: Iterable[Known | Skipped]) -> None:
        for item in items:
            if isinstance(item, Skipped):
                self._skipped.setdefault(place, []).append(item)
            elif self.kept_out.get(item.id) == item.digest:
                self.excluded.append(item.id)
            else:
                self.articles[item.id] = item.digest

    @property
    def skipped(self) -> list[Skipped]:
        """In the order of the files."""
        return [item for place in sorted(self._skipped) for item in self._skipped[place]]


def readmitted(catalog: Catalog) -> list[str]:
    """The ids that the next build is asked to let in, though they are excluded."""
    return list(json.loads(catalog.meta("readmitted") or "[]"))


def _kept_out(catalog: Catalog) -> dict[str, str]:
    """What this build leaves out. It alone was asked to let something in: no later one is, however this one ends."""
    if let_in := readmitted(catalog):
        catalog.set_meta(readmitted="[]")
    return {name: digest for name, digest in catalog.excluded().items() if name not in let_in}


def publish(catalog: Catalog, kind: Kind, **facts: str) -> None:
    """Inside a transaction that changed articles: make what it holds the next generation, with facts about it.

    Raises:
        CorpusError: the vector file cannot be written.
    """
    generation = catalog.generation + 1
    publish_vectors(catalog, generation, kind)
    catalog.forget_unused_vectors()
    catalog.set_meta(generation=str(generation), publication=secrets.token_hex(8), **facts)


def roots(folder: Path) -> list[Path]:
    """The paths that the index in `folder` was built from.

    Raises:
        CorpusError: there is no index, or it was never built whole.
    """
    with Catalog(folder) as catalog:
        stored = catalog.meta("roots")
    if stored is None:
        raise CorpusError(
            f"the index in {folder} was never finished: build it with `qa index PATH --index-dir {folder}`"
        )
    return [Path(path) for path in json.loads(stored)]


def check_embedder(catalog: Catalog, identity: str) -> None:
    """Refuse vectors of one model for questions of another.

    Raises:
        CorpusError: the index was built with another embedder.
    """
    stored = catalog.meta("embedder")
    if stored not in (None, identity):
        raise CorpusError(
            f"the index in {catalog.folder} was built with {stored}, but the embedder now is {identity}: "
            "name that embedder, or build into another --index-dir"
        )


def _emptied(paths: Sequence[Path], skipped: Sequence[Skipped]) -> bool:
    """Whether the folders were looked through and hold no article, rather than could not be looked into."""
    unlisted = any((path / item.path).is_dir() for path in paths for item in skipped)
    return bool(paths) and all(path.is_dir() for path in paths) and not unlisted


@contextmanager
def build_lock(folder: Path, wait: float | None) -> Iterator[bool]:
    """Keep other builds out; gives whether one had to be waited for. It ends with its process, however that does."""
    lock, holder = filelock.FileLock(folder / "build.lock"), folder / "build.holder"
    waited = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            waited = True
            lock.acquire(timeout=-1 if wait is None else wait)
        holder.write_text(f"process {os.getpid()} on {platform.node()}, since {datetime.now():%Y-%m-%d %H:%M:%S}")
    except filelock.Timeout as error:
        raise CorpusError(f"another build of {folder} is under way{_held_by(holder)}: wait for it to end") from error
    except OSError as error:
        lock.release()
        raise InputError(f"the index folder {folder} cannot be written: {error.strerror or error}") from error
    try:
        yield waited
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()


def _held_by(holder: Path) -> str:
    try:
        return f" ({holder.read_text()})"
    except OSError:  # it ends, or begins, just now
        return ""


def _nothing_to_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(os.fspath(path) for path in paths) or "no path"
    reasons = "".join(f"; {item.path}: {item.reason}" for item in skipped[:3])
    return f"no article to read in {where} ({' '.join(READERS)} are read){reasons}"
