"""Lists in one sentence, and parts that stand apart, on candidates as a reader might give them."""

import pytest

from index.article import Article, Passage
from qa.evidence import Candidate, Group, group, parts, shaped
from qa.retriever import ScoredPassage

HARBOURS = Article(
    "harbours",
    "Ferries of the Sound",
    "The new ferry links Tallow Bay and Port Amber. It was built in Kiel. Sails were made in Oslo, by hand.",
)
BRIDGES = Article(
    "bridges",
    "Bridges",
    "In spring the ferry links Quay Lund with the coast. The law is that of 1701, renewed in 1718.",
)


def candidate(article: Article, quote: str, margin: float) -> Candidate:
    start = article.text.index(quote)
    found = ScoredPassage(1, Passage(article.id, 0, len(article.text)), 1.0, 1, 1, 0.5, 2.0)
    return Candidate(article, start, start + len(quote), margin, found)


def shape(question: str, *candidates: Candidate) -> list[str]:
    return [found.quote for found in shaped(question, candidates)]


def together(question: str, *candidates: Candidate, beliefs: tuple[float, ...], least: float = 0.5) -> list[str]:
    groups: list[Group] = group(candidates)
    return [groups[place].best.quote for place in parts(question, groups, beliefs, least)]


def test_a_question_for_several_is_answered_by_the_whole_list() -> None:
    assert shape("Which harbours does the ferry link?", candidate(HARBOURS, "Port Amber", 3.0)) == [
        "Tallow Bay and Port Amber"
    ]


def test_a_question_for_one_is_answered_as_it_was_read() -> None:
    assert shape("Which harbour does the ferry link?", candidate(HARBOURS, "Port Amber", 3.0)) == ["Port Amber"]


def test_more_things_than_were_asked_for_are_no_answer() -> None:
    article = Article("a", "", "It sails to Kiel, Oslo and Riga.")
    assert shape("Which two towns does it sail to?", candidate(article, "Kiel", 3.0)) == ["Kiel"]
    assert shape("Which three towns does it sail to?", candidate(article, "Kiel", 3.0)) == ["Kiel, Oslo and Riga"]


def test_what_the_question_names_itself_is_not_quoted_back() -> None:
    question = "Besides Tallow Bay, which harbours does the ferry link?"
    assert shape(question, candidate(HARBOURS, "Port Amber", 3.0)) == ["Port Amber"]


def test_two_spans_that_a_sentence_strings_together_are_one_answer() -> None:
    article = Article("a", "", "It was laid down in the Code of 701 and renewed in the Code of 718, they say.")
    one, other = candidate(article, "Code of 718", 3.0), candidate(article, "Code of 701", 2.0)
    assert shape("In which two codes was it laid down?", one, other)[0] == "Code of 701 and renewed in the Code of 718"
    doubted = candidate(article, "Code of 701", -2.0)
    assert shape("In which two codes was it laid down?", one, doubted)[0] == "Code of 718"


def test_a_list_that_was_widened_counts_once() -> None:
    candidates = [candidate(HARBOURS, "Port Amber", 3.0), candidate(HARBOURS, "Tallow Bay", 2.0)]
    groups = group(shaped("Which two harbours does the ferry link?", candidates))
    assert [found.best.quote for found in groups] == ["Tallow Bay and Port Amber"]


PAIR = candidate(HARBOURS, "Tallow Bay and Port Amber", 5.0)
ALONE = candidate(BRIDGES, "Quay Lund", 3.0)
ASKED = "Which harbours does the ferry link?"


def test_what_stands_apart_is_put_together_where_several_are_asked_for() -> None:
    assert together(ASKED, PAIR, ALONE, beliefs=(0.9, 0.6)) == ["Tallow Bay and Port Amber", "Quay Lund"]


@pytest.mark.parametrize(
    ("question", "beliefs"),
    [
        ("Which harbour does the ferry link?", (0.9, 0.6)),
        ("Which two harbours does the ferry link?", (0.9, 0.6)),
        ("Besides Quay Lund, which harbours does the ferry link?", (0.9, 0.6)),
        ("Which harbours does the tram avoid on Sundays?", (0.9, 0.6)),
        (ASKED, (0.9, 0.4)),
    ],
)
def test_a_list_is_no_excuse_for_another_thing(question: str, beliefs: tuple[float, ...]) -> None:
    assert together(question, PAIR, ALONE, beliefs=beliefs) == []


def test_what_the_reader_would_rather_not_have_is_no_part() -> None:
    assert together(ASKED, PAIR, candidate(BRIDGES, "Quay Lund", -0.5), beliefs=(0.9, 0.6)) == []


def test_another_spelling_is_no_part_and_neither_is_a_number() -> None:
    spelled = Article("s", "", "The ferry links Porth Amber.")
    assert together(ASKED, PAIR, candidate(spelled, "Porth Amber", 3.0), beliefs=(0.9, 0.6)) == []
    assert together(ASKED, PAIR, candidate(BRIDGES, "1718", 3.0), beliefs=(0.9, 0.6)) == []


def test_nothing_read_makes_no_parts() -> None:
    assert parts(ASKED, [], [], 0.5) == []
    assert shaped(ASKED, []) == []
