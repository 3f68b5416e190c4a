"""The dial begins at the threshold, and the filters offer the outlets there are."""

from collections.abc import Callable
from typing import Any

from web.markup import scope


def test_hostile_outlets_stay_text(hostile: str, harmless: Callable[[str], bool]) -> None:
    assert harmless(scope.scope(0.4, [hostile]))


def test_the_dial_begins_at_the_threshold(elements: Any) -> None:
    assert ("value", "0.37") in elements(scope.scope(0.37, [])).attributes


def test_every_named_outlet_can_be_chosen(elements: Any) -> None:
    markup = scope.scope(0.4, ["", "CBC News", "Wire"])
    assert markup.count('type="checkbox"') == 2
    assert "Outlets" not in elements(scope.scope(0.4, [""])).text
