"""The Articles tab: what is in the index, and adding, removing, restoring and rebuilding.

Knows widgets and what each of them calls. Never knows how an index is built (`index.store`) nor how the
list looks (`web.markup.shelf`).
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import gradio as gr

from index.errors import QAError
from index.store import BuildReport, Progress
from web import browser, uploads
from web.engine import Engine
from web.markup import shelf
from web.markup.text import counted, notice

AT_ONCE = 50
"""Articles listed at first, and how many more each time more are asked for."""

MOST_LISTED = 2000
"""Articles listed at most, however many are asked for."""

BREATH = 0.1
"""Seconds between two reports of progress."""

Changed = BuildReport | tuple[str, ...]


class Cancelled(QAError):
    """Whoever began a change has called it off."""


class Library:
    """What the widgets of this tab call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def shelf(self, search: str | None = "", shown: int = AT_ONCE) -> str:
        """The articles, or those that hold certain words."""
        search = search or ""  # a box in which nothing was ever typed holds None
        try:
            found = self._engine.articles(search, limit=min(shown, MOST_LISTED))
            return shelf.shelf(found, search, may_change=not self._engine.read_only, is_full=shown >= MOST_LISTED)
        except QAError as error:
            return notice(str(error))

    def removed(self) -> str:
        """The articles that were removed."""
        try:
            return "" if self._engine.read_only else shelf.removed(self._engine.removed())
        except QAError:
            return ""  # the list itself says what is wrong

    def add(self, files: Sequence[str], stop: threading.Event) -> Iterator[str]:
        """Add files, saying how far it has come."""
        return self._followed(lambda told: self._engine.add([Path(file) for file in files], told), stop)

    def rebuild(self, stop: threading.Event) -> Iterator[str]:
        """Read the article folders again, saying how far it has come."""
        return self._followed(self._engine.rebuild, stop)

    def restore(self, article_id: str, stop: threading.Event) -> Iterator[str]:
        """Let a removed article in again, saying how far it has come."""
        return self._followed(lambda told: self._engine.restore([article_id], told), stop)

    def remove(self, article_id: str) -> str:
        """Take an article out, with its exact copies."""
        try:
            return shelf.said(f"{counted(len(self._engine.remove([article_id])), 'article')} removed.")
        except QAError as error:
            return notice(str(error))

    def _followed(self, change: Callable[[Progress], Changed], stop: threading.Event) -> Iterator[str]:
        """A change in a thread of its own: how far it is, and at last what it did or why it did not."""
        told = SimpleQueue[tuple[bool, str]]()

        def heard(stage: str, done: int, total: int) -> None:
            if stop.is_set():
                raise Cancelled("cancelled: the articles are as they were before")
            told.put((False, shelf.progress(stage, done, total)))

        threading.Thread(target=lambda: told.put((True, _outcome(change, heard))), name="change", daemon=True).start()
        is_over = False
        while not is_over:
            is_over, shown = told.get()
            while not (is_over or told.empty()):  # only the newest is worth showing
                is_over, shown = told.get()
            yield shown
            if not is_over:
                time.sleep(BREATH)


def _outcome(change: Callable[[Progress], Changed], progress: Progress) -> str:
    try:
        done = change(progress)
    except QAError as error:
        return notice(str(error))
    except Exception as error:  # the page waits for the end of this thread, however that comes
        return notice(f"unexpected {type(error).__name__}: {error}")
    if isinstance(done, BuildReport):
        return shelf.report(done)
    return shelf.said(f"{counted(len(done), 'article')} restored.")


@dataclass(frozen=True, slots=True)
class Widgets:
    """What the tab is made of, for the page to wire; what changes articles is not there where nobody may."""

    search: gr.Textbox
    shelf: gr.HTML
    report: gr.HTML
    removed: gr.HTML
    shown: gr.State
    stop: gr.State
    files: gr.File
    rebuild: gr.Button
    cancel: gr.Button


def widgets(engine: Engine) -> Widgets:
    """Lay the tab out; must be called inside it."""
    may_change = not engine.read_only
    with gr.Row(elem_id="library-head"):
        search = gr.Textbox(
            elem_id="search",
            label="Search the articles",
            show_label=False,
            container=False,
            placeholder="Search titles and texts",
        )
        rebuild = gr.Button("Rebuild", size="sm", visible=may_change, elem_id="rebuild")
    files = gr.File(
        elem_id="drop",
        label="Add articles",
        file_count="multiple",
        file_types=list(uploads.ENDINGS),
        visible=may_change,
        height=46,
    )
    report = gr.HTML(elem_id="report", apply_default_css=False)
    cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="cancel")
    shown = gr.State(AT_ONCE)
    found = gr.HTML(elem_id="shelf", apply_default_css=False, js_on_load=browser.script("shelf"))
    removed = gr.HTML(elem_id="removed", apply_default_css=False, js_on_load=browser.script("unfolded"))
    return Widgets(search, found, report, removed, shown, gr.State(), files, rebuild, cancel)
