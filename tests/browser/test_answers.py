"""An answer's citations are gone through, its dial is turned, and it is copied, judged, exported and looked into."""

import json
import re
from pathlib import Path

import pytest

from web.conversations import Conversations, beside

from .acting import ask, has_focus, in_view, playwright
from .material import ELSEWHERE, LOST, SPOKESMAN

pytestmark = pytest.mark.browser


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
