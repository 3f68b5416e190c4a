"""The door before page and programs: whom it stops, what it bounds, and what it says with every answer."""

import asyncio
import json
import os
import re
import shutil
import socket
import threading
import time

import pytest
import uvicorn
from starlette.testclient import TestClient

from web import door
from web.access import Proxy
from web.door import BODY_BYTES, COOKIE, USER, VISITOR, Door, Hosts

HERE = Hosts.of("127.0.0.1")


class Behind:
    """What lies behind: reads what it is sent, and tells of it."""

    page = b"<html><script>window.own = 1</script><body>hello<script src=a.js></script></body></html>"

    async def __call__(self, scope, receive, send):
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client has gone")
        about = {"user": scope.get(USER), "visitor": scope.get(VISITOR), "bytes": len(body), "path": scope["path"]}
        told = json.dumps(about).encode()
        headers = [
            (b"content-type", b"text/html"),
            (b"server", b"Behind/1.0"),
            (b"access-control-allow-origin", b"*"),
            (b"set-cookie", b"a=b"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.page if scope["path"] == "/" else told})


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(files):
    """Opens a door before what lies behind, and gives a client that knocks."""

    def client(hosts=HERE, access=None, takes_files=True, base="http://127.0.0.1:7860", **options):
        return TestClient(Door(Behind(), hosts, files, access, takes_files), base_url=base, **options)

    return client


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST", "10.1.2.3"]
)
def test_an_address_and_localhost_are_no_names_that_could_be_pointed_here(opened, host):
    assert opened().get("/api/x", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "a b", "localhost.evil"]
)
def test_another_sites_name_that_was_pointed_here_is_refused(opened, host):
    answer = opened().get("/api/x", headers={"host": host})
    assert answer.status_code == 421 and "--allow-host" in answer.json()["error"]


def test_names_that_were_given_are_good_and_no_others():
    hosts = Hosts.of("0.0.0.0", ["News.example."])
    assert hosts.have("news.example:443") and not hosts.have("evil.example")


def test_a_server_for_other_machines_has_any_name_until_it_is_told_its_own():
    assert Hosts.of("0.0.0.0").have("news.example") and Hosts.of("desk-7.lan", ["x"]).have("desk-7.lan")
    assert not Hosts.of("localhost").have("news.example") and not Hosts.of("::1").have("news.example")


# ---- visitors ----------------------------------------------------------------------------------


def test_a_browser_gets_a_secret_with_its_first_page_and_is_known_by_it(opened):
    one, other = opened(), opened()
    assert one.get("/api/x").json()["visitor"] is None and COOKIE not in one.cookies  # a program is given none
    said = one.get("/").headers.get_list("set-cookie")
    assert said[0] == "a=b" and "; HttpOnly; SameSite=Lax" in said[1] and "Secure" not in said[1]
    secret = one.cookies[COOKIE]
    assert one.get("/api/x").json()["visitor"] == secret
    one.get("/")
    assert one.cookies[COOKIE] == secret
    other.get("/")
    assert other.cookies[COOKIE] != secret


@pytest.mark.parametrize("forged", ["short", "x" * 44, "visitor:" + "x" * 35, "é" * 43])
def test_a_secret_that_is_none_of_ours_is_replaced(opened, forged):
    headers = {"cookie": f"{COOKIE}={forged}".encode()}
    assert opened().get("/api/x", headers=headers).json()["visitor"] is None
    assert forged not in opened().get("/", headers=headers).headers.get_list("set-cookie")[1]


def test_over_tls_the_secret_stays_within_it(opened):
    for client, headers in ((opened(base="https://127.0.0.1"), {}), (opened(), {"x-forwarded-proto": "https"})):
        assert client.get("/", headers=headers).headers.get_list("set-cookie")[1].endswith("; Secure")


def test_users_are_known_by_their_names_alone(opened):
    client = opened(access=Proxy("X-User", ["127.0.0.1"]), client=("127.0.0.1", 1))
    answer = client.get("/", headers={"x-user": "ada"})
    assert answer.headers.get_list("set-cookie") == ["a=b"]
    told = client.get("/api/x", headers={"x-user": "ada", "cookie": f"{COOKIE}={'x' * 43}"}).json()
    assert (told["user"], told["visitor"]) == ("ada", None)


# ---- other sites -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:7860"},
    ],
)
def test_a_page_of_another_site_may_change_nothing(opened, headers):
    assert opened().post("/api/ask", headers=headers).status_code == 403
    assert opened().post("/gradio_api/upload", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:7860"},
        {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"},
        {"origin": "https://news.example", "x-forwarded-host": "news.example"},
        {"origin": "https://news.example", "sec-fetch-site": "same-origin"},  # a proxy wrote its own name for the host
    ],
)
def test_our_own_page_and_programs_may(opened, headers):
    assert opened().post("/api/ask", headers=headers).status_code == 200


