"""Foreign text can only ever be text, and figures never claim too much."""

import html
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from index.article import Article
from web.markup import text


def test_literal_text_comes_back_and_holds_no_syntax() -> None:
    plain = "".join(map(chr, range(32, 127))) + "\n\t“é” 東京 👍"
    assert html.unescape(text.literal(plain)) == plain
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|[^\x00-\x7f]|&#\d+;)*", text.literal(plain))


@pytest.mark.parametrize("bad", ["\ud800", "\x00", "\x1b", "\x85", "\u202e"])
def test_what_cannot_be_shown_becomes_a_replacement_character(bad: str) -> None:
    assert text.literal(f"a{bad}b") == "a\ufffdb"
    text.literal(bad).encode()


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "Almost certain"), (0.7, "Likely"), (0.3, "Uncertain"), (0.0, "A guess")]
)
def test_confidence_in_words(value: float, words: str) -> None:
    assert text.confidence_words(value) == words


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (0.996, "over 99%"), (1.0, "over 99%")]
)
def test_a_figure_never_claims_to_be_certain(value: float, shown: str) -> None:
    assert text.percent(value) == shown


@pytest.mark.parametrize(("number", "shown"), [(0, "0 articles"), (1, "1 article"), (1200, "1,200 articles")])
def test_things_are_counted_as_people_count_them(number: int, shown: str) -> None:
    assert text.counted(number, "article") == shown


def test_days_are_written_out_or_short() -> None:
    assert text.day(date(2017, 11, 3)) == "3 November 2017"
    assert text.short_day(date(2017, 11, 3)) == "3 Nov 2017"


def test_an_article_without_a_headline_is_called_by_its_id(plain: Article) -> None:
    assert text.title(replace(plain, title=" ")) == text.literal("a.txt")
    assert text.about(replace(plain, source="")) == "outlet and date unknown"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://b.example/?a=1&b=2", True),
        ("HTTP://b.example", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//b.example", False),
        ("https://b.example/ onclick=x", False),
        ('https://b.example/"onclick="x', False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, linked: bool, elements: Any) -> None:
    attributes = dict(elements(text.link(url)).attributes)
    assert attributes.get("href") == (url if linked else None)
    assert not linked or (attributes["rel"], attributes["target"]) == ("noopener noreferrer", "_blank")


def test_a_notice_is_heard_and_stays_text(hostile: str, harmless: Any) -> None:
    assert harmless(text.notice(hostile)) and 'role="alert"' in text.notice("no")
    assert text.notice("no").endswith(">No</div>")
