"""Make an index agree with the articles: plan what changed, embed only what is new, publish at once.

Knows the order of things. Never knows questions.
"""

import hashlib
import json
import os
import platform
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock

from index.article import Article
from index.boilerplate import kept_spans
from index.catalog import Catalog
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.formats import READERS
from index.introductions import Naming, naming
from index.passages import CAPACITY, cut
from index.sources import Known, Skipped, find, read
from index.store import BuildReport, Kind, Progress
from index.syndication import Line, lines_of
from index.vector_files import is_of_kind, mend_vectors, publish_vectors, remove_old_files, wanted_kind

EMBED_AT_ONCE = 256

TITLE_TOKENS = 40
"""Most of a title that is embedded with each passage: with the default model's 256 a passage keeps its own share."""

SPARE_TOKENS = 4
"""The special tokens of a model's window, and the line break after the title."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One article to be written: its passages' offsets, what is embedded for each with its digest, lines and names."""

    article: Article
    spans: list[tuple[int, int]]
    texts: list[str]
    digests: list[bytes]
    lines: list[Line]
    naming: Naming


def build(
    paths: Sequence[Path],
    folder: Path,
    embedder: Embedder,
    progress: Progress = lambda *_: None,
    vector_kind: Kind | None = None,
    wait: float | None = 0,
    strict: bool = False,
) -> BuildReport:
    """Make the index in `folder` hold exactly the articles under `paths`.

    The generation before stays whole and in use until the last moment; a build that is cut
    short leaves it so, and the next one goes on with the vectors already made.

    Where the folders are those of the generation before and hold no article now, the new
    generation is empty too: what was deleted is not to be cited any more.

    Another build of the same index is waited for up to `wait` seconds, or for as long as it takes if that is None.

    The vector index is exact for a small corpus and approximate for a large one, unless
    `vector_kind` asks for one of them; what was asked for holds until another is.

    An article that was excluded stays out for as long as it is the same; changed, it is read again.
    With `strict` nothing is published where something that should be an article cannot be read;
    what a sidecar says wrongly leaves out no article, and does not count.

    Raises:
        InputError: a path does not exist, or there is no article that can be read under them, or no such kind;
            with `strict`, what could not be read, all of it.
        CorpusError: the index belongs to another embedder, is damaged, cannot be written, or
            another build runs; the error says which process that is.
    """
    started = time.perf_counter()
    files = find(paths)  # a path that does not exist is refused here, before anything is made
    with build_lock(folder, wait) as waited, Catalog(folder, create=True) as catalog:
        check_embedder(catalog, embedder.identity)
        kind = wanted_kind(catalog, vector_kind)
        roots = json.dumps([str(path.resolve()) for path in paths])

        # 1. Read what files are not as they were, and compare with what is there.
        before, kept_out = catalog.digests(), catalog.excluded()
        known = set(before.values())
        readings = catalog.readings(lambda name, digest: digest in known or kept_out.get(name) == digest)
        found = _compare(read(find(paths) if waited else files, readings), known, kept_out, progress)
        after, skipped = found.articles, found.skipped
        if not after and not found.excluded and not (catalog.meta("roots") == roots and _emptied(paths, skipped)):
            raise InputError(_nothing_to_read(paths, skipped))
        if strict and (reasons := [f"{s.path}: {s.reason}" for s in skipped if not s.states_metadata]):
            raise InputError(f"nothing was published, as {len(reasons):,} cannot be read: {'; '.join(reasons)}")
        added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
        changed = sorted(name for name in after.keys() & before.keys() if after[name] != before[name])

        # 2. Cut what is new into passages and embed those whose text was never embedded.
        pieces = []
        for article in found.fresh.values():
            pieces.append(_cut(article, embedder))
            progress("cutting", len(pieces), len(found.fresh))
        embedded = _embed(pieces, catalog, embedder, progress)

        # 3. Publish: the commit is the moment; the vector file of the new generation is already there.
        if added or changed or removed or not is_of_kind(catalog, kind):
            with catalog.transaction():
                for piece in pieces:
                    catalog.put(piece.article, piece.spans, piece.digests, piece.lines, piece.naming)
                catalog.assign({name: after.get(name) for name in (*added, *changed, *removed)})
                readings.save()
                still_out = json.dumps({name: digest for name, digest in kept_out.items() if name not in after})
                publish(catalog, kind, embedder=embedder.identity, roots=roots, excluded=still_out)
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
            found.excluded,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """What the files hold: articles as digests by id, by digest those not known, what is left out or was skipped."""

    articles: dict[str, str]
    fresh: dict[str, Article]
    excluded: tuple[str, ...]
    skipped: list[Skipped]


