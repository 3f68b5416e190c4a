"""The JSON interface: questions and articles for programs, the server's state for who runs it.

Knows HTTP requests and answers. Never knows how an answer is found, nor who asks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import gradio as gr
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from gradio.events import api as gradio_api
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from index.article import Article
from index.errors import InputError, QAError
from index.store import Filter, Heading
from qa.batching import Busy
from qa.pipeline import LONGEST_QUESTION
from web import asking, reference
from web.asking import apart
from web.engine import Engine, NotReady
from web.metrics import CONTENT_TYPE

TITLE = "Ask the articles"
ABOUT = "Every answer is a verbatim quote with the place it stands, or an honest refusal."
SOON = {"Retry-After": "2"}
PAGE, LONGEST_PAGE = 50, 500
"""Articles of one answer, unless asked for more, and at most."""
LONGEST_SEARCH = 200
MOST_TURNS = 100
CLOSED = 499
"""The status, as nginx has it, of an answer that nobody waited for."""
LISTENING = 0.2
"""Seconds between looks at whether who asked is still there."""


# ---- what comes in ----------------------------------------------------------------------------


class Said(BaseModel):
    """One turn of the conversation so far."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(max_length=LONGEST_QUESTION)
    answer: str | None = Field(None, max_length=LONGEST_QUESTION, description="Its answer; null where there was none.")


class Asked(BaseModel):
    """A question, and which articles may answer it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"question": "Who is the Syrian army spokesman?"}}
    )

    question: str = Field(max_length=LONGEST_QUESTION, description="One question, in one or a few sentences.")
    history: list[Said] = Field(
        [], max_length=MOST_TURNS, description="The conversation so far, oldest first, for a question that refers back."
    )
    sources: list[str] = Field([], max_length=1000, description="Only articles of these outlets; none means all.")
    published_after: date | None = Field(None, description="Only articles of this day and later.")
    published_before: date | None = Field(None, description="Only articles of this day and earlier.")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Decline below this probability; without it, the fitted default."
    )


# ---- what goes out: as `qa ask --json` prints it ----------------------------------------------


class CitationBody(BaseModel):
    """Where a quote stands: characters [start, end) of the article's text are the quote."""

    article_id: str
    title: str
    source: str
    url: str
    published: date | None
    author: str
    page: int | None = Field(description="The page, counted from one, of an article that has pages.")
    start: int
    end: int
    quote: str
    sentence: str = Field(description="The sentence around the quote, verbatim too.")


class AlternativeBody(BaseModel):
    """Another answer that the articles support."""

    text: str
    confidence: float
    citations: list[CitationBody]


class AnswerBody(BaseModel):
    """An answer, or an honest refusal: then `found` is false, `text` null, and nothing is cited."""

    question: str
    understood: str = Field(description="The question as it was put to the articles.")
    found: bool
    text: str | None = Field(description="The answer: the first citation's quote.")
    confidence: float = Field(description="The probability that it is right; of a refusal, that the best guess is.")
    citations: list[CitationBody]
    parts: list[AlternativeBody] = Field(
        description="The things that answer it together, where several were asked for and stand apart; else empty."
    )
    sources: int = Field(description="Independent sources among the cited articles.")
    alternatives: list[AlternativeBody]
    disagreements: list[AlternativeBody] = Field(description="Clearly different answers of other articles.")
    closest: list[CitationBody] = Field([], description="Of a refusal: the passages nearest to the question.")
    seconds: float


class ArticleBody(BaseModel):
    """An article of the index. `origins` are all ids of the very same article, its own first."""

    id: str
    title: str
    source: str
    url: str
    published: date | None
    author: str


class HeadingBody(ArticleBody):
    origins: list[str]
    passages: int


class ShelfBody(BaseModel):
    """A page of the articles, and how many there are in all."""

    articles: list[HeadingBody]
    total: int


class TextBody(ArticleBody):
    """An article with its text, exactly as it was read."""

    text: str


class ErrorBody(BaseModel):
    """What was wrong, in one line."""

    error: str


class StateBody(BaseModel):
    """loading, ready or failed, and what is being done or has gone wrong."""

    state: str
    message: str


_WRONG: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "What was given cannot be used."},
    422: {"model": ErrorBody, "description": "What was given is not of the form that is asked for."},
    503: {"model": ErrorBody, "description": "Busy, or still loading: try again after `Retry-After` seconds."},
}


# ---- what is done -----------------------------------------------------------------------------


def application(
    engine: Engine, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    """The interface over an engine as an application, to which others may be mounted."""
    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        version=_version(),
        docs_url=None,  # its pages would load their scripts from another host
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    for error in (QAError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, told_error)
    app.include_router(router(engine))

    @app.get("/api", include_in_schema=False)
    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference.page(app.openapi()))

    return app


