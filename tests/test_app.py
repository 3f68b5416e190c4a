"""The page without a browser: what is rendered, what the handlers answer, what the program refuses."""

import html
import re
import socket
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import gradio as gr
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

import app
from index.article import Article
from index.build import BuildReport
from index.errors import CorpusError, InputError
from index.sources import Skipped
from qa.answer import Alternative, Answer, Citation, NoAnswer
from web import page as web_page
from web.markup import conversation, reading, text
from web.markup import result as results
from web.markup.conversation import Exchange

HOSTILE = (
    "</mark><script>alert(1)</script><img src=x onerror='alert(1)'><svg onload=alert(1)> **bold** _it_ "
    "[a](javascript:alert(1)) ![i](http://evil.example/i.png) $$x^2$$ \\(y\\) `c` ${1+1} {{value}} "
    "@children &amp; | # \n\n- x"
)
OURS = set("div p mark button span bdi ul li details summary meter strong article section h2 a".split())

PLAIN = Article(
    "a.txt", "Rain in Oslo", "It rained. The mayor, Kari Nordmann, opened an umbrella. It rained on.", "Wire"
)
WEB = Article(
    "b.txt", "Umbrellas", "Kari Nordmann owns two umbrellas.", "", "https://b.example/?a=1&b=2", date(2017, 11, 3)
)
TRAP = Article(HOSTILE, HOSTILE, f"Start. {HOSTILE} End.", HOSTILE, 'https://evil.example/"><script>alert(1)</script>')


def cite(article: Article, quote: str) -> Citation:
    start = article.text.index(quote)
    return Citation(article, start, start + len(quote), article.text)


ANSWER = Answer(
    question="Who opened an umbrella?",
    text="Kari Nordmann",
    confidence=0.93,
    citations=(cite(PLAIN, "Kari Nordmann"), cite(WEB, "Kari Nordmann"), cite(PLAIN, "The mayor")),
    alternatives=(Alternative("It", 0.3, (cite(PLAIN, "It"),)),),
    disagreements=(Alternative("two", 0.4, (cite(WEB, "two"),)),),
)
REFUSAL = NoAnswer("Who won?", 0.2, (Alternative("two", 0.2, (cite(WEB, "two"),)),), (cite(PLAIN, "It rained on."),))
HOPELESS = replace(REFUSAL, alternatives=(replace(REFUSAL.alternatives[0], confidence=0.005),))
TRAPPED = Answer(
    HOSTILE, HOSTILE, 0.9, (cite(TRAP, HOSTILE),), (Alternative(HOSTILE, 0.1, ()),), understood=HOSTILE + "?"
)


class Newsroom:
    """An engine that knows two articles and three questions, and remembers what it was asked."""

    min_confidence = 0.5

    def __init__(self):
        self.shelf = {article.id: article for article in (PLAIN, WEB)}
        self.asked = []

    def ask(self, question, history=(), min_confidence=None):
        self.asked.append((question, tuple(history), min_confidence))
        if len(question) > 1000:
            raise InputError(f"the question has {len(question):,} characters: at most 1,000 are read")
        return ANSWER if "umbrella" in question else REFUSAL

    def articles(self):
        return list(self.shelf.values())

    def article(self, article_id):
        if article_id not in self.shelf:
            raise InputError(f"there is no article {article_id} in the index")
        return self.shelf[article_id]

    def examples(self, count=4):
        return ["Who opened an umbrella?", HOSTILE][:count]

    def rebuild(self, progress):
        progress("reading", 1, 0)
        progress("embedding", 1, 2)
        if not self.shelf:
            raise CorpusError("another build of this index is running")
        return BuildReport(("b.txt",), (), ("c.txt",), 1, (Skipped("<b>.pdf", "no <i>text</i> in it"),), 7, 7, 2, 0.25)


