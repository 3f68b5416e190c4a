"""What is saved by not reading every passage, and what that costs in answers.

Knows two engines over one index, one that reads everything and one that does not. Never knows how they are told apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median

from qa.evaluation.answers import Score, score, summarize
from qa.evaluation.questions import Question
from qa.pipeline import Examination, QuestionAnswerer

COST = 0.01
"""Share of answers that may be others, and of citations that may be missing, where less is read."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Of the same questions, read in part and read whole; `before` is where all passages are read.

    changed: share of questions whose answer, or refusal, is not the same.
    lost: share of the citations there would have been that are not given.
    f1: of answers, unanswerable questions counted, a declined one as 1.
    passages: read for a question, in the mean.
    seconds: of a question, the median.
    """

    questions: int
    changed: float
    lost: float
    f1: float
    f1_before: float
    passages: float
    passages_before: float
    seconds: float
    seconds_before: float

    @property
    def is_worth_it(self) -> bool:
        """Whether so little is lost that less may be read."""
        return self.changed < COST and self.lost < COST

    def as_dict(self) -> dict[str, float]:
        """The figures, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure_saving(
    questions: Sequence[Question],
    everything: QuestionAnswerer,
    bounded: QuestionAnswerer,
    done: Callable[[int], None] = lambda _: None,
) -> tuple[list[Score], list[Score], Saving]:
    """Ask both every question, in turn; the scores are of one, then of the other. `done` is told 1 after each."""
    before, after, reads = list[Score](), list[Score](), list[tuple[int, int]]()
    for question in questions:
        examined = [qa.examine(question.question) for qa in (everything, bounded)]
        for scores, found, qa in zip((before, after), examined, (everything, bounded), strict=True):
            scores.append(score(question, qa.decide(found), qa))
        reads.append((_read(examined[0]), _read(examined[1])))
        done(1)
    pairs = list(zip(before, after, strict=True))
    cited = [(_cited(one), _cited(one) - _cited(other)) for one, other in pairs]
    return (
        before,
        after,
        Saving(
            questions=len(questions),
            changed=fmean(one.result.text != other.result.text for one, other in pairs),
            lost=sum(len(lost) for _, lost in cited) / max(1, sum(len(there) for there, _ in cited)),
            f1=summarize(after).overall_f1 or 0.0,
            f1_before=summarize(before).overall_f1 or 0.0,
            passages=fmean(read for _, read in reads),
            passages_before=fmean(read for read, _ in reads),
            seconds=median(scored.result.seconds for scored in after),
            seconds_before=median(scored.result.seconds for scored in before),
        ),
    )


def _read(found: Examination) -> int:
    """Of how many passages something was read."""
    return len({candidate.retrieved.number for candidate in found.candidates})


def _cited(scored: Score) -> set[tuple[str, int]]:
    return {(citation.article.id, citation.start) for citation in scored.result.citations}
