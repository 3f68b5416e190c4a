"""Results survive being written down, and nothing that was asked or quoted becomes markup."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from index.article import Article
from index.errors import InputError
from qa.answer import Alternative, Answer, Citation, NoAnswer
from web.transcripts import Conversation, Exchange, Lookup, as_dict, as_markdown, kept, plain, restored

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ABOUT = Conversation("some-id", "Who opened it?", WHEN, WHEN, 1)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<http://evil.example>",
    "[click](javascript:alert(1))",
    "![seen](http://evil.example/seen.png)",
    "[click][ref]\n\n[ref]: http://evil.example",
    "# heading",
    "heading\n=======",
    "heading\n---",
    "> quoted",
    "- item\n- item",
    "1. item\n2) item",
    "***",
    "```\ncode\n```",
    "`code` ~~struck~~ _stressed_ **strong**",
    "    indented\n\tindented",
    "| a | b |\n|---|---|\n| c | d |",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "hard break  \nand \\\nanother",
    "ends with a backslash \\",
    "** ** __ __ `` ``",
    "<!-- hidden -->",
    "$\\alpha$ {{template}} {% raw %}",
]


def found(*articles: Article) -> Lookup:
    """Knows these articles and no others."""

    def lookup(article_id: str) -> Article:
        for article in articles:
            if article.id == article_id:
                return article
        raise InputError(f"there is no article {article_id} in the index")

    return lookup


def written(result: Answer | NoAnswer, article: Lookup) -> tuple[Answer | NoAnswer, frozenset[str]]:
    """The result after a way through JSON."""
    return restored(json.loads(json.dumps(kept(result))), article)


def test_a_result_is_restored_with_exact_citations_of_unchanged_articles(
    answer: Answer, refusal: NoAnswer, harbour: Article, bridge: Article
) -> None:
    for result in (answer, refusal):
        assert written(result, found(harbour, bridge)) == (result, frozenset())


def test_parts_and_disagreements_are_restored_too(answer: Answer, harbour: Article, bridge: Article) -> None:
    other = answer.alternatives[0]
    several = replace(
        answer, parts=(Alternative("Edda Quist", 0.8125, answer.citations), other), disagreements=(other,)
    )
    assert written(several, found(harbour, bridge)) == (several, frozenset())


def test_what_was_kept_before_answers_had_parts_is_read(answer: Answer, harbour: Article, bridge: Article) -> None:
    before = kept(answer)
    before.pop("parts")
    assert restored(before, found(harbour, bridge))[0] == answer


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_article_that_changed_or_is_gone_is_quoted_as_it_was(
    is_gone: bool, answer: Answer, harbour: Article, bridge: Article
) -> None:
    changed = replace(harbour, text="It was opened by Governor Piet Lund. " + harbour.text)
    result, outdated = written(answer, found(bridge) if is_gone else found(bridge, changed))
    assert outdated == {"news/harbour.txt"}
    assert result.as_dict() == answer.as_dict() | {"citations": [result.citations[0].as_dict()]}
    (citation,) = result.citations
    assert citation.quote == "Edda Quist"
    assert citation.sentence == citation.article.text == "It was opened by Mayor Edda Quist on Friday."
    assert (citation.article.title, citation.article.url) == (harbour.title, harbour.url)
    assert citation.article.digest not in (harbour.digest, changed.digest)
    assert result.alternatives == answer.alternatives  # of the other article, which is as it was


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_ever_text(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(plain(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    (inline,) = (token for token in tokens if token.type == "inline")
    assert {child.type for child in inline.children or []} == {"text"}
    assert "".join(child.content for child in inline.children or []) == " ".join(text.split())


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\u202eb", "a\u2066b", "a\x9bb", "a\ud800b"])
def test_what_would_turn_a_line_around_or_command_a_terminal_is_replaced(text: str) -> None:
    assert plain(text) == "a\ufffdb"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_whole_conversation_of_hostile_text_has_only_our_own_markup(text: str) -> None:
    article = Article(text, text, f"before {text} after", text, text, None, text)
    citation = Citation(article, 7, 7 + len(text), article.text)
    reading = Alternative(text, 0.5, (citation,))
    answer = Answer(text, text, 0.9, (citation,), (reading,), (reading,), f"{text} again", parts=(reading, reading))
    refusal = NoAnswer(text, 0.1, (), (citation,), text)
    exchanges = [
        Exchange(text, answer, liked=False, correction=text, outdated=frozenset({text})),
        Exchange(text, refusal, liked=True),
        Exchange(text, error=text),
    ]
    markdown = as_markdown(replace(ABOUT, title=text), exchanges)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    inside = [child for token in tokens for child in token.children or []]
    assert {token.type.rpartition("_")[0] or token.type for token in tokens} <= {
        "heading", "paragraph", "ordered_list", "list_item", "inline",
    }  # fmt: skip
    assert {child.type for child in inside} <= {
        "text", "softbreak", "strong_open", "strong_close", "em_open", "em_close",
    }  # fmt: skip
    assert sum(token.type == "heading_open" for token in tokens) == 4
    shown = "".join(child.content for child in inside)
    assert shown.count(" ".join(text.split())) >= 15


def test_markdown_cites_the_place_and_links_only_a_web_address(answer: Answer, harbour: Article) -> None:
    markdown = as_markdown(ABOUT, [Exchange("Who opened it?", answer)])
    assert markdown.startswith("# Who opened it\\?\n\n21 November 2026, 09:30 UTC\n\n## 1\\. Who opened it\\?\n")
    assert "*Understood as:* Who opened the harbour\\?" in markdown
    assert "1. “It was opened by Mayor **Edda Quist** on Friday\\.”" in markdown
    assert "The harbour opens, Piet Lund, The Tallow Gazette, 3 November 2017" in markdown
    assert "characters 56–66 <https://gazette.example/harbour>" in markdown
    for address in ("javascript:alert(1)", "https://e.example/a>b", "https://e.example/ <b>", "ftp://e.example/"):
        citation = replace(answer.citations[0], article=replace(harbour, url=address))
        assert address not in as_markdown(ABOUT, [Exchange("?", replace(answer, citations=(citation,)))])


def test_the_quote_in_bold_is_the_one_that_is_cited() -> None:
    article = Article("a.txt", "A", "On Friday she said that it was Friday.")
    second = article.text.rindex("Friday")
    cited = Answer("When?", "Friday", 0.9, (Citation(article, second, second + 6, article.text),))
    assert "“On Friday she said that it was **Friday**\\.”" in as_markdown(ABOUT, [Exchange("When?", cited)])


def test_json_holds_each_result_as_the_command_line_prints_it(answer: Answer, refusal: NoAnswer) -> None:
    exchanges = [
        Exchange("Who opened it?", answer, number=7, asked=WHEN, outdated=frozenset({"b", "a"}), liked=True),
        Exchange("Who won the cup?", refusal),
        Exchange("What?", error="busy, try again"),
    ]
    told = json.loads(json.dumps(as_dict(ABOUT, exchanges)))
    assert [exchange["result"] for exchange in told["exchanges"]] == [answer.as_dict(), refusal.as_dict(), None]
    assert told["exchanges"][0]["outdated"] == ["a", "b"]
    assert told["exchanges"][2]["error"] == "busy, try again"
    assert told["begun"] == "2026-11-21T09:30:00+00:00"
