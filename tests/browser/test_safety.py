"""What hostile articles and questions say is shown and never run."""

import pytest

from .acting import ask, playwright, tab
from .material import HOSTILE, MARKDOWN, TRAP

pytestmark = pytest.mark.browser

HARBOUR_MASTER = "Who is the harbour master of Oddville?"


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
