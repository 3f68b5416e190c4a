"""Training questions put to lineups: what a reader finds over all that is trained on, side by side in one text.

That is how the best answers of several articles are read a second time (`qa.evidence.rivals`), and nothing a question
set holds looks like it. As in training a re-ranker on the reader's own best spans (Iyer et al. 2021, RECONSIDER,
arXiv:2010.10757) each question is asked of an index of all the paragraphs, or of all news of our own, and what comes
of it is the example: with the answer's place in that text, or with none, where the answer is not among the rivals or
was taken out of them.

Knows questions with their paragraphs, and the way to an answer. Never knows how a reader is trained.
"""

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from index.address import store_at
from index.embedder import Embedder
from index.errors import InputError
from index.passages import Offsets
from qa.bound import Bound
from qa.confidence import Calibration
from qa.evaluation.open_corpus import PARAGRAPHS, write_paragraphs
from qa.evidence import Group, Lineup, lineups, sentence_of
from qa.output import check_writable, written_beside
from qa.pipeline import Examination, Inquiry, QuestionAnswerer
from qa.reader import Reader
from qa.retriever import Retriever
from qa.squad import Example, normalize_answer
from qa.training.news import news
from qa.training.questions import read_questions

ANSWERABLE = 2 / 3
"""Of the questions that are asked of paragraphs, how many have an answer."""

NEWS = 1 / 4
"""Of the questions that are asked, how many are of news of our own, where there are so many."""

TAKEN_OUT = 0.2
"""Of the lineups that hold the answer, how many are put together without it."""

AT_ONCE = 16
"""Questions that are asked in one go."""

Progress = Callable[[str, int, int], None]


def lined_up(
    data: Path,
    count: int,
    seed: int,
    work: Path,
    reader: Reader,
    embedder: Embedder,
    progress: Progress = lambda *_: None,
) -> Iterator[Example]:
    """Ask `count` questions, each of all texts of its kind; yields those that bring at least two rivals.

    Of those asked of the paragraphs in `data` two thirds are answerable, half of which are our own, or as many as
    there are of a kind; the others are asked of news of our own. `work` is for the texts and their index.

    Raises:
        InputError: `data` holds no question set, or a damaged one.
    """
    rng = random.Random(seed)
    theirs, ours = read_questions(data)
    accounts = news()
    of_news = rng.sample(accounts, min(len(accounts), round(count * NEWS)))
    of_paragraphs = _drawn(theirs, ours, count - len(of_news), rng)
    events = defaultdict[str, set[str]](set)
    for account in accounts:
        events[account.title].add(account.context)
    for kind, told, asked in (("paragraphs", theirs, of_paragraphs), ("news", accounts, of_news)):
        if not asked:
            continue
        qa, names = _over([example.context for example in told], work / kind, reader, embedder, progress)
        for example, found in _examined(qa, asked, kind, progress):
            others = {names[t] for t in events.get(example.title, ()) if t in names and t != example.context}
            if found and (
                made := _side_by_side(example, names[example.context], _known(example, found.groups, others), rng)
            ):
                yield made


def _examined(
    qa: QuestionAnswerer, asked: Sequence[Example], kind: str, progress: Progress
) -> Iterator[tuple[Example, Examination | None]]:
    for first in range(0, len(asked), AT_ONCE):
        together = asked[first : first + AT_ONCE]
        yield from zip(together, qa.examine_together([Inquiry(e.question) for e in together]), strict=True)
        progress(f"asking of {kind}", first + len(together), len(asked))


