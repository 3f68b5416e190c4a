"""The benchmark of common words asks what it says it asks, and tells what is found of the whole search."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from index import words as searching
from index.catalog import Catalog
from index.subset import RecentSets


@pytest.fixture(scope="module")
def words(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("words")


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> int:
    """The bound is put back after a test in which it was measured."""
    monkeypatch.setattr(searching, "SCORED", searching.SCORED)
    return 100


def test_all_kinds_of_questions_are_measured(words: ModuleType, scored: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    with Catalog(tmp_path, create=True, sets=RecentSets()) as catalog:
        seen = words.fill(catalog, words.made_up(rng), 1000)
        assert catalog.count() == (200, 1000)
        commonest = [word for word, _ in seen.most_common()]
        asked = words.kinds(catalog, commonest, 5, rng)
        assert [len(several) for several in asked.values()] == [5] * 6
        assert all(word in commonest[:30] for (word,) in asked["one of the 30 commonest"])
        figures = words.measured(catalog, asked["four of the 30 commonest"], scored)
    assert {"whole", "short cuts", "a tenth", "a hundredth"} < figures.keys()
    assert figures["whole"][0] <= figures["whole"][1] <= figures["whole"][2]
    assert 0 < figures["same of ten"] <= 1