def _compare(
    items: Iterable[Article | Known | Skipped], known: set[str], kept_out: Mapping[str, str], progress: Progress
) -> _Found:
    articles, fresh, excluded, skipped = dict[str, str](), dict[str, Article](), dict[str, None](), list[Skipped]()
    for item in items:
        if isinstance(item, Skipped):
            skipped.append(item)
            continue
        digest = item.digest
        if kept_out.get(item.id) == digest:
            excluded[item.id] = None
            continue
        articles[item.id] = digest
        if digest not in known and isinstance(item, Article):
            fresh.setdefault(digest, item)
        progress("reading", len(articles), 0)
    return _Found(articles, fresh, tuple(excluded), skipped)


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


def _cut(article: Article, embedder: Embedder) -> _Piece:
    """The title stands before each passage that is embedded: a passage alone may not name its subject."""
    title, taken = _short_title("" if article.is_untitled else article.title, embedder)
    capacity = max(1, min(CAPACITY, embedder.max_tokens - taken - SPARE_TOKENS))
    kept = kept_spans(article.text)
    spans = cut(article.text, kept, embedder.token_offsets, capacity)
    texts = [f"{title}\n{article.text[start:end]}".lstrip("\n") for start, end in spans]
    digests = [_vector_digest(text, embedder) for text in texts]
    return _Piece(article, spans, texts, digests, lines_of(article.text, kept), naming(article.text, kept))


def _short_title(title: str, embedder: Embedder) -> tuple[str, int]:
    """What is embedded of a title, and its tokens; a quarter at most of a window that is a small one."""
    (offsets,) = embedder.token_offsets([title])
    most = min(TITLE_TOKENS, embedder.max_tokens // 4)
    return (title, len(offsets)) if len(offsets) <= most else (title[: offsets[most][0]].rstrip(), most)


def _vector_digest(text: str, embedder: Embedder) -> bytes:
    """Names a vector by all that it comes from: a build cut short may leave some of another embedder's."""
    return hashlib.sha256(f"{embedder.identity}\0{text}".encode()).digest()


def _emptied(paths: Sequence[Path], skipped: Sequence[Skipped]) -> bool:
    """Whether the folders were looked through and hold no article, rather than could not be looked into."""
    unlisted = any((path / item.path).is_dir() for path in paths for item in skipped)
    return bool(paths) and all(path.is_dir() for path in paths) and not unlisted


def _embed(pieces: Sequence[_Piece], catalog: Catalog, embedder: Embedder, progress: Progress) -> int:
    texts = {digest: text for piece in pieces for digest, text in zip(piece.digests, piece.texts, strict=True)}
    missing = sorted(catalog.missing_vectors(texts), key=lambda digest: len(texts[digest]))
    finished = 0

    def done(count: int) -> None:
        nonlocal finished
        finished += count
        progress("embedding", finished, len(missing))

    for begin in range(0, len(missing), EMBED_AT_ONCE):
        part = missing[begin : begin + EMBED_AT_ONCE]
        catalog.cache_vectors(dict(zip(part, embedder.encode([texts[digest] for digest in part], done), strict=True)))
    return len(missing)


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
