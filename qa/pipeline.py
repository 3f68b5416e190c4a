"""The whole way from a question to a cited answer, in one readable method.

Knows the order of the steps. Never knows widgets, terminals or files of articles.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from index.address import CHECKOUT, chosen_address, chosen_store, default_index
from index.article import Article
from index.embedder import Embedder, Vectors
from index.errors import InputError
from index.store import EVERYTHING, BuildReport, Filter, Progress, Snapshot, Store, articles_named
from qa.answer import Alternative, Answer, Citation, NoAnswer, Span
from qa.bound import ALL, Bound
from qa.confidence import Calibration, Features, describe
from qa.dialogue import Turn, standalone
from qa.evidence import (
    Candidate,
    Group,
    compared,
    differing,
    echoes,
    group,
    lineups,
    parts,
    sentence_of,
    shaped,
    supporting,
)
from qa.examples import likely_questions
from qa.reader import Reader
from qa.recent import Recent
from qa.retriever import Retriever, ScoredPassage
from qa.wording import Wording, word

LONGEST_QUESTION = 1000
PASSAGES_READ = 10
ALTERNATIVES = 3
CLOSEST = 3
EXAMPLES_FROM = 500
"""Articles, evenly spread over all, that examples are looked for in."""
EXAMPLES_TRIED = 4
QUESTIONS_REMEMBERED = 4096
"""How many questions' vectors are kept: those of 384 numbers take 6 MB."""

CHARACTERS_REMEMBERED = 16_000_000
"""How much text the articles of the examinations that are kept may have."""

FIRST_BUILD = 600
"""Seconds for which the first opening waits for another that is building the default index already."""

SEEDS = CHECKOUT / "seeds" / "articles"