def router(engine: Engine) -> APIRouter:
    """The routes of the interface over an engine."""
    routes = APIRouter()

    @routes.post("/api/ask", tags=["questions"], response_model=AnswerBody, responses=_WRONG)
    async def ask(asked: Asked, request: Request) -> Response:
        """Answer a question with verbatim quotes from the articles, or say that they do not hold the answer."""
        history = [(turn.question, turn.answer) for turn in asked.history]
        allowed = Filter(tuple(asked.sources), asked.published_after, asked.published_before)
        async with _while_listened_to(request):
            result = await asking.ask(engine, asked.question, history, allowed, asked.min_confidence)
            return JSONResponse(result.as_dict())
        return Response(status_code=CLOSED)

    @routes.get("/api/articles", tags=["articles"], response_model=ShelfBody, responses=_WRONG)
    async def articles(
        search: Annotated[str, Query(max_length=LONGEST_SEARCH, description="Words; the best match first.")] = "",
        source: Annotated[list[str] | None, Query(description="Only this outlet; may be repeated.")] = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = PAGE,
    ) -> Response:
        """The articles of the index, a page of them at a time, by id or by how well they match."""
        shelf = await apart(partial(engine.articles, search, source or (), offset, limit))
        return JSONResponse({"articles": [_heading(each) for each in shelf.headings], "total": shelf.total})

    @routes.get(
        "/api/articles/{article_id:path}",
        tags=["articles"],
        response_model=TextBody,
        responses={404: {"model": ErrorBody, "description": "There is no such article."}},
    )
    async def article(article_id: str) -> Response:
        """One article, whole: the characters that citations count in."""
        try:
            found = await apart(partial(engine.article, article_id))
        except InputError as error:
            raise HTTPException(404, str(error)) from error
        return JSONResponse(_about(found) | {"text": found.text})

    @routes.get("/healthz", tags=["operation"], response_model=StateBody)
    async def healthz() -> Response:
        """Whether the process is alive, whatever it can do just now."""
        return JSONResponse({"state": engine.state, "message": "alive"})

    @routes.get("/readyz", tags=["operation"], response_model=StateBody, responses={503: {"model": StateBody}})
    async def readyz() -> Response:
        """Whether questions are answered; 503 while the models are being loaded, or if they cannot be."""
        state = {"state": engine.state, "message": engine.message}
        return JSONResponse(state) if engine.state == "ready" else JSONResponse(state, 503, SOON)

    @routes.get("/metrics", tags=["operation"], response_class=Response)
    async def metrics_text() -> Response:
        """Counts and latencies in Prometheus's text format."""
        return Response(await apart(engine.metrics.text), media_type=CONTENT_TYPE)

    return routes


def of_page(page: gr.Blocks, engine: Engine) -> None:
    """Let `gradio_client` ask as well, by the page's own interface: its one endpoint, `/ask`."""

    async def ask(question: str, min_confidence: float | None = None) -> dict[str, Any]:
        """Answer a question with verbatim quotes from the articles, or say that they do not hold the answer.

        Args:
            question: one question about the articles, at most 1,000 characters.
            min_confidence: decline below this probability, 0 to 1; left out, the fitted default.
        """
        try:
            return (await asking.ask(engine, question, min_confidence=min_confidence)).as_dict()
        except QAError as error:
            raise gr.Error(str(error), print_exception=False) from error

    with page:
        gradio_api(ask, api_name="ask", concurrency_limit=None)


@asynccontextmanager
async def _while_listened_to(request: Request) -> AsyncIterator[None]:
    """Call the block off once who asked has gone: what nobody waits for need not be read."""
    task = asyncio.current_task()
    assert task
    has_gone = False

    async def listen() -> None:
        nonlocal has_gone
        while not await request.is_disconnected():
            await asyncio.sleep(LISTENING)
        has_gone = True
        task.cancel()

    listening = asyncio.create_task(listen())
    try:
        yield
    except asyncio.CancelledError:
        if not has_gone:
            raise
        task.uncancel()
    finally:
        listening.cancel()


def _version() -> str:
    try:
        return version("qa-articles")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"


def _about(article: Article | Heading) -> dict[str, Any]:
    about = {name: getattr(article, name) for name in ("id", "title", "source", "url", "author")}
    return about | {"published": article.published and article.published.isoformat()}


def _heading(heading: Heading) -> dict[str, Any]:
    return _about(heading) | {"origins": [heading.id, *heading.copies], "passages": heading.passages}


# ---- what goes wrong --------------------------------------------------------------------------


async def told_error(request: Request, error: Exception) -> Response:
    """Any error as JSON with one plain line."""
    if isinstance(error, RequestValidationError):
        return _one_line(422, "; ".join(_wrong_field(each) for each in error.errors()))
    if isinstance(error, HTTPException):
        return _one_line(error.status_code, str(error.detail), dict(error.headers or {}))
    if isinstance(error, InputError):
        return _one_line(400, str(error))
    if isinstance(error, Busy | NotReady):
        return _one_line(503, str(error), SOON)
    if isinstance(error, QAError):
        return _one_line(500, str(error))
    return _one_line(500, "something went wrong here: who runs this server finds more in its log")


def _one_line(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": " ".join(message.split())}, status, headers)


def _wrong_field(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part not in ("body", "query"))
    return f"{where}: {error['msg']}" if where else str(error["msg"])
