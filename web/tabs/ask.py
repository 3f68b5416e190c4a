"""The Ask tab: the conversation, the question box, and what is asked of which articles, how surely.

Knows widgets and what each of them calls, and the conversation of one visitor. Never knows how an answer
is found (`qa.pipeline`) nor how it looks (`web.markup`).
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from queue import SimpleQueue
from typing import Any

import gradio as gr

from index.errors import InputError, QAError
from index.store import Filter
from qa.pipeline import Examination
from web import browser, door, transcripts
from web.asking import Gone
from web.conversations import Conversations, StorageError
from web.engine import Engine
from web.markup import conversation, reading, scope
from web.markup import insight as insights
from web.markup.result import groups
from web.markup.talks import talks
from web.markup.text import notice
from web.transcripts import Exchange

log = logging.getLogger(__name__)

FORGET = 3 * 3600
"""Seconds after which a page that was left is forgotten; its conversation is kept, and comes back with it."""

LEFT = "this was not answered, as the conversation was left: ask it again"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as one open page holds it.

    `id` names what is kept of it, `found` is of its last question, and `least` how sure that answer had to be.
    """

    id: str = ""
    exchanges: tuple[Exchange, ...] = ()
    found: Examination | None = None
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Scope:
    """How sure an answer must be, and of which articles it is asked."""

    least: float
    allowed: Filter

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Scope":
        """What the browser sent. Raises: InputError: it is nothing that the page itself would send."""
        try:
            days = [date.fromisoformat(given[name]) if given.get(name) else None for name in ("after", "before")]
            return cls(float(given["least"]), Filter(tuple(map(str, given.get("sources") or ())), *days))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("the filters cannot be read: load the page again") from error


