"""The list of articles names each, and what a change did is told with what was skipped."""

from collections.abc import Callable
from datetime import date
from typing import Any

from index.sources import Skipped
from index.store import BuildReport
from web.engine import Heading, Shelf
from web.markup import shelf

Shown = Callable[[str], bool]
HEADING = Heading("a.txt", "Rain", "Wire", "", date(2017, 11, 3), "", 4, ("copy.txt", "other.txt"))


def report(*skipped: Skipped) -> BuildReport:
    return BuildReport(("b.txt",), (), ("c.txt",), 1, skipped, 7, 7, 2, 0.25)


def test_hostile_text_stays_text(hostile: str, harmless: Shown) -> None:
    heading = Heading(hostile, hostile, hostile, hostile, None, hostile, 1, (hostile,))
    assert harmless(shelf.shelf(Shelf((heading,), 1), hostile, may_change=True))
    assert harmless(shelf.removed([hostile]))
    assert harmless(shelf.report(report(Skipped(hostile, hostile))))


def test_an_article_shows_outlet_date_passages_and_copies(elements: Any) -> None:
    said = elements(shelf.shelf(Shelf((HEADING,), 1))).text
    for part in ("1 article", "Rain", "Wire", "3 Nov 2017", "4", "2 exact copies"):
        assert part in said


def test_nothing_can_be_removed_where_nothing_may_change() -> None:
    assert "remove" not in shelf.shelf(Shelf((HEADING,), 1)).lower()
    assert 'aria-label="Remove Rain"' in shelf.shelf(Shelf((HEADING,), 1), may_change=True)


def test_a_list_that_goes_on_says_how_far() -> None:
    assert "Show more (1,199 left)" in shelf.shelf(Shelf((HEADING,), 1200))
    assert "Show more" not in shelf.shelf(Shelf((HEADING,), 1))
    full = shelf.shelf(Shelf((HEADING,), 1200), is_full=True)
    assert "1,199 more articles: search to see the rest" in full and "Show more" not in full
    assert "the rest" not in shelf.shelf(Shelf((HEADING,), 1), is_full=True)


def test_an_empty_list_says_why() -> None:
    assert "There are no articles yet." in shelf.shelf(Shelf((), 0))
    assert "No article holds these words." in shelf.shelf(Shelf((), 0), "rain")


def test_many_removed_articles_are_counted() -> None:
    markup = shelf.removed([str(number) for number in range(shelf.REMOVED_SHOWN + 3)])
    assert markup.count('class="restore"') == shelf.REMOVED_SHOWN and "and 3 more" in markup
    assert shelf.removed([]) == ""


def test_a_report_says_what_changed_and_what_was_skipped(elements: Any) -> None:
    said = elements(shelf.report(report(Skipped("<b>.pdf", "no <i>text</i> in it")))).text
    assert "1 added, 1 removed; 1 unchanged, 7 passages" in said and "<b>.pdf: no <i>text</i> in it" in said
    many = shelf.report(report(*(Skipped(str(n), "no") for n in range(shelf.REASONS_SHOWN + 2))))
    assert "and 2 more" in many


def test_progress_of_unknown_length_has_a_bar_without_an_end(elements: Any) -> None:
    assert "max" not in dict(elements(shelf.progress("reading", 3, 0)).attributes)
    known = dict(elements(shelf.progress("embedding", 3, 12)).attributes)
    assert (known["value"], known["max"]) == ("3", "12")
    assert "3 of 12" in shelf.progress("embedding", 3, 12)