class Elements(HTMLParser):
    """The tags, attributes and text of some HTML, as a browser would see them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def newsroom():
    return Newsroom()


@pytest.fixture
def handlers(newsroom):
    return {fn.name: fn.fn for fn in app.build(newsroom).fns.values() if fn.fn}


def clicked(kind: str, value: str = "") -> gr.EventData:
    return gr.EventData(None, {"kind": kind, "value": value})


def last(stream):
    *_, final = stream
    return final


# ---- rendering -------------------------------------------------------------------------------


def test_literal_text_comes_back_and_holds_no_syntax():
    plain = "".join(map(chr, range(32, 127))) + "\n\t“é” 東京 👍"
    assert html.unescape(text.literal(plain)) == plain
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|[^\x00-\x7f]|&#\d+;)*", text.literal(plain))


@pytest.mark.parametrize("bad", ["\ud800", "\x00", "\x1b", "\x85", "\u202e"])
def test_what_cannot_be_shown_becomes_a_replacement_character(bad):
    assert text.literal(f"a{bad}b") == "a\ufffdb"
    text.literal(bad).encode()


@pytest.mark.parametrize(
    "markup",
    [
        conversation.messages([Exchange(HOSTILE, TRAPPED)])[0]["content"],
        conversation.messages([Exchange(HOSTILE, TRAPPED)])[1]["content"],
        conversation.messages([Exchange(HOSTILE, error=HOSTILE)])[1]["content"],
        results.result(NoAnswer(HOSTILE, 0.5, TRAPPED.alternatives, TRAPPED.citations), 0),
        reading.article(TRAP, f"cite {HOSTILE}", (7, 20), [(10, 30)], note=HOSTILE),
        reading.shelf([TRAP]),
        reading.unavailable(HOSTILE),
    ],
)
def test_hostile_text_stays_text(markup):
    seen = Elements(markup)
    assert set(seen.tags) <= OURS
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "href" not in dict(seen.attributes)  # its address is not one that may be followed
    assert "<script>alert(1)</script>" in seen.text
    assert "\n" not in markup  # a blank line would end what Markdown takes for HTML


@pytest.mark.parametrize("result", [ANSWER, REFUSAL, HOPELESS])
def test_every_button_names_the_citation_of_its_number(result):
    quoted = [citation for group in results.groups(result) for citation in group]
    shown = re.findall(r'class="cite row" value="7-(\d+)">.*?class="title">(.*?)</bdi>', results.result(result, 7))
    assert all(text.literal(quoted[int(index)].article.title) == title for index, title in shown)
    buttons = re.findall(r'value="7-(\d+)"><span class="number">\[(\d+)\]', results.result(result, 7))
    assert {int(index) + 1 for index, _ in buttons} == {int(shown) for _, shown in buttons}
    assert {int(index) for index, _ in buttons} == set(range(sum(map(len, results.groups(result)))))


def test_an_answer_shows_quote_confidence_outlet_and_date():
    seen = Elements(results.result(ANSWER, 0))
    for part in (
        "Kari Nordmann",
        "Almost certain",
        "93%",
        "[1]",
        "[2]",
        "Wire",
        "3 November 2017",
        "Other readings (1)",
    ):
        assert part in seen.text
    assert "<mark>Kari Nordmann</mark>" in results.result(ANSWER, 0)


def test_a_refusal_says_so_and_folds_away_hopeless_guesses():
    assert results.NOT_FOUND.rstrip(".") in Elements(results.result(REFUSAL, 0)).text
    assert "A guess, not an answer" in results.result(REFUSAL, 0)
    assert "A guess, not an answer" not in results.result(HOPELESS, 0)
    assert "Guesses, probably wrong (1)" in results.result(HOPELESS, 0)


def test_a_follow_up_shows_how_it_was_understood():
    assert "Understood as" not in results.result(replace(ANSWER, understood=ANSWER.question), 0)
    assert "Understood as: Who did it" in results.result(replace(ANSWER, understood="Who did it?"), 0)


def test_a_long_sentence_loses_its_ends_and_never_the_quote():
    text = "before " * 300 + "THE QUOTE" + " after" * 300
    citation = Citation(Article("l.txt", "L", text), 2100, 2109, text)
    shown = results.result(replace(ANSWER, citations=(citation,)), 0)
    assert "<mark>THE QUOTE</mark>" in shown
    assert 0 < shown.count("before") < 40 and 0 < shown.count("after") < 40


def test_marks_of_one_article_keep_its_text_whole_where_they_overlap():
    markup = reading.article(PLAIN, "", (3, 9), [(5, 20), (0, 2)])
    assert PLAIN.text in Elements(markup).text
    assert re.findall(r'<mark class="(\w+)">(.*?)</mark>', markup)[:2] == [("also", "It"), ("here", "rained")]


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://b.example/?a=1&b=2", True),
        ("HTTP://b.example", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//b.example", False),
        ("https://b.example/ onclick=x", False),
        ('https://b.example/"onclick="x', False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url, linked):
    attributes = dict(Elements(reading.article(replace(WEB, url=url), "")).attributes)
    assert attributes.get("href") == (url if linked else None)
    assert not linked or (attributes["rel"], attributes["target"]) == ("noopener noreferrer", "_blank")


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "Almost certain"), (0.7, "Likely"), (0.3, "Uncertain"), (0.0, "A guess")]
)
def test_confidence_in_words(value, words):
    assert text.confidence_words(value) == words


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (0.996, "over 99%"), (1.0, "over 99%")]
)
def test_a_figure_never_claims_to_be_certain(value, shown):
    assert text.percent(value) == shown


def test_a_long_shelf_says_how_many_more_there_are():
    shown = reading.shelf([replace(PLAIN, id=str(n)) for n in range(reading.SHELF_SIZE + 5)])
    assert shown.count("<li>") == reading.SHELF_SIZE and "and 5 more" in shown and "205 articles" in shown


# ---- handlers --------------------------------------------------------------------------------


def test_a_question_stands_in_the_chat_before_its_answer(handlers):
    waiting, answered = handlers["converse"]("Who opened an umbrella?", [], 0.5)
    assert waiting[0] == "" and [message["role"] for message in waiting[1]] == ["user"]
    assert [message["role"] for message in answered[1]] == ["user", "assistant"]


def test_follow_ups_bring_the_conversation_and_the_dial(handlers, newsroom):
    past = last(handlers["converse"]("Who opened an umbrella?", [], 0.5))[2]
    past = last(handlers["converse"]("x" * 10_000, past, 0.5))[2]
    past = last(handlers["converse"]("Who won?", past, 0.5))[2]
    handlers_result = last(handlers["converse"]("And then?", past, 0.75))
    assert newsroom.asked[-1] == ("And then?", (("Who opened an umbrella?", "Kari Nordmann"), ("Who won?", None)), 0.75)
    assert len(handlers_result[1]) == 8


def test_an_error_is_one_line_and_loses_nothing(handlers):
    messages = last(handlers["converse"]("x" * 10_000, [], 0.5))[1]
    assert "x" * 10_000 in messages[0]["content"]
    assert Elements(messages[1]["content"]).text == "The question has 10,000 characters: at most 1,000 are read"


def test_a_blank_question_does_nothing(handlers, newsroom):
    list(handlers["converse"]("  \n", [], 0.5))
    assert newsroom.asked == []


def test_a_citation_opens_its_article_at_the_quote_and_marks_the_others(handlers):
    shown = handlers["read"]([Exchange("q", ANSWER)], clicked("cite", "0-0"))
    assert re.findall(r'<mark class="(\w+)">(.*?)</mark>', shown) == [("also", "The mayor"), ("here", "Kari Nordmann")]


def test_citations_of_every_answer_can_be_opened(handlers):
    exchanges = [Exchange("q", ANSWER), Exchange("q", error="no"), Exchange("q", REFUSAL)]
    assert "umbrellas" in handlers["read"](exchanges, clicked("cite", "0-1"))
    assert '<mark class="here">It rained on&#46;</mark>' in handlers["read"](exchanges, clicked("cite", "2-1"))


@pytest.mark.parametrize("value", ["", "9-0", "0-99", "1-0", "x-y", "0", "<b>"])
def test_a_citation_that_is_not_there_is_refused_in_one_line(handlers, value):
    exchanges = [Exchange("q", ANSWER), Exchange("q", error="no")]
    assert "ask its question again" in handlers["read"](exchanges, clicked("cite", value))


def test_a_deleted_article_cannot_be_read_and_a_changed_one_says_so(handlers, newsroom):
    exchanges = [Exchange("q", ANSWER)]
    newsroom.shelf["a.txt"] = replace(PLAIN, text="Nothing happened.")
    changed = handlers["read"](exchanges, clicked("cite", "0-0"))
    assert "has changed since the answer" in changed and "<mark" not in changed
    del newsroom.shelf["a.txt"]
    assert "Kari" not in handlers["read"](exchanges, clicked("cite", "0-0"))


def test_the_shelf_opens_articles(handlers):
    assert "2 articles" in handlers["read"]([], clicked("shelf"))
    assert "umbrellas" in handlers["read"]([], clicked("open", "b.txt"))
    assert "There is no article" in handlers["read"]([], clicked("open", "gone.txt"))


def test_a_rebuild_reports_what_changed_and_what_was_skipped(handlers):
    report, shelf = handlers["rebuild"]()
    text = Elements(report).text
    assert "1 added, 1 removed; 1 unchanged, 7 passages" in text and "<b>.pdf: no <i>text</i> in it" in text
    assert "2 articles" in shelf


def test_a_failed_rebuild_is_one_line(handlers, newsroom):
    newsroom.shelf.clear()
    report, _ = handlers["rebuild"]()
    assert Elements(report).text == "Another build of this index is running"


def test_examples_fill_the_chips_and_the_rest_are_hidden(handlers):
    chips = handlers["suggest"]()
    assert [chip.value for chip in chips[:2]] == ["Who opened an umbrella?", HOSTILE]
    assert [chip.visible for chip in chips] == [True, True, False, False]


# ---- the program -----------------------------------------------------------------------------


def test_the_api_answers_in_json_and_shows_nothing_else(newsroom):
    page = app.build(newsroom)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_port=free_port(), mcp_server=False)
    client = Client(url, verbose=False)
    try:
        assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]
        assert client.predict("Who opened an umbrella?", api_name="/ask") == ANSWER.as_dict()
        assert client.predict("Who won?", min_confidence=0.9, api_name="/ask")["found"] is False
        with pytest.raises(AppError, match="10,000 characters"):
            client.predict("x" * 10_000, api_name="/ask")
    finally:
        client.close()
        page.close(verbose=False)


def test_a_port_in_use_is_one_line_and_status_2(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(sys, "argv", ["app", "--port", str(taken.getsockname()[1])])
        with pytest.raises(SystemExit) as status:
            app.main()
    said = capsys.readouterr().err
    assert status.value.code == 2
    assert said.count("\n") == 1 and "choose another with --port" in said


def test_a_folder_that_is_not_there_is_one_line_and_status_2(monkeypatch, capsys, tmp_path):
    arguments = [str(tmp_path / "none"), "--index-dir", str(tmp_path / "index"), "--port", "0"]
    monkeypatch.setattr(sys, "argv", ["app", *arguments])
    with pytest.raises(SystemExit) as status:
        app.main()
    said = capsys.readouterr().err.strip()
    assert status.value.code == 2 and said.startswith("app: ") and "\n" not in said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_progress_of_unknown_length_is_told_as_such():
    told = []
    web_page._show(lambda *args, **options: told.append((args, options)), "reading", 3, 0)
    assert told == [(((3, None),), {"desc": "Reading", "unit": ""})]
