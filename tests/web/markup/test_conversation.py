"""A conversation shows its questions in order, the steps under way, and what can be done with each answer."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qa.answer import Answer, NoAnswer
from web.markup import conversation
from web.transcripts import Exchange

Shown = Callable[[str], bool]


def test_hostile_text_stays_text(trapped: Answer, hostile: str, harmless: Shown) -> None:
    judged = Exchange(hostile, trapped, number=1, liked=False, correction=hostile, outdated=frozenset({hostile}))
    assert harmless(conversation.thread([judged]))
    assert harmless(conversation.thread([Exchange(hostile, error=hostile)]))
    assert harmless(conversation.thread([Exchange(hostile)], [hostile]))
    assert harmless(conversation.tries([hostile]))
    assert harmless(conversation.status("loading", hostile)) and harmless(conversation.status("failed", hostile))


def test_the_steps_taken_are_done_and_the_last_is_under_way(umbrella: Answer) -> None:
    markup = conversation.thread([Exchange("One?", umbrella), Exchange("Two?")], ["searching", "reading"])
    assert re.findall(r'<li class="(done|now)">(\w+)</li>', markup) == [("done", "Searching"), ("now", "Reading")]
    assert "steps" not in conversation.thread([Exchange("One?", umbrella)])


def test_only_a_follow_up_shows_how_it_was_understood(umbrella: Answer, elements: Any) -> None:
    same = Exchange("q", replace(umbrella, understood=umbrella.question))
    other = Exchange("q", replace(umbrella, understood='Who "did" it?'))
    assert "Understood" not in conversation.thread([same])
    assert ("value", 'Who "did" it?') in elements(conversation.thread([other])).attributes


def test_what_was_kept_can_be_judged_and_what_was_not_cannot(umbrella: Answer) -> None:
    def pressed(exchange: Exchange) -> list[str]:
        return re.findall(r'value="0-(?:right|wrong)".*?aria-pressed="(\w+)"', conversation.thread([exchange]))

    assert pressed(Exchange("q", umbrella)) == []
    assert pressed(Exchange("q", umbrella, number=3)) == ["false", "false"]
    assert pressed(Exchange("q", umbrella, number=3, liked=True)) == ["true", "false"]
    assert pressed(Exchange("q", umbrella, number=3, liked=False)) == ["false", "true"]


def test_a_correction_is_asked_for_where_an_answer_is_wrong(umbrella: Answer) -> None:
    assert "correct" not in conversation.thread([Exchange("q", umbrella, number=3, liked=True)])
    assert "What would be right?" in conversation.thread([Exchange("q", umbrella, number=3, liked=False)])


def test_only_an_answer_can_be_copied(umbrella: Answer, unsure: NoAnswer) -> None:
    assert "Copy with source" in conversation.thread([Exchange("q", umbrella)])
    assert "Copy with source" not in conversation.thread([Exchange("q", unsure)])


def test_only_the_last_result_is_explained_and_only_where_that_is_known(umbrella: Answer, unsure: NoAnswer) -> None:
    first, last = Exchange("One?", umbrella), Exchange("Two?", unsure)
    turns = conversation.thread([first, last]).split('class="turn"')[1:]
    assert ["Why?" in turn for turn in turns] == [False, True]
    assert "Why?" not in conversation.thread([first, last], has_insight=False)
    assert "Why?" not in conversation.thread([first, Exchange("Three?")], ["searching"])


def test_no_answer_claims_to_take_no_time(umbrella: Answer) -> None:
    assert "under 0.01 s" in conversation.thread([Exchange("q", replace(umbrella, seconds=0.0))])
    assert "1.25 s" in conversation.thread([Exchange("q", replace(umbrella, seconds=1.25))])


def test_a_long_conversation_shows_its_end_with_the_numbers_it_had(unsure: NoAnswer) -> None:
    markup = conversation.thread([Exchange(f"q{n}", unsure) for n in range(conversation.TURNS_SHOWN + 2)])
    assert markup.count('class="turn"') == conversation.TURNS_SHOWN
    assert "2 earlier questions not shown" in markup
    assert 'id="turn-1"' not in markup and 'value="2-0"' in markup


def test_an_engine_that_is_ready_says_nothing(elements: Any) -> None:
    assert conversation.status("ready", "") == ""
    assert 'role="alert"' in conversation.status("failed", "no model")
    assert elements(conversation.status("loading", "Embedding: 1 of 2.")).text == "Embedding: 1 of 2."
