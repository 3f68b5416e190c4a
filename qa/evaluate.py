"""Measure answers against question sets: over an index, or the reader alone on given passages.

Knows measures. Never knows how an answer is found.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import InputError
from qa.answer import Answer, NoAnswer
from qa.pipeline import QuestionAnswerer
from qa.reader import Reader
from qa.squad import Example, exact_match, token_f1

RIGHT = 0.5
"""From this token F1 against an accepted answer, an answer counts as right."""

Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Question:
    """A line of a question set: what is asked, accepted answers (none: not in the articles), supporting articles."""

    id: str
    question: str
    answers: tuple[str, ...]
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How one question went."""

    question: Question
    result: Answer | NoAnswer
    right: bool
    f1: float
    exact: float
    citations_exact: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A question set's figures; shares are 0 to 1, and None where there was nothing to measure.

    right: answerable questions whose given answer reaches a token F1 of 0.5.
    declined: unanswerable questions that were declined.
    exact_match, f1: over answerable questions, a declined one counting zero.
    answered: share of all questions that got an answer; accuracy: of these, the share right.
    supported: right answers whose first citation stands in an article the set names.
    citations_exact: citations whose quote and sentence stand in the article, at the offsets given.
    seconds: median time of a question.
    """

    answerable: int
    right: int
    unanswerable: int
    declined: int
    exact_match: float | None
    f1: float | None
    answered: float | None
    accuracy: float | None
    supported: float | None
    citations_exact: float | None
    seconds: float | None

    def as_dict(self) -> dict[str, int | float | None]:
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def read_questions(path: Path) -> list[Question]:
    """Read a question set, JSON Lines of `{"id", "question", "answers", "articles"}`.

    Raises:
        InputError: the file is missing or empty, or a line of it is not such an object.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the question set {path} cannot be read: {error}") from error
    questions = [_question(line, f"{path}, line {n}", str(n)) for n, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise InputError(f"the question set {path} holds no questions")
    return questions


def _question(line: str, where: str, number: str) -> Question:
    try:
        fields = json.loads(line)
        asked, answers, articles = fields["question"], fields["answers"], fields.get("articles", [])
        if not isinstance(asked, str) or not all(map(_is_texts, (answers, articles))):
            raise TypeError("a value is of the wrong kind")
        found = Question(str(fields.get("id", number)), asked, tuple(answers), tuple(articles))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f'{where}: not a JSON object with "question" and "answers" ({error})') from error
    return found


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def evaluate(qa: QuestionAnswerer, questions: Iterable[Question], done: Done = lambda _: None) -> list[Score]:
    """Ask every question and score what comes back; `done` is told 1 after each."""
    scores = []
    for question in questions:
        scores.append(score(question, qa.ask(question.question), qa))
        done(1)
    return scores


def score(question: Question, result: Answer | NoAnswer, qa: QuestionAnswerer) -> Score:
    """Compare a result with the accepted answers, and its citations with the articles of the index."""
    text = result.text or ""
    f1 = token_f1(text, question.answers)
    right = result.found and bool(question.answers) and f1 >= RIGHT
    cited = [(c, qa.article(c.article.id).text) for c in result.citations]
    exact = all(text[c.start : c.end] == c.quote and c.quote in c.sentence and c.sentence in text for c, text in cited)
    return Score(question, result, right, f1, exact_match(text, question.answers), exact)


def summarize(scores: Sequence[Score]) -> Summary:
    """The figures of a scored question set."""
    answerable = [s for s in scores if s.question.answers]
    unanswerable = [s for s in scores if not s.question.answers]
    answered = [s for s in scores if s.result.found]
    right = [s for s in scores if s.right]
    supported = [s.result.citations[0].article.id in s.question.articles for s in right if s.question.articles]
    return Summary(
        answerable=len(answerable),
        right=len(right),
        unanswerable=len(unanswerable),
        declined=sum(not s.result.found for s in unanswerable),
        exact_match=_mean(s.exact for s in answerable),
        f1=_mean(s.f1 for s in answerable),
        answered=_mean(s.result.found for s in scores),
        accuracy=_mean(s.right for s in answered),
        supported=_mean(supported),
        citations_exact=_mean(s.citations_exact for s in answered),
        seconds=float(np.median([s.result.seconds for s in scores])) if scores else None,
    )


