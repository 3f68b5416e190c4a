"""Check that an index is whole, every half of it against the others and against the files, and make again what can be.

Knows what must agree, and what is derived from what. Never knows a model: what only a model can
make again is left to the next build.
"""

from pathlib import Path

from index.article import Article
from index.build import build_lock, publish, roots
from index.catalog import Catalog
from index.errors import InputError
from index.sources import read_articles
from index.store import VerifyReport
from index.vector_files import (
    ROWS_AT_ONCE,
    current_file,
    mend_vectors,
    open_vectors,
    remove_old_files,
    wanted_kind,
)
from index.vectors import are_unit


def verify(folder: Path) -> VerifyReport:
    """Check the SQLite file, articles, full text, every passage's place and vector, the vector file, the files read.

    That a file was changed since the last build is a note and no problem. Nothing is changed by this.

    Raises:
        CorpusError: there is no index in `folder`, or its catalog is too damaged to be read through.
    """
    with Catalog(folder) as catalog:
        agree = catalog.words_agree()  # before the snapshot, which would keep its lock while all files are read
        with catalog.snapshot():
            return _report(catalog, agree)


def _report(catalog: Catalog, agree: bool | None) -> VerifyReport:
    problems, notes = catalog.problems(), []
    if agree is None:
        notes.append("the full text was not compared with the passages, as the index cannot be locked now")
    elif not agree:
        problems.append("the full text is not that of the passages")
    articles, passages = catalog.count()
    vectors, unusual = _cached(catalog)
    if vectors != passages:
        problems.append(f"{passages - vectors} of {passages} passages have no vector")
    if unusual:
        problems.append(
            f"{len(unusual)} cached vectors are damaged: their length is not one, or their sentences' are missing"
        )
    path, loaded = current_file(catalog), open_vectors(catalog, thorough=True)
    if loaded is None:
        problems.append(f"{path.name} is missing or damaged")
    elif len(loaded) != passages:
        problems.append(f"{path.name} holds {len(loaded)} vectors for {passages} passages")
    notes += _changes(catalog)
    return VerifyReport(
        catalog.generation, catalog.meta("embedder") or "none", articles, passages, vectors,
        loaded.kind if loaded else "", tuple(problems), tuple(notes),
    )  # fmt: skip


def repair(folder: Path) -> tuple[str, ...]:
    """Make an index whole again as far as that goes without the model; returns what was done, a line each.

    The full text is made again from the passages, shared text and aliases from the articles and the vector file from
    the cached vectors. Articles that are damaged themselves, or lack a vector, are taken out: it is the next build
    that reads them again. What SQLite cannot read is not salvaged.

    Raises:
        CorpusError: there is no index in `folder`, its catalog cannot be read, or a build runs.
    """
    done = []
    with build_lock(folder, wait=0), Catalog(folder) as catalog:
        with catalog.transaction():
            if not catalog.words_agree():  # first of all, as to take out an article is to take out its words
                catalog.rebuild_words()
                done.append("the full text was made again from the passages")
            if is_shared_wrong := bool(catalog.shared.problems()):
                catalog.shared.clear()  # no article could be taken out of it
            if taken_out := catalog.take_out_damaged(_cached(catalog)[1]):
                catalog.rebuild_words()
                publish(catalog, wanted_kind(catalog))
                done.append(f"damaged articles were taken out: {taken_out:,}; run `qa index` to read them again")
            if is_shared_wrong:
                catalog.shared.rebuild()
                done.append("the sentences of all articles were compared again")
            if catalog.aliases.problems():
                catalog.aliases.rebuild()
                done.append("what the articles call by several names was learned again from them")
        with catalog.snapshot():
            path, loaded, passages = current_file(catalog), open_vectors(catalog, thorough=True), catalog.count()[1]
        if loaded is None or len(loaded) != passages:
            path.unlink(missing_ok=True)
            mend_vectors(catalog)
            done.append("the vector file was written again from the cached vectors")
        remove_old_files(catalog)
    return tuple(done)


def _cached(catalog: Catalog) -> tuple[int, list[int]]:
    """How many passages have a vector, and those whose own is not of length one or whose sentences' are not there."""
    count, unusual = 0, set(catalog.without_sentences())
    for numbers, matrix in catalog.vectors_in_blocks(ROWS_AT_ONCE):
        count += len(numbers)
        unusual.update(numbers[~are_unit(matrix)].tolist())
    return count, sorted(unusual)


def _changes(catalog: Catalog) -> list[str]:
    """How the files differ from what was read of them, if they do: one line."""
    try:
        files = {item.id: item.digest for item in read_articles(roots(catalog.folder)) if isinstance(item, Article)}
    except InputError as error:
        return [f"the files cannot be compared: {error}"]
    held = catalog.digests() | catalog.excluded()
    counts = {
        "changed": sum(files[name] != held[name] for name in files.keys() & held.keys()),
        "added": len(files.keys() - held.keys()),
        "gone": len(held.keys() - files.keys()),
    }
    if not any(counts.values()):
        return []
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return [f"articles in the files since the last build: {told}; run `qa index` to follow"]
