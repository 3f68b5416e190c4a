"""Check that an index is whole: every half of it against the others.

Knows what must agree. Never mends anything.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.catalog import Catalog
from index.vector_files import current_file, open_vectors


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What an index holds, and each thing found wrong with it as one line."""

    generation: int
    embedder: str
    articles: int
    passages: int
    vectors: int
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify(folder: Path) -> VerifyReport:
    """Check the SQLite file, the full text, every passage's place and vector, and the vector file.

    Raises:
        CorpusError: there is no index in `folder`, or its catalog is too damaged to be read through.
    """
    with Catalog(folder) as catalog, catalog.snapshot():
        problems = catalog.problems()
        articles, passages = catalog.count()
        numbers, _ = catalog.passage_vectors()
        if len(numbers) != passages:
            problems.append(f"{passages - len(numbers)} of {passages} passages have no vector")
        path = current_file(catalog)
        loaded = open_vectors(catalog, thorough=True)
        if loaded is None:
            problems.append(f"{path.name} is missing or damaged: run `qa index` to write it again")
        elif len(loaded) != passages:
            problems.append(f"{path.name} holds {len(loaded)} vectors for {passages} passages")
        embedder = catalog.meta("embedder") or "none"
        return VerifyReport(catalog.generation, embedder, articles, passages, len(numbers), tuple(problems))
