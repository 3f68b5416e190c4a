"""The server: page, JSON interface and agents' tools behind one door, from one engine.

Knows how they are put together and how a server begins and ends. Never knows what any of them does.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from gradio.routes import App
from starlette.routing import Mount, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from index.errors import InputError, QAError
from web import api, browser, door, uploads
from web.access import Access
from web.conversations import Conversations
from web.door import USER, Door, Hosts
from web.engine import Engine
from web.page import THEME, build
from web.page_files import swept
from web.streams import Streams
from web.tools import Tools

CONNECTIONS = 1000
"""Most that are open at once; further ones are told that the server is busy."""
GOODBYE = 3
"""Seconds that open connections have to end once the server is to stop."""
QUEUE, THREADS = 1000, 256
"""Most of the page's events that wait, and that are worked on at once: more than there may be questions."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server runs: the ASGI application, and how to tell open pages that it ends."""

    door: Door
    end_page: Callable[[], None]


def application(
    engine: Engine,
    conversations: Conversations,
    files: Path,
    hosts: Hosts,
    access: Access | None = None,
) -> Served:
    """Everything that is served.

    Args:
        files: the folder of the page's own files: what is uploaded, and what can be downloaded.
        hosts: by which names the server may be called.
        access: tells users; without it everybody may come in.
    """
    tools = Tools(engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with tools.running(), swept(files, blocks.upload_file_set.clear):  # it is for Gradio's own sweep
            engine.start()
            yield
        engine.close()

    app = api.application(engine, lifespan)
    app.router.routes.append(Route("/mcp", tools))
    blocks = build(engine, conversations)
    api.of_page(blocks, engine)
    page = _mounted(blocks, app, has_users=access is not None)
    _watch(engine)
    return Served(Door(Streams(app), hosts, files, access, takes_files=not engine.read_only), page.stop_event.set)


def _mounted(page: gr.Blocks, app: FastAPI, has_users: bool) -> App:
    """The page as an application of Gradio's, mounted below all else."""
    page.queue(max_size=QUEUE)
    page.state_session_capacity = CONNECTIONS  # each load of the page begins a session, which holds all that it shows
    page.max_threads = page._queue.max_thread_count = THREADS
    user: Callable[[Request], str | None] | None = (lambda request: request.scope.get(USER)) if has_users else None
    gr.mount_gradio_app(
        app,
        page,
        "/",
        auth_dependency=user,
        footer_links=[],
        run_history=False,
        show_error=True,
        max_file_size=uploads.MOST_BYTES,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=THEME,
        head=browser.HEAD,
    )
    (mounted,) = (route.app for route in app.routes if isinstance(route, Mount))
    assert isinstance(mounted, App)
    return mounted


def _watch(engine: Engine) -> None:
    show = engine.metrics.watch
    show("qa_ready", "1 once questions are answered.", lambda: engine.state == "ready")
    show("qa_questions_waiting", "Questions that wait for their turn.", lambda: engine.waiting)
    show("qa_generation", "The publication of the index that is in use.", lambda: _known(engine.generation))


def _known(number: Callable[[], int]) -> float:
    """What there is no number for just now is none, as an operator is told of the rest all the same."""
    try:
        return number()
    except QAError:
        return float("nan")


# ---- the life of a server ---------------------------------------------------------------------


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; 0 takes any free port.

    Raises:
        InputError: nobody can listen there.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise InputError(f"cannot listen on {host}:{port} ({reason}): choose another with --port or --host") from error


def serve(
    engine: Engine,
    listening: socket.socket,
    conversations: Conversations,
    hosts: Hosts,
    access: Access | None = None,
) -> None:
    """Serve until the process is interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    for chatty in ("httpx", "mcp", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="qa-page-", ignore_cleanup_errors=True) as files:
        os.environ["GRADIO_TEMP_DIR"] = files  # nobody else's, and gone with the server
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # either signal is the wish to end it
        with suppress(KeyboardInterrupt):
            Server(application(engine, conversations, Path(files), hosts, access)).run(sockets=[listening])


class Patient(H11Protocol):
    """Closes a connection on which no request has come for so long: each takes one of the places that there are.

    Uvicorn waits so for the next request only until the first byte of it, and for the first not at all.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_nothing()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._await_nothing()
        self._patience = self.loop.call_later(door.PATIENCE, self._close_if_silent)

    def _await_nothing(self) -> None:
        if self._patience:
            self._patience.cancel()

    def _close_if_silent(self) -> None:
        is_silent = self.cycle is None or self.cycle.response_complete  # else a request is being answered
        if is_silent and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Tells the page when it is to end: Gradio holds a connection open for as long as a page is shown."""

    def __init__(self, served: Served) -> None:
        config = uvicorn.Config(
            served.door,
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # who is at the other end is for `web.access` to judge
            server_header=False,
            http=Patient,
            ws="none",
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GOODBYE,
        )
        super().__init__(config)
        self._end_page = served.end_page

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_page()
        await super().shutdown(sockets)
