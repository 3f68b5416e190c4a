"""The real page over a real index in a real Chromium: what a reader of the news sees and does."""

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

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SPOKESMAN = "Who is the Syrian army spokesman?"
ELSEWHERE = "Who won the 2018 FIFA World Cup?"
TRAP = "<script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1></svg>"
MARKDOWN = "**bold** [a link](http://evil.example/) ![pixel](http://evil.example/p.png) $$x^2$$ `code`"
HOSTILE = {
    "title": f"Harbour news {TRAP} {MARKDOWN}",
    "text": f"Ships came and went.\n\nThe harbour master of Oddville is Mara Quillfeather {TRAP} {MARKDOWN}, ever.\n",
    "source": f"Gazette {TRAP}",
    "url": "javascript:window.ran=1",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The seed articles and a hostile one, in a folder that tests may add to."""
    folder = tmp_path_factory.mktemp("corpus") / "articles"
    shutil.copytree(ROOT / "seeds" / "articles", folder)
    (folder / "wire.jsonl").write_text(json.dumps(HOSTILE) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(corpus):
    """Where the program `app` serves the corpus."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "app", str(corpus), "--index-dir", str(corpus.parent / "index"), f"--port={port}"]
    log = corpus.parent / "app.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield _once_up(f"http://127.0.0.1:{port}", server, log)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _once_up(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return url
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the app did not come up: {log.read_text(errors='replace')}")


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests: `$CHROMIUM`, else the system's, else playwright's own."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=named or shutil.which("google-chrome"), args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"no Chromium (install chromium, or name one in CHROMIUM): {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, address):
    """Opens the page at a size and colour scheme; afterwards no request may have left this machine."""
    contexts, outside, crashes = [], [], []

    def opened(width=1280, height=800, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("request", lambda request: outside.append(request.url) if _leaves(request.url) else None)
        page.on("websocket", lambda websocket: outside.append(websocket.url) if _leaves(websocket.url) else None)
        page.on("pageerror", lambda error: crashes.append(str(error)))
        page.goto(address)
        page.wait_for_selector("#panel .open")
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


def ask(page, question: str):
    """Type a question, wait for what comes back, and give that message."""
    messages = page.locator("#chat .result, #chat .notice")
    before = messages.count()
    page.fill("#box textarea", question)
    page.keyboard.press("Enter")
    playwright.expect(messages).to_have_count(before + 1, timeout=30_000)  # the first one loads the models
    return messages.last


def in_view(page, selector: str) -> bool:
    """Whether an element is to be seen: inside the window and inside the panel."""
    return page.locator(selector).first.evaluate(
        """mark => {
          const box = mark.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
          return y > 0 && y < innerHeight && mark.contains(document.elementFromPoint(x, y));
        }"""
    )


def test_an_answer_is_cited_and_its_citation_opens_at_the_quote(open_page):
    page = open_page()
    answer = ask(page, SPOKESMAN)
    playwright.expect(answer.locator(".lead mark")).to_contain_text("Ali Mayhoub")
    playwright.expect(answer.locator(".belief")).to_contain_text("%")
    playwright.expect(answer.locator(".sources .cite").first).to_contain_text("[1]")
    answer.locator(".sources .cite").first.click()
    playwright.expect(page.locator("#panel mark.here")).to_contain_text("Mayhoub")
    page.wait_for_function("document.activeElement.tagName === 'H2'")
    assert in_view(page, "#panel mark.here")


def test_citations_open_from_the_keyboard_and_from_earlier_answers(open_page):
    page = open_page()
    ask(page, SPOKESMAN)
    playwright.expect(ask(page, ELSEWHERE)).to_contain_text("I could not find this in the articles.")
    nearest = page.locator("#chat .closest .cite").first
    nearest.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#panel .reader")).to_have_attribute(
        "data-ref", f"cite {nearest.get_attribute('value')}"
    )
    page.locator("#chat .result").first.locator(".cite.row").first.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#panel .reader")).to_have_attribute("data-ref", "cite 0-0")
    playwright.expect(page.locator("#panel mark.here")).to_contain_text("Mayhoub")
    page.locator("#panel .shelf").click()
    page.wait_for_selector("#panel .open")


def test_what_is_not_in_the_articles_is_declined_with_the_closest_passages(open_page):
    page = open_page()
    refusal = ask(page, ELSEWHERE)
    playwright.expect(refusal.locator(".lead")).to_have_text("I could not find this in the articles.")
    refusal.locator(".closest .cite").first.click()
    page.wait_for_selector("#panel mark.here")
    page.wait_for_function("document.activeElement.tagName === 'H2'")


def test_an_example_question_is_answered(open_page):
    page = open_page()
    chip = page.locator("#chips button:visible").first
    question = chip.inner_text()
    page.fill("#box textarea", "half a question")
    chip.click()
    playwright.expect(page.locator("#chat .question")).to_have_text(question)
    page.wait_for_selector("#chat .result .lead mark")
    assert page.input_value("#box textarea") == "half a question"
    page.get_by_role("button", name="New conversation").click()
    playwright.expect(page.locator("#chat .question")).to_have_count(0)


def test_a_question_of_ten_thousand_characters_gets_one_clear_line_and_stays(open_page):
    page = open_page()
    notice = ask(page, "why " * 2500)
    playwright.expect(notice).to_contain_text("10,000 characters")
    assert len(page.locator("#chat .question").inner_text()) > 9_900
    playwright.expect(ask(page, SPOKESMAN).locator(".lead mark")).to_contain_text("Mayhoub")


def test_hostile_articles_and_questions_are_only_ever_text(open_page):
    page = open_page()
    answer = ask(page, "Who is the harbour master of Oddville?")
    playwright.expect(answer).to_contain_text(TRAP)
    playwright.expect(answer).to_contain_text(MARKDOWN)
    answer.locator(".cite").first.click()
    playwright.expect(page.locator("#panel h2")).to_have_text(HOSTILE["title"])
    playwright.expect(page.locator("#panel .text")).to_contain_text(f"{TRAP} {MARKDOWN}")
    ask(page, f"{TRAP} {MARKDOWN}")
    playwright.expect(page.locator("#chat .question").last).to_have_text(f"{TRAP} {MARKDOWN}")
    page.wait_for_timeout(300)
    for nowhere in ("img", "svg[onload]", "a", "strong:has-text('bold')", ".katex", "code"):
        assert page.locator(f"#chat .md {nowhere}, #panel .reader {nowhere}").count() == 0, nowhere


def test_a_rebuild_reads_what_was_added_to_the_folder(open_page, corpus):
    page = open_page()
    added = corpus / "zebra.txt"
    added.write_text(
        "Zoo gains a zebra\n\nThe zebra of the city zoo is called Bartholomew, its keeper said on Monday.\n"
    )
    (corpus / "broken.pdf").write_bytes(b"\0")
    page.get_by_role("button", name="Rebuild").click()
    playwright.expect(page.locator("#report .report")).to_contain_text("1 added")
    playwright.expect(page.locator("#report .report")).to_contain_text("broken.pdf")
    playwright.expect(page.locator("#panel")).to_contain_text("Zoo gains a zebra")
    playwright.expect(ask(page, "What is the zebra of the city zoo called?")).to_contain_text("Bartholomew")
    added.unlink()
    page.get_by_role("button", name="Rebuild").click()
    playwright.expect(page.locator("#report .report")).to_contain_text("1 removed")
    page.locator("#chat .cite").first.click()
    playwright.expect(page.locator("#panel .notice")).to_contain_text("There is no article")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_one_column_and_never_scrolls_sideways(open_page, scheme):
    page = open_page(390, 844, scheme)
    answer = ask(page, SPOKESMAN)
    answer.locator(".sources .cite").first.click()
    page.wait_for_function("document.activeElement.tagName === 'H2'")
    assert in_view(page, "#panel mark.here")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    chat, panel = page.locator("#chat-column").bounding_box(), page.locator("#panel-column").bounding_box()
    assert panel["y"] >= chat["y"] + chat["height"]
    page.locator("#panel .back").click()
    assert page.evaluate("document.activeElement.classList.contains('cite')")


def test_screenshot(open_page, tmp_path):
    page = open_page()
    answer = ask(page, SPOKESMAN)
    answer.locator(".sources .cite").first.click()
    page.wait_for_selector("#panel mark.here")
    page.wait_for_timeout(800)
    wanted = os.environ.get("QA_SCREENSHOT") == "1"
    target = (ROOT / "docs" if wanted else tmp_path) / "screenshot.png"
    page.screenshot(path=target)
    assert target.stat().st_size > 20_000
