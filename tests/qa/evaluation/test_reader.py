import math
from pathlib import Path

import pytest

from index.errors import InputError
from qa.evaluation.reader import evaluate_reader
from qa.reader import Reader
from qa.squad import Example


def examples() -> list[Example]:
    """Four paragraphs, of which each second one holds a zebra, asked two questions each."""
    found = []
    for n in range(8):
        animal = "zebra" if n % 4 < 2 else "river"
        context = f"The {animal} of the town number {n % 4}{n // 4}."
        for asked in "ab":
            spans = ((4, 9),) if animal == "zebra" else ()
            found.append(Example(f"{n}{asked}", "Which animal?", context, spans, "T"))
    return found


def test_a_reader_that_knows_all_answers_is_measured_as_perfect(zebra_reader: Path) -> None:
    told: list[int] = []
    summary = evaluate_reader(Reader(zebra_reader, device="cpu"), examples(), told.append)
    assert (len(told), summary.questions) == (16, 8)
    assert (summary.exact, summary.f1, summary.has_answer_f1, summary.no_answer) == (100, 100, 100, 100)
    assert (summary.forced_exact, summary.forced_f1, summary.auroc) == (100, 100, 1.0)
    assert summary.as_dict()["f1"] == 100.0


def test_without_unanswerable_questions_there_is_no_figure_for_them(zebra_reader: Path) -> None:
    summary = evaluate_reader(Reader(zebra_reader, device="cpu"), [e for e in examples() if e.spans])
    assert summary.f1 == 100
    assert math.isnan(summary.no_answer)
    assert math.isnan(summary.auroc)


def test_a_reader_cannot_be_measured_on_nothing(zebra_reader: Path) -> None:
    with pytest.raises(InputError, match="no questions"):
        evaluate_reader(Reader(zebra_reader, device="cpu"), [])
