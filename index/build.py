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
from index.passages import cut
from index.sources import Skipped, read_articles
from index.vectors import Vectors

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not known)."""

EMBED_AT_ONCE = 256


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


def build(paths: Sequence[Path], folder: Path, embedder: Embedder, progress: Progress = lambda *_: None) -> BuildReport:
    """Make the index in `folder` hold exactly the articles under `paths`.

    The generation before stays whole and in use until the last moment; a build that is cut
    short leaves it so, and the next one goes on with the vectors already made.

    Raises:
        InputError: a path does not exist, or there is no article that can be read under them.
        CorpusError: the index belongs to another embedder, is damaged, or another build runs.
    """
    started = time.perf_counter()
    with _lock(folder), Catalog(folder, create=True) as catalog:
        check_embedder(catalog, embedder.identity)

        # 1. Read, and compare with what is there.
        before, seen, skipped, fresh = catalog.digests(), set(), [], []
        for item in read_articles(paths):
            if isinstance(item, Skipped):
                skipped.append(item)
                continue
            seen.add(item.id)
            if before.get(item.id) != item.digest:
                fresh.append(item)
            progress("reading", len(seen), 0)
        if not seen:
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
        if fresh or removed:
            with catalog.transaction():
                for article_id in removed:
                    catalog.remove(article_id)
                for piece in pieces:
                    catalog.put(piece.article, piece.spans, piece.digests)
                generation = catalog.generation + 1
                checksum = Vectors(*catalog.passage_vectors()).save(vector_file(folder, generation))
                catalog.forget_unused_vectors()
                catalog.set_meta(generation=str(generation), embedder=embedder.identity, checksum=checksum, roots=roots)
            _remove_old_files(folder, generation)
        elif catalog.meta("roots") != roots:
            with catalog.transaction():
                catalog.set_meta(roots=roots)

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


def vector_file(folder: Path, generation: int) -> Path:
    """Where the FAISS file of a generation stands."""
    return folder / f"vectors-{generation}.faiss"


def _cut(article: Article, embedder: Embedder) -> _Piece:
    """The title stands before each passage that is embedded: a passage alone may not name its subject."""
    spans = cut(article.text, kept_spans(article.text), embedder.token_offsets)
    texts = [f"{article.title}\n{article.text[start:end]}" for start, end in spans]
    return _Piece(
        article, spans, texts, [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
    )


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "build.lock", timeout=0)
        with lock:
            yield
    except filelock.Timeout as error:
        raise CorpusError(f"another build of {folder} is under way: wait for it to end") from error
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise InputError(f"the index folder {folder} cannot be written: {error.strerror}") from error


def _remove_old_files(folder: Path, generation: int) -> None:
    for path in folder.glob("vectors-*"):
        if path != vector_file(folder, generation):
            path.unlink(missing_ok=True)


def _nothing_to_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(os.fspath(path) for path in paths) or "no path"
    reasons = "".join(f"; {item.path}: {item.reason}" for item in skipped[:3])
    return f"no article to read in {where} (.txt, .md, .html, .jsonl and .csv are read){reasons}"
