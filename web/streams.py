"""The streams that tell the page of its questions: none ends while a question is being taken that it would tell of.

Knows how Gradio's client listens. Never knows what is asked.

Gradio tells a page of all its events in one stream, which it closes once none is under way; the page opens another
with its next event, if it knows by then that the old one is closed. An event that begins in between is told of by
neither, and whoever asked waits for ever. So what begins an event is answered only once the page has let go of a
stream that was closed, which it does as soon as it learns of that.
"""

import asyncio
import json
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STREAM, BEGIN = "/gradio_api/queue/data", "/gradio_api/queue/join"
PATIENCE = 2.0
"""Seconds that a client has to let go of a closed stream: the page does at once, others may not care to."""

_CLOSED = b'"msg":"close_stream"'


class Streams:
    """An ASGI application before Gradio's."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self._closing: dict[str, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/") if scope["type"] == "http" else ""
        if path == STREAM:
            await self._told(scope, receive, send)
        elif path == BEGIN:
            await self._begun(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        (session,) = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])
        gone: asyncio.Event | None = None

        async def watched(message: Message) -> None:
            nonlocal gone
            if _CLOSED in message.get("body", b""):
                gone = self._closing[session] = asyncio.Event()
            # Held back until the client has gone, as otherwise there is nothing to see of its going.
            if gone and message["type"] == "http.response.body" and not message.get("more_body", False):
                with suppress(TimeoutError):
                    await asyncio.wait_for(_left(receive), PATIENCE)
            await send(message)

        try:
            await self._inner(scope, receive, watched)
        finally:
            if gone:
                gone.set()
                if self._closing.get(session) is gone:
                    del self._closing[session]

    async def _begun(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def read() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start" and (gone := self._closing.get(_session(body))):
                await gone.wait()
            await send(message)

        await self._inner(scope, read, answered)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _session(body: bytes | bytearray) -> str:
    """The page that an event is of, as its request says; empty where it says nothing that can be read."""
    try:
        return str(json.loads(body)["session_hash"])
    except (ValueError, TypeError, KeyError):
        return ""
