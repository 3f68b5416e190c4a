"""Everything together behind one door, as it is served: the real page, the interface, the tools."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from gradio_client import Client
from gradio_client.exceptions import AppError

from index.errors import InputError
from web import access, door, page_files, server
from web.access import Users, put_user
from web.conversations import Conversations
from web.door import Hosts
from web.engine import Engine

ROOT = Path(__file__).parents[2]
OPENER = "Who opened the harbour of Tallow Bay?"
SPOKESMAN = "Who is the Syrian army spokesman?"


@contextmanager
def serving(store, qa, tmp_path, **options):
    """A server in a thread of this process, and its address."""
    files = tmp_path / "page-files"
    files.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(files))
        engine = Engine(store, lambda _: qa, read_only=options.pop("read_only", False))
        conversations = Conversations(tmp_path / "conversations.sqlite")
        served = server.application(engine, conversations, files, Hosts.of("127.0.0.1"), **options)
        listening, running = server.listen("127.0.0.1", 0), server.Server(served)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            assert engine.wait(60)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(15)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def address(seed_index, seed_qa, tmp_path_factory):
    with serving(seed_qa.store, seed_qa, tmp_path_factory.mktemp("server"), read_only=True) as address:
        yield address


def got(url: str, body: object = None, headers: dict[str, str] | None = None, method: str | None = None):
    """Status, headers and text of an answer."""
    content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if content else {}
    request = urllib.request.Request(url, content, {**kind, **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


# ---- all of it is there ------------------------------------------------------------------------


def test_page_interface_and_tools_answer_at_one_address(address):
    status, headers, page = got(address)
    assert status == 200 and "Ask the articles" in page and "nonce-" in headers["content-security-policy"]
    answer = json.loads(got(f"{address}/api/ask", {"question": SPOKESMAN})[2])
    assert answer["text"] == "General Ali Mayhoub"
    assert json.loads(got(f"{address}/readyz")[2])["state"] == "ready"
    assert "qa_ready 1.0" in got(f"{address}/metrics")[2] and got(f"{address}/api/docs")[0] == 200
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    tools = json.loads(got(f"{address}/mcp", call, accept)[2])["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["ask", "search_passages", "read_article"]


def test_gradios_own_client_asks_and_finds_nothing_else_to_call(address):
    client = Client(address, verbose=False)
    try:
        assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]
        assert client.predict(SPOKESMAN, api_name="/ask")["text"] == "General Ali Mayhoub"
        assert client.predict(SPOKESMAN, min_confidence=1, api_name="/ask")["found"] is False
        with pytest.raises(AppError, match="10,000 characters"):
            client.predict("x" * 10_000, api_name="/ask")
    finally:
        client.close()


def test_everything_that_the_page_asks_for_is_let_through(address):
    """The files that the page's HTML names; a browser finds the rest, in `tests/browser`."""
    page = got(address)[2]
    named = {each for each in re.findall(r'(?:src|href)="([^"#]+)"', page) if not each.startswith(("http", "data:"))}
    assert named
    for name in named:
        assert got(f"{address}/{name.removeprefix('./').removeprefix('/')}")[0] == 200, name


def test_no_file_of_the_server_can_be_read_through_the_page(address, seed_index):
    secrets = ["/etc/passwd", ROOT / "pyproject.toml", ROOT / "app.py", seed_index / "catalog.sqlite", "README.md"]
    for path in secrets:
        for place in (f"/gradio_api/file={path}", f"/file={path}", f"/gradio_api/file/{path}", f"/static/..{path}"):
            for method in ("GET", "HEAD"):
                status, _, text = got(f"{address}{place}", method=method)
                assert status in (403, 404, 405), place
                assert "root:" not in text and "qa-articles" not in text and "SQLite" not in text


def test_a_file_that_a_client_claims_to_have_uploaded_is_not_read(address):
    """Gradio hands a client's word for a path to what takes files; its own check must hold."""
    data = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    for function in range(60):  # more than the page has
        body = {"data": [data], "fn_index": function, "session_hash": "x"}
        status, _, text = got(f"{address}/gradio_api/run/predict", body)
        assert "root:" not in text, (function, status)


def test_a_read_only_server_takes_no_uploads(address):
    assert got(f"{address}/gradio_api/upload", b"x", {"Content-Type": "multipart/form-data; boundary=b"})[0] == 403


