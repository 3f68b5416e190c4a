"""A question in, the passages most likely to answer it out: by meaning and by words, fused.

Knows the two searches and how their rankings are put together. Never knows what is read
out of a passage.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from index.article import Passage
from index.embedder import Embedder, Vectors
from index.store import EVERYTHING, Filter, Ranking, Snapshot
from qa.wording import Wording, phrases, word

DEPTH = 50
"""How many passages each of the two searches gives to the fusion."""

HITS = 1000
"""Most passages that a search for articles looks at."""

NAMES_DEEPER = 4
"""How many times as many passages are looked at by words where names of one thing are first counted each."""

DENSE_WEIGHT = 0.5
"""Share of meaning, against words, in the fused score; chosen on training questions by `benchmarks/fusion.py`."""

RRF = 60
"""The constant of reciprocal rank fusion, as its authors set it."""

# English function words and question words: they say nothing about what a passage is about.
STOP_WORDS = frozenset(
    """a about an and are as at be been but by can could did do does for from had has have he her him his how i if in
    into is it its me my of on or our she should so some than that the their them then there these they this those to
    was we were what when where which who whom whose why will with would you your""".split()
)


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A retrieved passage with its fused score, and its place and score in each of the two searches.

    Ranks count from one; a rank of None means that this search did not find it. `cosine` is
    the similarity of meaning to its nearest sentence, `bm25` that of words; both higher for better. `copies` are
    passages of other articles that were found too and say the same in the same words. `asked` is
    the question in the names that the passage uses, where it has names that others call otherwise.
    """

    number: int
    passage: Passage
    score: float
    dense_rank: int | None
    words_rank: int | None
    cosine: float
    bm25: float
    copies: tuple[Passage, ...] = ()
    asked: str = ""


class Retriever:
    """Hybrid retrieval over one snapshot of a corpus."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed(self, questions: Sequence[str]) -> Vectors:
        """The vectors that `search` compares with those of the passages, shape (questions, dimension)."""
        return self._embedder.encode(questions)

    def search(
        self,
        question: str,
        snapshot: Snapshot,
        k: int = 10,
        allowed: Filter = EVERYTHING,
        dense_weight: float = DENSE_WEIGHT,
        vector: Vectors | None = None,
        wording: Wording | None = None,
    ) -> list[ScoredPassage]:
        """The `k` best passages, best first; a filter is applied inside both searches, so it costs no recall.

        With a `dense_weight` of 1 they are ordered by meaning alone, with 0 by words alone. What repeats
        a better passage of another article is not among the `k` but with that passage, and the next moves up.
        Passages that call a thing by another name than the question does are found like those that
        do not. `wording` says what names are in the question, and `vector` is that of its `usual`
        wording; both only where they are known already.
        """
        wording = wording or word(question, snapshot.names)
        vector = self.embed([wording.usual])[0] if vector is None else vector
        words = by_words(wording, snapshot, allowed)
        dense = by_meaning(vector, snapshot, allowed, words)
        fused = convex(dense, words, dense_weight)
        passages = snapshot.passages(number for number, _ in fused)
        copied = snapshot.copies(list(passages))
        dense_at, words_at = _places(dense), _places(words)
        return [
            ScoredPassage(
                number,
                passages[number],
                score,
                *_place(dense_at, words_at, number),
                tuple(passages[copy] for copy, original in copied.items() if original == number),
            )
            for number, score in fused
            if number in passages and number not in copied
        ][:k]


def by_meaning(vector: Vectors, snapshot: Snapshot, allowed: Filter, also: Ranking) -> Ranking:
    """The passages nearest in meaning, best first: each as near as that of its sentences which is nearest.

    What all of a passage is about may hide the sentence that answers. They are looked for by the passages' own
    vectors, and those found already are looked at `also`, but no farther than the farthest that was found so.
    """
    found = dict(snapshot.search_vectors(vector, DEPTH, allowed))
    by_sentence = snapshot.nearest_sentences(vector, [*found, *(number for number, _ in also if number not in found)])
    near = {number: by_sentence.get(number, cosine) for number, cosine in found.items()}
    farthest = min(near.values(), default=math.inf)
    others = {number: cosine for number, cosine in by_sentence.items() if number not in near and cosine > farthest}
    return _best_first(near | others)


def by_words(wording: Wording, snapshot: Snapshot, allowed: Filter) -> Ranking:
    """The passages that hold the question's words, best first; all names of one thing count as the best of them does.

    The search itself adds up what each name brings, so that no passage can be better than it says.
    """
    if not wording.named:
        return snapshot.search_words(content_words(wording.question), DEPTH, allowed)
    rest = [term for term in re.findall(r"\w+", wording.rest.lower()) if term not in STOP_WORDS]
    groups = [phrases([wording.typed(named), *named.names]) for named in wording.named]
    wanted = list(dict.fromkeys([*rest, *chain.from_iterable(groups)]))
    found = dict(snapshot.search_words(wanted, DEPTH * NAMES_DEEPER, allowed))
    for names in (group for group in groups if len(group) > 1):
        added = [snapshot.word_scores(name, found) for name in names]
        for number in found:
            brought = [scores[number] for scores in added if number in scores]
            found[number] -= sum(brought) - max(brought, default=0.0)
    return _best_first(found)[:DEPTH]


def articles_with(words: str, snapshot: Snapshot, allowed: Filter = EVERYTHING) -> list[str]:
    """The ids of the articles that hold any of these words, the best first."""
    hits = [number for number, _ in snapshot.search_words(content_words(words), HITS, allowed)]
    return list(dict.fromkeys(passage.article_id for passage in snapshot.passages(hits).values()))


def content_words(question: str) -> list[str]:
    """The words of a question that say what it is about, each once; all of them if none does."""
    words = list(dict.fromkeys(re.findall(r"\w+", question.lower())))
    return [word for word in words if word not in STOP_WORDS] or words


def convex(dense: Ranking, words: Ranking, weight: float) -> Ranking:
    """Convex combination of scores (Bruch, Gai and Ingber 2022, arXiv:2210.11934), best first.

    Each search's scores are stretched so that its best counts 1; 0 stands for no shared word
    at all, and for the least similar of the passages that the dense search returned. A passage
    that a search did not return gets 0 from it. Unlike ranks, scores keep how far ahead the best is.
    """
    fused: dict[int, float] = {}
    for ranking, floor, share in ((dense, dense[-1][1] if dense else 0.0, weight), (words, 0.0, 1 - weight)):
        for number, score in ranking:
            reach = (ranking[0][1] - floor) or 1.0
            fused[number] = fused.get(number, 0.0) + share * (score - floor) / reach
    return _best_first(fused)


def reciprocal_rank(dense: Ranking, words: Ranking) -> Ranking:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, SIGIR): what `convex` is measured against."""
    fused: dict[int, float] = {}
    for ranking in (dense, words):
        for rank, (number, _) in enumerate(ranking, start=1):
            fused[number] = fused.get(number, 0.0) + 1 / (RRF + rank)
    return _best_first(fused)


def _best_first(scores: dict[int, float]) -> Ranking:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


_Places = dict[int, tuple[int, float]]


def _places(found: Sequence[tuple[int, float]]) -> _Places:
    return {number: (rank, score) for rank, (number, score) in enumerate(found, start=1)}


def _place(dense: _Places, words: _Places, number: int) -> tuple[int | None, int | None, float, float]:
    dense_rank, cosine = dense.get(number, (None, 0.0))
    words_rank, bm25 = words.get(number, (None, 0.0))
    return dense_rank, words_rank, cosine, bm25
