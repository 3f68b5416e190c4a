"""Measure retrieval: does a passage that answers the question come up, by words, by meaning, by both?

Knows rankings and which passages support a question. Never knows what is read out of them,
except to say what the reader makes of those passages alone.
"""

import re
from collections.abc import Callable, Sequence
from statistics import fmean

from index.article import Passage
from index.store import EVERYTHING, Snapshot, article_of
from qa.evaluation.questions import Question
from qa.pipeline import QuestionAnswerer
from qa.retriever import DENSE_WEIGHT
from qa.squad import normalize_answer, token_f1

WAYS = {"bm25": 0.0, "dense": 1.0, "hybrid": DENSE_WEIGHT}
"""How passages may be ordered: the share of meaning in the fused score."""

CUTOFFS = (1, 5, 10, 20)

_NOWHERE = "nowhere"
"""Stands for what should have been found where nothing that was found supports a question."""


def measure_retrieval(
    qa: QuestionAnswerer, questions: Sequence[Question], done: Callable[[int], None] = lambda _: None
) -> dict[str, dict[str, float]]:
    """For each way, recall at 1, 5, 10 and 20 and nDCG at 10 over the answerable questions, by ir-measures.

    A passage supports a question if it holds an accepted answer and stands in an article the
    question names, where it names any; so does one that was kept in place of such a copy. Recall
    is the share of questions for which a supporting passage is among the first k, as in
    open-domain question answering (Karpukhin et al. 2020, arXiv:2004.04906; ir-measures calls it
    Success). `done` is told 1 after each question.
    """
    import ir_measures
    from ir_measures import Success, nDCG

    asked = [question for question in questions if question.answers]
    wanted = {Success @ k: f"recall@{k}" for k in CUTOFFS} | {nDCG @ 10: "ndcg@10"}
    supporting: dict[str, dict[str, int]] = {}
    runs: dict[str, dict[str, dict[str, float]]] = {way: {} for way in WAYS}
    with qa.snapshot() as snapshot:
        for place, question in enumerate(asked):
            name = str(place)
            named = supporting_passages(question, snapshot)
            relevant = set(named)
            for way, weight in WAYS.items():
                found = qa.retriever.search(question.question, snapshot, max(CUTOFFS), EVERYTHING, weight)
                runs[way][name] = {str(r.number): r.score for r in found if r.score > 0}
                for r in found:
                    if question.articles:
                        supports = not set(named.values()).isdisjoint(r.copies)
                    else:
                        supports = any(_answers(question, passage, snapshot) for passage in (r.passage, *r.copies))
                    relevant |= {r.number} if supports else set()
            supporting[name] = {str(number): 1 for number in relevant} or {_NOWHERE: 1}
            done(1)
    if not asked:
        return {}
    measured = {way: ir_measures.calc_aggregate(list(wanted), supporting, run) for way, run in runs.items()}
    return {way: {name: float(found[measure]) for measure, name in wanted.items()} for way, found in measured.items()}


def f1_given_passage(qa: QuestionAnswerer, questions: Sequence[Question]) -> float | None:
    """Mean token F1 of the reader if it is handed the supporting passages and no others.

    What retrieval costs is the difference to the answers' own. None where no question names its articles.
    """
    gained = []
    with qa.snapshot() as snapshot:
        for question in questions:
            if question.answers and question.articles:
                texts = [_text(p, snapshot) for p in supporting_passages(question, snapshot).values()]
                gained.append(_best_f1(qa, question, texts))
    return fmean(gained) if gained else None


def supporting_passages(question: Question, snapshot: Snapshot) -> dict[int, Passage]:
    """The passages, by number, of the articles that a question names which hold an accepted answer."""
    return {
        number: passage
        for article_id in question.articles
        for number, passage in snapshot.passages_of(article_id).items()
        if _answers(question, passage, snapshot)
    }


def _best_f1(qa: QuestionAnswerer, question: Question, texts: list[str]) -> float:
    read = zip(texts, qa.reader.read(question.question, texts, most=1), strict=True)
    spans = [(span.score, text[span.start : span.end]) for text, found in read for span in found]
    return token_f1(max(spans)[1], question.answers) if spans else 0.0


def _answers(question: Question, passage: Passage, snapshot: Snapshot) -> bool:
    """Whether an accepted answer stands in the passage: to the letter, or as the measures fold it.

    Folding alone would miss it beside a dash or in a genitive: "(1115–1234)" folds to one word.
    """
    text = _text(passage, snapshot)
    folded = f" {normalize_answer(text)} "
    return any(
        f" {short} " in folded or re.search(rf"(?<!\w){re.escape(answer.strip())}(?!\w)", text, re.IGNORECASE)
        for answer in question.answers
        if (short := normalize_answer(answer))
    )


def _text(passage: Passage, snapshot: Snapshot) -> str:
    return article_of(snapshot, passage.article_id).text[passage.start : passage.end]
