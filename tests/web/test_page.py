"""The page is put together from an engine that may still be loading, and shows only what may be done."""

import threading
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from index.store import Progress
from qa import QuestionAnswerer
from web import page
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
        look = handlers(page.build(engine, kept))["look"]
        said, timer = look()
        assert "spinner" in said and timer.active
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
    said, timer = handlers(page.build(engine, kept))["look"]()
    assert "ZeroDivisionError" in said and 'role="alert"' in said and not timer.active
    assert list(handlers(page.build(engine, kept))["offer"]()) == []


def test_outlets_and_questions_to_try_are_offered_once_the_engine_is_ready(engine: Engine, kept: Conversations) -> None:
    outlets, examples = handlers(page.build(engine, kept))["offer"]()
    assert 'class="dial"' in outlets[0].props["markup"]
    assert isinstance(examples[1], str)


def test_the_panel_tells_what_it_cannot_open(engine: Engine, kept: Conversations) -> None:
    read = handlers(page.build(engine, kept))["read"]
    event = gr.EventData(None, {"kind": "open", "value": "gone.txt"})
    assert "There is no article" in read(page.Talk(), event)
    event = gr.EventData(None, {"kind": "open", "value": "bridge.txt"})
    assert "412 metres" in read(page.Talk(), event)
