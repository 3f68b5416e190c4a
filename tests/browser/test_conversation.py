"""Questions are asked, understood and answered or declined; none is lost, and a conversation can be come back to."""

import re

import pytest

from .acting import answered, ask, has_focus, held, in_view, playwright, questions
from .material import ELSEWHERE, LOST, MARKDOWN, SPOKESMAN, TRAP

pytestmark = pytest.mark.browser

KEPT = "JSON.stringify(localStorage)"


# ---- asking -----------------------------------------------------------------------------------


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


# ---- nothing that is typed is lost ------------------------------------------------------------


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


# ---- earlier conversations --------------------------------------------------------------------


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
    for name in ("Delete", "Really delete?"):
        page.get_by_role("button", name=f"{name} {ELSEWHERE}").press("Enter")
    playwright.expect(titles).to_have_text([SPOKESMAN, hostile[:120]])
    has_focus(page, "#talks .talk")
    playwright.expect(questions(page)).to_have_count(2)
    for name in ("Delete", "Really delete?"):
        page.get_by_role("button", name=f"{name} {SPOKESMAN}").press("Enter")
    playwright.expect(titles).to_have_text([hostile[:120]])
    playwright.expect(page.locator("#thread .empty")).to_have_count(1)
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#thread .empty")

    stranger.get_by_role("button", name="Conversations").click()
    playwright.expect(stranger.locator("#talks .list")).to_have_text("Nothing was asked here yet.")
    assert page.locator("#talks :is(img, svg[onload], a, script)").count() == 0
