"""A result shows its quote, its belief and its numbered citations, and a refusal says that it is one."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from index.article import Article
from qa.answer import Answer, Citation, NoAnswer
from web.markup import result as results
from web.markup.text import literal

PAPER = Article("a.pdf", "Votes", "One. Two.", "Planet", "", date(2017, 11, 3), "Ada <b>Wright</b>", pages=(0, 5))
Shown = Callable[[str], bool]


def of(article: Article) -> Answer:
    return Answer("Who?", "Two", 0.9, (Citation(article, 5, 8, "Two."),))


def test_hostile_text_stays_text(trapped: Answer, harmless: Shown) -> None:
    refusal = NoAnswer(trapped.question, 0.5, trapped.alternatives, trapped.citations)
    assert harmless(results.result(trapped, 0)) and harmless(results.result(refusal, 0))


@pytest.mark.parametrize("name", ["umbrella", "listed", "unsure", "hopeless", "trapped"])
def test_every_button_names_the_citation_of_its_number(name: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(name)
    quoted = [citation for group in results.groups(result) for citation in group]
    markup = results.result(result, 7)
    shown = re.findall(r'class="cite row" value="7-(\d+)">.*?class="title">(.*?)</bdi>', markup)
    assert all(literal(quoted[int(index)].article.title) == title for index, title in shown)
    buttons = re.findall(r'value="7-(\d+)"[^>]*><span class="number">(\d+)<', markup)
    assert {int(index) + 1 for index, _ in buttons} == {int(number) for _, number in buttons}
    assert {int(index) for index, _ in buttons} == set(range(len(quoted)))


def test_an_answer_shows_quote_confidence_support_outlet_and_date(umbrella: Answer, elements: Any) -> None:
    markup = results.result(umbrella, 0)
    said = elements(markup).text
    for part in ("Almost certain", "93%", "2 articles, 2 independent sources", "Wire", "3 November 2017"):
        assert part in said
    assert "Other readings (1)" in said and "<mark>Kari Nordmann</mark>" in markup


def test_what_differs_stands_beside_what_is_answered(umbrella: Answer, elements: Any) -> None:
    sides = re.findall(r'<p class="value"><bdi>(.*?)</bdi>', results.result(umbrella, 0))
    assert sides == ["Kari Nordmann", "two"]
    assert "The articles differ" not in elements(results.result(replace(umbrella, disagreements=()), 0)).text


def test_an_answer_of_several_parts_names_and_quotes_them_all(listed: Answer) -> None:
    markup = results.result(listed, 0)
    assert re.findall(r"<li><bdi>(.*?)</bdi></li>", markup) == ["Kari Nordmann", "umbrella"]
    assert re.findall(r'<p class="lead"[^>]*>.*?<mark>(.*?)</mark>', markup) == ["Kari Nordmann", "umbrella"]


def test_a_refusal_says_so_and_folds_away_hopeless_guesses(unsure: NoAnswer, hopeless: NoAnswer, elements: Any) -> None:
    assert results.NOT_FOUND in elements(results.result(unsure, 0)).text
    assert "A guess, not an answer" in results.result(unsure, 0)
    assert "A guess, not an answer" not in results.result(hopeless, 0)
    assert "Guesses, probably wrong (1)" in results.result(hopeless, 0)


def test_a_long_sentence_loses_its_ends_and_never_the_quote(umbrella: Answer) -> None:
    text = "before " * 300 + "THE QUOTE" + " after" * 300
    citation = Citation(Article("l.txt", "L", text), 2100, 2109, text)
    shown = results.result(replace(umbrella, citations=(citation,), disagreements=()), 0).partition("<mark>")
    assert shown[2].startswith("THE QUOTE</mark>")
    lead = shown[0].rpartition('class="lead"')[2]
    assert 0 < lead.count("before") < 40 and 0 < shown[2].count("after") < 40


def test_a_citation_shows_author_outlet_date_and_page() -> None:
    known = f"{literal('Ada <b>Wright</b>')} · Planet · 3 November 2017 · page 2"
    assert f'<span class="meta">{known}</span>' in results.result(of(PAPER), 0)
    assert "page" not in results.result(of(Article("a.txt", "Votes", PAPER.text)), 0)


def test_what_is_copied_says_where_it_stands(elements: Any) -> None:
    copied = dict(elements(results.result(of(replace(PAPER, url="https://p.example")), 0)).attributes)["data-copy"]
    assert copied == (
        "Two\n“Two.”\n— Votes, Ada <b>Wright</b>, Planet, 3 November 2017, page 2, https://p.example "
        "(a.pdf, characters 5–8)"
    )


def test_each_quotation_says_where_it_itself_stands(listed: Answer, elements: Any) -> None:
    said = [value for name, value in elements(results.result(listed, 0)).attributes if name == "data-source"]
    assert said == [results.source(part.citations[0]) for part in listed.parts] and len(set(said)) == 2