class Desk:
    """What the widgets of this tab call."""

    def __init__(self, engine: Engine, conversations: Conversations) -> None:
        self._engine, self._conversations = engine, conversations

    def converse(
        self, question: str, talk: Talk, given: Mapping[str, Any], owner: str = "", alone: bool = False
    ) -> Iterator[tuple[str, Talk]]:
        """The conversation as each step of answering begins, and at last with the result.

        A question that stands `alone` is asked as if nothing had been said before it.
        """
        if not question.strip():
            return
        begins = not self._is_kept(talk, owner)
        talk = replace(talk, id=self._conversations.begin()) if begins else talk
        asked, steps = (*talk.exchanges, Exchange(question)), list[str]()
        history = [] if alone else [(past.question, past.result.text) for past in talk.exchanges if past.result]
        found, least = talk.found, talk.least
        try:
            yield conversation.thread(asked), talk  # the question stands there whatever happens next
            chosen = Scope.read(given)
            least = chosen.least
            for step in self._examined(question, history, chosen.allowed):
                if isinstance(step, str):
                    steps.append(step)
                    yield conversation.thread(asked, steps), talk
                else:
                    found, answered = step, Exchange(question, self._engine.decide(step, least))
        except GeneratorExit:
            with suppress(QAError):  # it was deleted, or nothing can be kept
                self._conversations.add(talk.id, Exchange(question, error=LEFT), owner, begins)
            raise
        except QAError as error:
            answered = Exchange(question, error=str(error))
        except Exception as error:  # whoever asked must not wait for ever for what will not come
            answered = Exchange(question, error=f"unexpected {type(error).__name__}: {error}")
            log.exception("a question could not be answered")
        with suppress(QAError):  # it was deleted meanwhile, or nothing can be kept: answering goes on without that
            answered = self._conversations.add(talk.id, answered, owner, begins)
        exchanges = (*talk.exchanges, answered)
        yield conversation.thread(exchanges), Talk(talk.id, exchanges, found, least)

    def reconsider(self, talk: Talk, given: Mapping[str, Any], owner: str = "") -> Talk:
        """The last answer at another threshold; nothing is searched or read again for it."""
        if talk.found and talk.exchanges and talk.exchanges[-1].result:
            least = Scope.read(given).least
            before, result = talk.exchanges[-1], self._engine.decide(talk.found, least)
            last = replace(before, result=result)
            if before.result and result.text != before.result.text:  # what was said of the one is not said of the other
                last = replace(last, liked=None, correction="")
            with suppress(QAError):  # where nothing can be kept, answering goes on without that
                self._conversations.revise(last.number, result, owner)
            talk = replace(talk, exchanges=(*talk.exchanges[:-1], last), least=least)
        return talk

    def judge(self, turn: int, liked: bool | None, correction: str, talk: Talk, owner: str = "") -> Talk:
        """Keep what a user says of a result; None takes it back."""
        if not 0 <= turn < len(talk.exchanges):
            raise InputError("this answer belongs to an earlier conversation: ask its question again")
        exchange = talk.exchanges[turn]
        self._conversations.judge(exchange.number, liked, correction, owner)
        judged = replace(exchange, liked=liked, correction=correction)
        exchanges = (*talk.exchanges[:turn], judged, *talk.exchanges[turn + 1 :])
        return replace(talk, exchanges=exchanges)

    def resume(self, kept: str, owner: str = "") -> Talk:
        """The conversation that this browser was in, or a fresh one."""
        if not kept:
            return Talk()
        try:
            return self.open(kept, owner)
        except QAError:  # it was deleted, or is someone else's: neither is this visitor's business
            return Talk()

    def current(self, talk: Talk, kept: str, owner: str = "") -> Talk:
        """The conversation that a page holds; as it is kept, where the page was open for so long that it forgot."""
        return talk if talk.id else self.resume(kept, owner)

    def listed(self, current: str, owner: str = "") -> str:
        """The owner's conversations, the one that went on last first, that of the id `current` marked.

        Whoever cannot be told from others sees none.
        """
        try:
            return talks(self._conversations.all(owner) if owner else (), current)
        except QAError as error:
            return notice(str(error))

    def open(self, id_: str, owner: str = "") -> Talk:
        """An earlier conversation. Raises: InputError: there is none of that id, or it is another owner's."""
        return Talk(id_, tuple(self._conversations.load(id_, self._engine.article, owner)))

    def forget(self, id_: str, owner: str = "") -> None:
        """Delete a conversation. Raises: InputError: there is none of that id, or it is another owner's."""
        self._conversations.delete(id_, owner)

    def read(self, talk: Talk, kind: str, value: str) -> str:
        """What the panel shows after a click: a citation of the conversation, a passage of Insight, or an article."""
        if kind == "cite":
            return self._cited(talk, value)
        if kind == "passage":
            return self._passage(talk, value)
        return reading.article(self._engine.article(value), f"open {value}")

    def beside(self, talk: Talk) -> str:
        """What the panel shows unasked beside a new answer: its first citation; nothing beside a refusal."""
        if not (talk.exchanges and talk.exchanges[-1].result and talk.exchanges[-1].result.found):
            return ""
        try:
            return self._cited(talk, f"{len(talk.exchanges) - 1}-0")
        except QAError as error:
            return reading.unavailable(str(error))

    def exported(self, talk: Talk, form: str, owner: str = "") -> dict[str, str]:
        """The whole conversation as a file to be saved: its name and text."""
        if not talk.exchanges:
            raise InputError("there is nothing to export yet")
        about = self._conversations.get(talk.id, owner)
        exchanges = self._conversations.load(talk.id, self._engine.article, owner)
        name = f"conversation {about.begun:%Y-%m-%d}"
        if form == "json":
            told = json.dumps(transcripts.as_dict(about, exchanges), ensure_ascii=False, indent=2)
            return {"name": f"{name}.json", "text": told + "\n"}
        return {"name": f"{name}.md", "text": transcripts.as_markdown(about, exchanges)}

    def insight(self, talk: Talk) -> str:
        """How the last result came about."""
        result = talk.exchanges[-1].result if talk.exchanges else None
        if not talk.found or not result:
            return insights.nothing()
        calibration = replace(self._engine.calibration, threshold=talk.least)
        return insights.insight(talk.found, result, self._engine.beliefs(talk.found), calibration)

    def _cited(self, talk: Talk, place: str) -> str:
        """The article of the citation at `turn-number`, open at its quote."""
        turn, _, number = place.partition("-")
        try:
            exchange = talk.exchanges[int(turn)]
            numbered = [(c, group) for group in groups(exchange.result) for c in group]
            citation, group = numbered[int(number)]
        except (ValueError, IndexError):
            raise InputError("this citation belongs to an earlier conversation: ask its question again") from None
        article, ref = self._engine.article(citation.article.id), f"cite {place}"
        at = _place(int(turn), int(number), len(numbered))
        if article.digest != citation.article.digest:
            note = "This article has changed since the answer was given."
            return reading.article(article, ref, note=note, place=at)
        also = [(other.start, other.end) for other in group if other.article.id == article.id]
        return reading.article(article, ref, (citation.start, citation.end), also, place=at)

    def _passage(self, talk: Talk, place: str) -> str:
        """The article of the passage at a rank of the last search, open at that passage."""
        rank = int(place) if place.isdecimal() else -1
        if not talk.found or not 0 <= rank < len(talk.found.retrieved):
            raise InputError("this passage belongs to an earlier question: ask it again")
        passage = talk.found.retrieved[rank].passage
        article = self._engine.article(passage.article_id)
        if article.digest != talk.found.articles[passage.article_id].digest:
            return reading.article(article, f"passage {place}", note="This article has changed since it was searched.")
        return reading.article(article, f"passage {place}", (passage.start, passage.end))

    def _examined(
        self, question: str, history: Sequence[tuple[str, str | None]], allowed: Filter
    ) -> Iterator[str | Examination]:
        """The steps of an examination as they begin, and at last what was found; raises what it raises."""
        if self._engine.state == "loading":
            yield "loading"
            self._engine.wait()
        told, gone = SimpleQueue[str | Examination | BaseException](), threading.Event()

        def heard(step: str) -> None:
            if gone.is_set():
                raise Gone("nobody waits for this any more")
            told.put(step)

        def work() -> None:
            try:
                told.put(self._engine.examine(question, history, allowed, told=heard))
            except BaseException as error:  # it is raised where it is waited for
                told.put(error)

        threading.Thread(target=work, name="question", daemon=True).start()
        try:
            while not isinstance(step := told.get(), Examination):
                if isinstance(step, BaseException):
                    raise step
                yield step
            yield step
        finally:
            gone.set()

    def _is_kept(self, talk: Talk, owner: str) -> bool:
        """Whether a question goes on with a conversation that is kept; where it is gone, another begins with it."""
        try:
            return bool(talk.id and self._conversations.get(talk.id, owner))
        except InputError:
            return False
        except StorageError:  # it may be there all the same
            return True


