"""The page: three tabs, and beside them the panel in which articles are read.

Knows which widget calls what, and which shows what comes back. Never knows how an answer is found
(`qa.pipeline`), nor how anything looks (`web.markup`, `web.browser`).
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from index.errors import QAError
from web import browser
from web.conversations import Conversations
from web.engine import Engine
from web.markup import conversation, reading, scope
from web.markup import insight as insights
from web.tabs import articles, ask, insight
from web.tabs.ask import FORGET, Desk, Talk

LOOK = 1.0
"""Seconds between looks at what the engine is busy with."""

FONTS = ("-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif")
THEME = gr.themes.Base(neutral_hue="stone", font=FONTS, font_mono=("ui-monospace", "monospace"))
MASTHEAD = "<h1>Ask the articles</h1><p>Every answer is a verbatim quote, with the place it stands.</p>"

_KEPT = "qa-conversation"
"""Where the browser keeps the id of its conversation; it is hidden from people, not from anybody who seeks it."""

NONE = "none"
"""What it keeps where there is no conversation: an empty text it would not write, and so come back to the last one."""


_QUICK: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
_SLOW: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}


@dataclass(frozen=True, slots=True)
class Actions:
    """What is done with whole conversations: list, open and delete earlier ones, save this one, begin a new one."""

    earlier: gr.HTML
    save: gr.HTML
    fresh: gr.Button


def build(engine: Engine, conversations: Conversations) -> gr.Blocks:
    """The page over an engine, which may still be loading. Style, address and users belong to the server."""
    page: gr.Blocks = gr.Blocks(title="Ask the articles", analytics_enabled=False, fill_width=True)
    with page:
        with gr.Row(elem_id="masthead"):
            gr.HTML(MASTHEAD, apply_default_css=False, js_on_load=None)
            earlier = _scripted("talks")
            save = _scripted("save")
            fresh = gr.Button("New conversation", size="sm", elem_id="fresh")
        busy = gr.HTML(conversation.status(engine.state, engine.message), elem_id="busy", apply_default_css=False)
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="main-column"), gr.Tabs(elem_id="tabs"):
                with gr.Tab("Ask", elem_id="tab-ask"):
                    asking = ask.widgets(engine)
                with gr.Tab("Articles", elem_id="tab-articles") as library_tab:
                    library = articles.widgets(engine)
                with gr.Tab("Insight", elem_id="tab-insight"):
                    inside = insight.widget()
            with gr.Column(elem_id="panel-column"):
                panel = gr.HTML(
                    reading.nothing(), elem_id="panel", apply_default_css=False, js_on_load=browser.script("panel")
                )
        _wire_asking(page, Desk(engine, conversations), asking, panel, inside, Actions(earlier, save, fresh))
        _wire_library(page, articles.Library(engine), library, library_tab)
        _wire_state(page, engine, busy, asking)
    return page


def _scripted(name: str) -> gr.HTML:
    """A part of the page that is a fragment and a script of that name; it shows nothing of the server's at first."""
    return gr.HTML(
        None,
        elem_id=name,
        apply_default_css=False,
        html_template=browser.fragment(name),
        js_on_load=browser.script(name),
    )


