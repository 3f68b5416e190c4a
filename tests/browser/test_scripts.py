"""The page's own scripts on a bare page, as Gradio would run them: what they begin, when, and what they call things."""

import pytest

from web.browser import script

from .acting import playwright

pytestmark = pytest.mark.browser

PARTS = {
    "asking": '<div id="tries"><button class="try">An example</button></div>',
    "thread": '<div id="thread" style="height: 200px; overflow: auto"></div>',
    "scope": '<div id="scope"><input type="range" class="least" min="0" max="1" step="0.01"><output class="chosen">'
    '</output><details class="filters"><summary></summary><input class="after"><input class="before"></details></div>',
    "shelf": '<div id="shelf"><button class="remove" value="a" aria-label="Remove Rain">Remove</button></div>',
}
RUN = """([id, source]) => {
  const element = document.getElementById(id), props = {value: {}}, watched = {};
  const trigger = (event, detail) => window.begun.push([event, detail]);
  const watch = (name, heard) => { (watched[name] ??= []).push(heard); };
  new Function('element', 'props', 'trigger', 'watch', source)(element, props, trigger, watch);
  (window.set ??= {})[id] = html => { element.innerHTML = html; watched.value.forEach(heard => heard()); };
}"""
QUOTED = (
    '<div class="result"><p class="lead" data-source="— Ann">One.</p><p class="lead" data-source="— Ben">Two.</p></div>'
)
FOLDED = '<section class="turn" id="turn-0"><details><summary>Other readings ({})</summary>It</details></section>'
COPY = """([first, last]) => {
  const leads = document.querySelectorAll('.lead'), event = new ClipboardEvent('copy', {
    clipboardData: new DataTransfer(), bubbles: true, cancelable: true,
  });
  getSelection().setBaseAndExtent(leads[first].firstChild, 0, leads[last].firstChild, 4);
  document.dispatchEvent(event);
  return event.clipboardData.getData('text/plain').split('\\n').filter(line => line.startsWith('—'));
}"""
SHOWN = '<section class="turn" id="turn-{0}" style="height: 300px"><h2 class="question">Question {0}</h2></section>'


@pytest.fixture
def bare(chromium):
    """A page of those parts, with the scripts that Gradio would run over them; the conversation is there."""
    page = chromium.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://127.0.0.1/")  # an address of its own, as only that has a storage
    page.set_content(f'<div id="box"><textarea></textarea></div>{"".join(PARTS.values())}')
    page.evaluate("window.begun = []")
    for name, part in PARTS.items():
        page.evaluate(RUN, [part.split('"')[1], script(name)])
    tells(page, "free", "begin")
    yield page
    page.close()


def tells(page, event: str, what: str = "") -> None:
    """What Gradio would tell the scripts; and what they then do is done."""
    page.evaluate(
        """([event, what]) => {
          (window.told ??= []).push([event, what]);
          document.dispatchEvent(new Event('told'));
          return new Promise(done => setTimeout(done, 20));
        }""",
        [event, what],
    )


def begun(page) -> list[str]:
    """What was begun since that was last looked at."""
    return [event for event, _ in page.evaluate("window.begun.splice(0)")]


def asks(page, question: str) -> None:
    page.fill("#box textarea", question)
    tells(page, "ask")


def shows(page, *turns: int) -> None:
    page.evaluate("html => window.set.thread(html)", "".join(map(SHOWN.format, turns)))


def dials(page, least: str) -> None:
    page.evaluate(
        """least => {
          const dial = document.querySelector('.least');
          dial.value = least;
          dial.dispatchEvent(new Event('change', {bubbles: true}));
        }""",
        least,
    )


def judges(page) -> None:
    page.evaluate(
        """() => {
          const thumb = '<button class="judge right" value="0-right" aria-pressed="false">Right</button>';
          document.querySelector('#thread').insertAdjacentHTML('beforeend', thumb);
          document.querySelector('#thread .judge').click();
        }"""
    )


def test_what_changes_the_conversation_waits_for_the_answer_under_way(bare):
    asks(bare, "One?")
    assert begun(bare) == ["ask"]
    judges(bare)
    for least in ("0.3", "0.6"):
        dials(bare, least)
    assert begun(bare) == []
    tells(bare, "free", "ask")
    assert begun(bare) == ["judge"]
    tells(bare, "free", "judge")
    assert begun(bare) == ["decide"]


def test_the_dials_last_move_is_never_dropped(bare):
    for least in ("0.3", "0.6", "0.9"):
        dials(bare, least)
    assert begun(bare) == ["decide"]
    asks(bare, "One?")
    tells(bare, "free", "decide")
    assert begun(bare) == ["decide"]
    tells(bare, "free", "decide")
    assert begun(bare) == ["ask"]


def test_a_question_that_waits_does_not_go_into_another_conversation(bare):
    asks(bare, "One?")
    asks(bare, "Two?")
    judges(bare)
    assert begun(bare) == ["ask"]
    tells(bare, "busy", "begin")
    tells(bare, "free", "ask")
    tells(bare, "free", "begin")
    assert begun(bare) == [] and bare.input_value("#box textarea").endswith("Two?")
    tells(bare, "ask")
    assert begun(bare) == ["ask"]


def test_a_new_question_comes_into_view_though_the_earliest_are_not_drawn_any_more(bare):
    def top() -> float:
        return bare.evaluate("document.querySelector('#thread').scrollTop")

    shows(bare, *range(50))
    assert top() > 0
    bare.evaluate("document.querySelector('#thread').scrollTop = 0")
    shows(bare, *range(50))
    assert top() == 0  # none is new
    shows(bare, *range(1, 51))
    assert top() > 0


def test_words_are_copied_with_the_source_of_their_own_quotation(bare):
    bare.evaluate("html => window.set.thread(html)", QUOTED)
    copied = [bare.evaluate(COPY, places) for places in ([0, 0], [1, 1], [0, 1])]
    assert copied == [["— Ann"], ["— Ben"], ["— Ann", "— Ben"]]


def test_what_was_unfolded_stays_so_until_another_conversation_comes(bare):
    def is_open_again(number: int) -> bool:
        bare.evaluate("html => window.set.thread(html)", FOLDED.format(number))
        return bare.evaluate("document.querySelector('#thread details').open")

    assert not is_open_again(1)
    bare.locator("#thread summary").click()
    tells(bare, "free", "ask")  # meanwhile the browser tells of the click
    assert is_open_again(1) and is_open_again(2)
    tells(bare, "busy", "begin")
    assert not is_open_again(2)


def test_who_hears_a_button_is_asked_to_confirm_too(bare):
    bare.get_by_role("button", name="Remove Rain", exact=True).click()
    sure = bare.get_by_role("button", name="Really remove? Rain", exact=True)
    playwright.expect(sure).to_have_text("Really remove?")
    bare.get_by_role("button", name="An example").click()  # whoever does something else has thought better of it
    playwright.expect(bare.get_by_role("button", name="Remove Rain", exact=True)).to_have_text("Remove")
    assert begun(bare) == ["ask"]
    for name in ("Remove Rain", "Really remove? Rain"):
        bare.get_by_role("button", name=name, exact=True).click()
    assert begun(bare) == ["remove"]
