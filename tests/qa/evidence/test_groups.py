from dataclasses import replace

import pytest

from index.article import Article, Passage
from qa.evidence import Candidate, folded, group
from qa.retriever import ScoredPassage

RETRIEVED = ScoredPassage(1, Passage("a", 0, 40), 1.0, 1, 1, 0.5, 2.0)
ONE = Article("one", "One", "The army lost 90 percent of it. Ninety? 90 per cent, the S.D.F. said.")
TWO = Article("two", "Two", "About 90% of it was lost, the SDF says.")


def candidate(article: Article, quote: str, score: float) -> Candidate:
    start = article.text.index(quote)
    return Candidate(article, start, start + len(quote), score, RETRIEVED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("90 percent", "90 per cent"),
        ("90 percent", "90%"),
        ("90 per cent", "90 %"),
        ("S.D.F.", "SDF"),
        ("U.S.", "US"),
        ("the U.S.-led coalition", "US-led coalition"),
        ("the Euphrates", "Euphrates"),
        ("An airport", "the airport"),
        ("Islamic State", "ISLAMIC STATE"),
        ("Assad’s army", "Assad's army"),
        ("“Deir al-Zor”", "Deir al-Zor"),
        ('"caliphate"', "‘caliphate’"),
        ("Köln", "Ko\u0308ln"),
        ("café", "cafe"),
        ("Straße", "STRASSE"),
        ("1,500", "1500"),
        ("1,500-2,500", "1500–2500"),
        ("October 17.", "October 17"),
        ("in 2017, ", "in 2017"),
        ("Gen. Ali Mayhoub", "Gen Ali Mayhoub"),
        ("al-Qaim", "Al Qaim"),
        ("3.5 million", "3.5  million"),
        ("and so on...", "and so on"),
    ],
)
def test_these_say_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("90 percent", "40 percent"),
        ("90 percent", "90"),
        ("June", "July"),
        ("1.5", "15"),
        ("1.5 million", "15 million"),
        ("1,500", "1.500"),
        ("2017", "2016"),
        ("$5 million", "£5 million"),
        ("Raqqa", "Raqqa province"),
        ("Ali Mayhoub", "Ali"),
        ("Iraqi army", "Syrian army"),
        ("北京", "東京"),
        ("October 17", "October 1.7"),
    ],
)
def test_these_do_not(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_spellings_of_one_answer_are_one_group_over_its_articles() -> None:
    found = group([candidate(ONE, "90 percent", 3.0), candidate(ONE, "90 per cent", 2.0), candidate(TWO, "90%", 5.0)])
    assert [[c.quote for c in g.candidates] for g in found] == [["90%", "90 percent", "90 per cent"]]
    assert found[0].best.article is TWO
    assert {c.article.id for c in found[0].believed} == {ONE.id, TWO.id}


def test_the_same_words_elsewhere_are_cited_only_where_the_reader_believes_them() -> None:
    found = group([candidate(ONE, "90 percent", -1.0), candidate(TWO, "90%", -3.0)])
    assert [c.quote for c in found[0].candidates] == ["90 percent", "90%"]
    assert [c.quote for c in found[0].believed] == ["90 percent"]


def test_groups_come_by_their_best_candidate() -> None:
    found = group([candidate(ONE, "S.D.F.", 1.0), candidate(TWO, "90%", 2.0), candidate(TWO, "SDF", 4.0)])
    assert [g.best.quote for g in found] == ["SDF", "90%"]
    assert [c.margin for c in found[0].candidates] == [4.0, 1.0]


def test_of_overlapping_spans_in_one_article_the_best_is_kept() -> None:
    found = group(
        [candidate(ONE, "90 percent", 3.0), candidate(ONE, "90 percent of it", 2.0), candidate(ONE, "lost 90", 1.0)]
    )
    assert [g.best.quote for g in found] == ["90 percent"]


def test_the_same_place_read_in_two_passages_counts_once() -> None:
    found = group([candidate(ONE, "90 percent", 3.0), candidate(ONE, "90 percent", 2.5)])
    assert [len(g.candidates) for g in found] == [1]


def test_neighbours_and_the_same_offsets_in_another_article_do_not_overlap() -> None:
    same = Article("three", "Three", ONE.text)
    found = group([candidate(ONE, "90", 3.0), candidate(ONE, " percent", 2.0), candidate(same, "90", 1.0)])
    assert [[c.article.id for c in g.candidates] for g in found] == [["one", "three"], ["one"]]


def test_equal_scores_keep_one_order_whatever_came_first() -> None:
    candidates = [candidate(TWO, "90%", 1.0), candidate(ONE, "S.D.F.", 1.0), candidate(ONE, "90 percent", 1.0)]
    assert group(candidates) == group(candidates[::-1])
    assert [g.best.quote for g in group(candidates)] == ["90 percent", "S.D.F."]


def test_no_candidates_make_no_groups() -> None:
    assert group([]) == []


def test_how_well_the_passage_was_found_counts_as_much_as_it_is_said_to() -> None:
    far = replace(RETRIEVED, score=0.2)
    sure, near = candidate(ONE, "90 percent", 5.0), candidate(TWO, "SDF", 3.0)
    found = [replace(sure, retrieved=far), near]
    assert [g.best.quote for g in group(found)] == ["90 percent", "SDF"]
    assert [g.best.quote for g in group(found, retrieval_weight=3.0)] == ["SDF", "90 percent"]
    assert group(found, retrieval_weight=3.0)[0].score == pytest.approx(3.0 + 3.0)
