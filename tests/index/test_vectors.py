"""Exact neighbours are those of brute force, approximate ones nearly so; filters hold; a damaged file is not read.

The vectors are clustered, as those of texts are: points around many centres on the sphere.
"""

import faiss
import numpy as np
import pytest

from index import vectors as module
from index.errors import CorpusError
from index.subset import PassageSet
from index.vectors import Vectors, cells

COUNT, DIMENSION, CENTRES = 4000, 48, 150
RANDOM = np.random.default_rng(7)


def on_the_sphere(matrix):
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


PLACES = RANDOM.standard_normal((CENTRES, DIMENSION))
MATRIX = on_the_sphere(PLACES[RANDOM.integers(CENTRES, size=COUNT)] + 0.5 * RANDOM.standard_normal((COUNT, DIMENSION)))
NUMBERS = RANDOM.permutation(np.arange(1, 3 * COUNT + 1, 3))
QUESTIONS = on_the_sphere(MATRIX[:40] + 0.05 * RANDOM.standard_normal((40, DIMENSION)))
BLOCKS = [(NUMBERS[at : at + 1500], MATRIX[at : at + 1500]) for at in range(0, COUNT, 1500)]
ROWS = dict(zip(NUMBERS.tolist(), MATRIX, strict=True))


def true_vectors(numbers):
    there = [number for number in numbers.tolist() if number in ROWS]
    return np.array(there, np.int64), np.array([ROWS[number] for number in there], np.float32).reshape(
        len(there), DIMENSION
    )


def only(numbers):
    return None if numbers is None else PassageSet.of(numbers)


def brute_force(question, k, allowed=None, numbers=NUMBERS, matrix=MATRIX):
    scores = matrix @ question
    scores = scores if allowed is None else np.where(np.isin(numbers, allowed), scores, -np.inf)
    best = np.argsort(-scores)[:k]
    return numbers[best].tolist(), scores[best]


def recall(vectors, k=10, allowed=None):
    shares = []
    for question in QUESTIONS:
        found = {number for number, _ in vectors.search(question, k, only(allowed))}
        shares.append(len(found & set(brute_force(question, k, allowed)[0])) / k)
    return np.mean(shares)


def make_approximate():
    return Vectors.approximate(COUNT, MATRIX[::2], BLOCKS)


@pytest.fixture(scope="module")
def exact():
    return Vectors(NUMBERS, MATRIX)


@pytest.fixture(scope="module")
def filed():
    return make_approximate()


@pytest.fixture
def approximate(filed, monkeypatch):
    """As it is searched: ranked by true vectors, and looking into some of the lists only."""
    monkeypatch.setattr(module, "LOOKED_AT", 600)
    return filed.ranked_by(true_vectors)


@pytest.fixture(params=["exact", "approximate"])
def either(request):
    return request.getfixturevalue(request.param)


# ---- searching -------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, COUNT])
def test_exact_neighbours_are_those_of_brute_force_best_first(exact, k):
    for question in QUESTIONS[:5]:
        numbers, scores = zip(*exact.search(question, k), strict=True)
        wanted_numbers, wanted_scores = brute_force(question, k)
        assert list(numbers)[:10] == wanted_numbers[:10]
        np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)


def test_approximate_neighbours_are_nearly_those_of_brute_force(approximate):
    assert "10 probes" in approximate.kind  # of 64 lists
    assert recall(approximate) >= 0.95


def test_ranking_by_true_vectors_gives_true_cosines_best_first(approximate):
    for question in QUESTIONS[:5]:
        numbers, scores = zip(*approximate.search(question, 20), strict=True)
        np.testing.assert_allclose(scores, [ROWS[number] @ question for number in numbers], atol=1e-6)
        assert list(scores) == sorted(scores, reverse=True)


def test_ranking_by_true_vectors_finds_what_quantising_swapped(filed):
    for question in QUESTIONS:
        assert [n for n, _ in filed.ranked_by(true_vectors).search(question, 10)] == brute_force(question, 10)[0]
    assert [[n for n, _ in filed.search(q, 10)] for q in QUESTIONS] != [brute_force(q, 10)[0] for q in QUESTIONS]


