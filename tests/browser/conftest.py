"""The program `app` over the seed articles and a hostile one, and a browser that opens its page."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .material import HOSTILE, PATIENCE, ROOT

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


class Server:
    """The program `app` over a folder of articles, which may be ended and started again at the same address."""

    def __init__(self, articles: Path) -> None:
        self.articles, self.index = articles, articles.parent / "index"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = articles.parent / "app.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "app", str(self.articles), "--index-dir", str(self.index)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"--port={self.port}"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        for _ in range(PATIENCE // 100):
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"the app did not come up: {self._log.read_text(errors='replace')}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="package")
def corpus(tmp_path_factory):
    """The seed articles and a hostile one, in a folder that tests may add to."""
    folder = tmp_path_factory.mktemp("corpus") / "articles"
    shutil.copytree(ROOT / "seeds" / "articles", folder)
    (folder / "wire.jsonl").write_text(json.dumps(HOSTILE) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="package")
def server(corpus):
    """Where the program `app` serves the corpus."""
    served = Server(corpus)
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture(scope="package")
def chromium():
    """One browser for all tests: `$CHROMIUM`, else the system's, else playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api")
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=named or shutil.which("google-chrome"), args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"no Chromium (install chromium, or name one in CHROMIUM): {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server):
    """Opens the page at a size and colour scheme; afterwards no request may have left this machine."""
    contexts, outside, crashes = [], [], []

    def opened(width=1280, height=800, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: outside.append(request.url) if _leaves(request.url) else None)
        page.on("websocket", lambda websocket: outside.append(websocket.url) if _leaves(websocket.url) else None)
        page.on("pageerror", lambda error: crashes.append(str(error)))
        page.goto(server.address)
        page.wait_for_selector("#box textarea")
        return page

    yield opened
    ran = [page.evaluate("window.ran") for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert not outside
    assert not crashes
    assert not any(ran)


def _leaves(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"
