"""An article is shown whole, open at its quote, with the way to the citations beside it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from index.article import Article
from web.markup import reading

Shown = Callable[[str], bool]


def test_hostile_text_stays_text(trap: Article, hostile: str, harmless: Shown) -> None:
    assert harmless(reading.article(trap, f"cite {hostile}", (7, 20), [(10, 30)], note=hostile))
    assert harmless(reading.unavailable(hostile, f"open {hostile}"))


def test_marks_of_one_article_keep_its_text_whole_where_they_overlap(plain: Article, elements: Any) -> None:
    markup = reading.article(plain, "", (3, 9), [(5, 20), (0, 2)])
    assert plain.text in elements(markup).text
    assert re.findall(r'<mark class="(\w+)">(.*?)</mark>', markup)[:2] == [("also", "It"), ("here", "rained")]


@pytest.mark.parametrize(
    ("place", "off"),
    [(reading.Place(1, 3, "", "0-1"), ["previous"]), (reading.Place(3, 3, "0-1", ""), ["next"])],
)
def test_the_way_ends_at_the_first_and_the_last_citation(plain: Article, place: reading.Place, off: list[str]) -> None:
    markup = reading.article(plain, "", place=place)
    assert f"{place.number} of 3" in markup
    assert re.findall(r'class="cite step (\w+)"[^>]* disabled>', markup) == off


def test_a_lone_citation_has_no_way_beside_it(plain: Article) -> None:
    assert "step" not in reading.article(plain, "", place=reading.Place(1, 1))
    assert "step" not in reading.article(plain, "")


def test_what_is_gone_says_what_was_clicked_and_has_a_title_to_go_to(elements: Any) -> None:
    shown = elements(reading.unavailable("there is no article a.txt", "cite 0-1"))
    assert {("data-ref", "cite 0-1"), ("tabindex", "-1")} <= set(shown.attributes) and "h2" in shown.tags


def test_the_keys_are_told_where_nothing_is_open(elements: Any) -> None:
    said = elements(reading.nothing()).text
    assert all(key in said for key in ("nnext citation", "pprevious citation", "Escback"))
