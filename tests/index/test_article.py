"""An article's digest changes with everything that is indexed, and with nothing else."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import date

import pytest

from index.article import Article, Passage

ARTICLE = Article("a.txt", "Title", "Text.", "Outlet", "https://example.org/a", date(2017, 11, 3))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"text": "Text. "},
        {"source": "Another"},
        {"url": "https://example.org/b"},
        {"published": date(2017, 11, 4)},
        {"published": None},
        {"author": "Ada Reporter"},
        {"pages": (0, 3)},
    ],
    ids=lambda change: "-".join(change),
)
def test_digest_changes_with_each_indexed_fact(change):
    assert replace(ARTICLE, **change).digest != ARTICLE.digest


def test_digest_is_that_of_the_content_wherever_it_lies():
    assert replace(ARTICLE, id="elsewhere/b.txt").digest == ARTICLE.digest


def test_digest_keeps_neighbouring_facts_apart():
    assert Article("a", "ab", "c").digest != Article("a", "a", "bc").digest


def test_digest_is_the_same_on_every_machine():
    assert Article("a", "Title", "Text").digest == "c2fca02266b7a4fd41745384b797472b2b18e961214d440f9c1049d7a0e4674f"


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (9, 1), (10, 2), (19, 2), (20, 4), (99, 4)])
def test_a_character_stands_on_the_last_page_that_begins_before_it(offset, page):
    empty_third = replace(ARTICLE, pages=(0, 10, 20, 20))
    assert empty_third.page(offset) == page


def test_an_article_without_pages_has_no_page_numbers():
    assert ARTICLE.page(3) is None


@pytest.mark.parametrize("article", [ARTICLE, Article("a", "t", "x"), replace(ARTICLE, author="Who", pages=(0, 7))])
def test_what_is_kept_of_an_article_makes_the_same_one(article):
    assert Article.of_fields(*article.fields) == article
    assert Article.of_fields(*json.loads(json.dumps(article.fields))) == article


def test_digest_of_broken_unicode_is_still_a_digest():
    assert len(Article("a", "Title", "half a pair: \ud800").digest) == 64


def test_articles_and_passages_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        ARTICLE.text = "Other"
    with pytest.raises(FrozenInstanceError):
        Passage("a.txt", 0, 5).end = 9


@pytest.mark.parametrize(
    ("id_", "title", "untitled"),
    [
        ("news.jsonl#17", "news 17", True),
        ("2019/all_news.csv#3", "all news 3", True),
        ("all.zip!inner/news.csv#3", "news 3", True),
        ("news.jsonl#17", "News 17: what happened", False),
        ("news.jsonl#17", "News of the 17", False),
        ("news.jsonl#17", "", False),
        ("army-declares-victory.txt", "army declares victory", False),
        ("17.txt", "17", False),
    ],
)
def test_a_row_s_number_is_no_title(id_: str, title: str, untitled: bool) -> None:
    assert Article(id_, title, "Text").is_untitled is untitled
