"""Make an index agree with the articles: plan what changed, embed only what is new, publish at once.

Knows the order of things. Never knows questions.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from index.article import Article
from index.boilerplate import kept_spans
from index.catalog import Catalog
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.passages import CAPACITY, cut
from index.sources import Skipped, read_articles
from index.vector_files import Kind, is_of_kind, mend_vectors, publish_vectors, remove_old_files, wanted_kind

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not known)."""

EMBED_AT_ONCE = 256

TITLE_TOKENS = 40
"""Most of a title that is embedded with each passage: with the default model's 256 a passage keeps its own share."""

SPARE_TOKENS = 4
"""The special tokens of a model's window, and the line break after the title."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: ids of articles, and what could not be read with the reason."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]
    passages: int
    embedded: int
    generation: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """One article to be written: its passages' offsets, what is embedded for each, and its digest."""

    article: Article
    spans: list[tuple[int, int]]
    texts: list[str]
    digests: list[bytes]


def build(
    paths: Sequence[Path],
    folder: Path,
    embedder: Embedder,
    progress: Progress = lambda *_: None,
    vector_kind: Kind | None = None,
) -> BuildReport:
    """Make the index in `folder` hold exactly the articles under `paths`.

    The generation before stays whole and in use until the last moment; a build that is cut
    short leaves it so, and the next one goes on with the vectors already made.

    Where articles were published before and the folders given are empty now, the new
    generation is empty too: what was deleted is not to be cited any more.

    The vector index is exact for a small corpus and approximate for a large one, unless
    `vector_kind` asks for one of them; what was asked for holds until another is.

    Raises:
        InputError: a path does not exist, or there is no article that can be read under them, or no such kind.
        CorpusError: the index belongs to another embedder, is damaged, cannot be written, or
            another build runs.
    """
    started = time.perf_counter()
    items = read_articles(paths)  # a path that does not exist is refused here, before anything is made
    with _lock(folder), Catalog(folder, create=True) as catalog:
        check_embedder(catalog, embedder.identity)
        kind = wanted_kind(catalog, vector_kind)

        # 1. Read, and compare with what is there.
        before, seen, skipped, fresh = catalog.digests(), set(), [], []
        for item in items:
            if isinstance(item, Skipped):
                skipped.append(item)
                continue
            seen.add(item.id)
            if before.get(item.id) != item.digest:
                fresh.append(item)
            progress("reading", len(seen), 0)
        if not seen and not (catalog.generation and _emptied(paths, skipped)):
            raise InputError(_nothing_to_read(paths, skipped))
        removed = sorted(before.keys() - seen)

        # 2. Cut what is new into passages and embed those whose text was never embedded.
        pieces = []
        for article in fresh:
            pieces.append(_cut(article, embedder))
            progress("cutting", len(pieces), len(fresh))
        embedded = _embed(pieces, catalog, embedder, progress)

        # 3. Publish: the commit is the moment; the vector file of the new generation is already there.
        roots = json.dumps([str(path.resolve()) for path in paths])
        if fresh or removed or not is_of_kind(catalog, kind):
            with catalog.transaction():
                for article_id in removed:
                    catalog.remove(article_id)
                for piece in pieces:
                    catalog.put(piece.article, piece.spans, piece.digests)
                generation = catalog.generation + 1
                publish_vectors(catalog, generation, kind)
                catalog.forget_unused_vectors()
                catalog.set_meta(generation=str(generation), embedder=embedder.identity, roots=roots)
        else:
            mend_vectors(catalog)
            if (catalog.meta("roots"), catalog.meta("vector_kind")) != (roots, kind):
                with catalog.transaction():
                    catalog.set_meta(roots=roots, vector_kind=kind)
        remove_old_files(catalog)  # also those of a build that was killed just before this line

        added = tuple(article.id for article in fresh if article.id not in before)
        changed = tuple(article.id for article in fresh if article.id in before)
        return BuildReport(
            added, changed, tuple(removed), len(seen) - len(fresh), tuple(skipped),
            catalog.count()[1], embedded, catalog.generation, time.perf_counter() - started,
        )  # fmt: skip


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
    title, taken = _short_title(article.title, embedder)
    capacity = max(1, min(CAPACITY, embedder.max_tokens - taken - SPARE_TOKENS))
    spans = cut(article.text, kept_spans(article.text), embedder.token_offsets, capacity)
    texts = [f"{title}\n{article.text[start:end]}" for start, end in spans]
    return _Piece(article, spans, texts, [_vector_digest(text, embedder) for text in texts])


def _short_title(title: str, embedder: Embedder) -> tuple[str, int]:
    """What is embedded of a title, and its tokens; a quarter at most of a window that is a small one."""
    (offsets,) = embedder.token_offsets([title])
    most = min(TITLE_TOKENS, embedder.max_tokens // 4)
    return (title, len(offsets)) if len(offsets) <= most else (title[: offsets[most][0]].rstrip(), most)


def _vector_digest(text: str, embedder: Embedder) -> bytes:
    """Names a vector by all that it comes from: a build cut short may leave some of another embedder's."""
    return hashlib.sha256(f"{embedder.identity}\0{text}".encode()).digest()


def _emptied(paths: Sequence[Path], skipped: Sequence[Skipped]) -> bool:
    """Whether no article is there, rather than none that can be read or no place to look."""
    return bool(paths) and all(path.is_dir() for path in paths) and all(item.states_metadata for item in skipped)


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
def _lock(folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(folder / "build.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise CorpusError(f"another build of {folder} is under way: wait for it to end") from error
    except OSError as error:
        raise InputError(f"the index folder {folder} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def _nothing_to_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(os.fspath(path) for path in paths) or "no path"
    reasons = "".join(f"; {item.path}: {item.reason}" for item in skipped[:3])
    return f"no article to read in {where} (.txt, .md, .html, .jsonl and .csv are read){reasons}"