def test_no_other_site_is_told_that_it_may_read(opened):
    answer = opened().get("/api/x", headers={"origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


# ---- users -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/ask", "/mcp", "/metrics", "/gradio_api/upload", "/gradio_api/queue/join"])
def test_nobody_passes_anywhere_without_a_name(opened, path):
    client = opened(access=Proxy("X-User"), client=("127.0.0.1", 5000))
    assert client.get(path).status_code == client.post(path).status_code == 403
    assert client.get(path, headers={"X-User": "ada"}).status_code == 200


def test_the_name_is_told_to_what_lies_behind(opened):
    client = opened(access=Proxy("X-User"), client=("127.0.0.1", 5000))
    assert client.get("/api/x", headers={"X-User": "ada"}).json()["user"] == "ada"
    assert opened().get("/api/x", headers={"X-User": "ada"}).json()["user"] is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_runs_the_server_needs_no_name_to_see_whether_it_lives(opened, path):
    assert opened(access=Proxy("X-User")).get(path).status_code == 200


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=README.md",
        "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file=http://evil.example/x.png",
        "/gradio_api/file=",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=https://evil.example",
        "/gradio_api/deep_link",
        "/gradio_api/run-history/buckets",
        "/gradio_api/vibe-code/",
        "/gradio_api/process_recording",
        "/gradio_api/component_server",
        "/gradio_api/custom_component/a/b/c/d",
        "/gradio_api/dev/reload",
        "/gradio_api/mcp/",
        "/monitoring",
        "/login",
        "/openapi.json",
        "/docs",
        "/.git/config",
        "/apix",
        "/metrics/x",
        "//",
    ],
)
def test_what_the_page_does_not_need_is_not_there(opened, path):
    for method in ("GET", "POST"):
        answer = opened().request(method, f"http://127.0.0.1:7860{path}")
        assert answer.status_code == 404 and list(answer.json()) == ["error"]


def test_the_pages_own_files_and_no_others_are_given(opened, files, tmp_path):
    (files / "a.md").write_text("mine")
    (tmp_path / "files-of-another").mkdir()
    (tmp_path / "files-of-another" / "b.md").write_text("not mine")
    (files / "link.md").symlink_to(tmp_path / "files-of-another" / "b.md")
    given = {
        name: opened().get(f"/gradio_api/file={path}").status_code
        for name, path in {
            "its own": files / "a.md",
            "by a detour": f"{files}/../files/a.md",
            "another's": tmp_path / "files-of-another" / "b.md",
            "a detour to another's": f"{files}/../files-of-another/b.md",
            "a link to another's": files / "link.md",
            "the folder": files,
            "none": files / "none.md",
            "no name at all": f"{files}/a%00.md",
        }.items()
    }
    assert {name for name, status in given.items() if status == 200} == {"its own", "by a detour"}
    assert set(given.values()) == {200, 404}


def test_read_only_takes_no_files(opened):
    assert opened(takes_files=False).post("/gradio_api/upload").status_code == 403
    assert opened(takes_files=False).post("/gradio_api/upload/").status_code == 403
    assert opened().post("/gradio_api/upload").status_code == 200


def test_files_are_taken_while_there_is_room(opened, files, monkeypatch):
    monkeypatch.setattr(door, "FILES_BYTES", 100)
    (files / "a").write_bytes(b"x" * 100)
    assert opened().post("/gradio_api/upload").status_code == 200
    (files / "b").write_bytes(b"x")
    assert opened().post("/gradio_api/upload").status_code == 507 and opened().get("/api/x").status_code == 200


def test_there_must_be_room_for_what_is_coming_already_too(files, monkeypatch):
    monkeypatch.setattr(door, "FILES_BYTES", 250)

    async def statuses(*lengths):
        """Of uploads of so many bytes, each begun while those before it are under way."""
        statuses, may_end = [], asyncio.Event()

        async def behind(scope, receive, send):
            await may_end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        knocked = Door(behind, HERE, files)
        begun = []
        for length in lengths:
            headers = [(b"host", b"127.0.0.1"), (b"content-length", str(length).encode())]
            scope = {"type": "http", "path": door.UPLOAD, "method": "POST", "headers": headers}
            begun.append(asyncio.ensure_future(knocked(scope, None, send)))
            await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(*begun)
        await knocked(scope, None, send)
        return statuses

    assert asyncio.run(statuses(100, 100)) == [200] * 3
    assert asyncio.run(statuses(100, 100, 100)) == [507, 200, 200, 200]


def test_nothing_speaks_websocket(opened):
    with pytest.raises(Exception) as closed, opened().websocket_connect("/api/x"):
        pass
    assert closed.value.code == 1008


# ---- sizes and patience ------------------------------------------------------------------------


