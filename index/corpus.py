"""An index opened for searching: the catalog and the vectors of one generation at a time.

Knows how the two halves fit. Never knows what is searched for, or why.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.article import Article
from index.build import check_embedder
from index.catalog import Catalog
from index.errors import CorpusError
from index.subset import RecentSets
from index.vector_files import make_vectors, open_vectors
from index.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation, whole: what it reads stays as it is until it is given back."""

    catalog: Catalog
    vectors: Vectors
    generation: int

    def article(self, article_id: str) -> Article:
        """An article that a passage of this generation names."""
        found = self.catalog.article(article_id)
        if found is None:
            raise CorpusError(
                f"the index in {self.catalog.folder} names {article_id} but does not hold it: build it anew"
            )
        return found


class Corpus:
    """An index folder that several threads may search while another process rebuilds it.

    Args:
        folder: where `index.build.build` put it.
        embedder: the identity that its vectors must have.

    Raises:
        CorpusError: there is no finished index, or one of another embedder.
    """

    def __init__(self, folder: Path, embedder: str) -> None:
        self.folder, self._embedder = folder, embedder
        self._lock, self._sets = threading.Lock(), RecentSets()
        self._loaded: tuple[tuple[int, str | None], Vectors] | None = None
        with self.snapshot():
            pass

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The newest published generation, unchanged while the block lasts."""
        with Catalog(self.folder, sets=self._sets) as catalog, catalog.snapshot():
            generation = catalog.generation
            if generation == 0:
                raise CorpusError(f"the index in {self.folder} was never finished: build it with `qa index PATH`")
            check_embedder(catalog, self._embedder)
            yield Snapshot(catalog, self._vectors(catalog, generation), generation)

    def _vectors(self, catalog: Catalog, generation: int) -> Vectors:
        """The vectors of the generation: those in hand, else its file, else made again from the catalog.

        An approximate search has its findings ranked by the catalog's own vectors.
        """
        with self._lock:
            checksum = catalog.meta("checksum")
            key = generation, checksum  # an index that was deleted and built anew counts from 1 again
            if self._loaded is None or self._loaded[0] != key:
                found = open_vectors(catalog, self._loaded and self._loaded[1])
                self._loaded = key, make_vectors(catalog) if found is None else found
            return self._loaded[1].ranked_by(catalog.vectors_of)
