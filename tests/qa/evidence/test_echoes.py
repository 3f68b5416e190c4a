"""Citations through copies: what is left out of the passages as a copy is cited with what it repeats."""

from dataclasses import replace
from pathlib import Path

import pytest

from index.article import Article, Passage
from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer
from qa.evidence import Candidate, echoes
from qa.retriever import ScoredPassage

WIRE = (
    "The harbour of Tallow Bay was opened on Friday by Governor Piet Lund after nine years of work. "
    "Some 4,000 people watched as the first ferry, the Edda, sailed for Port Amber with 35 guests aboard. "
    "The harbour cost 300 million crowns, twice as much as planned, and has room for twelve ships."
)


def in_article(text: str, quote: str, *copies: Passage) -> Candidate:
    found = ScoredPassage(1, Passage("first", 0, len(text)), 1.0, 1, 1, 0.5, 2.0, copies)
    start = text.index(quote)
    return Candidate(Article("first", "First", text), start, start + len(quote), 3.0, found)


def test_a_copy_is_cited_where_it_has_the_sentence_to_the_letter() -> None:
    copied = Article("second", "Second", f"HARBOUR OPENS (Wire) {WIRE} Read more.")
    candidate = in_article(WIRE, "Piet Lund", Passage("second", 21, 21 + len(WIRE)))
    (echo,) = echoes(candidate, {"second": copied})
    assert (echo.article.id, echo.quote) == ("second", "Piet Lund")
    assert copied.text[echo.start : echo.end] == echo.quote
    assert echo.retrieved.passage.article_id == "second"
    assert echo.margin == candidate.margin


@pytest.mark.parametrize("changed", [("on Friday", "on Thursday"), ("Piet Lund", "Edda Quist"), ("nine", "9")])
def test_a_copy_that_changed_the_sentence_is_not_cited_for_it(changed: tuple[str, str]) -> None:
    copied = Article("second", "Second", WIRE.replace(*changed))
    candidate = in_article(WIRE, "Piet Lund", Passage("second", 0, len(copied.text)))
    assert list(echoes(candidate, {"second": copied})) == []


def test_a_sentence_outside_the_copied_passage_is_not_cited() -> None:
    copied = Article("second", "Second", f"{WIRE} Other words follow here.")
    candidate = in_article(WIRE, "Piet Lund", Passage("second", len(WIRE) + 1, len(copied.text)))
    assert list(echoes(candidate, {"second": copied})) == []


def test_what_has_no_copies_has_no_echoes() -> None:
    assert list(echoes(in_article(WIRE, "Piet Lund"), {})) == []
    alone = in_article(WIRE, "Piet Lund")
    assert list(echoes(replace(alone, retrieved=replace(alone.retrieved, copies=())), {})) == []


def test_an_answer_cites_the_copies_of_its_article_and_counts_them_as_one_source(
    tmp_path: Path, embedder: Embedder
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    texts = {
        "gazette.txt": f"{WIRE}\n",
        "mirror.txt": f"{WIRE}\n\nThe Mirror has asked the governor for a comment.\n",
        "planet.txt": f"Our correspondent reports.\n\n{WIRE.replace('35 guests', '53 guests')}\n",
        "bridge.txt": "The bridge of Tallow Bay is 412 metres long.\n",
    }
    for name, text in texts.items():
        (articles / name).write_text(text, encoding="utf-8")
    build([articles], tmp_path / "index", embedder)
    qa = QuestionAnswerer.open(tmp_path / "index")
    found = qa.examine("Who opened the harbour of Tallow Bay?")
    assert {copy.article_id for r in found.retrieved for copy in r.copies} >= {"mirror.txt"}
    result = qa.decide(found, min_confidence=0)
    assert "Piet Lund" in (result.text or "")
    assert {citation.article.id for citation in result.citations} == {"gazette.txt", "mirror.txt", "planet.txt"}
    assert result.as_dict()["sources"] == 1
    for citation in result.citations:
        assert texts[citation.article.id][citation.start : citation.end] == citation.quote
        assert "Piet Lund" in citation.sentence
