"""The real page over a real index in a real Chromium: what a reader of the news sees and does."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from web.conversations import Conversations, beside

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SPOKESMAN = "Who is the Syrian army spokesman?"
LOST = "How much of the territory it once held has the Islamic State lost?"
ELSEWHERE = "Who won the 2018 FIFA World Cup?"
HARBOUR_MASTER = "Who is the harbour master of Oddville?"
TRAP = "<script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1></svg>"
MARKDOWN = "**bold** [a link](http://evil.example/) ![pixel](http://evil.example/p.png) $$x^2$$ `code`"
HOSTILE = {
    "title": f"Harbour news {TRAP} {MARKDOWN}",
    "text": f"Ships came and went.\n\nThe harbour master of Oddville is Mara Quillfeather {TRAP} {MARKDOWN}, ever.\n",
    "source": f"Gazette {TRAP}",
    "url": "javascript:window.ran=1",
}
ZEBRA = "Zoo gains a zebra\n\nThe zebra of the city zoo is called Bartholomew, its keeper said on Monday.\n"
ZEBRA_ASKED = "What is the zebra of the city zoo called?"
PATIENCE = 60_000
"""Milliseconds for what loads models or builds: far more than either takes, as other work may hold the machine."""

playwright.expect.set_options(timeout=PATIENCE / 2)


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


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The seed articles and a hostile one, in a folder that tests may add to."""
    folder = tmp_path_factory.mktemp("corpus") / "articles"
    shutil.copytree(ROOT / "seeds" / "articles", folder)
    (folder / "wire.jsonl").write_text(json.dumps(HOSTILE) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(corpus):
    """Where the program `app` serves the corpus."""
    served = Server(corpus)
    try:
        served.start()
        yield served
    finally:
        served.stop()


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


def answered(page, act):
    """Do what asks a question, wait for what comes back, and give that turn."""
    turns = page.locator("#thread .turn:has(.result, .notice)")
    before = turns.count()
    act()
    playwright.expect(turns).to_have_count(before + 1, timeout=PATIENCE)
    return turns.last


def ask(page, question: str):
    """Type a question, wait for what comes back, and give that turn."""
    page.fill("#box textarea", question)
    return answered(page, lambda: page.press("#box textarea", "Enter"))


def tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def in_view(page, selector: str) -> bool:
    """Whether an element is to be seen: inside the window and inside the panel."""
    return page.locator(selector).first.evaluate(
        """mark => {
          const box = mark.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
          return y > 0 && y < innerHeight && mark.contains(document.elementFromPoint(x, y));
        }"""
    )


def has_focus(page, selector: str) -> None:
    page.wait_for_function("selector => document.activeElement?.matches(selector)", arg=selector)


# ---- asking ----------------------------------------------------------------------------------


def test_an_answer_stands_beside_its_article_and_leaves_the_box_ready_for_the_next(open_page):
    page = open_page()
    turn = ask(page, SPOKESMAN)
    playwright.expect(turn.locator(".lead mark")).to_contain_text("Ali Mayhoub")
    playwright.expect(turn.locator(".belief")).to_contain_text(re.compile(r"\d%.*1 article"))
    playwright.expect(turn.locator(".sources .cite").first).to_contain_text("1")
    playwright.expect(page.locator("#panel mark.here")).to_contain_text("Mayhoub")
    assert in_view(page, "#panel mark.here")
    has_focus(page, "#box textarea")
    assert page.input_value("#box textarea") == ""


def test_the_steps_show_while_a_question_is_answered(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          window.steps = new Set();
          new MutationObserver(() => document.querySelectorAll('#thread .steps li').forEach(
            step => window.steps.add(step.textContent))).observe(document.querySelector('#thread'),
            {childList: true, subtree: true});
        }"""
    )
    ask(page, LOST)
    assert page.evaluate("[...window.steps]") == ["Searching", "Reading"]


def test_citations_are_gone_through_by_keyboard_alone(open_page):
    page = open_page()
    turn = ask(page, LOST)
    first = turn.locator(".sources .cite").first
    assert turn.locator(".sources .cite").count() > 1
    first.focus()
    page.keyboard.press("Enter")
    has_focus(page, "#panel h2")
    title = page.locator("#panel h2").inner_text()
    playwright.expect(page.locator("#panel .steps-through")).to_contain_text("1 of")
    page.keyboard.press("n")
    playwright.expect(page.locator("#panel .reader")).to_have_attribute("data-ref", "cite 0-1")
    has_focus(page, "#panel h2")
    assert in_view(page, "#panel mark.here")
    page.keyboard.press("p")
    playwright.expect(page.locator("#panel h2")).to_have_text(title)
    has_focus(page, "#panel h2")
    page.keyboard.press("Escape")
    has_focus(page, '#thread .cite[value="0-0"]')


def test_what_is_not_in_the_articles_is_declined_with_the_closest_passages(open_page):
    page = open_page()
    refusal = ask(page, ELSEWHERE)
    playwright.expect(refusal.locator(".lead")).to_have_text("I could not find this in the articles.")
    refusal.locator(".closest .cite").first.click()
    has_focus(page, "#panel h2")
    assert page.locator("#panel mark.here").count() == 1


def test_a_follow_up_shows_how_it_was_understood_and_can_be_put_right(open_page):
    page = open_page()
    ask(page, SPOKESMAN)
    follow_up = ask(page, "Where did he declare victory?")
    understood = follow_up.locator(".restate")
    assert "he" not in understood.input_value().split()
    understood.fill("Who is Iraq's Prime Minister?")
    restated = answered(page, lambda: understood.press("Enter"))
    playwright.expect(restated.locator(".question")).to_have_text("Who is Iraq's Prime Minister?")
    assert restated.locator(".restate").count() == 0


def test_the_dial_decides_the_last_answer_again_without_asking(open_page):
    page = open_page()
    turn = ask(page, SPOKESMAN)
    dial = page.get_by_role("slider", name="How sure an answer must be")
    dial.focus()
    page.keyboard.press("End")
    playwright.expect(turn.locator(".lead")).to_have_text("I could not find this in the articles.")
    page.keyboard.press("Home")
    playwright.expect(turn.locator(".lead mark")).to_contain_text("Mayhoub")
    assert page.locator("#thread .turn").count() == 1


def test_filters_narrow_what_is_searched(open_page):
    page = open_page()
    page.locator(".filters summary").click()
    page.get_by_role("checkbox", name="CBC News").check()
    playwright.expect(page.locator(".filters summary")).to_have_text("CBC News, any date")
    turn = ask(page, LOST)
    assert set(turn.locator(".cite.row .meta").all_inner_texts()) == {"CBC News · 3 November 2017"}
    page.locator("input.after").fill("2020-01-01")
    playwright.expect(ask(page, LOST).locator(".lead")).to_have_text("I could not find this in the articles.")
    page.get_by_role("button", name="Search everything").click()
    playwright.expect(page.locator(".filters summary")).to_have_text("All outlets, any date")


def test_an_example_question_is_answered_and_leaves_what_is_being_typed(open_page):
    page = open_page()
    example = page.locator("#tries .try").first
    question = example.inner_text()
    page.fill("#box textarea", "half a question")
    turn = answered(page, example.click)
    playwright.expect(turn.locator(".question")).to_have_text(question)
    playwright.expect(turn.locator(".lead mark")).to_be_visible()
    assert page.input_value("#box textarea") == "half a question"


def test_a_question_of_ten_thousand_characters_gets_one_clear_line_and_stays(open_page):
    page = open_page()
    turn = ask(page, "why " * 2500)
    playwright.expect(turn.locator(".notice")).to_contain_text("10,000 characters")
    assert len(turn.locator(".question").inner_text()) > 9_900
    playwright.expect(ask(page, SPOKESMAN).locator(".lead mark")).to_contain_text("Mayhoub")


def test_hostile_articles_and_questions_are_only_ever_text(open_page):
    page = open_page()
    turn = ask(page, HARBOUR_MASTER)
    playwright.expect(turn).to_contain_text(TRAP)
    playwright.expect(turn).to_contain_text(MARKDOWN)
    turn.locator(".cite").first.click()
    playwright.expect(page.locator("#panel h2")).to_have_text(HOSTILE["title"])
    playwright.expect(page.locator("#panel .text")).to_contain_text(f"{TRAP} {MARKDOWN}")
    asked = ask(page, f"{TRAP} {MARKDOWN}")
    playwright.expect(asked.locator(".question")).to_have_text(f"{TRAP} {MARKDOWN}")
    tab(page, "Insight")
    playwright.expect(page.locator("#insight .passage").first).to_be_visible()
    tab(page, "Articles")
    playwright.expect(page.locator("#shelf")).to_contain_text(HOSTILE["title"])
    page.wait_for_timeout(300)
    for nowhere in ("img", "svg[onload]", "a", "strong:has-text('bold')", ".katex", "code", "script"):
        assert page.locator(f":is(#thread, #panel, #shelf, #insight) {nowhere}").count() == 0, nowhere


# ---- nothing that is typed is lost -----------------------------------------------------------


@contextmanager
def held(page, address: str):
    """What the page asks for at that address meanwhile reaches the server only afterwards."""
    requests = []
    page.route(address, lambda request: requests.append(request))  # a function of its own, as playwright marks it
    yield
    for request in requests:
        request.continue_()
    page.unroute(address)


def questions(page):
    return page.locator("#thread .question")


def test_what_is_asked_before_the_conversation_is_back_becomes_part_of_it(open_page):
    page = open_page()
    ask(page, SPOKESMAN)
    with held(page, "**/run/predict"):  # by which the page gets its conversation back
        page.reload()
        page.fill("#box textarea", LOST)
        page.press("#box textarea", "Enter")
        page.wait_for_timeout(500)
        assert page.input_value("#box textarea") == LOST and questions(page).count() == 0
    for _ in range(2):
        playwright.expect(page.locator("#thread .turn:has(.result)")).to_have_count(2)
        assert questions(page).all_inner_texts() == [SPOKESMAN, LOST] and page.input_value("#box textarea") == ""
        page.reload()


def test_what_is_typed_while_a_question_is_answered_stays_and_can_be_asked_after_it(open_page):
    page = open_page()
    turn = ask(page, "Where did the spokesman declare victory?")
    turn.get_by_role("button", name="This is wrong").click()
    with held(page, "**/queue/join*"):
        page.fill("#box textarea", LOST)
        page.press("#box textarea", "Enter")
        playwright.expect(page.locator("#box textarea")).to_have_value("")  # it is under way
        page.locator(".correct").fill("In Deir")
        page.locator(".correct").press("End")
    playwright.expect(page.locator("#thread .turn:has(.result)")).to_have_count(2)
    playwright.expect(page.locator(".correct")).to_have_value("In Deir")
    has_focus(page, ".correct")
    with held(page, "**/queue/join*"):
        for question in (ELSEWHERE, SPOKESMAN):
            page.fill("#box textarea", question)
            page.press("#box textarea", "Enter")
            page.wait_for_timeout(100)
        assert page.input_value("#box textarea") == SPOKESMAN
    playwright.expect(page.locator("#thread .turn:has(.result)")).to_have_count(4)
    assert questions(page).all_inner_texts()[1:] == [LOST, ELSEWHERE, SPOKESMAN]
    assert page.input_value("#box textarea") == ""


def test_no_question_is_lost_however_fast_they_follow_each_other(open_page):
    page = open_page()
    asked = [SPOKESMAN, LOST, ELSEWHERE] * 4
    for question in asked:
        page.fill("#box textarea", question)
        page.press("#box textarea", "Enter")
        playwright.expect(page.locator("#box textarea")).to_have_value("")  # it is taken
    playwright.expect(page.locator("#thread .turn:has(.result)")).to_have_count(len(asked))
    assert questions(page).all_inner_texts() == asked


def test_a_draft_outlives_a_reload_and_a_question_that_was_refused_comes_back(open_page):
    page = open_page()
    page.fill("#box textarea", "half a question")
    page.reload()
    playwright.expect(page.locator("#box textarea")).to_have_value("half a question")
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, body="{}"))  # as where too many wait
    page.fill("#box textarea", SPOKESMAN)
    page.press("#box textarea", "Enter")
    playwright.expect(page.locator(".toast-body").first).to_contain_text("busy")
    playwright.expect(page.locator("#box textarea")).to_have_value(SPOKESMAN)
    page.unroute("**/queue/join*")
    turn = answered(page, lambda: page.press("#box textarea", "Enter"))
    playwright.expect(turn.locator(".lead mark")).to_contain_text("Mayhoub")


def test_filters_that_were_chosen_before_the_outlets_came_still_hold(open_page):
    page = open_page()
    with held(page, "**/queue/join*"):  # by which the page asks for the outlets
        page.reload()
        page.locator(".filters summary").click()
        page.locator("input.after").fill("2020-01-01")
    playwright.expect(page.locator(".outlet").first).to_be_attached()
    playwright.expect(page.locator(".filters summary")).to_have_text("All outlets, from 2020-01-01")
    assert page.locator("input.after").input_value() == "2020-01-01"
    playwright.expect(ask(page, LOST).locator(".lead")).to_have_text("I could not find this in the articles.")


# ---- what is done with answers ---------------------------------------------------------------


def test_copying_an_answer_copies_where_it_stands(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, SPOKESMAN)
    turn.get_by_role("button", name="Copy with source").click()
    playwright.expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "General Ali Mayhoub" in copied and "IS ‘caliphate’ crumbles" in copied
    assert re.search(r"\(003_820ed5a3dd7f2756\.txt, characters \d+–\d+\)$", copied)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#thread .lead mark'))")
    page.keyboard.press("Control+C")
    assert re.fullmatch(r"General Ali Mayhoub\s— IS ‘caliphate’.*", page.evaluate("navigator.clipboard.readText()"))


def test_what_a_reader_says_of_an_answer_is_kept_as_a_question_set(open_page, server):
    page = open_page()
    turn = ask(page, ELSEWHERE)
    turn.get_by_role("button", name="This is wrong").click()
    playwright.expect(turn.get_by_role("button", name="This is wrong")).to_have_attribute("aria-pressed", "true")
    turn.get_by_label("What would be right?").fill("France <b>")
    turn.get_by_label("What would be right?").press("Enter")
    playwright.expect(turn.locator(".correction [role=status]")).to_be_visible()
    (said,) = [q for q in Conversations(beside(server.index)).questions() if q.question == ELSEWHERE]
    assert said.answers == ("France <b>",)
    turn.get_by_role("button", name="This is wrong").click()
    playwright.expect(turn.get_by_role("button", name="This is wrong")).to_have_attribute("aria-pressed", "false")


def test_a_conversation_is_exported_with_its_citations(open_page):
    page = open_page()
    ask(page, SPOKESMAN)
    told = {}
    for form in ("Markdown", "JSON"):
        page.locator("#save summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=form).click()
        told[form] = Path(download.value.path()).read_text(encoding="utf-8")
    assert "General Ali Mayhoub" in told["Markdown"] and "003" in told["Markdown"]
    (exchange,) = json.loads(told["JSON"])["exchanges"]
    assert exchange["result"]["citations"][0]["article_id"] == "003_820ed5a3dd7f2756.txt"


KEPT = "JSON.stringify(localStorage)"


def test_a_conversation_survives_a_reload_and_a_restart_of_the_server(open_page, server):
    page = open_page()
    ask(page, SPOKESMAN)
    page.reload()
    playwright.expect(page.locator("#thread .question")).to_have_text(SPOKESMAN)
    page.locator("#thread .cite").first.click()
    playwright.expect(page.locator("#panel mark.here")).to_contain_text("Mayhoub")
    server.stop()
    server.start()
    page.goto(server.address)
    playwright.expect(page.locator("#thread .lead mark")).to_contain_text("Mayhoub")
    playwright.expect(ask(page, "Where did he declare victory?").locator(".restate")).to_have_count(1)
    kept = page.evaluate(KEPT)
    page.get_by_role("button", name="New conversation").click()
    playwright.expect(page.locator("#thread .turn")).to_have_count(0)
    page.wait_for_function(f"before => {KEPT} !== before", arg=kept)  # it is written a moment after it is shown
    page.reload()
    page.wait_for_selector("#thread .empty")


def test_earlier_conversations_are_opened_and_deleted_by_keyboard_and_are_nobody_elses(open_page):
    page, stranger = open_page(), open_page()
    hostile = f"What is {TRAP} {MARKDOWN}?"
    for question in (SPOKESMAN, hostile):
        ask(page, question)
        page.get_by_role("button", name="New conversation").click()
        playwright.expect(page.locator("#thread .turn")).to_have_count(0)
    ask(page, ELSEWHERE)
    page.reload()
    listed = page.get_by_role("button", name="Conversations")
    listed.focus()
    page.keyboard.press("Enter")
    titles = page.locator("#talks .talk .title")
    playwright.expect(titles).to_have_text([ELSEWHERE, hostile[:120], SPOKESMAN])
    playwright.expect(page.locator("#talks [aria-current=true]")).to_contain_text(ELSEWHERE)
    page.keyboard.press("Escape")
    has_focus(page, "#talks .show")
    page.keyboard.press("Enter")
    page.locator("#talks .talk", has_text=SPOKESMAN).focus()
    page.keyboard.press("Enter")
    playwright.expect(questions(page)).to_have_text([SPOKESMAN])
    playwright.expect(page.locator("#panel mark.here")).to_contain_text("Mayhoub")
    has_focus(page, "#box textarea")
    playwright.expect(ask(page, "Where did he declare victory?").locator(".restate")).to_have_count(1)

    listed.click()
    playwright.expect(titles).to_have_text([SPOKESMAN, ELSEWHERE, hostile[:120]])  # the last to go on comes first
    for _ in range(2):
        page.get_by_role("button", name=f"Delete {ELSEWHERE}").press("Enter")
    playwright.expect(titles).to_have_text([SPOKESMAN, hostile[:120]])
    has_focus(page, "#talks .talk")
    playwright.expect(questions(page)).to_have_count(2)
    for _ in range(2):
        page.get_by_role("button", name=f"Delete {SPOKESMAN}").press("Enter")
    playwright.expect(titles).to_have_text([hostile[:120]])
    playwright.expect(page.locator("#thread .empty")).to_have_count(1)
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#thread .empty")

    stranger.get_by_role("button", name="Conversations").click()
    playwright.expect(stranger.locator("#talks .list")).to_have_text("Nothing was asked here yet.")
    assert page.locator("#talks :is(img, svg[onload], a, script)").count() == 0


def test_insight_shows_passages_candidates_and_time_and_opens_what_was_read(open_page):
    page = open_page()
    turn = ask(page, SPOKESMAN)
    turn.get_by_role("button", name="Why?").click()
    insight = page.locator("#insight")
    playwright.expect(insight.locator(".decision")).to_contain_text("Answered")
    for name in ("Possible answers", "passages found", "Time"):
        playwright.expect(insight.get_by_role("region", name=re.compile(name))).to_be_visible()
    insight.locator(".passage").nth(1).click()
    has_focus(page, "#panel h2")
    playwright.expect(page.locator("#panel .reader")).to_have_attribute("data-ref", "passage 1")
    assert page.locator("#panel mark.here").count() == 1


# ---- the articles ----------------------------------------------------------------------------


def test_articles_are_listed_searched_and_read(open_page):
    page = open_page()
    tab(page, "Articles")
    playwright.expect(page.locator("#shelf .total")).to_have_text("6 articles")
    page.locator("#search :is(input, textarea)").fill("quillfeather")
    playwright.expect(page.locator("#shelf .total")).to_have_text("1 article")
    page.locator("#shelf .open").click()
    playwright.expect(page.locator("#panel .text")).to_contain_text("Ships came and went.")
    page.locator("#search :is(input, textarea)").fill("nobody wrote this")
    playwright.expect(page.locator("#shelf")).to_contain_text("No article holds these words.")


def test_what_is_added_is_asked_about_and_what_is_removed_is_not(open_page, tmp_path):
    page = open_page()
    (tmp_path / "zebra.txt").write_text(ZEBRA)
    (tmp_path / "broken.pdf").write_bytes(b"\0")
    tab(page, "Articles")
    page.locator("#drop input[type=file]").set_input_files([tmp_path / "zebra.txt", tmp_path / "broken.pdf"])
    playwright.expect(page.locator("#report")).to_contain_text("1 added", timeout=PATIENCE)
    playwright.expect(page.locator("#report")).to_contain_text("broken.pdf")
    tab(page, "Ask")
    playwright.expect(ask(page, ZEBRA_ASKED).locator(".lead mark")).to_contain_text("Bartholomew")

    tab(page, "Articles")
    remove = page.get_by_role("button", name="Remove Zoo gains a zebra")
    remove.click()
    playwright.expect(remove).to_have_text("Really remove?")
    remove.click()
    playwright.expect(page.locator("#report")).to_contain_text("1 article removed")
    playwright.expect(page.locator("#shelf")).not_to_contain_text("zebra")
    tab(page, "Ask")
    assert "Bartholomew" not in ask(page, ZEBRA_ASKED).inner_text()
    page.locator("#thread .cite").first.click()
    playwright.expect(page.locator("#panel .notice")).to_contain_text("There is no article")

    tab(page, "Articles")
    page.locator("#removed summary").click()
    page.locator("#removed .restore").click()
    playwright.expect(page.locator("#shelf")).to_contain_text("Zoo gains a zebra", timeout=PATIENCE)
    for _ in range(2):
        page.get_by_role("button", name="Remove Zoo gains a zebra").click()


def test_a_rebuild_reads_what_was_added_to_the_folder(open_page, corpus):
    page = open_page()
    added = corpus / "heron.txt"
    added.write_text("A heron in the park\n\nThe heron of the town park is called Cornelius, its warden said.\n")
    tab(page, "Articles")
    page.get_by_role("button", name="Rebuild").click()
    playwright.expect(page.locator("#report")).to_contain_text("1 added", timeout=PATIENCE)
    playwright.expect(page.locator("#shelf")).to_contain_text("A heron in the park")
    added.unlink()
    page.get_by_role("button", name="Rebuild").click()
    playwright.expect(page.locator("#report")).to_contain_text("1 removed", timeout=PATIENCE)


# ---- people ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_tab_has_a_serious_fault_of_accessibility(open_page, scheme):
    page, found = open_page(scheme=scheme), []
    found += _faults(page, "empty")
    ask(page, LOST)
    ask(page, "Who announced it?")
    page.locator("#thread .judge.wrong").last.click()
    page.wait_for_selector(".correction")
    page.locator(".filters summary").click()
    found += _faults(page, "Ask")
    for name, content in (("Articles", "#shelf .open"), ("Insight", "#insight .passage")):
        tab(page, name)
        playwright.expect(page.locator(content).first).to_be_visible()
        found += _faults(page, name)
    page.get_by_role("button", name="Conversations").click()
    playwright.expect(page.locator("#talks .talk").first).to_be_visible()
    found += _faults(page, "Conversations")
    assert not found


def _faults(page, where: str) -> list[str]:
    page.wait_for_timeout(250)  # colours fade in, and a half-faded one has no contrast
    report = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response
    assert {"color-contrast", "button-name"} <= {rule["id"] for rule in report["passes"]}  # it looked at something
    return [
        f"{where}: {fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in report["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_never_scrolls_sideways_and_reads_over_the_whole_screen(open_page, scheme):
    page = open_page(390, 844, scheme)
    turn = ask(page, SPOKESMAN)
    turn.locator(".sources .cite").first.click()
    has_focus(page, "#panel h2")
    assert in_view(page, "#panel mark.here")
    assert page.locator("#panel").bounding_box()["width"] == 390
    page.get_by_role("button", name="Back").click()
    has_focus(page, "#thread .cite")
    page.get_by_role("button", name="Conversations").click()
    page.locator("#talks .talk").click()
    assert page.locator("#talks .show, #masthead h1").evaluate_all(
        "([title, show]) => show.getBoundingClientRect().left >= title.getBoundingClientRect().right"
    )
    for name in ("Articles", "Insight", "Ask"):
        tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        beyond = page.evaluate(
            """() => [...document.querySelectorAll('main.contain *')].filter(element => {
              const box = element.getBoundingClientRect();
              return box.width > 1 && box.right > 391 && !element.closest('.wide, .visually-hidden');
            }).map(element => element.outerHTML.slice(0, 90))"""
        )
        assert not beyond, name


def test_screenshot(open_page, tmp_path):
    page = open_page(1280, 800)
    ask(page, LOST)
    playwright.expect(page.locator("#panel mark.here")).to_be_visible()
    page.wait_for_timeout(800)
    wanted = os.environ.get("QA_SCREENSHOT") == "1"
    target = (ROOT / "docs" if wanted else tmp_path) / "screenshot.png"
    page.screenshot(path=target)
    assert target.stat().st_size > 20_000