def test_uploads_are_bounded(small_qa, tmp_path):
    with serving(small_qa.store, small_qa, tmp_path) as address:

        def uploaded(size: int) -> int:
            head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            kind = {"Content-Type": "multipart/form-data; boundary=b"}
            return got(f"{address}/gradio_api/upload", head + b"x" * size + b"\r\n--b--\r\n", kind)[0]

        assert (uploaded(1000), uploaded(21 * 2**20)) == (200, 413)


def test_an_upload_that_breaks_off_is_not_kept_for_ever(small_qa, tmp_path, monkeypatch, eventually):
    monkeypatch.setattr(page_files, "SWEEP", 0.1)
    with serving(small_qa.store, small_qa, tmp_path) as address:
        host, port = address.removeprefix("http://").split(":")
        files = tmp_path / "page-files"
        with socket.create_connection((host, int(port)), timeout=10) as gone:
            gone.sendall(
                b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
                b'Content-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + b"x" * 100
            )
            assert eventually(lambda: any(files.iterdir()))
        time.sleep(0.3)
        assert any(files.iterdir())  # it is not old yet
        monkeypatch.setattr(page_files, "KEPT", 0.0)
        assert eventually(lambda: not any(files.iterdir()))


def test_users_are_asked_for_everywhere_and_their_names_are_known(small_qa, tmp_path, monkeypatch):
    monkeypatch.setattr(access, "LOG_COST", 4)
    put_user(tmp_path / "users", "ada", "correct horse")
    signed = {"Authorization": "Basic YWRhOmNvcnJlY3QgaG9yc2U="}
    with serving(small_qa.store, small_qa, tmp_path, access=Users(tmp_path / "users")) as address:
        for path in ("/", "/config", "/api/articles", "/mcp", "/metrics", "/api/docs", "/gradio_api/info"):
            status, headers, _ = got(f"{address}{path}")
            assert (status, headers["www-authenticate"][:5]) == (401, "Basic"), path
        assert got(f"{address}/api/ask", {"question": OPENER}, signed)[0] == 200
        assert got(f"{address}/gradio_api/user", headers=signed)[2] == '"ada"'
        assert got(f"{address}/healthz")[0] == 200
        client = Client(address, headers=signed, verbose=False)
        assert client.predict(OPENER, api_name="/ask")["text"] == "Edda Quist"
        client.close()


def test_a_page_that_stays_open_does_not_keep_the_server_from_ending(seed_index, seed_qa, tmp_path):
    with serving(seed_qa.store, seed_qa, tmp_path, read_only=True) as address:
        host, port = address.removeprefix("http://").split(":")
        page = socket.create_connection((host, int(port)), timeout=10)
        page.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert page.recv(1000).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
    assert time.monotonic() - began < server.GOODBYE
    page.close()


def test_a_connection_that_never_asks_is_closed(address, monkeypatch):
    monkeypatch.setattr(door, "PATIENCE", 0.3)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert silent.recv(1000) == b""


def test_a_connection_that_asks_no_more_is_closed_though_it_says_something(address, monkeypatch):
    monkeypatch.setattr(door, "PATIENCE", 1.0)
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=10)) as client:
        client.connect()
        connection = client.sock
        for _ in range(3):
            client.request("GET", "/healthz")
            assert client.getresponse().read()
            time.sleep(0.4)
        assert client.sock is connection  # whoever asks again in time stays
        connection.sendall(b"G")
        assert connection.recv(1000) == b""


def test_no_more_sessions_of_the_page_are_held_than_connections(monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    held = server._mounted(gr.Blocks(), FastAPI(), has_users=False).state_holder
    for name in "abac":
        held[name]
    assert list(held.session_data) == ["a", "c"]  # whoever was heard of last stays


# ---- the program -------------------------------------------------------------------------------


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="choose another with --port"):
        server.listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_says_where_and_ends_when_it_is_told_to(seed_index, tmp_path, ended_by):
    command = [sys.executable, "-m", "qa", "serve", "--index-dir", str(seed_index), "--port", "0", "--read-only"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    try:
        said = program.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
        for _ in range(600):
            try:
                status, _, text = got(f"{address}/readyz")
            except OSError:
                status, text = 0, ""
            if status == 200:
                break
            time.sleep(0.1)
        assert json.loads(text)["state"] == "ready"
        assert got(f"{address}/api/ask", {"question": SPOKESMAN})[0] == 200
    finally:
        program.send_signal(ended_by)
        rest, errors = program.communicate(timeout=30)
    assert (program.returncode, rest) == (0, "")
    assert SPOKESMAN not in errors and "answered in" in errors and "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []  # nothing is left behind
