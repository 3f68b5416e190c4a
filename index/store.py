"""What may be asked of a place that keeps an index: one protocol for a folder of this machine and for a server.

Knows what there is to ask, and what every answer promises. Never knows SQLite, FAISS or Milvus.

A *store* holds one index, in generations. A *snapshot* is one generation, whole: whatever is published
meanwhile, all that is read of it belongs together. `index.local` keeps an index in a folder,
`index.milvus` on a server; `index.address` opens either from what its user calls it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

import numpy as np
import numpy.typing as npt

from index.article import Article, Passage
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.files import Skipped
from index.names import folded_name

Ranking = list[tuple[int, float]]
"""Numbers of passages with their scores, best first, higher for better."""

Kind = Literal["automatic", "exact", "approximate"]
"""How nearest vectors are found; automatic goes by how many passages there are."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not known)."""


ADDED = "added"
"""Below a store's folder: what users handed in. It belongs to the index as its articles' own folders do."""


def added(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """The folder of what users handed in, below a store's own: if it holds any, and is not among `paths` already."""
    handed_in = folder / ADDED
    if handed_in.resolve() in [path.resolve() for path in paths]:
        return []
    return [handed_in] if handed_in.is_dir() and any(handed_in.iterdir()) else []


def checked_kind(wanted: str | None) -> Kind | None:
    """Raises: InputError: there is no such kind."""
    if wanted not in (None, *get_args(Kind)):
        raise InputError(f"there is no vector index of the kind {wanted!r}: ask for {', '.join(get_args(Kind))}")
    return cast(Kind | None, wanted)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles may be searched: outlets (none named: all) and publication dates, both ends included.

    An article without a date passes no date filter.
    """

    sources: tuple[str, ...] = ()
    published_after: date | None = None
    published_before: date | None = None

    def __bool__(self) -> bool:
        return bool(self.sources or self.published_after or self.published_before)


EVERYTHING = Filter()
"""Lets every article through."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list shows of an article: all but its text. `copies` are the other ids of the very same article."""

    id: str
    title: str
    source: str
    url: str
    published: date | None
    author: str
    passages: int
    copies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: ids of articles, and what could not be read with the reason.

    `copies` is how many of all the articles read are another one again in all but the id: each
    is stored, embedded and found once, under the first of its ids by name. `excluded` were read
    but left out, as the store was told to.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]
    passages: int
    embedded: int
    generation: int
    seconds: float
    copies: int = 0
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What an index holds, each thing found wrong with it, and what is only worth knowing, as one line each.

    `vector_index` says how neighbours are found; it is empty where the vectors cannot be used.
    """

    generation: int
    embedder: str
    articles: int
    passages: int
    vectors: int
    vector_index: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as articles write it, and how many articles hold it, as far as it is written with capitals there."""

    name: str
    articles: int

    @property
    def folded(self) -> str:
        return folded_name(self.name)


@dataclass(frozen=True, slots=True)
class Learned:
    """Two names of one thing, and the place in an article that was learned from.

    `kind` is "abbreviation", "other name" or "spelling". For a spelling the place is the second
    name's, and `beside` is the article that has the first, and much else in common.
    """

    one: str
    other: str
    kind: str
    article_id: str
    start: int
    end: int
    beside: str | None = None


class Names(Protocol):
    """Which names are of one thing, as the articles of a generation use them; names are asked for folded."""

    def known(self, folded: Iterable[str]) -> set[str]:
        """Those that have another name."""

    def names_of(self, folded: str) -> tuple[Name, ...]:
        """All names of what it is a name of, the most usual first; itself alone if there are none."""

    def nearest(self, folded: str) -> str | None:
        """The known name that one, which stands nowhere, is another spelling of; None if none or several are."""

    def is_written(self, text: str) -> bool:
        """Whether these words stand in an article one after another."""

    def learned(self) -> list[Learned]:
        """Every pair of names of one thing with the places it was learned from, in alphabetical order."""


