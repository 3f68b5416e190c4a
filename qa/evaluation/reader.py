"""Measure the reader alone, each question put to its own paragraph, as SQuAD does.

Knows SQuAD 2.0's figures (Rajpurkar et al. 2018, arXiv:1806.03822). Never knows an index.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import InputError
from qa.evaluation.measures import auroc, best_threshold
from qa.reader import Reader
from qa.squad import Example, exact_match, token_f1


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


def evaluate_reader(
    reader: Reader, examples: Sequence[Example], done: Callable[[int], None] = lambda _: None
) -> ReaderSummary:
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


def _percent(values: npt.NDArray[Any]) -> float:
    """A mean in per cent; NaN where there is nothing to average."""
    return 100 * float(values.mean()) if len(values) else float("nan")
