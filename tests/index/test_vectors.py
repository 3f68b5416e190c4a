"""Nearest neighbours are exact, filtered inside, and a vector file is whole or not read at all."""

import numpy as np
import pytest

from index.errors import CorpusError
from index.vectors import Vectors

RANDOM = np.random.default_rng(7)
NUMBERS = RANDOM.permutation(np.arange(1, 3001, 3))
MATRIX = RANDOM.standard_normal((1000, 24)).astype(np.float32)
MATRIX /= np.linalg.norm(MATRIX, axis=1, keepdims=True)
QUESTIONS = MATRIX[:5] + 0.1


def brute_force(question, k, allowed=None):
    scores = MATRIX @ question
    scores = scores if allowed is None else np.where(np.isin(NUMBERS, allowed), scores, -np.inf)
    best = np.argsort(-scores)[:k]
    return NUMBERS[best].tolist(), scores[best]


@pytest.fixture(scope="module")
def vectors():
    return Vectors(NUMBERS, MATRIX)


@pytest.mark.parametrize("k", [1, 10, 1000])
def test_neighbours_are_those_of_brute_force_best_first(vectors, k):
    for question in QUESTIONS:
        numbers, scores = zip(*vectors.search(question, k), strict=True)
        wanted_numbers, wanted_scores = brute_force(question, k)
        assert list(numbers)[:10] == wanted_numbers[:10]
        np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)


def test_a_filter_is_applied_inside_the_search_so_that_k_are_still_found(vectors):
    worst = np.sort(np.array(brute_force(QUESTIONS[0], 1000)[0][-50:]))
    numbers, scores = zip(*vectors.search(QUESTIONS[0], 10, worst), strict=True)
    wanted_numbers, wanted_scores = brute_force(QUESTIONS[0], 10, worst)
    assert list(numbers) == wanted_numbers
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)


def test_fewer_are_given_where_fewer_are_allowed_or_there(vectors):
    assert sorted(number for number, _ in vectors.search(QUESTIONS[0], 10, NUMBERS[:3])) == sorted(NUMBERS[:3])
    assert len(vectors.search(QUESTIONS[0], 5000)) == 1000


def test_nothing_is_found_where_nothing_is_allowed_or_there(vectors):
    assert vectors.search(QUESTIONS[0], 10, NUMBERS[:0]) == []
    assert vectors.search(QUESTIONS[0], 10, np.array([2])) == []
    assert Vectors(NUMBERS[:0], MATRIX[:0]).search(QUESTIONS[0], 10) == []


def test_a_saved_file_gives_the_same_answers(vectors, tmp_path):
    checksum = vectors.save(tmp_path / "vectors-1.faiss")
    loaded = Vectors.load(tmp_path / "vectors-1.faiss", checksum)
    assert len(loaded) == 1000
    assert loaded.search(QUESTIONS[1], 20) == vectors.search(QUESTIONS[1], 20)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors-1.faiss"]


def test_an_empty_index_can_be_saved_and_loaded(tmp_path):
    checksum = Vectors(NUMBERS[:0], MATRIX[:0]).save(tmp_path / "empty.faiss")
    loaded = Vectors.load(tmp_path / "empty.faiss", checksum)
    assert loaded is not None
    assert len(loaded) == 0


def test_a_file_of_another_checksum_is_not_read(vectors, tmp_path):
    vectors.save(tmp_path / "v.faiss")
    assert Vectors.load(tmp_path / "v.faiss", "0" * 64) is None
    assert Vectors.load(tmp_path / "v.faiss", None) is None
    assert Vectors.load(tmp_path / "missing.faiss", "0" * 64) is None


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.999])
def test_one_flipped_bit_is_noticed(vectors, tmp_path, place):
    checksum = vectors.save(tmp_path / "v.faiss")
    content = bytearray((tmp_path / "v.faiss").read_bytes())
    content[int(len(content) * place)] ^= 1
    (tmp_path / "v.faiss").write_bytes(content)
    assert Vectors.load(tmp_path / "v.faiss", checksum) is None


def test_a_mismatch_in_count_is_refused_with_both_numbers():
    with pytest.raises(CorpusError, match="999 passages but 1000 vectors"):
        Vectors(NUMBERS[:-1], MATRIX)
