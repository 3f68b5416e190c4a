"""Which file holds a generation's vectors, of which kind, and when it is written anew.

Knows the catalog's facts about the file. Never knows articles or questions.

A file holds the passages of the generation it is named by. What is published later is not
written to it: new passages have higher numbers, and are searched beside it from the catalog's
cached vectors; removed ones, which the catalog lists, are passed over. So a changed article costs
what it holds, at any size. Once the later ones come to a share of the file it is written anew,
as a log-structured merge does (O'Neil et al. 1996, doi:10.1007/s002360050048).

Rows of the catalog's meta tell of it, published together with the generation: `checksum`,
`vectors` (what `_Written` holds), `stamp` (see `_is_whole`) and `vector_kind` (what was asked for).
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from index.catalog import UNHARMED, Catalog
from index.errors import CorpusError
from index.store import Filter, Kind, checked_kind
from index.vectors import TRAINED_ON, Vectors, cells

EXACT_UP_TO = 40_000
"""Passages that are searched exactly where nothing else is asked for: about 60 MB and five milliseconds."""

LATE_SHARE, LATE_MOST = 0.1, 50_000
"""How many passages may come or go, of those in the file and at most, before it is written anew."""

ROWS_AT_ONCE = 10_000


class _Written(NamedTuple):
    """A file as it was written: the generation it is named by, its highest number, how many it holds, its kind."""

    generation: int
    newest: int
    passages: int
    kind: str

    @classmethod
    def of(cls, catalog: Catalog) -> "_Written | None":
        facts = catalog.meta("vectors")
        if facts is None:
            return None
        generation, newest, passages, kind = facts.split()
        return cls(int(generation), int(newest), int(passages), kind)


def vector_file(folder: Path, generation: int) -> Path:
    """Where the FAISS file that a generation wrote stands."""
    return folder / f"vectors-{generation}.faiss"


def current_file(catalog: Catalog) -> Path:
    """The file that the catalog's generation is searched with."""
    written = _Written.of(catalog)
    return vector_file(catalog.folder, written.generation if written else catalog.generation)


def open_vectors(catalog: Catalog, loaded: Vectors | None = None, thorough: bool = False) -> Vectors | None:
    """The vectors of the catalog's generation; None if their file is missing or damaged.

    Args:
        catalog: inside a snapshot or a transaction, so that all of it is of one generation.
        loaded: those of a generation before; a file that is still the same is not opened again.
        thorough: check a memory-mapped file whole, however large.
    """
    written, checksum = _Written.of(catalog), catalog.meta("checksum")
    if written is None:
        return None
    same = loaded is not None and checksum is not None and loaded.checksum == checksum
    filed = loaded if same else Vectors.load(current_file(catalog), checksum, thorough)
    return filed and filed.since(catalog.gone(written.newest), *catalog.passage_vectors(after=written.newest))


def make_vectors(catalog: Catalog) -> Vectors:
    """The vectors of the catalog's generation, made in memory from its cached ones."""
    numbers = np.sort(catalog.passage_numbers(Filter()))
    if kind_for(wanted_kind(catalog), len(numbers)) == "exact":
        return Vectors(*catalog.passage_vectors())
    few = min(len(numbers), TRAINED_ON * cells(len(numbers)))
    chosen = np.sort(np.random.default_rng(len(numbers)).choice(numbers, few, replace=False))
    return Vectors.approximate(len(numbers), catalog.vectors_of(chosen)[1], catalog.vectors_in_blocks(ROWS_AT_ONCE))


def wanted_kind(catalog: Catalog, kind: Kind | None = None) -> Kind:
    """The kind that is asked for now, or else was before.

    Raises:
        InputError: there is no such kind.
    """
    return checked_kind(kind or catalog.meta("vector_kind")) or "automatic"


def is_of_kind(catalog: Catalog, wanted: Kind) -> bool:
    """Whether the file there, if there is one, was written as it would be written for this wish."""
    written = _Written.of(catalog)
    return written is None or written.kind == kind_for(wanted, written.passages)


def publish_vectors(catalog: Catalog, generation: int, wanted: Kind) -> None:
    """Inside the transaction that publishes a generation: write its file, unless the one there will do.

    Raises:
        CorpusError: the file cannot be written.
    """
    catalog.set_meta(vector_kind=wanted)
    written = _Written.of(catalog)
    serves = written is not None and _late(catalog, written) <= min(LATE_SHARE * written.passages, LATE_MOST)
    if not (serves and is_of_kind(catalog, wanted) and _is_whole(catalog)):
        _write(catalog, generation)


def mend_vectors(catalog: Catalog) -> None:
    """Write the current generation's file again if it is missing or damaged; the generation stays.

    Raises:
        CorpusError: the file cannot be written.
    """
    if not _is_whole(catalog):
        with catalog.transaction():
            _write(catalog, catalog.generation)


def remove_old_files(catalog: Catalog) -> None:
    """Remove the files of other generations, and those half written."""
    current = current_file(catalog)
    for path in catalog.folder.glob("vectors-*"):
        if path != current:
            with suppress(OSError):  # published is published; the next build tries again
                path.unlink(missing_ok=True)


def kind_for(wanted: Kind, count: int) -> str:
    """What is asked for, for so many passages: exact or approximate."""
    if wanted == "automatic":
        return "exact" if count <= EXACT_UP_TO else "approximate"
    return wanted if count else "exact"  # cells are learnt from vectors


def _late(catalog: Catalog, written: _Written) -> int:
    """How many passages came or went since the file was written."""
    return len(catalog.gone(written.newest)) + catalog.published_after(written.newest)


def _write(catalog: Catalog, generation: int) -> None:
    path = vector_file(catalog.folder, generation)
    try:
        vectors = make_vectors(catalog)
        checksum = vectors.save(path)
    except OSError as error:
        raise CorpusError(f"{path} cannot be written ({error.strerror or error}): {UNHARMED}") from error
    written = _Written(generation, catalog.newest(), len(vectors), "exact" if vectors.is_exact else "approximate")
    catalog.set_meta(checksum=checksum, vectors=" ".join(map(str, written)), stamp=_stamp(path, checksum))
    catalog.forget_gone()


def _is_whole(catalog: Catalog) -> bool:
    """Whether the current file is there and undamaged.

    A file of the size and the time of change noted in the stamp is the one that was written: no
    program changes a file and leaves both, and a build that had nothing to do is to read nothing. What
    a failing disk changes is found by `index.verify`. Another stamp, as after the folder was
    copied, has the file read through once.
    """
    path, checksum = current_file(catalog), catalog.meta("checksum")
    try:
        stamp = _stamp(path, checksum)
    except OSError:
        return False
    if stamp != catalog.meta("stamp"):
        if Vectors.load(path, checksum, thorough=True) is None:
            return False
        catalog.set_meta(stamp=stamp)
    return True


def _stamp(path: Path, checksum: str | None) -> str:
    facts = os.stat(path)
    return f"{checksum} {facts.st_size} {facts.st_mtime_ns}"
