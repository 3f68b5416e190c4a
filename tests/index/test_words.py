"""Common words cost little and the search finds what the whole search finds."""

import random

import pytest

from index import words
from index.article import Article
from index.catalog import Catalog
from index.store import Filter
from index.words import _plan, _Sample, search

PASSAGES = 3000
VOCABULARY = [f"{a}{b}{c}o" for a in "bdgk" for b in "aeiou" for c in "lmnrstvz"]  # no two of one stem
WEIGHTS = [1 / (rank + 1) for rank in range(len(VOCABULARY))]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """Passages of 20 words each, drawn as often as Zipf's law has it; every tenth article is of another outlet."""
    chance = random.Random(3)
    with Catalog(tmp_path_factory.mktemp("words"), create=True) as catalog:
        with catalog.transaction():
            for number in range(PASSAGES // 10):
                passages = [" ".join(chance.choices(VOCABULARY, WEIGHTS, k=20)) for _ in range(10)]
                text = "\n".join(passages)
                starts = [sum(len(p) + 1 for p in passages[:i]) for i in range(10)]
                spans = [(start, start + len(passage)) for start, passage in zip(starts, passages, strict=True)]
                article = Article(
                    f"{number:04}", " ".join(chance.choices(VOCABULARY, k=4)), text, "AB"[number % 10 == 0]
                )
                catalog.put(article, spans, [b"v"] * 10, [])
                catalog.assign({article.id: article.digest})
        yield catalog


@pytest.fixture
def large(monkeypatch):
    """What is large begins small."""
    monkeypatch.setattr(words, "SCORED", 400)
    monkeypatch.setattr(words, "RANGES", 8)
    monkeypatch.setattr(words, "RANGE", 60)


def exact(catalog, wanted, limit, allowed=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "SCORED", 10**9)
        return catalog.search_words(wanted, limit, allowed or Filter())


def questions(first, last, size, count=40):
    chance = random.Random(5)
    return [chance.sample(VOCABULARY[first:last], size) for _ in range(count)]


def matches(counts, holding=lambda match: 0):
    return [(step.match, step.bounded) for step in _plan(counts, 3000, holding)]


def test_a_small_corpus_is_searched_whole(catalog):
    assert [step.match for step in words._steps(catalog._sql, ['"a"', '"b"'])] == ['"a" OR "b"']
    assert list(words._steps(catalog._sql, [])) == []


def test_counts_are_about_right(catalog, large):
    sample = _Sample(catalog._sql)
    assert sample.total == pytest.approx(PASSAGES, rel=0.02)
    one, other = (f'"{VOCABULARY[rank]}"' for rank in (3, 10))
    for match in (one, other, f"{one} OR {other}", f"{one} AND {other}"):
        found = catalog._sql.execute("SELECT count(*) FROM words WHERE words MATCH ?", (match,)).fetchone()[0]
        assert sample.holding(match) == pytest.approx(found, rel=0.15)
    assert sample.holding('"absent"') == 0


def test_rare_words_bring_passages_and_common_ones_order_them(large):
    assert matches({"often": 600, "rare": 5, "rarer": 1, "everywhere": 2900}) == [
        ("rarer OR rare", False),
        ("(rarer OR rare) AND (often)", False),
        ("(often)", False),
    ]


def test_of_common_words_one_of_each_group_must_stand_there_in_as_few_groups_as_keep_the_bound(large):
    counts, asked = {"a": 700, "b": 600, "c": 500, "d": 800}, []
    assert matches(counts, lambda match: asked.append(match) or 900 // len(asked)) == [
        ("(c OR d) AND (b) AND (a)", False)
    ]
    assert asked == ["(c OR b OR a OR d)", "(c OR a) AND (b OR d)", "(c OR d) AND (b) AND (a)"]


def test_a_phrase_of_formula_words_is_left_out_as_they_are_and_adds_nothing(catalog, large):
    often, oftener, rare = f"{VOCABULARY[1]} {VOCABULARY[2]}", VOCABULARY[0], VOCABULARY[150]
    quoted = [f'"{phrase}"' for phrase in (often, oftener, rare)]
    assert [step.match for step in words._steps(catalog._sql, quoted)] == [quoted[2]]
    numbers = [number for number, _ in exact(catalog, [often], 20)]
    assert len(numbers) == 20
    assert catalog.word_scores(often, numbers) == {}
    mixed = f"{VOCABULARY[1]} {VOCABULARY[40]}"
    held = [number for number, _ in exact(catalog, [mixed], 20)]
    assert catalog.word_scores(mixed, held).keys() == set(held) > set()


def test_a_phrase_of_formula_words_is_searched_for_where_there_is_nothing_else(catalog, large):
    found = catalog.search_words([f"{VOCABULARY[1]} {VOCABULARY[2]}"], 10, Filter())
    assert len(found) == 10


def test_where_even_all_words_together_are_common_titles_come_first_and_then_a_part(large):
    counts = {"everywhere": 2900, "always": 2000}
    assert matches(counts, lambda match: 1900) == [
        ("title : (always OR everywhere)", True),
        ("always AND everywhere", True),
    ]


@pytest.mark.parametrize(("first", "last", "size", "share"), [(20, 160, 3, 0.95), (5, 160, 5, 0.85)])
def test_the_best_are_those_of_the_whole_search(catalog, large, first, last, size, share):
    kept = []
    for question in questions(first, last, size):
        whole = dict(exact(catalog, question, 10))
        found = dict(catalog.search_words(question, 10, Filter()))
        assert len(found) == 10
        kept.append(len(whole.keys() & found.keys()) / 10)
    assert sum(kept) / len(kept) >= share


def test_the_scores_are_those_of_the_whole_search_where_a_rare_word_stands(catalog, large):
    for question in questions(40, 160, 4):
        whole = dict(exact(catalog, question, PASSAGES))
        for number, score in catalog.search_words(question, 10, Filter()):
            assert score == pytest.approx(whole[number])


def test_common_words_alone_find_passages_too_best_first(catalog, large):
    for question in questions(0, 6, 2):
        found = catalog.search_words(question, 10, Filter())
        assert len(found) == 10
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("outlet", ["A", "B", "C"])
def test_a_filter_holds_in_every_step(catalog, large, outlet):
    allowed = Filter(sources=(outlet,))
    inside = set(catalog.passage_numbers(allowed).tolist())
    for question in [*questions(20, 160, 3, 10), *questions(0, 10, 2, 10)]:
        found = [number for number, _ in catalog.search_words(question, 10, allowed)]
        assert set(found) <= inside
        assert len(found) == min(10, len(exact(catalog, question, 10, allowed)))


def test_one_word_is_searched_in_titles_first(catalog, large):
    word = VOCABULARY[0]
    titled = {article.id for article in catalog.articles() if word in article.title.split()}
    found = [number for number, _ in search(catalog._sql, [word], 10)]
    assert titled
    assert titled >= {passage.article_id for passage in catalog.passages(found).values()}


def test_a_word_asked_for_twice_counts_once(catalog):
    assert search(catalog._sql, ["balo", "balo"], 5) == search(catalog._sql, ["balo"], 5)
