"""An index in a folder of this machine, as `index.store` says: the catalog and the vectors of one generation at a time.

Knows how the two halves fit. Never knows what is searched for, or why.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.article import Article, Passage
from index.build import build, check_embedder, roots
from index.catalog import Catalog, is_published
from index.embedder import Embedder, nearest
from index.errors import CorpusError
from index.exclude import exclude, readmit
from index.store import EVERYTHING, BuildReport, Filter, Heading, Kind, Names, Progress, Ranking, VerifyReport
from index.subset import RecentSets
from index.vector_files import make_vectors, open_vectors
from index.vectors import Vectors
from index.verify import repair, verify


class LocalSnapshot:
    """One generation of a folder's index, whole; vectors are opened for the first search among them."""

    def __init__(self, catalog: Catalog, opened: Callable[[], Vectors]) -> None:
        self.catalog, self._opened = catalog, opened
        self._vectors: Vectors | None = None
        self.generation = catalog.generation
        self.names: Names = catalog.aliases

    @property
    def publication(self) -> str:
        return self.catalog.meta("publication") or ""

    def vectors(self) -> Vectors:
        """Those of this generation, opened once."""
        if self._vectors is None:
            self._vectors = self._opened()
        return self._vectors

    def search_vectors(self, vector: npt.NDArray[np.float32], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        return self.vectors().search(vector, limit, self.catalog.passage_set(allowed) if allowed else None)

    def nearest_sentences(self, vector: npt.NDArray[np.float32], numbers: Iterable[int]) -> dict[int, float]:
        return nearest(vector, self.catalog.sentences_of(numbers))

    def search_words(self, wanted: Sequence[str], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        return self.catalog.search_words(wanted, limit, allowed)

    def word_scores(self, phrase: str, numbers: Iterable[int]) -> dict[int, float]:
        return self.catalog.word_scores(phrase, numbers)

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        return self.catalog.passages(numbers)

    def passages_of(self, article_id: str) -> dict[int, Passage]:
        return self.catalog.passages_of(article_id)

    def copies(self, ranked: Sequence[int]) -> dict[int, int]:
        return self.catalog.copies(ranked)

    def article(self, article_id: str) -> Article | None:
        return self.catalog.article(article_id)

    def articles_of(self, article_ids: Iterable[str]) -> dict[str, Article]:
        return self.catalog.articles_of(article_ids)

    def articles(self) -> list[Article]:
        return self.catalog.articles()

    def ids(self) -> list[str]:
        return sorted(self.catalog.digests())

    def origins(self, article_id: str) -> tuple[str, ...]:
        return self.catalog.origins(article_id)

    def stories(self, article_ids: Iterable[str]) -> dict[str, int]:
        return self.catalog.stories(article_ids)

    def headings(self, allowed: Filter = EVERYTHING, offset: int = 0, limit: int | None = None) -> list[Heading]:
        return self.catalog.headings(allowed, offset, limit)

    def headings_of(self, article_ids: Iterable[str]) -> list[Heading]:
        return self.catalog.headings_of(article_ids)

    def count_articles(self, allowed: Filter = EVERYTHING) -> int:
        return self.catalog.count_articles(allowed)

    def sources(self) -> list[str]:
        return self.catalog.sources()

    def removed(self) -> list[str]:
        return sorted(self.catalog.excluded())


class LocalStore:
    """The index in a folder, which several threads may search while another process rebuilds it.

    Args:
        folder: where the index is, or is to be; it is looked at only when something is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock, self._sets = threading.Lock(), RecentSets()
        self._loaded: tuple[str, Vectors] | None = None

    @property
    def address(self) -> str:
        return str(self._folder)

    @property
    def folder(self) -> Path:
        return self._folder

    def is_published(self) -> bool:
        return is_published(self._folder)

    @contextmanager
    def snapshot(self, embedder: str | None = None) -> Iterator[LocalSnapshot]:
        """The newest published generation, unchanged while the block lasts; as `index.store.Store.snapshot`."""
        with Catalog(self._folder, sets=self._sets) as catalog, catalog.snapshot():
            if catalog.generation == 0:
                raise CorpusError(f"the index in {self._folder} was never finished: build it with `qa index PATH`")
            found = LocalSnapshot(catalog, lambda: self._vectors(catalog))
            if embedder is not None:
                check_embedder(catalog, embedder)
                found.vectors()  # now, as the next build removes their file
            yield found

    def _vectors(self, catalog: Catalog) -> Vectors:
        """The vectors of the generation: those in hand, else its file, else made again from the catalog.

        An approximate search has its findings ranked by the catalog's own vectors.
        """
        with self._lock:
            publication = catalog.meta("publication") or ""
            if self._loaded is None or self._loaded[0] != publication:
                found = open_vectors(catalog, self._loaded and self._loaded[1])
                self._loaded = publication, make_vectors(catalog) if found is None else found
            return self._loaded[1].ranked_by(catalog.vectors_of)

    def roots(self) -> list[Path]:
        return roots(self._folder)

    def build(
        self,
        paths: Sequence[Path],
        embedder: Embedder,
        progress: Progress = lambda *_: None,
        vector_kind: Kind | None = None,
        wait: float | None = 0,
        strict: bool = False,
        workers: str | None = None,
    ) -> BuildReport:
        return build(paths, self._folder, embedder, progress, vector_kind, wait, strict, workers)

    def exclude(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        return exclude(article_ids, self._folder)

    def readmit(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        return readmit(article_ids, self._folder)

    def verify(self) -> VerifyReport:
        return verify(self._folder)

    def repair(self) -> tuple[str, ...]:
        return repair(self._folder)
