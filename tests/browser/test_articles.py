"""Articles are listed, read, added, removed and rebuilt; filters narrow which of them are searched."""

import pytest

from .acting import ask, held, playwright, tab
from .material import LOST, PATIENCE

pytestmark = pytest.mark.browser

ZEBRA = "Zoo gains a zebra\n\nThe zebra of the city zoo is called Bartholomew, its keeper said on Monday.\n"
ZEBRA_ASKED = "What is the zebra of the city zoo called?"


def removes(page) -> None:
    for name in ("Remove", "Really remove?"):
        page.get_by_role("button", name=f"{name} Zoo gains a zebra").click()


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
    removes(page)
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
    removes(page)


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
