"""A set of passages holds exactly its numbers, and the last few are kept."""

import threading

import numpy as np
import pytest

from index import subset
from index.subset import PassageSet, RecentSets

CHANCE = np.random.default_rng(5)
SETS = [
    np.array([], np.int64),
    np.array([1]),
    np.array([7, 8, 9, 10]),
    np.array([8]),
    np.array([1, 3, 5, 7, 9]),
    np.array([3, 4, 9, 10, 11, 64, 65, 1000]),
    np.sort(CHANCE.choice(np.arange(1, 5000), 2000, replace=False)),
]


def held(found, up_to=6000):
    contains = found.contains()
    return [number for number in range(up_to) if contains(number)]


@pytest.mark.parametrize("numbers", SETS, ids=len)
def test_a_set_holds_its_numbers_and_no_others(numbers):
    found = PassageSet.of(numbers)
    assert held(found) == numbers.tolist()
    assert len(found) == len(numbers)
    assert np.flatnonzero(np.unpackbits(found.bits, bitorder="little")).tolist() == numbers.tolist()


def test_a_number_given_twice_or_out_of_order_counts_once():
    assert held(PassageSet.of(np.array([5, 3, 5, 4]))) == [3, 4, 5]


def test_ranges_hold_both_of_their_ends_whatever_order_they_come_in():
    found = PassageSet(np.array([10, 3, 6]), np.array([12, 5, 6]))
    assert (held(found), len(found)) == ([3, 4, 5, 6, 10, 11, 12], 7)


def test_a_set_is_made_once_while_it_is_kept(monkeypatch):
    monkeypatch.setattr(subset, "KEPT", 3)
    sets, made = RecentSets(), []

    def get(key):
        return sets.get(key, lambda: made.append(key) or PassageSet.of(np.array([key])))

    for key in (1, 2, 1, 3, 1, 4):
        assert held(get(key)) == [key]
    assert made == [1, 2, 3, 4]
    get(1), get(3), get(2)  # of four, it was 2 that was asked for longest ago
    assert made == [1, 2, 3, 4, 2]


def test_threads_may_ask_at_once(monkeypatch):
    monkeypatch.setattr(subset, "KEPT", 2)
    sets, wrong = RecentSets(), []

    def ask(seed):
        for key in np.random.default_rng(seed).integers(1, 6, size=300).tolist():
            if held(sets.get(key, lambda key=key: PassageSet.of(np.array([key]))), 8) != [key]:
                wrong.append(key)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
