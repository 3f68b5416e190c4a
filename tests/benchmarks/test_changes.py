"""The benchmark of rebuilding sums up what builds took."""

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def changes(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("changes")


def test_the_median_counts_as_a_share_of_the_first_build(changes: ModuleType) -> None:
    def took(seconds: float, embedded: int) -> dict[str, float]:
        return {"seconds": seconds, "whole": seconds + 2, "processor": seconds / 2, "embedded": embedded}

    found = changes.summed_up(took(100, 50), [took(1, 0), took(9, 1), took(2, 0)])
    assert found["seconds"] == 2
    assert found["share"] == 0.02
    assert found["share of the whole command"] == round(4 / 102, 5)
    assert found["share of the processor's"] == 0.02
    assert found["passages embedded"] == 1, "the most of any build, as none may embed"