def test_a_filter_is_applied_inside_the_search_so_that_the_nearest_allowed_are_found(either):
    far = np.sort(np.array(brute_force(QUESTIONS[0], COUNT)[0][-50:]))
    every_ninth, most = NUMBERS[::9], np.setdiff1d(NUMBERS, NUMBERS[::9])
    for allowed in (far, every_ninth, most):
        numbers, scores = zip(*either.search(QUESTIONS[0], 10, only(allowed)), strict=True)
        wanted_numbers, wanted_scores = brute_force(QUESTIONS[0], 10, allowed)
        assert list(numbers) == wanted_numbers
        np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
        assert recall(either, allowed=allowed) >= 0.99


def test_fewer_are_given_where_fewer_are_allowed_or_there(either, exact):
    assert sorted(number for number, _ in either.search(QUESTIONS[0], 10, only(NUMBERS[:3]))) == sorted(NUMBERS[:3])
    assert len(exact.search(QUESTIONS[0], COUNT + 1)) == COUNT


def test_nothing_is_found_where_nothing_is_allowed_or_there(either):
    assert either.search(QUESTIONS[0], 10, only(NUMBERS[:0])) == []
    assert either.search(QUESTIONS[0], 10, only(np.array([2]))) == []
    assert Vectors(NUMBERS[:0], MATRIX[:0]).search(QUESTIONS[0], 10) == []


def test_a_mismatch_in_count_is_refused_with_both_numbers():
    with pytest.raises(CorpusError, match=f"{COUNT - 1} passages but {COUNT} vectors"):
        Vectors(NUMBERS[:-1], MATRIX)


def test_the_kind_is_said_for_people(exact, filed):
    assert exact.kind == "exact"
    assert filed.kind == "IVF64,SQ8, 64 probes"  # so few vectors are all looked at


def test_lists_grow_with_the_root_of_the_count():
    assert [cells(count) for count in (0, 1, 40_000, 1_000_000, 10_000_000)] == [1, 1, 256, 1024, 4096]


# ---- what came and went after the file was written ----------------------------------------------


def test_what_is_gone_is_not_found_and_what_came_later_is(either, monkeypatch):
    gone = np.sort(NUMBERS[:200])
    later = on_the_sphere(QUESTIONS[:30] + 0.01)
    late = np.arange(3 * COUNT + 10, 3 * COUNT + 40)
    for number, vector in zip(late.tolist(), later, strict=True):
        monkeypatch.setitem(ROWS, number, vector)
    now = either.since(gone, late, later)
    assert len(now) == COUNT - 200 + 30
    numbers, matrix = np.concatenate([NUMBERS[200:], late]), np.concatenate([MATRIX[200:], later])
    for question in QUESTIONS:
        found = [number for number, _ in now.search(question, 10)]
        assert not set(found) & set(gone)
        assert len(set(found) & set(brute_force(question, 10, numbers=numbers, matrix=matrix)[0])) >= 9
        there = np.concatenate([NUMBERS[200:400], late[:5]])
        wanted = brute_force(question, 10, there, numbers, matrix)[0]
        assert [number for number, _ in now.search(question, 10, only(there))] == wanted


def test_bringing_up_to_date_leaves_the_one_before_as_it_was(either):
    before = either.search(QUESTIONS[0], 10)
    either.since(np.array([before[0][0]]), NUMBERS[:0], MATRIX[:0])
    assert either.search(QUESTIONS[0], 10) == before
    assert len(either) == COUNT


def test_a_number_that_the_catalog_does_not_know_is_not_given(approximate):
    best = approximate.search(QUESTIONS[0], 10)
    lost = approximate.ranked_by(lambda numbers: true_vectors(numbers[numbers != best[0][0]]))
    assert [number for number, _ in lost.search(QUESTIONS[0], 9)] == [number for number, _ in best[1:]]


# ---- the file ------------------------------------------------------------------------------------


@pytest.fixture(params=["exact", "filed"])
def saved(request, tmp_path):
    vectors = request.getfixturevalue(request.param)
    return vectors, tmp_path / "vectors-1.faiss", vectors.save(tmp_path / "vectors-1.faiss")


@pytest.mark.parametrize("thorough", [False, True])
def test_a_saved_file_gives_the_same_answers(saved, thorough):
    vectors, path, checksum = saved
    loaded = Vectors.load(path, checksum, thorough)
    assert (len(loaded), loaded.kind, loaded.checksum) == (COUNT, vectors.kind, checksum)
    for allowed in (None, NUMBERS[::7]):
        assert loaded.search(QUESTIONS[1], 20, only(allowed)) == vectors.search(QUESTIONS[1], 20, only(allowed))
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_index_can_be_saved_and_loaded(tmp_path):
    checksum = Vectors(NUMBERS[:0], MATRIX[:0]).save(tmp_path / "empty.faiss")
    assert len(Vectors.load(tmp_path / "empty.faiss", checksum)) == 0