@dataclass(frozen=True, slots=True)
class ReaderSummary:
    """The reader alone, each question with its own paragraph; percentages as the official script gives them.

    exact, f1: all questions, an answer given where the score passes `threshold`.
    has_answer_f1, no_answer: the same for the two kinds. forced_exact, forced_f1: answerable
    questions, always answered. auroc: of the score, answerable against not.
    `threshold` maximises F1 on one half of the questions; all other figures are of the other half.
    """

    questions: int
    exact: float
    f1: float
    has_answer_f1: float
    no_answer: float
    forced_exact: float
    forced_f1: float
    auroc: float
    threshold: float
    milliseconds: float

    def as_dict(self) -> dict[str, int | float | None]:
        """The figures, rounded; None for one that could not be measured."""
        figures = asdict(self).items()
        return {name: (round(v, 3) if v == v else None) if isinstance(v, float) else v for name, v in figures}


def evaluate_reader(reader: Reader, examples: Sequence[Example], done: Done = lambda _: None) -> ReaderSummary:
    """Put each question to its own paragraph, as SQuAD does.

    Halves are of whole paragraphs, alternately, so that no paragraph has questions in both.

    Raises:
        InputError: there are no questions.
    """
    if not examples:
        raise InputError("there are no questions to measure the reader on")
    started = time.perf_counter()
    margins, texts = [], []
    for example in examples:
        spans = reader.read(example.question, [example.context])[0]
        texts.append(example.context[spans[0].start : spans[0].end] if spans else "")
        margins.append(spans[0].score if spans else -np.inf)
        done(1)
    seconds = time.perf_counter() - started
    margin = np.array(margins)
    answerable = np.array([bool(e.spans) for e in examples])
    exact = np.array([exact_match(t, e.answers) if e.spans else 0.0 for t, e in zip(texts, examples, strict=True)])
    f1 = np.array([token_f1(t, e.answers) if e.spans else 0.0 for t, e in zip(texts, examples, strict=True)])
    contexts = {context: i for i, context in enumerate(dict.fromkeys(e.context for e in examples))}
    fitting = np.array([contexts[e.context] % 2 == 0 for e in examples])
    threshold = best_threshold(margin[fitting], f1[fitting], answerable[fitting])
    there = ~fitting
    given = margin >= threshold
    exact_given, f1_given = (np.where(answerable, values * given, ~given)[there] for values in (exact, f1))
    return ReaderSummary(
        questions=int(there.sum()),
        exact=_percent(exact_given),
        f1=_percent(f1_given),
        has_answer_f1=_percent((f1 * given)[there & answerable]),
        no_answer=_percent((~given)[there & ~answerable]),
        forced_exact=_percent(exact[there & answerable]),
        forced_f1=_percent(f1[there & answerable]),
        auroc=auroc(margin[there], answerable[there]),
        threshold=threshold,
        milliseconds=1000 * seconds / len(examples),
    )


def best_threshold(scores: npt.NDArray[Any], gain: npt.NDArray[Any], answerable: npt.NDArray[Any]) -> float:
    """The score from which to answer so that the mean gain is greatest, a declined unanswerable question counting one.

    `gain` is what an answer is worth where there is one: its F1. All arrays have shape (questions,).
    Equal scores are answered or declined together.
    """
    order = np.argsort(-scores, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(np.where(answerable, gain, -1.0)[order])])
    falling = scores[order]
    total[1:-1][falling[1:] == falling[:-1]] = -np.inf
    best = int(total.argmax())
    if best == 0:
        return float(np.nextafter(scores.max(), np.inf))
    last = falling[best - 1]
    following = falling[best] if best < len(scores) and np.isfinite(falling[best]) else last - 1.0
    return float((last + following) / 2)


def auroc(scores: npt.NDArray[Any], positive: npt.NDArray[Any]) -> float:
    """Chance that a positive scores above a negative one, ties counting half; NaN if either kind is missing."""
    if positive.all() or not positive.any():
        return float("nan")
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, np.nan_to_num(scores, neginf=-1e9)))


def _mean(values: Iterable[float]) -> float | None:
    gathered = [float(value) for value in values]
    return fmean(gathered) if gathered else None


def _percent(values: npt.NDArray[Any]) -> float:
    """A mean in per cent; NaN where there is nothing to average."""
    return 100 * float(values.mean()) if len(values) else float("nan")
