"""The page is put together from an engine that may still be loading, and shows only what may be done."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from index.errors import CorpusError
from index.store import Progress
from qa import QuestionAnswerer
from web import door, page
from web.conversations import Conversations
from web.engine import Engine


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


def widget(built: gr.Blocks, elem_id: str) -> Any:
    (found,) = [block for block in built.blocks.values() if getattr(block, "elem_id", None) == elem_id]
    return found


def handlers(built: gr.Blocks) -> dict[str, Any]:
    return {function.name: function.fn for function in built.fns.values() if function.fn}


@pytest.mark.parametrize("read_only", [False, True])
def test_what_changes_articles_is_there_only_where_that_is_allowed(
    engine: Engine, kept: Conversations, read_only: bool
) -> None:
    engine.read_only = read_only
    built = page.build(engine, kept)
    assert {widget(built, name).visible for name in ("drop", "rebuild")} == {not read_only}


def test_no_handler_of_the_page_is_offered_to_programs(engine: Engine, kept: Conversations) -> None:
    built = page.build(engine, kept)
    assert {function.api_visibility for function in built.fns.values() if function.fn} == {"private"}


def test_a_page_that_opens_before_the_models_says_so_and_stops_looking_once_they_are_there(
    small_qa: QuestionAnswerer, kept: Conversations
) -> None:
    go_on = threading.Event()

    def opened(progress: Progress) -> QuestionAnswerer:
        progress("embedding", 1, 2)
        go_on.wait(30)
        return small_qa

    engine = Engine(small_qa.store, opened)
    engine.start()
    try:
        built = handlers(page.build(engine, kept))
        look = built["look"]
        said, timer = look()
        assert "spinner" in said and timer.active
        assert list(built["offer"]()) == [[gr.skip()] * 3]  # nobody waits for what is still loading
        go_on.set()
        assert engine.wait(30)
        assert [look()[0], look()[1].active] == ["", False]
    finally:
        go_on.set()
        engine.close()


def test_an_engine_that_failed_says_why(small_qa: QuestionAnswerer, kept: Conversations) -> None:
    def opened(progress: Progress) -> QuestionAnswerer:
        raise ZeroDivisionError("a fault")

    engine = Engine(small_qa.store, opened)
    engine.start()
    assert not engine.wait(30)
    said, _ = handlers(page.build(engine, kept))["look"]()
    assert "ZeroDivisionError" in said and 'role="alert"' in said


def test_a_page_hears_that_an_index_can_be_reached_again(
    small_qa: QuestionAnswerer, kept: Conversations, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    is_there = threading.Event()

    def opened(_: Progress) -> QuestionAnswerer:
        if is_there.is_set():
            return small_qa
        raise CorpusError("the server does not answer")

    engine = Engine(small_qa.store, opened, retry=0.05)
    built = handlers(page.build(engine, kept))
    engine.start()
    try:
        assert not engine.wait(30)
        said, timer = built["look"]()
        assert "does not answer" in said and timer.active
        assert list(built["offer"]()) == [[gr.skip()] * 3]
        is_there.set()
        assert eventually(lambda: engine.state == "ready" and not engine.message)
        assert [built["look"]()[0], built["look"]()[1].active] == ["", False]
        assert len(list(built["offer"]())) == 3
    finally:
        engine.close()


def test_outlets_and_questions_to_try_are_offered_once_the_engine_is_ready(engine: Engine, kept: Conversations) -> None:
    built = page.build(engine, kept)
    _, outlets, examples = handlers(built)["offer"]()
    assert 'class="dial"' in outlets[0].props["markup"] and not outlets[2].active
    assert isinstance(examples[1], str)
    (offer,) = [function for function in built.fns.values() if function.name == "offer"]
    assert {event for _, event in offer.targets} == {"load", "tick"}


def test_a_page_that_was_open_for_hours_still_cites_judges_and_exports(engine: Engine, kept: Conversations) -> None:
    built = handlers(page.build(engine, kept))
    who = gr.Request(Request({"type": "http", "headers": [], "query_string": b"", door.USER: "ann"}))
    asked = {"question": "Who opened the harbour of Tallow Bay?", "alone": False}
    *_, (_, talk, _, _, _) = built["converse"](page.Talk(), "", {"least": 0.0}, gr.EventData(None, asked), who)
    forgotten = (page.Talk(), talk.id)
    assert "<mark" in built["read"](*forgotten, gr.EventData(None, {"kind": "cite", "value": "0-0"}), who)
    assert "Edda Quist" in built["export"](*forgotten, gr.EventData(None, {"form": "markdown"}), who)["text"]
    said = {"turn": 0, "liked": True, "correction": ""}
    assert "Why?" in built["judge"](talk, talk.id, gr.EventData(None, said), who)[0]
    judged, now = built["judge"](*forgotten, gr.EventData(None, said), who)
    for thread in (
        judged,
        built["resume"](talk.id, who)[0],
        built["opened"](gr.EventData(None, {"value": talk.id}), who)[0],
    ):
        assert "Edda Quist" in thread and "Why?" not in thread  # how it came about is gone
    assert now.exchanges[0].liked and kept.questions()
    assert built["redecide"](page.Talk(), {"least": 1.0}, who) == [gr.skip()] * 3  # what was found is gone


def test_the_panel_tells_what_it_cannot_open(engine: Engine, kept: Conversations) -> None:
    read = handlers(page.build(engine, kept))["read"]
    who = gr.Request(Request({"type": "http", "headers": [], "query_string": b""}))
    event = gr.EventData(None, {"kind": "open", "value": "gone.txt"})
    for _ in range(2):  # the panel hears of the second click by what was clicked alone, as nothing else changes
        shown = read(page.Talk(), "", event, who)
        assert "There is no article" in shown and 'data-ref="open gone&#46;txt"' in shown
    event = gr.EventData(None, {"kind": "open", "value": "bridge.txt"})
    assert "412 metres" in read(page.Talk(), "", event, who)


def test_a_change_leaves_the_list_as_far_as_it_was_shown(engine: Engine, kept: Conversations, shelf: Path) -> None:
    (shelf / "mill.txt").write_text("The mill turns\n\nThe mill of Tallow Bay turns again, its miller said.\n")
    built = page.build(engine, kept)
    changes, mill = handlers(built), gr.EventData(None, {"value": "mill.txt"})
    *_, (_, listed, *_) = changes["rebuild"]("", 1)
    assert "Show more (2 left)" in listed
    assert "Show more (1 left)" in changes["remove"]("", 1, mill)[1]
    *_, (_, listed, *_) = changes["restore"]("", 1, mill)
    assert "Show more (2 left)" in listed
    *_, (_, listed, *_) = changes["add"]([], "", 1)
    assert "Show more (2 left)" in listed
    given = {function.name: function.inputs for function in built.fns.values() if function.fn}
    for name in ("rebuild", "remove", "restore", "add", "more"):
        assert any(isinstance(each, gr.State) for each in given[name]), name
