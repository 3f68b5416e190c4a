"""Measure answers: ask a question set of an index, and compare what comes back with what is accepted.

Knows questions, results and their figures. Never knows how an answer is found.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

import numpy as np

from qa.answer import Answer, NoAnswer
from qa.evaluation.measures import auroc, expected_calibration_error, risk_coverage_area
from qa.evaluation.questions import Question
from qa.pipeline import QuestionAnswerer
from qa.squad import exact_match, token_f1

RIGHT = 0.5
"""From this token F1 against an accepted answer, an answer counts as right."""


@dataclass(frozen=True, slots=True)
class Score:
    """How one question went.

    right, f1, exact: of the answer that was given; a refusal is worth 1 where nothing was
    accepted, else 0. forced_f1: of the best reading, given or not; 0 where nothing was accepted.
    """

    question: Question
    result: Answer | NoAnswer
    right: bool
    f1: float
    exact: float
    forced_f1: float
    citations_exact: bool

    @property
    def forced_right(self) -> bool:
        """Whether the best reading was right, given or not: what its confidence foretells."""
        return self.forced_f1 >= RIGHT


@dataclass(frozen=True, slots=True)
class Summary:
    """A question set's figures; shares are 0 to 1, and None where there was nothing to measure.

    right: answerable questions whose given answer reaches a token F1 of 0.5.
    declined: unanswerable questions that were declined.
    exact_match, f1: over answerable questions, a declined one counting zero.
    forced_f1: over answerable questions, the best reading counting even where it was declined.
    overall_f1: over all questions, a declined unanswerable one counting one.
    answered: share of all questions that got an answer; accuracy: of these, the share right.
    supported: right answers whose first citation stands in an article the set names.
    citations_exact: citations whose quote and sentence stand in the article, at the offsets given.
    auroc: of the confidence, answerable questions against unanswerable ones.
    calibration_error: between confidence and the share right, expected, over 15 bins of equal mass.
    risk_coverage_area: share of wrong answers, averaged over all shares of questions answered.
    seconds: median time of a question.
    """

    answerable: int
    right: int
    unanswerable: int
    declined: int
    exact_match: float | None
    f1: float | None
    forced_f1: float | None
    overall_f1: float | None
    answered: float | None
    accuracy: float | None
    supported: float | None
    citations_exact: float | None
    auroc: float | None
    calibration_error: float | None
    risk_coverage_area: float | None
    seconds: float | None

    def as_dict(self) -> dict[str, int | float | None]:
        """The figures, rounded; None for one that could not be measured."""
        return {name: rounded(value) for name, value in asdict(self).items()}


def rounded(value: float | None) -> float | None:
    """Four places of a share; None for what is not a number, as JSON has no word for it."""
    return (round(value, 4) if value == value else None) if isinstance(value, float) else value


def evaluate(
    qa: QuestionAnswerer, questions: Iterable[Question], done: Callable[[int], None] = lambda _: None
) -> list[Score]:
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
    best = text or next((other.text for other in result.alternatives), "")
    cited = [(c, qa.article(c.article.id).text) for c in result.citations]
    return Score(
        question=question,
        result=result,
        right=result.found and bool(question.answers) and f1 >= RIGHT,
        f1=f1,
        exact=exact_match(text, question.answers),
        forced_f1=token_f1(best, question.answers) if question.answers and best else 0.0,
        citations_exact=all(
            text[c.start : c.end] == c.quote and c.quote in c.sentence and c.sentence in text for c, text in cited
        ),
    )


def summarize(scores: Sequence[Score]) -> Summary:
    """The figures of a scored question set."""
    answerable = [s for s in scores if s.question.answers]
    unanswerable = [s for s in scores if not s.question.answers]
    answered = [s for s in scores if s.result.found]
    right = [s for s in scores if s.right]
    supported = [s.result.citations[0].article.id in s.question.articles for s in right if s.question.articles]
    belief = np.array([s.result.confidence for s in scores])
    came_true = np.array([float(s.forced_right) for s in scores])
    return Summary(
        answerable=len(answerable),
        right=len(right),
        unanswerable=len(unanswerable),
        declined=sum(not s.result.found for s in unanswerable),
        exact_match=_mean(s.exact for s in answerable),
        f1=_mean(s.f1 for s in answerable),
        forced_f1=_mean(s.forced_f1 for s in answerable),
        overall_f1=_mean(s.f1 for s in scores),
        answered=_mean(s.result.found for s in scores),
        accuracy=_mean(s.right for s in answered),
        supported=_mean(supported),
        citations_exact=_mean(s.citations_exact for s in answered),
        auroc=auroc(belief, np.array([bool(s.question.answers) for s in scores])) if scores else None,
        calibration_error=expected_calibration_error(belief, came_true) if scores else None,
        risk_coverage_area=risk_coverage_area(belief, came_true) if scores else None,
        seconds=float(np.median([s.result.seconds for s in scores])) if scores else None,
    )


def _mean(values: Iterable[float]) -> float | None:
    gathered = [float(value) for value in values]
    return fmean(gathered) if gathered else None