Told = Callable[[str], None]
"""Hears which step of an examination begins: "searching", then "reading"."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question as it is put: after what was said before it, and of the articles that a filter lets through.

    `wanted` is asked before it is read: once it says no, nothing more is done for this question.
    """

    question: str
    history: Sequence[Turn] = ()
    allowed: Filter = EVERYTHING
    told: Told = lambda _: None
    wanted: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought: passages, best first, with their articles, all of one generation.

    `stories` numbers the articles so that those that share text have one number.
    """

    retrieved: tuple[ScoredPassage, ...]
    articles: dict[str, Article]
    stories: dict[str, int]

    @property
    def texts(self) -> list[str]:
        """What there is to read."""
        return [self.articles[r.passage.article_id].text[r.passage.start : r.passage.end] for r in self.retrieved]


@dataclass(frozen=True, slots=True)
class Examination(Found):
    """Everything found out about a question before it is decided whether to answer.

    `groups` are the possible answers, best first, and `features` what is known about each.
    `seconds` is how long each step took; steps of questions that were examined together are as long for each.
    """

    question: str
    understood: str
    candidates: tuple[Candidate, ...]
    groups: tuple[Group, ...]
    features: tuple[Features, ...]
    seconds: dict[str, float]


class QuestionAnswerer:
    """Answers questions from one index. Safe to call from several threads.

    Args:
        store: the index.
        retriever, reader: the two models' owners.
        calibration: turns scores into a probability and holds the default threshold.
        embedder: what `rebuild` embeds new passages with.
        bound: tells which passages are not worth reading; without it all that were found are read.
    """

    def __init__(
        self,
        store: Store,
        retriever: Retriever,
        reader: Reader,
        calibration: Calibration,
        embedder: Embedder,
        bound: Bound = ALL,
    ) -> None:
        self.store, self.retriever, self.reader = store, retriever, reader
        self._calibration, self._embedder, self._bound = calibration, embedder, bound
        self._embedded = Recent[Vectors](QUESTIONS_REMEMBERED)
        self._examined = Recent[Examination](CHARACTERS_REMEMBERED, _characters)

    @classmethod
    def open(
        cls,
        index_dir: str | Path | None = None,
        reader: str | Path | None = None,
        embedder: str | Path | None = None,
        min_confidence: float | None = None,
        device: str = "auto",
        precision: str = "auto",
        store: str | None = None,
    ) -> "QuestionAnswerer":
        """Open an index; without a name the default one, built from the seed articles if there is none.

        Args:
            index_dir: the folder of the index.
            store: in its place, the address of the index, as `index.address.store_at` takes it.
            reader, embedder: other models than the default ones, by folder or hub name.
            min_confidence: the threshold used where a question does not bring its own.
            device, precision: as `index.inference.load` takes them.

        Raises:
            CorpusError: no index there, a damaged one, or one of another embedder.
            ModelError: a model is missing or damaged.
            InputError: `min_confidence` is not between 0 and 1, or both `index_dir` and `store` are given.
        """
        kept, first = chosen_store(index_dir, store), first_articles(index_dir, store)
        return cls.over(
            kept, Reader(reader, device, precision), Embedder(embedder, device, precision), min_confidence, first
        )

    @classmethod
    def over(
        cls,
        store: Store,
        reader: Reader,
        embedder: Embedder,
        min_confidence: float | None = None,
        first: Sequence[Path] = (),
    ) -> "QuestionAnswerer":
        """Open an index that is at hand already, with models likewise.

        Args:
            min_confidence: the threshold used where a question does not bring its own.
            first: what the index is built from if there is none.

        Raises:
            CorpusError: no index there, a damaged one, or one of another embedder.
            InputError: `min_confidence` is not between 0 and 1.
        """
        calibration = Calibration.of_reader(reader.folder)
        if min_confidence is not None:
            calibration = replace(calibration, threshold=checked_threshold(min_confidence))
        if first and not store.is_published():
            store.build(first, embedder, wait=FIRST_BUILD)
        with store.snapshot(embedder.identity):
            return cls(store, Retriever(embedder), reader, calibration, embedder, Bound.of_reader(reader.folder))

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """The newest published generation, to search by meaning and words; it stays as it is while the block lasts."""
        return self.store.snapshot(self._embedder.identity)

    @property
    def min_confidence(self) -> float:
        """The threshold used where a question does not bring its own."""
        return self._calibration.threshold

    @property
    def calibration(self) -> Calibration:
        """What makes a probability of an answer's features, with that threshold."""
        return self._calibration

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        sources: Sequence[str] = (),
        published_after: date | None = None,
        published_before: date | None = None,
        min_confidence: float | None = None,
    ) -> Answer | NoAnswer:
        """Answer a question with quotes from the articles, or say that they do not hold the answer.

        Args:
            question: at most 1,000 characters.
            history: the conversation so far, oldest first, for a question that refers back.
            sources: outlets to search; none named means all.
            published_after, published_before: dates of the articles to search, both included.
            min_confidence: decline below this probability, 0 to 1; without it the fitted default.

        Raises:
            InputError: the question is empty or too long, or an argument is out of its range.
            CorpusError: the index was removed or damaged meanwhile.
        """
        threshold = self.min_confidence if min_confidence is None else checked_threshold(min_confidence)
        return self.decide(
            self.examine(question, history, _filter(sources, published_after, published_before)), threshold
        )

    def examine(
        self,
        question: str,
        history: Sequence[Turn] = (),
        allowed: Filter = EVERYTHING,
        told: Told = lambda _: None,
    ) -> Examination:
        """Search and read for a question without deciding anything; raises as `ask` does."""
        (found,) = self.examine_together([Inquiry(question, history, allowed, told)])
        assert found  # it was wanted
        return found

    def examine_together(self, inquiries: Sequence[Inquiry]) -> list[Examination | None]:
        """Search and read for several questions in one go, with what each would find alone.

        None stands for one that was not wanted any more. Raises as `ask` does, whichever question it is about.
        """
        # 1. Make each question stand alone.
        watch = _Watch()
        understood = [standalone(checked_question(asked.question), asked.history) for asked in inquiries]
        watch.ended("understanding")

        # 2. Retrieve passages, and their articles as they are in the same generation. Each question once.
        for asked in inquiries:
            asked.told("searching")
        keys = [(question, asked.allowed) for question, asked in zip(understood, inquiries, strict=True)]
        with self.snapshot() as snapshot:
            publication = snapshot.publication
            examined = {key: self._examined.get((publication, *key)) for key in keys}
            new = [key for key, known in examined.items() if not known]
            wordings = [word(question, snapshot.names) for question, _ in new]
            vectors = self._vectors([wording.usual for wording in wordings])
            searched = {
                key: self._search(wording, key[1], vector, snapshot)
                for key, wording, vector in zip(new, wordings, vectors, strict=True)
            }
        watch.ended("searching")

        # 3. Read the spans that may answer it out of each.
        wanted = {key for key, asked in zip(keys, inquiries, strict=True) if asked.wanted()}
        searched = {key: found for key, found in searched.items() if key in wanted}
        for key, asked in zip(keys, inquiries, strict=True):
            if key in searched:
                asked.told("reading")
        read = self._read([(question, found) for (question, _), found in searched.items()])
        watch.ended("reading")

        # 4. Put together those that say the same, and note what speaks for each group.
        judged = [
            self._judged(question, found, spans)
            for ((question, _), found), spans in zip(searched.items(), read, strict=True)
        ]
        watch.ended("judging")

        # 5. Read the best of them once more, side by side.
        for key, found_out in zip(searched, self._compared(judged), strict=True):
            examined[key] = found_out
            self._examined.put((publication, *key), found_out)
        seconds = watch.seconds_and("comparing")
        return [
            known and replace(known, question=asked.question, seconds=seconds)
            for known, asked in zip(map(examined.get, keys), inquiries, strict=True)
        ]

    def _vectors(self, questions: Sequence[str]) -> list[Vectors]:
        """The vector of each question; those not known yet are embedded in one call."""
        known = {question: self._embedded.get(question) for question in questions}
        if new := [question for question, vector in known.items() if vector is None]:
            for question, vector in zip(new, self.retriever.embed(new), strict=True):
                known[question] = alone = vector.copy()  # a row would keep the whole matrix
                self._embedded.put(question, alone)
        return [vector for question in questions if (vector := known[question]) is not None]

    def _search(self, wording: Wording, allowed: Filter, vector: Vectors, snapshot: Snapshot) -> Found:
        question = wording.question
        retrieved = self.retriever.search(question, snapshot, PASSAGES_READ, allowed, vector=vector, wording=wording)
        named = {passage.article_id for r in retrieved for passage in (r.passage, *r.copies)}
        articles = articles_named(snapshot, named)
        found = Found(tuple(retrieved), articles, snapshot.stories(named))
        if not wording.named:
            return found
        asked = zip(retrieved, found.texts, strict=True)
        return replace(found, retrieved=tuple(replace(r, asked=wording.as_in(text)) for r, text in asked))

    def _read(self, asked: Sequence[tuple[str, Found]]) -> list[list[list[Span]]]:
        """The spans of each passage found for each question; none of those that could not change its answer.

        The best found are read first, of all questions together, and then those that may still matter.
        """
        texts = [found.texts for _, found in asked]
        read: list[list[list[Span]]] = [[[] for _ in there] for there in texts]
        first = [list(range(len(there)))[: self._bound.first] for there in texts]
        self._read_there(asked, texts, first, read)
        rest = [
            self._bound.worth_reading(
                [r.score for r in found.retrieved], there, spans, self._calibration.retrieval_weight
            )
            for (_, found), there, spans in zip(asked, texts, read, strict=True)
        ]
        self._read_there(asked, texts, rest, read)
        return read

    def _read_there(
        self,
        asked: Sequence[tuple[str, Found]],
        texts: Sequence[Sequence[str]],
        places: Sequence[Sequence[int]],
        into: Sequence[list[list[Span]]],
    ) -> None:
        """Read at these places of what was found for each question, put in the names that the passage uses."""
        put = [
            [(found.retrieved[place].asked or question, there[place]) for place in chosen]
            for (question, found), there, chosen in zip(asked, texts, places, strict=True)
        ]
        runs = [
            (question, [text for _, text in run]) for pairs in put for question, run in groupby(pairs, itemgetter(0))
        ]
        read = chain.from_iterable(self.reader.read_together(runs))
        for chosen, spans in zip(places, into, strict=True):
            for place in chosen:
                spans[place] = next(read)

    def _judged(self, understood: str, found: Found, read: Sequence[Sequence[Span]]) -> Examination:
        spans = [
            Candidate(
                found.articles[r.passage.article_id], r.passage.start + s.start, r.passage.start + s.end, s.score, r
            )
            for r, spans in zip(found.retrieved, read, strict=True)
            for s in spans
        ]
        candidates = shaped(understood, spans)
        groups = group(candidates, self._calibration.retrieval_weight)
        return Examination(
            found.retrieved,
            found.articles,
            found.stories,
            understood,
            understood,
            tuple(candidates),
            tuple(groups),
            describe(groups),
            {},
        )

    def beside(self, examined: Sequence[Examination]) -> list[list[list[float]]]:
        """Read the best groups of each examination side by side: of each of its lineups, each rival's score."""
        put = [lineups(found.groups) for found in examined]
        asked = [
            (found.groups[0].best.retrieved.asked or found.understood, one.text, one.places)
            for found, those in zip(examined, put, strict=True)
            for one in those
        ]
        scores = iter(self.reader.weigh(asked))
        return [list(islice(scores, len(those))) for those in put]

    def _compared(self, examined: Sequence[Examination]) -> list[Examination]:
        """Each with its groups in the order in which they are believed, once the best were read side by side."""
        weight = self._calibration.beside_weight
        if not weight:
            return list(examined)
        return [
            self._in_order(found, compared(found.groups, scores, weight))
            for found, scores in zip(examined, self.beside(examined), strict=True)
        ]

    def _in_order(self, found: Examination, groups: Sequence[Group]) -> Examination:
        features = describe(groups)
        beliefs = map(self._calibration.probability, features)
        best_first = sorted(zip(groups, features, beliefs, strict=True), key=lambda known: -known[2])
        return replace(
            found,
            groups=tuple(known for known, _, _ in best_first),
            features=tuple(described for _, described, _ in best_first),
        )

    def beliefs(self, found: Examination) -> list[float]:
        """The probability, 0 to 1, that each group of an examination is right."""
        return [self._calibration.probability(features) for features in found.features]

    def _apart(self, found: Examination) -> list[float]:
        """The same, of the others as if the first were not there: else what contradicts it would be doubted for it.

        Side by side with it, too, so that each counts there as it was read in its own passage.
        """
        others = describe([replace(other, beside=other.best.margin) for other in found.groups[1:]])
        return [*self.beliefs(found)[:1], *map(self._calibration.probability, others)]

    def decide(self, found: Examination, min_confidence: float | None = None) -> Answer | NoAnswer:
        """Answer with what was found, or decline; the same examination may be decided at many thresholds.

        Raises:
            InputError: `min_confidence` is no probability.
        """
        started = time.perf_counter()
        threshold = self.min_confidence if min_confidence is None else checked_threshold(min_confidence)
        beliefs = self.beliefs(found)
        believed = bool(beliefs) and beliefs[0] >= threshold
        least = max(threshold, self.min_confidence)
        together = parts(found.understood, found.groups, beliefs, least) if believed else []
        against = differing(found.understood, found.groups, self._apart(found)) if believed else []
        others = [
            place
            for place, same in enumerate(found.groups)
            if same.best.margin > 0 and place not in (0, *together, *against)  # the reader wants it rather than nothing
        ][:ALTERNATIVES]
        readings = {
            place: Alternative(found.groups[place].best.quote, beliefs[place], _citations(found.groups[place], found))
            for place in dict.fromkeys([*range(bool(beliefs)), *together, *against, *others])
        }
        taken = sum(found.seconds.values()) + time.perf_counter() - started
        if believed:
            best = readings[0]
            return Answer(
                found.question,
                best.text,
                best.confidence,
                best.citations,
                tuple(readings[place] for place in others),
                tuple(readings[place] for place in against),
                found.understood,
                taken,
                len({found.stories[citation.article.id] for citation in best.citations}),
                tuple(readings[place] for place in together),
            )
        closest = tuple(_whole(retrieved, found.articles) for retrieved in found.retrieved[:CLOSEST])
        guesses = tuple(readings.values())
        return NoAnswer(found.question, beliefs[0] if beliefs else 0.0, guesses, closest, found.understood, taken)

    def warm(self) -> None:
        """Load both models now rather than at the first question."""
        self.examine("Is anything ready?")

    def examples(self, count: int = 4) -> list[str]:
        """Up to `count` questions that the articles of this index answer, for someone who has not read them."""
        with self.store.snapshot() as snapshot:
            ids = snapshot.ids()
            some = [ids[place * len(ids) // EXAMPLES_FROM] for place in range(EXAMPLES_FROM)] if ids else []
            texts = [article.text for article in articles_named(snapshot, dict.fromkeys(some)).values()]
        asked = islice(likely_questions(texts), EXAMPLES_TRIED * count)
        return list(islice((question for question in asked if self.ask(question).found), count))

    def articles(self) -> list[Article]:
        """All articles of the index, by id."""
        with self.store.snapshot() as snapshot:
            return snapshot.articles()

    def sources(self) -> list[str]:
        """The outlets of the articles, in alphabetical order."""
        with self.store.snapshot() as snapshot:
            return snapshot.sources()

    def article(self, article_id: str) -> Article:
        """Raises: InputError: there is no such article in the index (any more)."""
        with self.store.snapshot() as snapshot:
            found = snapshot.article(article_id)
        if found is None:
            raise InputError(f"there is no article {article_id} in the index")
        return found

    def rebuild(self, progress: Progress = lambda *_: None, also: Sequence[Path] = ()) -> BuildReport:
        """Read the article folders again, and from now on `also` these; the next question is asked of all of them."""
        folders = self.store.roots()
        folders += [path.resolve() for path in also if path.resolve() not in folders]
        return self.store.build(folders, self._embedder, progress)


class _Watch:
    """Times the steps of one examination, one after another."""

    def __init__(self) -> None:
        self._began, self._seconds = time.perf_counter(), dict[str, float]()

    def ended(self, step: str) -> None:
        now = time.perf_counter()
        self._seconds[step], self._began = now - self._began, now

    def seconds_and(self, step: str) -> dict[str, float]:
        """All steps that have ended, and how long this last one has lasted."""
        return self._seconds | {step: time.perf_counter() - self._began}


def answer(
    question: str, index_dir: str | Path | None = None, store: str | None = None, **options: Any
) -> Answer | NoAnswer:
    """Answer one question from an index, by default the seed articles'.

    The engine stays loaded, so that a second call is quick. Options are those of
    `QuestionAnswerer.ask`; it raises what `QuestionAnswerer.open` and `ask` raise.
    """
    return _opened(chosen_address(index_dir, store), index_dir and str(index_dir), store).ask(question, **options)


@lru_cache(maxsize=4)
def _opened(address: str, index_dir: str | None, store: str | None) -> QuestionAnswerer:
    """`address` is where these two lead, which another environment changes."""
    return QuestionAnswerer.open(index_dir, store=store)


def first_articles(index_dir: str | Path | None = None, store: str | None = None) -> list[Path]:
    """What an index that is named so is built from if there is none: the default one from the seed articles."""
    is_default = index_dir is None and store is None and chosen_address() == str(default_index())
    return [SEEDS] if is_default and SEEDS.is_dir() else []


def checked_question(question: str) -> str:
    """The question on one line. Raises: InputError: it is empty, too long, or no text."""
    if not isinstance(question, str) or any("\ud800" <= character <= "\udfff" for character in question):
        raise InputError("the question is not a text that can be read")
    if not question.strip():
        raise InputError("the question is empty")
    if len(question) > LONGEST_QUESTION:
        raise InputError(f"the question has {len(question):,} characters: at most {LONGEST_QUESTION:,} are read")
    return " ".join(question.split())


def checked_threshold(value: float) -> float:
    """Raises: InputError: the value is no probability."""
    if not 0 <= value <= 1:
        raise InputError(f"min_confidence is {value}: it must lie between 0 and 1")
    return value


def _characters(found: Examination) -> int:
    return 1000 + sum(len(article.text) for article in found.articles.values())


def _filter(sources: Sequence[str], after: date | None, before: date | None) -> Filter:
    """Raises: InputError: an argument is of a kind that would silently find nothing."""
    if isinstance(sources, str):
        raise InputError(f"sources is one text, {sources!r}: give a list of outlets")
    days = []
    for name, day in (("published_after", after), ("published_before", before)):
        if day is not None and not isinstance(day, date):
            raise InputError(f"{name} is {day!r}: give a datetime.date")
        days.append(day.date() if isinstance(day, datetime) else day)
    return Filter(tuple(sources), *days)


def _citations(same: Group, found: Examination) -> tuple[Citation, ...]:
    """Where a group's answer stands, best first, and then the articles that repeat the sentence to the letter."""
    texts = [article.text for article in found.articles.values()]
    supported = supporting(found.understood, same, texts)
    repeated = (echo for candidate in supported for echo in echoes(candidate, found.articles))
    cited = {(c.article.id, c.start): _citation(c) for c in (*supported, *repeated)}
    return tuple(cited.values())


def _citation(candidate: Candidate) -> Citation:
    """The candidate with the sentence, or sentences, around it."""
    start, end = sentence_of(candidate)
    return Citation(candidate.article, candidate.start, candidate.end, candidate.article.text[start:end])


def _whole(retrieved: ScoredPassage, articles: dict[str, Article]) -> Citation:
    passage = retrieved.passage
    article = articles[passage.article_id]
    return Citation(article, passage.start, passage.end, article.text[passage.start : passage.end])
