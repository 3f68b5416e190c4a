"""Each saving is measured against an engine without it, over the same questions."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from qa import QuestionAnswerer
from qa.bound import ALL, Bound
from qa.evaluation.questions import read_questions

QUESTIONS = Path(__file__).parents[2] / "seeds" / "questions.jsonl"


@pytest.fixture(scope="module")
def reading(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("reading")


def test_every_saving_has_its_gain_and_its_price(
    reading: ModuleType, seed_qa: QuestionAnswerer, tmp_path: Path
) -> None:
    qa = seed_qa

    def fresh(bound: Bound) -> QuestionAnswerer:
        return QuestionAnswerer(qa.store, qa.retriever, qa.reader, qa.calibration, qa._embedder, bound)

    figures = reading.measure(fresh, ALL, read_questions(QUESTIONS)[:2])
    assert len(figures) == 4
    assert all({"seconds", "seconds_before", "changed"} <= set(of) for of in figures.values())
    stopping = figures["reading no passage that cannot change the answer"]
    assert (stopping["changed"], stopping["lost"], stopping["passages"]) == (0.0, 0.0, 10.0)  # here it reads everything
    kept = figures["keeping examinations"]
    assert kept["seconds"] < kept["seconds_before"]
    assert kept["changed"] == 0
    reading.plot(figures, tmp_path / "reading.svg")
    assert (tmp_path / "reading.svg").stat().st_size > 1000
