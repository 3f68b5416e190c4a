"""A conversation goes on, is judged, comes back and is exported, and what is not there is refused in one line."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from index.errors import InputError
from qa.pipeline import Examination
from web import door
from web.conversations import Conversations, StorageError
from web.engine import Engine
from web.markup.text import literal
from web.tabs.ask import LEFT, Desk, Scope, Talk, owner
from web.transcripts import Exchange

WHO = "Who opened the harbour of Tallow Bay?"
LONG = "How long is the bridge of Tallow Bay?"
ANYTHING = {"least": 0.0}


def told(steps: Iterator[tuple[str, Talk]]) -> Talk:
    *_, (_, talk) = steps
    return talk


def asked(desk: Desk, question: str, talk: Talk = Talk(), given: dict[str, Any] = ANYTHING, **more: Any) -> Talk:  # noqa: B008
    return told(desk.converse(question, talk, given, **more))


def test_a_question_stands_there_before_its_steps_and_its_answer(desk: Desk) -> None:
    first, *_, before, (last, talk) = desk.converse(WHO, Talk(), ANYTHING)
    assert "Who opened" in first[0] and "result" not in first[0]
    assert re.findall(r'<li class="(\w+)">', before[0]) == ["done", "now"]
    assert 'class="result' in last and talk.exchanges[0].result and talk.found


def test_follow_ups_bring_the_conversation_unless_they_stand_alone(desk: Desk, engine: Engine) -> None:
    heard: list[Any] = []
    examine = engine.examine

    class Heard:
        def __call__(self, question: str, history: Any, *rest: Any, **named: Any) -> Examination:
            heard.append(list(history))
            return examine(question, history, *rest, **named)

    engine.examine = Heard()  # type: ignore[method-assign]
    talk = asked(desk, WHO)
    talk = asked(desk, "x" * 10_000, talk)
    talk = asked(desk, LONG, talk)
    asked(desk, LONG, talk, alone=True)
    said = talk.exchanges[0].result
    assert said and heard == [[], [(WHO, said.text)], [(WHO, said.text)], []]


def test_an_error_is_one_line_and_loses_nothing(desk: Desk) -> None:
    talk = asked(desk, "x" * 10_000, asked(desk, WHO))
    assert talk.exchanges[0].result
    assert talk.exchanges[1].error == "the question has 10,000 characters: at most 1,000 are read"
    assert talk.found  # what was found before is still what Insight shows


def test_a_fault_of_ours_is_told_rather_than_waited_for(desk: Desk, engine: Engine) -> None:
    def broken(*_: Any, **__: Any) -> Examination:
        raise ZeroDivisionError("a fault")

    engine.examine = broken  # type: ignore[method-assign]
    assert "ZeroDivisionError" in asked(desk, WHO).exchanges[0].error


def test_a_blank_question_does_nothing(desk: Desk) -> None:
    assert list(desk.converse("  \n", Talk(), ANYTHING)) == []


def test_whoever_leaves_gives_the_question_up(desk: Desk, engine: Engine) -> None:
    given_up: list[bool] = []

    def slow(question: str, history: Any, allowed: Any, told: Any) -> Examination:
        told("searching")
        left.wait(10)
        try:
            told("reading")
        except Exception:
            given_up.append(True)
            raise
        finally:
            over.set()
        raise AssertionError("it was read all the same")

    left, over = threading.Event(), threading.Event()
    engine.examine = slow  # type: ignore[method-assign]
    steps = desk.converse(WHO, Talk(), ANYTHING)
    next(steps), next(steps)
    steps.close()  # type: ignore[attr-defined]
    left.set()
    assert over.wait(10) and given_up == [True]


def test_a_question_that_was_left_is_kept_and_says_so(desk: Desk) -> None:
    steps = desk.converse(WHO, Talk(), ANYTHING)
    _, talk = next(steps)
    steps.close()  # type: ignore[attr-defined]
    (left,) = desk.resume(talk.id).exchanges
    assert (left.question, left.error) == (WHO, LEFT)


def test_the_dial_decides_again_and_that_is_what_is_kept(desk: Desk, kept: Conversations, engine: Engine) -> None:
    talk = asked(desk, WHO)
    sure = desk.reconsider(talk, {"least": 1.0})
    assert sure.exchanges[0].result and not sure.exchanges[0].result.found
    assert [e.result and e.result.found for e in kept.load(talk.id, engine.article)] == [False]
    assert desk.reconsider(Talk(), {"least": 1.0}) == Talk()


def test_what_was_said_of_a_result_is_not_said_of_another(desk: Desk, kept: Conversations) -> None:
    talk = asked(desk, WHO, given={"least": 1.0})
    talk = desk.judge(0, True, "", talk)
    same = desk.reconsider(talk, {"least": 1.0})
    assert same.exchanges[0].liked and desk.resume(talk.id).exchanges[0].liked
    other = desk.reconsider(talk, ANYTHING)
    for exchange in (other.exchanges[0], desk.resume(talk.id).exchanges[0]):
        assert exchange.result and exchange.result.found and exchange.liked is None
    assert "Marked as right" not in desk.exported(talk, "markdown")["text"]
    assert [question.answers for question in kept.questions()] == [()]  # the refusal was right all the same


def test_filters_reach_the_search(desk: Desk) -> None:
    nowhere = asked(desk, WHO, given={"least": 0.0, "sources": ["Nobody's Gazette"], "after": "", "before": None})
    assert nowhere.found and not nowhere.found.retrieved


@pytest.mark.parametrize(
    "given", [{}, {"least": "x"}, {"least": 0.5, "after": "tomorrow"}, {"least": 0.5, "sources": 3}, {"least": None}]
)
def test_filters_that_the_page_would_not_send_are_refused(given: dict[str, Any], desk: Desk) -> None:
    with pytest.raises(InputError, match="load the page again"):
        Scope.read(given)
    assert "load the page again" in asked(desk, WHO, given=given).exchanges[0].error


def test_a_citation_opens_its_article_at_the_quote_and_names_its_neighbours(desk: Desk) -> None:
    talk = asked(desk, WHO)
    shown = desk.read(talk, "cite", "0-0")
    (quote,) = re.findall(r'<mark class="here">(.*?)</mark>', shown)
    assert talk.exchanges[0].result and talk.exchanges[0].result.text == quote
    assert desk.beside(talk) == shown and desk.beside(Talk()) == ""


@pytest.mark.parametrize("value", ["", "9-0", "0-99", "1-0", "x-y", "0", "<b>", "-1-0"])
def test_a_citation_that_is_not_there_is_refused_in_one_line(desk: Desk, value: str) -> None:
    talk = Talk("", (*asked(desk, WHO).exchanges, Exchange("q", error="no")))
    with pytest.raises(InputError, match="ask its question again"):
        desk.read(talk, "cite", value)


@pytest.mark.parametrize("value", ["", "99", "-1", "x"])
def test_a_passage_that_is_not_there_is_refused_in_one_line(desk: Desk, value: str) -> None:
    with pytest.raises(InputError, match="ask it again"):
        desk.read(asked(desk, WHO), "passage", value)


def test_a_changed_article_is_shown_without_a_mark_and_a_removed_one_not_at_all(
    desk: Desk, engine: Engine, shelf: Path
) -> None:
    talk = asked(desk, WHO)
    (shelf / "harbour.txt").write_text("The harbour closes\n\nNobody comes to Tallow Bay any more, it was said.\n")
    engine.rebuild()
    for kind, value in (("cite", "0-0"), ("passage", "0")):
        changed = desk.read(talk, kind, value)
        assert "This article has changed" in changed and "<mark" not in changed
    engine.remove(["harbour.txt"])
    with pytest.raises(InputError, match="there is no article"):
        desk.read(talk, "cite", "0-0")


def test_a_conversation_comes_back_and_to_nobody_else(desk: Desk) -> None:
    talk = asked(desk, LONG, asked(desk, WHO, owner="ann"), owner="ann")
    assert [e.question for e in desk.resume(talk.id, "ann").exchanges] == [WHO, LONG]
    assert desk.resume(talk.id, "ben") == desk.resume("no such id", "ann") == desk.resume("") == Talk()


def test_earlier_conversations_are_listed_opened_and_deleted_by_their_owner_alone(desk: Desk) -> None:
    first, last = asked(desk, WHO, owner="ann"), asked(desk, LONG, owner="ann")
    asked(desk, "Who is ben?", owner="ben")
    listed = desk.listed(first.id, "ann")
    assert re.findall(r'class="talk" value="([^"]+)" aria-current="(\w+)"', listed) == [
        (literal(last.id), "false"),
        (literal(first.id), "true"),
    ]
    assert "Who is ben" not in listed
    assert desk.open(first.id, "ann").exchanges[0].question == WHO
    for forbidden in (desk.open, desk.forget):
        with pytest.raises(InputError, match="no such conversation"):
            forbidden(first.id, "ben")
    desk.forget(first.id, "ann")
    assert desk.listed(first.id, "ann").count('class="talk"') == 1
    with pytest.raises(InputError, match="no such conversation"):
        desk.open(first.id, "ann")


def test_those_who_cannot_be_told_apart_see_no_list(desk: Desk) -> None:
    talk = asked(desk, WHO)
    assert "Nothing was asked" in desk.listed(talk.id)


def test_a_question_under_way_does_not_bring_back_a_conversation_that_was_deleted(desk: Desk) -> None:
    talk = asked(desk, WHO, owner="ann")
    steps = desk.converse(LONG, talk, ANYTHING, "ann")
    next(steps)
    desk.forget(talk.id, "ann")
    steps.close()  # type: ignore[attr-defined]
    assert desk.resume(talk.id, "ann") == Talk()


def test_an_answer_does_not_bring_back_a_conversation_that_was_deleted_meanwhile(desk: Desk) -> None:
    steps = desk.converse(LONG, asked(desk, WHO, owner="ann"), ANYTHING, "ann")
    _, talk = next(steps)
    desk.forget(talk.id, "ann")
    talk = told(steps)
    assert talk.exchanges[1].result and not talk.exchanges[1].number
    assert desk.resume(talk.id, "ann") == Talk() and "Nothing was asked" in desk.listed("", "ann")


@pytest.mark.parametrize("owner", ["ann", "ben"])
def test_what_is_asked_where_the_conversation_is_gone_begins_another(desk: Desk, owner: str) -> None:
    """It was deleted in another window, or the cookies that said whose it is."""
    before = asked(desk, WHO, owner="ann")
    if owner == "ann":
        desk.forget(before.id, "ann")
    after = asked(desk, LONG, before, owner=owner)
    assert after.id != before.id and [e.question for e in after.exchanges] == [WHO, LONG]
    assert [e.question for e in desk.resume(after.id, owner).exchanges] == [LONG]


def test_a_page_that_was_forgotten_holds_what_is_kept(desk: Desk) -> None:
    talk = asked(desk, WHO, owner="ann")
    assert desk.current(talk, "another", "ann") is talk
    assert desk.current(Talk(), talk.id, "ann").exchanges[0].number == talk.exchanges[0].number
    assert desk.current(Talk(), talk.id, "ben") == desk.current(Talk(), "none", "ann") == Talk()


@pytest.mark.parametrize(
    ("scope", "name"),
    [({door.USER: "ada"}, "ada"), ({door.VISITOR: "s3cret"}, "visitor:s3cret"), ({}, "")],
)
def test_an_owner_is_a_user_or_a_browser(scope: dict[str, str], name: str) -> None:
    request = Request({"type": "http", "headers": [], "query_string": b"", **scope})
    assert owner(gr.Request(request)) == name


def test_a_judgement_is_kept_and_taken_back(desk: Desk, kept: Conversations) -> None:
    talk = asked(desk, WHO)
    talk = desk.judge(0, False, "Mayor Quist", talk)
    assert [q.answers for q in kept.questions()] == [("Mayor Quist",)]
    talk = desk.judge(0, None, "", talk)
    assert kept.questions() == [] and talk.exchanges[0].liked is None
    for turn in (-1, 1):
        with pytest.raises(InputError, match="earlier conversation"):
            desk.judge(turn, True, "", talk)


def test_a_conversation_is_exported_whole_in_both_forms(desk: Desk) -> None:
    talk = asked(desk, LONG, asked(desk, WHO))
    markdown, told_json = desk.exported(talk, "markdown"), desk.exported(talk, "json")
    assert markdown["name"].endswith(".md") and "Tallow Bay" in markdown["text"]
    assert [e["question"] for e in json.loads(told_json["text"])["exchanges"]] == [WHO, LONG]
    with pytest.raises(InputError, match="nothing to export"):
        desk.exported(Talk(), "json")


def test_what_cannot_be_kept_is_answered_all_the_same(desk: Desk, kept: Conversations) -> None:
    def full(*_: Any, **__: Any) -> Exchange:
        raise StorageError("the disk is full")

    kept.add = full  # type: ignore[method-assign]
    talk = asked(desk, WHO)
    assert talk.exchanges[0].result and not talk.exchanges[0].number


def test_insight_is_of_the_last_question_at_its_threshold(desk: Desk) -> None:
    talk = asked(desk, WHO)
    assert "Answered" in desk.insight(talk)
    sure = desk.reconsider(talk, {"least": 1.0})
    assert "Declined" in desk.insight(sure)
    assert "Nothing to explain" in desk.insight(Talk()) == desk.insight(replace(talk, found=None))
