import json
from dataclasses import FrozenInstanceError, replace
from datetime import date
from typing import Any

import pytest

from index.article import Article
from qa.answer import Alternative, Answer, Citation, NoAnswer

ARTICLE = Article(
    "a.txt", "On Köln", "Grüße 🙂 aus Köln. Es regnet.", "Bote", "http://x.org/a", date(2017, 11, 3), "Anna Berg"
)
CITATION = Citation(ARTICLE, 12, 16, "Grüße 🙂 aus Köln.")
KEYS = {"question", "found", "text", "confidence", "citations", "alternatives", "disagreements", "seconds"}


def test_a_quote_is_the_article_s_own_text() -> None:
    assert CITATION.quote == "Köln" == ARTICLE.text[CITATION.start : CITATION.end]


def test_a_citation_shows_everything_that_the_command_line_promises() -> None:
    assert CITATION.as_dict() == {
        "article_id": "a.txt",
        "title": "On Köln",
        "source": "Bote",
        "url": "http://x.org/a",
        "published": "2017-11-03",
        "author": "Anna Berg",
        "page": None,
        "start": 12,
        "end": 16,
        "quote": "Köln",
        "sentence": "Grüße 🙂 aus Köln.",
    }


def test_an_unknown_date_is_null() -> None:
    assert Citation(Article("b", "", "Text"), 0, 4, "Text").as_dict()["published"] is None


def test_the_page_is_that_of_the_quote_s_beginning() -> None:
    article = replace(ARTICLE, pages=(0, 18))
    assert [Citation(article, start, end, "").as_dict()["page"] for start, end in ((12, 20), (18, 27))] == [1, 2]


def test_an_answer_is_found_and_shows_its_citations() -> None:
    other = Alternative("Es regnet", 0.25, (Citation(ARTICLE, 18, 27, "Es regnet."),))
    shown = Answer("Woher?", "Köln", 0.87654321, (CITATION,), (other,), (other,), "Woher?", 0.1234567).as_dict()
    assert shown.keys() >= KEYS
    assert shown["found"] is True
    assert (shown["text"], shown["confidence"], shown["seconds"]) == ("Köln", 0.8765, 0.1235)
    assert [c["quote"] for c in shown["citations"]] == ["Köln"]
    assert [a["text"] for a in shown["alternatives"]] == [d["text"] for d in shown["disagreements"]] == ["Es regnet"]
    assert json.loads(json.dumps(shown)) == shown


def test_an_answer_in_parts_shows_each_with_its_own_belief_and_citations() -> None:
    first, second = (
        Alternative("Köln", 0.9, (CITATION,)),
        Alternative("Es regnet", 0.5, (Citation(ARTICLE, 18, 27, ""),)),
    )
    shown = Answer("Was?", "Köln", 0.9, (CITATION,), parts=(first, second)).as_dict()["parts"]
    assert [(part["text"], part["confidence"], part["citations"][0]["start"]) for part in shown] == [
        ("Köln", 0.9, 12),
        ("Es regnet", 0.5, 18),
    ]
    assert Answer("Was?", "Köln", 0.9, (CITATION,)).as_dict()["parts"] == NoAnswer("q", 0.0).as_dict()["parts"] == []


def test_no_answer_is_its_own_state_and_claims_nothing() -> None:
    declined = NoAnswer("Woher?", 0.1, (Alternative("Köln", 0.1, (CITATION,)),), (CITATION,))
    assert declined.found is False
    assert declined.text is None
    assert declined.citations == declined.disagreements == declined.parts == ()


def test_no_answer_shows_the_same_keys_and_the_closest_passages() -> None:
    shown = NoAnswer("Woher?", 0.0, closest=(CITATION,)).as_dict()
    assert shown.keys() == Answer("q", "t", 1.0, (CITATION,)).as_dict().keys() | {"closest"}
    assert (shown["found"], shown["text"], shown["citations"]) == (False, None, [])
    assert shown["closest"] == [CITATION.as_dict()]
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize("held", [CITATION, Answer("q", "t", 1.0, (CITATION,)), NoAnswer("q", 0.0)])
def test_results_cannot_be_changed(held: Any) -> None:
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(held, next(iter(held.__dataclass_fields__)), "another")