def test_the_same_vectors_give_the_same_file(filed, tmp_path):
    assert make_approximate().save(tmp_path / "again.faiss") == filed.save(tmp_path / "first.faiss")
    assert (tmp_path / "again.faiss").read_bytes() == (tmp_path / "first.faiss").read_bytes()


def test_an_approximate_file_is_mapped_and_takes_a_byte_a_component(filed, tmp_path):
    checksum = filed.save(tmp_path / "v.faiss")
    lists = COUNT * (DIMENSION + 8)
    assert lists < (tmp_path / "v.faiss").stat().st_size < lists + 50_000
    loaded = Vectors.load(tmp_path / "v.faiss", checksum)
    (tmp_path / "v.faiss").unlink()  # as a build does; who has it open goes on
    assert recall(loaded) >= 0.9


def test_a_file_of_another_checksum_is_not_read(saved, exact, tmp_path):
    _, path, checksum = saved
    other = Vectors(NUMBERS[:9], MATRIX[:9]).save(tmp_path / "other.faiss")
    for wrong in (None, "", "0" * 64, checksum[1:], other):
        assert Vectors.load(path, wrong) is None
    assert Vectors.load(tmp_path / "missing.faiss", checksum) is None


@pytest.mark.parametrize("harm", ["truncated", "emptied", "lengthened", "of another program", "of other numbers"])
def test_a_file_that_is_not_the_one_written_is_not_read(saved, tmp_path, harm):
    _, path, checksum = saved
    content = path.read_bytes()
    if harm == "of another program":
        other = faiss.index_factory(DIMENSION, "IVF16,Flat")
        other.train(MATRIX)
        faiss.write_index(other, str(path))
    elif harm == "of other numbers":
        Vectors(NUMBERS + 1, MATRIX).save(path)
    else:
        path.write_bytes({"truncated": content[:-1000], "emptied": b"", "lengthened": content + b"\0"}[harm])
    assert Vectors.load(path, checksum) is None
    assert Vectors.load(path, checksum, thorough=True) is None


@pytest.mark.parametrize("place", [0.0, 0.02, 0.1, 0.5, 0.999])
def test_one_flipped_bit_is_noticed_anywhere_in_an_exact_file(exact, tmp_path, place):
    checksum = exact.save(tmp_path / "v.faiss")
    flip(tmp_path / "v.faiss", place)
    assert Vectors.load(tmp_path / "v.faiss", checksum) is None


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)


def test_one_flipped_bit_in_the_head_of_an_approximate_file_is_noticed_at_once(filed, tmp_path):
    checksum = filed.save(tmp_path / "v.faiss")
    for place in (0.0, 0.02, 0.05):
        flip(tmp_path / "v.faiss", place)
        assert Vectors.load(tmp_path / "v.faiss", checksum) is None
        flip(tmp_path / "v.faiss", place)
    assert Vectors.load(tmp_path / "v.faiss", checksum, thorough=True) is not None


def test_flipped_bits_in_the_lists_are_noticed_by_a_thorough_check_and_cite_nothing_wrong(filed, tmp_path):
    path, checksum = tmp_path / "v.faiss", filed.save(tmp_path / "v.faiss")
    content = bytearray(path.read_bytes())
    for place in RANDOM.integers(len(content) // 3, len(content), size=2000):
        content[place] ^= 1 << RANDOM.integers(8)
    path.write_bytes(content)
    assert Vectors.load(path, checksum, thorough=True) is None
    harmed = Vectors.load(path, checksum).ranked_by(true_vectors)
    for question in QUESTIONS:
        for allowed in (None, NUMBERS[::3]):
            found = harmed.search(question, 10, only(allowed))
            assert len({number for number, _ in found}) == len(found) == 10
            np.testing.assert_allclose([s for _, s in found], [ROWS[n] @ question for n, _ in found], atol=1e-6)
            assert allowed is None or np.isin([number for number, _ in found], allowed).all()
    assert recall(harmed) >= 0.8


def test_a_write_that_fails_leaves_the_file_before_whole(saved, monkeypatch):
    _, path, checksum = saved

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Vectors(NUMBERS[:9], MATRIX[:9]).save(path)
    assert len(Vectors.load(path, checksum, thorough=True)) == COUNT