def write_lineups(examples: Iterable[Example], path: Path) -> int:
    """Write them as a question set in the SQuAD format, gzipped; returns how many there are.

    Raises:
        InputError: the file cannot be written; where that is so from the start, none of the examples is made.
    """
    check_writable(path)
    articles = []
    for example in examples:
        answers = [{"text": example.context[start:end], "answer_start": start} for start, end in example.spans]
        asked = {"id": example.id, "question": example.question, "answers": answers, "is_impossible": not answers}
        articles.append({"title": example.title, "paragraphs": [{"context": example.context, "qas": [asked]}]})
    whole = json.dumps({"version": "lineups", "data": articles}, ensure_ascii=False)
    try:
        with written_beside(path) as beside:
            beside.write_bytes(gzip.compress(whole.encode("utf-8", "surrogatepass"), 6, mtime=0))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    return len(articles)


def _drawn(theirs: Sequence[Example], ours: Sequence[Example], count: int, rng: random.Random) -> list[Example]:
    answerable = round(count * ANSWERABLE)
    kinds = (
        ([e for e in theirs if e.spans], answerable // 2),
        ([e for e in ours if e.spans], answerable - answerable // 2),
        ([e for e in (*theirs, *ours) if not e.spans], count - answerable),
    )
    asked = [example for kind, many in kinds for example in rng.sample(kind, min(len(kind), many))]
    return rng.sample(asked, len(asked))


def _over(
    contexts: Sequence[str], work: Path, reader: Reader, embedder: Embedder, progress: Progress
) -> tuple[QuestionAnswerer, dict[str, str]]:
    """Answers from all these texts, without the second reading; and each text's article."""
    work.mkdir(exist_ok=True)
    names = write_paragraphs(list(dict.fromkeys(contexts)), work)
    store = store_at(work / "index")
    store.build([work / PARAGRAPHS], embedder, progress)
    once = replace(Calibration.of_reader(reader.folder), beside_weight=0.0)
    return QuestionAnswerer(store, Retriever(embedder), reader, once, embedder, Bound.of_reader(reader.folder)), names


def _known(example: Example, groups: Sequence[Group], others: Set[str]) -> list[Group]:
    """The groups of which it is known whether they answer.

    Other accounts of the same event may answer too, in other words or with another figure.
    """
    answers = {normalize_answer(answer) for answer in example.answers}
    return [g for g in groups if g.best.article.id not in others or normalize_answer(g.best.quote) in answers]


def _side_by_side(example: Example, article: str, groups: Sequence[Group], rng: random.Random) -> Example | None:
    """The example put to one of its two lineups, or None where nothing is side by side."""
    made = _put(example, article, groups, rng)
    if made and made.spans and rng.random() < TAKEN_OUT:
        answers = {normalize_answer(answer) for answer in example.answers}
        without = [g for g in groups if not (_holds(example, article, g) or normalize_answer(g.best.quote) in answers)]
        rest = _put(example, article, without, rng)
        said = rest and normalize_answer(rest.context)
        made = rest if said and not any(answer in said for answer in answers) else made
    return made


def _put(example: Example, article: str, groups: Sequence[Group], rng: random.Random) -> Example | None:
    pair = lineups(groups)
    if not pair:
        return None
    lineup = rng.choice(pair)
    return replace(
        example,
        id=f"{example.id}-lineup",
        context=lineup.text,
        spans=tuple(sorted(_places(example, article, groups, lineup))),
        rivals=(),
    )


def _places(example: Example, article: str, groups: Sequence[Group], lineup: Lineup) -> set[Offsets]:
    """Where an accepted answer stands: in a sentence of its own paragraph, or as a rival of the same words."""
    answers = {normalize_answer(answer) for answer in example.answers}
    places = set[Offsets]()
    for group, place in zip(groups, lineup.places, strict=False):
        rival = group.best
        shift = place[0] - rival.start
        if rival.article.id == article:
            first, last = sentence_of(rival)
            places |= {(s + shift, e + shift) for s, e in example.spans if first <= s and e <= last}
        elif normalize_answer(rival.quote) in answers:
            places.add(place)
    return places


def _holds(example: Example, article: str, group: Group) -> bool:
    """Its sentence is one that answers the question."""
    first, last = sentence_of(group.best)
    return group.best.article.id == article and any(first < e and s < last for s, e in example.spans)
