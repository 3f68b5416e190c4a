"""The benchmark of growth fills an index, goes on where it was cut short, and knows what is there to be found."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from index import vectors
from index.build import build
from index.catalog import Catalog

PASSAGES = 300


@pytest.fixture(scope="module")
def scale(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("scale")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty articles of three passages each."""
    path = tmp_path_factory.mktemp("pool") / "pool.json"
    words = np.random.default_rng(2).integers(500, size=(40, 3, 30))
    texts = [[" ".join(f"Word{w}a" for w in passage) + "." for passage in article] for article in words.tolist()]
    path.write_text(json.dumps([[f"Title {number}", own] for number, own in enumerate(texts)]), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def small(scale: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "WARM_UP", 2)
    monkeypatch.setattr(scale, "QUESTIONS", 8)
    monkeypatch.setattr(scale, "AT_ONCE", 30)


@pytest.fixture(scope="module")
def full(scale: ModuleType, pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that was filled, with ten questions about it, not to be changed."""
    folder = tmp_path_factory.mktemp("work") / "300"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scale, "WARM_UP", 2)
        patch.setattr(scale, "QUESTIONS", 8)
        patch.setattr(scale, "AT_ONCE", 30)
        scale.fill(pool, folder, PASSAGES)
    return folder


def facts(folder: Path) -> dict[str, object]:
    return json.loads((folder / "filled.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_what_is_filled_is_a_whole_index_of_that_size(full: Path) -> None:
    with Catalog(full) as catalog:
        assert (catalog.count(), catalog.problems()) == ((100, PASSAGES), [])
    assert facts(full) | {"passages": PASSAGES, "articles": 100, "is complete": True} == facts(full)


def test_the_parts_of_the_catalog_are_about_all_of_it(full: Path) -> None:
    sizes = facts(full)["bytes a passage"]
    assert isinstance(sizes, dict)
    parts = {part: size for part, size in sizes.items() if part.startswith("of these")}
    if parts:  # an SQLite without dbstat knows none
        assert sum(parts.values()) == pytest.approx(sizes["catalog"], rel=0.1)
        assert min(parts.values()) > 0


def test_filling_goes_on_where_it_was_cut_short(
    scale: ModuleType, pool: Path, full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scale, "publish", killed)
        scale.fill(pool, tmp_path / "300", PASSAGES)
    assert not facts(tmp_path / "300")["is complete"]
    assert scale.filled(tmp_path) == []
    monkeypatch.chdir(tmp_path)
    scale.fill(pool, Path("300"), PASSAGES)
    assert scale.filled(tmp_path) == [PASSAGES]
    with Catalog(full) as one, Catalog(tmp_path / "300") as other:
        assert one.digests() == other.digests()
        assert np.array_equal(one.passage_vectors()[1], other.passage_vectors()[1])


def test_articles_are_the_same_whenever_they_are_asked_for_and_editions_are_not(
    imported: Callable[[str], ModuleType], pool: Path
) -> None:
    press = imported("press").Press(pool, PASSAGES)
    made = list(press.articles(PASSAGES))
    assert made[70].article == press.article(70).article == next(press.articles(3, first=70)).article
    assert made[70].article.digest != press.article(70, edition=1).article.digest
    assert np.linalg.norm(made[70].vectors, axis=1) == pytest.approx(1.0)


def test_the_nearest_are_those_of_all_blocks_together(scale: ModuleType) -> None:
    rng = np.random.default_rng(3)
    numbers, scores = rng.permutation(1000), rng.standard_normal((1000, 4)).astype(np.float32)
    known = np.empty((0, 4), np.int64), np.empty((0, 4), np.float32)
    for rows in (slice(0, 7), slice(7, 7), slice(7, 400), slice(400, 1000)):
        known = scale.nearest(*known, numbers[rows], scores[rows])
    for column in range(4):
        assert set(known[0][:, column]) == set(numbers[np.argsort(-scores[:, column])[:10]])


def test_an_exact_index_finds_all_that_is_nearest(scale: ModuleType, full: Path) -> None:
    served = scale.serve(full)
    assert served["vector index"] == "exact"
    assert [served[name]["recall@10"] for name in scale.FILTERS] == [1.0, 1.0, 1.0]
    assert 0 < served["all"]["p50, ms"] <= served["all"]["p95, ms"] <= served["all"]["worst, ms"]


def test_the_recall_of_true_vectors_is_told_by_lists(
    scale: ModuleType, words: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "LOOKED_AT", 250_000)
    monkeypatch.setattr(vectors, "SHARE_LOOKED_AT", 0.5)
    monkeypatch.setattr(scale, "LISTS", (1, 8))
    (tmp_path / "articles").mkdir()
    rng = np.random.default_rng(4)
    for number in range(60):
        said = " ".join(f"word{w}" for w in rng.integers(90, size=rng.integers(20, 60)))  # hardly two are as near
        (tmp_path / "articles" / f"{number}.txt").write_text(f"Report {number}\n\n{said}.", encoding="utf-8")
    build([tmp_path / "articles"], tmp_path / "index", words)
    recalls = scale.recall_by_lists(tmp_path / "index", words)
    assert recalls["1"] > 0.97, "the only list is looked at whole, and all but what is equally near is found"
    assert 0 < recalls["8"] < recalls["1"]


def test_a_size_measured_again_takes_the_place_of_its_figures(scale: ModuleType) -> None:
    sizes = [{"passages": 10, "is": "old"}, {"passages": 1000}]
    assert scale.merged(sizes, {"passages": 10, "is": "new"}) == [{"passages": 10, "is": "new"}, {"passages": 1000}]
    assert [size["passages"] for size in scale.merged(sizes, {"passages": 100})] == [10, 100, 1000]


def test_targets_are_told_of_the_sizes_that_they_are_of(scale: ModuleType) -> None:
    def size(passages: int, recall: float, slower: float, memory: float) -> dict[str, object]:
        asked = {name: {"recall@10": recall} for name in scale.FILTERS}
        times = dict.fromkeys(scale.FILTERS, slower)
        return {
            "passages": passages, **asked, "times the smallest, p95": times, "peak memory serving, GiB": memory,
        }  # fmt: skip

    small, million, most = size(10_002, 1.0, 1, 0.3), size(1_000_001, 0.97, 12.5, 1), size(10_000_000, 0.96, 90, 7.9)
    assert scale.targets_met([]) == {}
    assert list(scale.targets_met([small]).values()) == [True]
    assert list(scale.targets_met([small, million, most]).values()) == [True, False, True]
    assert list(scale.targets_met([size(20, 0.949, 1, 1)]).values()) == [False]