def _wire_asking(
    page: gr.Blocks,
    desk: Desk,
    tab: ask.Widgets,
    panel: gr.HTML,
    inside: gr.HTML,
    actions: Actions,
) -> None:
    talk = gr.State(Talk(), time_to_live=FORGET)
    kept = gr.BrowserState("", storage_key=_KEPT, secret=_KEPT)

    def drawn(now: Talk) -> str:
        return conversation.thread(now.exchanges, has_insight=now.found is not None)

    def converse(past: Talk, id_: str, given: Any, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        who = ask.owner(request)
        past = desk.current(past, id_, who)
        for thread, now in desk.converse(str(event.question), past, given, who, bool(event.alone)):
            id_ = now.id if now.id != past.id else gr.skip()
            is_over = now.exchanges is not past.exchanges
            yield [thread, now, id_, desk.beside(now) or gr.skip(), desk.insight(now)] if is_over else [
                thread, now, id_, gr.skip(), gr.skip()
            ]  # fmt: skip

    def redecide(past: Talk, given: Any, request: gr.Request) -> list[Any]:
        now = desk.reconsider(past, given, ask.owner(request))
        return [gr.skip()] * 3 if now is past else [drawn(now), now, desk.insight(now)]

    def judge(past: Talk, id_: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        who = ask.owner(request)
        try:
            liked = None if event.liked is None else bool(event.liked)
            now = desk.judge(int(event.turn), liked, str(event.correction), desk.current(past, id_, who), who)
            return [drawn(now), now]
        except (QAError, ValueError) as error:
            gr.Warning(str(error))
            return [gr.skip(), gr.skip()]

    def read(past: Talk, id_: str, event: gr.EventData, request: gr.Request) -> str:
        kind, value = str(event.kind), str(event.value)
        try:
            return desk.read(desk.current(past, id_, ask.owner(request)), kind, value)
        except QAError as error:
            return reading.unavailable(str(error), f"{kind} {value}")

    def export(past: Talk, id_: str, event: gr.EventData, request: gr.Request) -> Any:
        who = ask.owner(request)
        try:
            return desk.exported(desk.current(past, id_, who), str(event.form), who)
        except QAError as error:
            gr.Warning(str(error))
            return gr.skip()

    def resume(id_: str, request: gr.Request) -> list[Any]:
        now = desk.resume(id_, ask.owner(request))
        return [drawn(now) if now.exchanges else gr.skip(), now]

    def begin() -> list[Any]:
        return [conversation.thread(()), Talk(), NONE, reading.nothing(), insights.nothing()]

    def listed(id_: str, request: gr.Request) -> str:
        return desk.listed(id_, ask.owner(request))

    def opened(event: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            now = desk.open(str(event.value), ask.owner(request))
        except QAError as error:
            gr.Warning(str(error))
            return [gr.skip()] * len(shown)
        return [
            drawn(now),
            now,
            now.id,
            desk.beside(now) or reading.nothing(),
            desk.insight(now),
        ]

    def forget(id_: str, event: gr.EventData, request: gr.Request) -> str:
        try:
            desk.forget(str(event.value), ask.owner(request))
        except QAError as error:
            gr.Warning(str(error))
        return listed(id_, request)

    def forgo(event: gr.EventData, request: gr.Request) -> list[Any]:
        return [forget(NONE, event, request), *begin()]

    shown = [tab.thread, talk, kept, panel, inside]
    begun = page.load(resume, kept, [tab.thread, talk], **_QUICK)
    asked = tab.tries.ask(converse, [talk, kept, tab.scope], shown, **_SLOW)
    _frees(begun, "begin")
    _frees(asked, "ask")
    tab.box.submit(None, js=browser.told("ask"), **_QUICK)
    _frees(tab.scope.decide(redecide, [talk, tab.scope], [tab.thread, talk, inside], **_QUICK), "decide")
    _frees(tab.thread.judge(judge, [talk, kept], [tab.thread, talk], **_QUICK), "judge")
    panel.read(read, [talk, kept], panel, trigger_mode="multiple", **_QUICK)  # what is opened next waits for nothing
    actions.save.export(export, [talk, kept], actions.save, **_QUICK)
    actions.earlier.list(listed, kept, actions.earlier, **_QUICK)
    actions.earlier.forget(forget, kept, actions.earlier, **_QUICK)
    turning: dict[str, Any] = {"cancels": asked, "js": browser.told("busy", "begin"), **_QUICK}
    _frees(actions.fresh.click(begin, None, shown, **turning), "begin")
    _frees(actions.earlier.open(opened, None, shown, **turning), "begin")
    _frees(actions.earlier.forgo(forgo, None, [actions.earlier, *shown], **turning), "begin")


def _frees(event: Any, what: str) -> None:
    """Let the page's scripts know once an event is over, however it ended: `then` alone is not told of a failure."""
    for over in (event.then, event.failure):
        over(None, js=browser.told("free", what), **_QUICK)


def _wire_library(page: gr.Blocks, library: articles.Library, tab: articles.Widgets, opened: gr.Tab) -> None:
    def found(search: str, shown: int = articles.AT_ONCE) -> list[Any]:
        return [library.shelf(search, shown), library.removed(), shown]

    def more(search: str, shown: int) -> list[Any]:
        return found(search, shown + articles.AT_ONCE)

    def follow(steps: Iterator[str], stop: threading.Event, search: str, shown: int) -> Iterator[list[Any]]:
        """Each step of a change beside a button that cancels it, and at the end the list as it is now."""
        for step in steps:
            yield [step, gr.skip(), gr.skip(), stop, gr.Button(visible=True)]
        yield [gr.skip(), library.shelf(search, shown), library.removed(), None, gr.Button(visible=False)]

    def add(files: list[str] | None, search: str, shown: int) -> Iterator[list[Any]]:
        stop = threading.Event()
        for told in follow(library.add(files or [], stop), stop, search, shown):
            yield [*told, None]  # the files are taken: the place to drop them is free for others

    def rebuild(search: str, shown: int) -> Iterator[list[Any]]:
        stop = threading.Event()
        yield from follow(library.rebuild(stop), stop, search, shown)

    def restore(search: str, shown: int, event: gr.EventData) -> Iterator[list[Any]]:
        stop = threading.Event()
        yield from follow(library.restore(str(event.value), stop), stop, search, shown)

    def remove(search: str, shown: int, event: gr.EventData) -> list[Any]:
        return [library.remove(str(event.value)), library.shelf(search, shown), library.removed()]

    def cancel(stop: threading.Event | None) -> None:
        if stop:
            stop.set()

    asked = [tab.search, tab.shown]
    listed, changed = [tab.shelf, tab.removed, tab.shown], [tab.report, tab.shelf, tab.removed, tab.stop, tab.cancel]
    page.load(found, tab.search, listed, **_QUICK)
    opened.select(found, asked, listed, **_QUICK)
    tab.search.change(found, tab.search, listed, trigger_mode="always_last", **_QUICK)
    tab.shelf.more(more, asked, listed, **_QUICK)
    tab.files.upload(add, [tab.files, *asked], [*changed, tab.files], **_SLOW)
    tab.rebuild.click(rebuild, asked, changed, **_SLOW)
    tab.shelf.restore(restore, asked, changed, **_SLOW)
    tab.shelf.remove(remove, asked, [tab.report, tab.shelf, tab.removed], **_QUICK)
    tab.cancel.click(cancel, tab.stop, None, **_QUICK)


def _wire_state(page: gr.Blocks, engine: Engine, busy: gr.HTML, tab: ask.Widgets) -> None:
    """Say what the engine is busy with until it is ready; then offer outlets to choose, and questions to try."""
    looking, awaiting = gr.Timer(LOOK), gr.Timer(LOOK)

    def look() -> list[Any]:
        is_settled = engine.state == "ready" and not engine.message  # one that failed is tried again
        return [conversation.status(engine.state, engine.message), gr.Timer(active=not is_settled)]

    def offer() -> Iterator[list[Any]]:
        """Nothing before the engine is ready, and then once: what is drawn anew is taken from under who chooses."""
        yield [gr.skip()] * 3  # Gradio empties what is told nothing at all
        if engine.state != "ready":
            return
        try:
            outlets = scope.scope(engine.min_confidence, engine.sources())
            yield [gr.HTML(markup=outlets), gr.skip(), gr.Timer(active=False)]
            yield [gr.skip(), conversation.tries(engine.examples()), gr.skip()]
        except QAError:
            return  # whoever asks a question is told

    looking.tick(look, None, [busy, looking], **_QUICK)
    gr.on([page.load, awaiting.tick], offer, None, [tab.scope, tab.tries, awaiting], **_SLOW)
