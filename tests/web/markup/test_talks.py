"""The list of conversations: titles are text, the open one is marked, and each can be opened and deleted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from web.markup.talks import talks
from web.transcripts import Conversation

WHEN = datetime(2017, 11, 3, 9, 30, tzinfo=UTC)


def test_hostile_titles_stay_text(hostile: str, harmless: Callable[[str], bool]) -> None:
    assert harmless(talks([Conversation("a", hostile, WHEN, WHEN, 1)]))


def test_the_open_one_is_marked_and_each_can_be_opened_and_deleted(elements: Any) -> None:
    made = elements(talks([Conversation("a", "One", WHEN, WHEN, 1), Conversation("b", "Two", WHEN, WHEN, 3)], "b"))
    said = [value for name, value in made.attributes if name in ("aria-current", "aria-label", "value")]
    assert said == ["a", "false", "a", "Delete One", "b", "true", "b", "Delete Two"]
    assert "3 Nov 2017" in made.text and "1 question" in made.text and "3 questions" in made.text


def test_where_there_is_none_it_says_so(elements: Any) -> None:
    assert "Nothing was asked" in elements(talks([])).text