def _place(turn: int, number: int, of: int) -> reading.Place:
    before = f"{turn}-{number - 1}" if number else ""
    after = f"{turn}-{number + 1}" if number + 1 < of else ""
    return reading.Place(number + 1, of, before, after)


@dataclass(frozen=True, slots=True)
class Widgets:
    """What the tab is made of, for the page to wire."""

    thread: gr.HTML
    tries: gr.HTML
    box: gr.Textbox
    scope: gr.HTML


def widgets(engine: Engine) -> Widgets:
    """Lay the tab out; must be called inside it."""
    thread = gr.HTML(
        conversation.thread(()),
        elem_id="thread",
        apply_default_css=False,
        js_on_load=browser.script("thread"),
    )
    tries = gr.HTML(elem_id="tries", apply_default_css=False, js_on_load=browser.script("asking"))
    box = gr.Textbox(
        elem_id="box",
        label="Your question",
        show_label=False,
        container=False,
        autofocus=True,
        max_lines=5,
        submit_btn="Ask",
        placeholder="Ask about the articles",
    )
    chosen = gr.HTML(
        {"least": engine.min_confidence},
        elem_id="scope",
        apply_default_css=False,
        html_template="${markup}",
        js_on_load=browser.script("scope"),
        markup=scope.scope(engine.min_confidence, ()),
    )
    return Widgets(thread, tries, box, chosen)


def owner(request: gr.Request | None) -> str:
    """The name of whoever asks; where everybody may come in, what tells visitors apart; empty where nothing does."""
    scope = getattr(getattr(request, "request", None), "scope", {})
    visitor = scope.get(door.VISITOR)
    return str(scope.get(door.USER) or (f"visitor:{visitor}" if visitor else ""))
