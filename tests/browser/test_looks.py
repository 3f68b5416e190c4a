"""The page is for everyone, by light and dark and on a phone; one test draws the picture of it in docs."""

import os

import pytest

from .acting import ask, axe, has_focus, in_view, playwright, tab
from .material import LOST, ROOT, SPOKESMAN

pytestmark = pytest.mark.browser


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