class Snapshot(Protocol):
    """One generation of an index. Reading raises CorpusError where the store is gone, damaged or does not answer."""

    @property
    def generation(self) -> int:
        """Counts the publications; never 0."""

    @property
    def publication(self) -> str:
        """Names this generation of this very index, and no other: not one of an index made anew either."""

    @property
    def names(self) -> Names: ...

    # ---- searching -----------------------------------------------------------------------------

    def search_vectors(self, vector: npt.NDArray[np.float32], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        """The nearest passages with their cosines; a filter holds inside the search, so that it costs no recall."""

    def nearest_sentences(self, vector: npt.NDArray[np.float32], numbers: Iterable[int]) -> dict[int, float]:
        """For each of these passages the cosine of its sentence nearest to the vector.

        One whose sentences have no vectors of their own is left out.
        """

    def search_words(self, wanted: Sequence[str], limit: int, allowed: Filter = EVERYTHING) -> Ranking:
        """Passages with their BM25 scores; any of the words may match, and a filter holds inside the search."""

    def word_scores(self, phrase: str, numbers: Iterable[int]) -> dict[int, float]:
        """What a word, or words one after another, add to the BM25 score of each of these passages that holds them."""

    # ---- passages ------------------------------------------------------------------------------

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Passages by number, in the order asked for; a number that is unknown is left out."""

    def passages_of(self, article_id: str) -> dict[int, Passage]:
        """The passages of one article by number, in the order of the text."""

    def copies(self, ranked: Sequence[int]) -> dict[int, int]:
        """Of passages, best first, those that repeat better ones of other articles, each with the one it repeats."""

    # ---- articles ------------------------------------------------------------------------------

    def article(self, article_id: str) -> Article | None:
        """The article of that id, or with that id among its origins, its text as it was read."""

    def articles_of(self, article_ids: Iterable[str]) -> dict[str, Article]:
        """The same of several at once, by the ids asked for and in their order; one that is not there is left out."""

    def articles(self) -> list[Article]:
        """All articles in the order of their ids, each once however many origins it has."""

    def ids(self) -> list[str]:
        """Every id that an article was read under, in alphabetical order."""

    def origins(self, article_id: str) -> tuple[str, ...]:
        """All ids that this very article was read under, the article's own first; none if it is not there."""

    def stories(self, article_ids: Iterable[str]) -> dict[str, int]:
        """For each article the number of its story: those that share text, or share it with others between them."""

    def headings(self, allowed: Filter = EVERYTHING, offset: int = 0, limit: int | None = None) -> list[Heading]:
        """What a list shows of the articles that a filter lets through, a page of them, by id; no text is read."""

    def headings_of(self, article_ids: Iterable[str]) -> list[Heading]:
        """The same of these articles, in the order given; one that is not there is left out."""

    def count_articles(self, allowed: Filter = EVERYTHING) -> int:
        """How many articles a filter lets through."""

    def sources(self) -> list[str]:
        """The outlets, in alphabetical order."""

    def removed(self) -> list[str]:
        """The ids of the articles that were taken out though their files are there, in alphabetical order."""


def article_of(snapshot: Snapshot, article_id: str) -> Article:
    """An article that a passage of this generation names. Raises: CorpusError: it is not there."""
    return articles_named(snapshot, [article_id])[article_id]


def articles_named(snapshot: Snapshot, article_ids: Iterable[str]) -> dict[str, Article]:
    """The articles that passages of this generation name, by id. Raises: CorpusError: one is not there."""
    named = list(article_ids)
    found = snapshot.articles_of(named)
    for article_id in named:
        if article_id not in found:
            raise CorpusError(f"the index names {article_id} but does not hold it: build it anew")
    return found


class Store(Protocol):
    """One index, wherever it is kept. Several threads may use it while another process builds."""

    @property
    def address(self) -> str:
        """What its user calls it, for messages; a password in it is left out."""

    @property
    def folder(self) -> Path:
        """Where this machine may keep files that belong to the index: uploads, conversations, the builder's own."""

    def is_published(self) -> bool:
        """Whether a build was ever finished, and in the format of this version."""

    def snapshot(self, embedder: str | None = None) -> AbstractContextManager[Snapshot]:
        """The newest published generation, unchanged while the block lasts.

        Args:
            embedder: the identity that the index must have been built with, where vectors are to be compared.

        Raises:
            CorpusError: there is no finished index, one of another embedder, a damaged one, or no answer in time.
        """

    def roots(self) -> list[Path]:
        """The paths that the index was built from; raises as `snapshot`."""

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
        """Make the index hold exactly the articles under `paths`, and publish it at once; see `index.build.build`.

        `workers` is None for this process alone, or names a cluster as `index.cluster` says.
        """

    def exclude(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        """Take articles out, at once and until they change; returns their ids and those of their exact copies."""

    def readmit(self, article_ids: Sequence[str]) -> tuple[str, ...]:
        """Let the next build read articles that were excluded; returns their ids and those of their exact copies."""

    def verify(self) -> VerifyReport:
        """Compare all parts of the index with each other and with the files."""

    def repair(self) -> tuple[str, ...]:
        """Make whole again what can be without the model; returns what was done, a line each."""
