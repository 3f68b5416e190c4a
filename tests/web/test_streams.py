"""Streams of the page's events: what begins an event waits for the page to have let go of a stream that was closed."""

import asyncio
import json

import pytest

from web import streams
from web.streams import BEGIN, STREAM, Streams

CLOSED = b'data: {"msg":"close_stream"}\n\n'


class Gradio:
    """What lies behind: one stream that closes once it is told to, and events that begin at once."""

    def __init__(self):
        self.close = asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["path"].startswith(BEGIN):
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == STREAM:
            await self.close.wait()
            await send({"type": "http.response.body", "body": CLOSED, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif scope["path"].startswith(BEGIN):
            await send({"type": "http.response.body", "body": b'{"event_id":"1"}'})
        else:
            await send({"type": "http.response.body", "body": b"else"})


class Page:
    """A client: what it asks for, when it leaves, and what has come to it so far."""

    def __init__(self, streams_, path, session="s1", body=None):
        self.got, self.left = [], asyncio.Event()
        self._parts = [body[: len(body) // 2], body[len(body) // 2 :]] if body else [b""]
        scope = {"type": "http", "path": path, "query_string": f"session_hash={session}".encode()}
        self.task = asyncio.ensure_future(streams_(scope, self._receive, self._send))

    async def _receive(self):
        if self._parts:
            return {"type": "http.request", "body": self._parts.pop(0), "more_body": bool(self._parts)}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.got.append(message)

    @property
    def text(self):
        return b"".join(message.get("body", b"") for message in self.got)


async def _until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def _answered(page):
    await _until(lambda: page.text)


async def _a_while():
    for _ in range(50):
        await asyncio.sleep(0)


def begins(behind, session="s1"):
    """A page that begins an event."""
    return Page(behind, BEGIN + "/", body=json.dumps({"session_hash": session, "data": []}).encode())


def closing():
    """A page whose stream was closed and that has not let go of it, with what is before both and behind."""
    gradio = Gradio()
    behind = Streams(gradio)
    page = Page(behind, STREAM)
    gradio.close.set()
    return behind, page


def test_an_event_that_begins_while_its_stream_closes_is_answered_once_the_page_has_let_go():
    async def test():
        behind, page = closing()
        await _until(lambda: page.text == CLOSED)
        asked = begins(behind)
        await _a_while()
        assert not asked.got and not page.task.done()
        page.left.set()
        await _until(lambda: asked.text == b'{"event_id":"1"}')
        await page.task

    asyncio.run(test())


def test_an_event_is_answered_at_once_while_a_stream_is_open_and_after_it_was_let_go():
    async def test():
        gradio = Gradio()
        behind = Streams(gradio)
        page = Page(behind, STREAM)
        await _until(lambda: page.got)
        await _answered(begins(behind))
        gradio.close.set()
        page.left.set()
        await page.task
        await _answered(begins(behind))

    asyncio.run(test())


@pytest.mark.parametrize("other", ["s2", "", None])
def test_events_of_other_pages_do_not_wait(other):
    async def test():
        behind, page = closing()
        await _until(lambda: page.text == CLOSED)
        await _answered(begins(behind, other))
        page.left.set()
        await page.task

    asyncio.run(test())


def test_a_body_that_nobody_can_read_is_passed_on_and_not_waited_for():
    async def test():
        behind, page = closing()
        await _until(lambda: page.text == CLOSED)
        asked = Page(behind, BEGIN, body=b"[1, ")
        await _until(lambda: asked.text)
        page.left.set()
        await page.task

    asyncio.run(test())


def test_a_client_that_does_not_let_go_is_waited_for_no_longer_than_that(monkeypatch):
    async def test():
        behind, page = closing()
        await _until(lambda: page.text == CLOSED)
        asked = begins(behind)
        await _until(lambda: asked.text)
        await page.task
        assert page.got[-1]["body"] == b"" and not behind._closing

    monkeypatch.setattr(streams, "PATIENCE", 0.05)
    asyncio.run(test())


def test_what_is_no_event_passes_as_it_is():
    async def test():
        page = Page(Streams(Gradio()), "/gradio_api/queue/status")
        await page.task
        assert page.text == b"else"

    asyncio.run(test())


def test_a_stream_that_fails_in_closing_holds_nothing_up():
    async def fails(scope, receive, send):
        if scope["path"] == STREAM:
            await send({"type": "http.response.body", "body": CLOSED, "more_body": True})
            raise ConnectionError
        await Gradio()(scope, receive, send)

    async def test():
        behind = Streams(fails)
        page = Page(behind, STREAM)
        with pytest.raises(ConnectionError):
            await page.task
        await _answered(begins(behind))

    asyncio.run(test())