def test_a_request_may_be_so_large_whether_or_not_it_says_how_large_it_is(opened):
    def unsaid(size: int):
        yield from (b"x" * 65536 for _ in range(size // 65536))

    assert opened().post("/api/ask", content=b"x" * BODY_BYTES).json()["bytes"] == BODY_BYTES
    for content in (b"x" * (BODY_BYTES + 1), unsaid(2 * BODY_BYTES)):
        answer = opened().post("/api/ask", content=content)
        assert answer.status_code == 413 and answer.headers["connection"] == "close"
    assert opened().post("/api/ask", headers={"content-length": "many"}).status_code == 413
    assert opened().post("/gradio_api/upload", content=b"x" * (BODY_BYTES + 1)).status_code == 200


@pytest.fixture
def address(files):
    """A real server with the door, as slow clients are no matter of a test client."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Door(Behind(), HERE, files), log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(10)


def test_a_request_that_does_not_come_to_its_end_is_ended(address, monkeypatch):
    monkeypatch.setattr(door, "PATIENCE", 0.3)
    with socket.create_connection(address, timeout=5) as slow:
        slow.sendall(b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        with socket.create_connection(address, timeout=5) as other:
            other.sendall(b"GET /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert other.makefile("rb").read().startswith(b"HTTP/1.1 200")  # nobody waits for the slow one
        said = slow.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 408") and b"did not come to its end" in said


def test_a_client_that_goes_in_the_middle_leaves_the_server_well(address):
    with socket.create_connection(address, timeout=5) as gone:
        gone.sendall(b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    time.sleep(0.1)
    with socket.create_connection(address, timeout=5) as other:
        other.sendall(b"GET /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert other.makefile("rb").read().startswith(b"HTTP/1.1 200")


# ---- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/x", "/nothing", "/mcp", "/gradio_api/file=/etc/passwd"])
def test_every_answer_bears_the_headers_that_protect_who_reads_it(opened, path):
    headers = opened().get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"] and headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store" and "server" not in headers


def test_what_is_no_page_may_run_nothing(opened):
    policy = opened().get("/api/x").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy


def test_the_pages_own_scripts_bear_a_nonce_that_is_new_each_time(opened):
    nonces = set()
    for _ in range(3):
        page = opened().get("/", headers={"accept-encoding": "br, gzip"})
        (nonce,) = re.findall(r"script-src 'self' 'nonce-([\w-]{20,})'", page.headers["content-security-policy"])
        assert page.text.count(f'<script nonce="{nonce}"') == page.text.count("<script") == 2
        assert int(page.headers["content-length"]) == len(page.content)
        assert page.headers.get_list("set-cookie")[0] == "a=b"
        nonces.add(nonce)
    assert len(nonces) == 3
    assert "unsafe-inline" not in re.search("script-src[^;]*", page.headers["content-security-policy"])[0]


INJECTED = """
<img src=x onerror="window.ran=1"><svg onload="window.ran=1"></svg><a id=link href="javascript:window.ran=1">x</a>
<iframe srcdoc="<script>parent.ran=1</script>"></iframe><form id=form action="/api/ask"><button>x</button></form>
<img src="http://127.0.0.2:9/leak.png"><style>@import url(http://127.0.0.2:9/leak.css);</style>
"""


@pytest.mark.browser
def test_a_browser_runs_nothing_that_text_smuggles_into_the_page_and_asks_no_other_host(address):
    """What would happen if the escaping of article text were to fail one day."""
    playwright = pytest.importorskip("playwright.sync_api")
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=named, args=["--no-sandbox", "--disable-gpu"])
        except playwright.Error:
            pytest.skip("no Chromium (install chromium, or name one in CHROMIUM)")
        page, refused = browser.new_page(), []
        page.on("console", lambda message: refused.append(message.text))
        page.goto("http://{}:{}/".format(*address))
        assert page.evaluate("window.own") == 1  # the page's own script, with its nonce
        page.evaluate(
            """markup => {
              document.body.insertAdjacentHTML('beforeend', markup);
              const script = document.createElement('script');
              script.textContent = 'window.ran=1';
              document.body.append(script);
              document.getElementById('link').click();
            }""",
            INJECTED,
        )
        page.wait_for_timeout(300)
        assert page.evaluate("window.ran") is None
        for directive in ("script-src", "img-src", "style-src"):
            assert [each for each in refused if directive in each], directive
        browser.close()


def test_the_page_names_no_other_host(opened):
    policy = opened().get("/").headers["content-security-policy"]
    assert not re.search(r"https?:|\*", policy)


def test_what_goes_wrong_behind_the_door_is_not_hidden_by_it(files):
    async def broken(scope, receive, send):
        raise RuntimeError("broken")

    async def nothing(*_):
        return {"type": "http.request"}

    scope = {"type": "http", "path": "/api/x", "method": "GET", "headers": [(b"host", b"127.0.0.1")]}
    with pytest.raises(RuntimeError, match="broken"):
        asyncio.run(Door(broken, HERE, files)(scope, nothing, nothing))
