"""The JSON interface: what it answers, in which form, and what it says when it cannot."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
import uvicorn
from pydantic import BaseModel
from starlette.testclient import TestClient

from index.errors import CorpusError, InputError
from qa.batching import Busy
from web import api
from web.engine import Engine

OPENER = "Who opened the harbour of Tallow Bay?"


@pytest.fixture
def client(engine):
    return TestClient(api.application(engine), raise_server_exceptions=False)


# ---- questions ---------------------------------------------------------------------------------


def test_an_answer_is_the_json_of_the_command_line(client, engine):
    answer = client.post("/api/ask", json={"question": OPENER})
    expected = engine.ask(OPENER).as_dict()
    assert answer.status_code == 200
    assert {**answer.json(), "seconds": 0} == {**expected, "seconds": 0}
    assert answer.json()["text"] == "Edda Quist" and answer.json()["citations"][0]["article_id"] == "harbour.txt"


def exactly(model: type[BaseModel], given: object) -> None:
    """A model describes what is given: nothing is missing from it, nothing more is there."""
    assert model.model_validate(given).model_dump(mode="json") == given


def test_what_is_described_is_what_is_answered(client, answer, refusal):
    exactly(api.AnswerBody, answer.as_dict() | {"closest": []})
    exactly(api.AnswerBody, refusal.as_dict())
    exactly(api.ShelfBody, client.get("/api/articles").json())
    exactly(api.TextBody, client.get("/api/articles/bridge.txt").json())


def test_the_threshold_the_outlets_and_the_dates_are_heard(client):
    def found(**limits: object) -> bool:
        return client.post("/api/ask", json={"question": OPENER, **limits}).json()["found"]

    assert found(min_confidence=0) and not found(min_confidence=1)
    assert not found(min_confidence=0, sources=["Nobody’s Gazette"])
    assert not found(min_confidence=0, published_after="2017-01-01")  # an article without a date passes no such filter


def test_a_follow_up_brings_the_conversation(client):
    history = [{"question": OPENER, "answer": "Mayor Edda Quist"}]
    answer = client.post("/api/ask", json={"question": "When was it opened?", "history": history}).json()
    assert "Tallow Bay" in answer["understood"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "question: "),
        ({"question": 7}, 422, "question: "),
        ({"question": "x" * 1001}, 422, "1000 characters"),
        ({"question": OPENER, "min_confidence": 7}, 422, "min_confidence: "),
        ({"question": OPENER, "published_after": "yesterday"}, 422, "published_after: "),
        ({"question": OPENER, "sorces": []}, 422, "sorces: "),
        ({"question": OPENER, "history": [{"answer": "x"}]}, 422, "history.0.question: "),
        ([], 422, "dictionary"),
        ({"question": "  "}, 400, "the question is empty"),
        ({"question": "a\ud800"}, 422, ""),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(client, body, status, said):
    answer = client.post("/api/ask", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == status and list(answer.json()) == ["error"]
    assert said in answer.json()["error"] and "\n" not in answer.json()["error"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_said_in_one_line(client, content):
    answer = client.post("/api/ask", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422) and list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("error", "status", "later"),
    [
        (InputError("not that"), 400, False),
        (Busy("busy, try again"), 503, True),
        (CorpusError("the index is damaged"), 500, False),
        (RuntimeError("secret details"), 500, False),
    ],
)
def test_what_goes_wrong_has_the_right_status(client, engine, monkeypatch, error, status, later):
    def raise_it(*_, **__):
        raise error

    monkeypatch.setattr(engine, "submit", raise_it)
    answer = client.post("/api/ask", json={"question": OPENER})
    assert (answer.status_code, "retry-after" in answer.headers) == (status, later)
    assert "secret" not in answer.text and list(answer.json()) == ["error"]


def test_wrong_paths_and_methods_are_said_in_json_too(client):
    assert (client.get("/api/nothing").status_code, client.get("/api/ask").status_code) == (404, 405)
    assert list(client.get("/api/ask").json()) == ["error"]


# ---- articles ----------------------------------------------------------------------------------


def test_articles_come_in_pages(client):
    page = client.get("/api/articles", params={"offset": 1, "limit": 1}).json()
    assert [article["id"] for article in page["articles"]] == ["harbour.txt"] and page["total"] == 2
    assert client.get("/api/articles", params={"search": "metres"}).json()["articles"][0]["id"] == "bridge.txt"
    assert client.get("/api/articles", params={"source": "Nobody’s"}).json() == {"articles": [], "total": 0}
    assert client.get("/api/articles", params={"limit": 100_000}).status_code == 422


def test_an_article_is_read_whole_and_citations_count_its_characters(client):
    citation = client.post("/api/ask", json={"question": OPENER}).json()["citations"][0]
    text = client.get(f"/api/articles/{citation['article_id']}").json()["text"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_an_id_may_hold_what_a_path_may_not(client, engine, shelf):
    (shelf / "a b").mkdir()
    (shelf / "a b" / "rows.jsonl").write_text('{"text": "Ships came to Tallow Bay."}\n')
    engine.rebuild()
    assert client.get("/api/articles/a%20b/rows.jsonl%231").json()["text"] == "Ships came to Tallow Bay."


def test_an_article_that_is_not_there_is_not_found(client):
    for name in ("none.txt", "../index/catalog.sqlite", "/etc/passwd"):
        assert client.get(f"/api/articles/{name}").status_code == 404


# ---- the server's state ------------------------------------------------------------------------


def test_a_server_that_loads_is_alive_and_not_ready(small_qa):
    held = threading.Event()
    engine = Engine(small_qa.store, lambda _: held.wait(10) and small_qa)
    client = TestClient(api.application(engine))
    engine.start()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["state"], answer.headers["retry-after"]) == (503, "loading", "2")
    answer = client.post("/api/ask", json={"question": OPENER})
    assert answer.status_code == 503 and "retry-after" in answer.headers
    assert client.get("/api/articles").json()["total"] == 2
    held.set()
    engine.wait(10)
    assert client.get("/readyz").json() == {"state": "ready", "message": ""}
    engine.close()


def test_a_server_that_failed_says_why(failed):
    answer = TestClient(api.application(failed)).get("/readyz")
    assert answer.status_code == 503 and answer.json() == {"state": "failed", "message": "there is no index here"}


def test_metrics_are_prometheus_text(client):
    client.post("/api/ask", json={"question": OPENER})
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "qa_question_seconds_count 1.0" in answer.text.splitlines()


# ---- the description ---------------------------------------------------------------------------


class Names(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.tags, self.addresses = "", set(), []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def test_the_description_is_one_plain_page_without_scripts_or_other_hosts(client):
    description = client.get("/api/openapi.json").json()
    page = Names(client.get("/api/docs").text)
    assert "script" not in page.tags and all(each.startswith(("#", "/api")) for each in page.addresses)
    for path, methods in description["paths"].items():
        assert {f"{method.upper()} {path}" in page.text for method in methods} == {True}
    for name, schema in description["components"]["schemas"].items():
        assert {field in page.text for field in (name, *schema.get("properties", {}))} == {True}
    assert {"/api/ask", "/api/articles", "/healthz", "/readyz", "/metrics"} <= set(description["paths"])


# ---- clients that are slow or go ---------------------------------------------------------------


class Slowly:
    """An engine behind the engine that examines nothing until it is let go, and remembers what it was asked."""

    min_confidence = 0.5

    def __init__(self) -> None:
        self.begun, self.go, self.wanted = threading.Event(), threading.Event(), []

    def examine_together(self, inquiries):
        self.begun.set()
        self.go.wait(20)
        self.wanted += [inquiry.question for inquiry in inquiries if inquiry.wanted()]
        raise InputError("that was all")


@contextmanager
def serving(engine):
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api.application(engine), log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)


def asked(address, question: str) -> socket.socket:
    body = json.dumps({"question": question}).encode()
    client = socket.create_connection(address, timeout=10)
    client.sendall(
        b"POST /api/ask HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    return client


def test_a_question_whose_client_has_gone_is_not_read_and_a_full_queue_says_so_at_once(
    tmp_path, monkeypatch, eventually
):
    monkeypatch.setattr("web.engine.MOST_WAITING", 2)
    slowly = Slowly()
    engine = Engine(tmp_path, lambda _: slowly)
    engine.start()
    assert engine.wait(10)
    with serving(engine) as address:
        first = asked(address, "first")
        assert slowly.begun.wait(10)
        gone, waiting = asked(address, "gone"), asked(address, "waiting")
        assert eventually(lambda: engine.waiting == 2)

        started = time.perf_counter()
        refused = asked(address, "too many").makefile("rb").read()
        assert refused.startswith(b"HTTP/1.1 503") and b"busy, try again" in refused and b"retry-after" in refused
        assert time.perf_counter() - started < 2

        gone.close()
        assert eventually(lambda: engine.waiting == 1)  # there is room again, though nothing was read
        slowly.go.set()
        for client in (first, waiting):
            assert b"that was all" in client.makefile("rb").read()
    engine.close()
    assert "gone" not in slowly.wanted and "waiting" in slowly.wanted
