"""What a reader does at the page, and what the tests wait for; without playwright or axe, it skips who imports it."""

from contextlib import contextmanager

import pytest

from .material import PATIENCE

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

playwright.expect.set_options(timeout=PATIENCE / 2)


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


def questions(page):
    return page.locator("#thread .question")


@contextmanager
def held(page, address: str):
    """What the page asks for at that address meanwhile reaches the server only afterwards."""
    requests = []
    page.route(address, lambda request: requests.append(request))  # a function of its own, as playwright marks it
    yield
    for request in requests:
        request.continue_()
    page.unroute(address)


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
