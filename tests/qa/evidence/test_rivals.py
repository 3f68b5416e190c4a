from index.article import Article, Passage
from qa.evidence import Candidate, Group, compared, group, lineups
from qa.evidence.rivals import NEAR, RIVALS
from qa.retriever import ScoredPassage

RETRIEVED = ScoredPassage(1, Passage("a", 0, 200), 1.0, 1, 1, 0.5, 2.0)
NORTH = Article("north", "North", "It rained. The north fell in June, said Ali. Nobody stayed.")
SOUTH = Article("south", "South", "The south fell in July.")


def candidate(article: Article, quote: str, score: float) -> Candidate:
    start = article.text.index(quote)
    return Candidate(article, start, start + len(quote), score, RETRIEVED)


FOUND = [candidate(NORTH, "June", 3.0), candidate(SOUTH, "July", 2.0), candidate(NORTH, "Ali", 1.0)]


def test_each_sentence_stands_once_in_both_orders_and_each_rival_where_it_was() -> None:
    there, back = lineups(group(FOUND))
    assert there.text == "The north fell in June, said Ali. The south fell in July."
    assert (
        back.text == "The north fell in June, said Ali. The south fell in July."
    )  # the worst is in the best's sentence
    for lineup in (there, back):
        assert [lineup.text[start:end] for start, end in lineup.places] == ["June", "July", "Ali"]
    there, back = lineups(group(FOUND[:2]))
    assert back.text == "The south fell in July. The north fell in June, said Ali."
    assert [back.text[start:end] for start, end in back.places] == ["June", "July"]


def test_one_alone_has_no_rival() -> None:
    assert lineups(group(FOUND[:1])) == lineups([]) == ()
    (alone,) = compared(group(FOUND[:1]), [], 2.0)
    assert alone.score == 3.0 + 2.0 * 3.0  # side by side with nobody it is what it was
    assert compared([], [], 2.0) == []


def test_one_far_behind_is_no_rival_and_stays_behind() -> None:
    far = candidate(NORTH, "Ali", 3.0 - NEAR - 0.1)
    groups = group([*FOUND[:2], far])
    there, _ = lineups(groups)
    assert [there.text[start:end] for start, end in there.places] == ["June", "July"]
    assert [g.best.quote for g in compared(groups, [[-3.0, 9.0], [-3.0, 9.0]], 1.0)] == ["July", "June", "Ali"]
    assert lineups(group([FOUND[0], far])) == ()
    june, ali = compared(group([FOUND[0], far]), [], 1.0)
    assert (june.best, ali.best) == (FOUND[0], far)


def test_no_more_than_the_best_are_read_side_by_side() -> None:
    text = " ".join(f"Town{n} fell." for n in range(RIVALS + 2))
    towns = Article("towns", "Towns", text)
    groups = group(candidate(towns, f"Town{n}", 9.0 - n) for n in range(RIVALS + 2))
    assert groups[-1].score > groups[0].score - NEAR
    there, back = lineups(groups)
    assert len(there.places) == len(back.places) == RIVALS
    ordered = compared(groups, [[-1.0] * RIVALS, [-3.0] * RIVALS], 1.0)
    assert [g.best.quote for g in ordered] == [f"Town{n}" for n in range(RIVALS + 2)]
    assert {g.beside for g in ordered} == {-2.0}


def test_who_wins_side_by_side_comes_first_if_that_weighs_enough() -> None:
    groups = group(FOUND)
    scores = [[-2.0, 3.0, -5.0], [-1.0, 4.0, -5.0]]
    assert [g.best.quote for g in compared(groups, scores, 0.0)] == ["June", "July", "Ali"]
    first, second, third = compared(groups, scores, 0.5)
    assert [g.best.quote for g in (first, second, third)] == ["July", "June", "Ali"]
    assert (first.score, first.beside) == (2.0 + 0.5 * 3.5, 3.5)
    assert isinstance(first, Group)
