"""Pairs of articles that differ, and pairs that only seem to: on candidates as a reader might give them."""

import time
from datetime import date

import pytest

from index.article import Article, Passage
from qa.evidence import Candidate, differing, group
from qa.evidence.names import spoken_words
from qa.retriever import ScoredPassage

NOVEMBER = date(2017, 11, 3)


def candidate(name: str, said: str, published: date | None, margin: float) -> Candidate:
    """An article of one sentence, its answer in [brackets], which are not part of it."""
    before, quote, after = said.replace("]", "[").split("[")
    article = Article(name, "", before + quote + after, published=published)
    found = ScoredPassage(1, Passage(name, 0, len(article.text)), 1.0, 1, 1, 0.5, 2.0)
    return Candidate(article, len(before), len(before + quote), margin, found)


def differ(question: str, one: str, other: str, days: tuple[date | None, date | None] = (NOVEMBER, NOVEMBER)) -> bool:
    groups = group([candidate("one", one, days[0], 6.0), candidate("other", other, days[1], 5.0)])
    return bool(differing(question, groups, [0.8] * len(groups)))


LONG = "How long is the ferry Edda?"
WHEN = "When did the ferry Edda sink?"
MANY = "How many people were aboard the ferry Edda?"
OLD = "How old is the captain of the Edda?"
PORT = "From which port did the ferry Edda sail?"
WHO = "Who commanded the ferry Edda?"


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (LONG, "The ferry Edda is [nearly 250 feet] long.", "Edda, a ferry, is [about 120 metres] long."),
        (MANY, "[35 people] were aboard the ferry Edda.", "Aboard the ferry Edda were [22 people]."),
        (MANY, "At least [35 people] were aboard the ferry Edda.", "Aboard the ferry Edda were [22]."),
        (MANY, "[Half a million people] sailed aboard the ferry Edda.", "[40,000] people were aboard the ferry Edda."),
        (WHEN, "The ferry Edda sank on [3 November].", "The ferry Edda sank on [October 30th]."),
        ("In which month did the ferry Edda sink?", "The ferry Edda sank in [June].", "The ferry Edda sank in [July]."),
        (
            "In which year did the ferry Edda sink?",
            "The ferry Edda sank in [2015].",
            "In [March 2016] the ferry Edda sank.",
        ),
        (OLD, "The captain of the Edda is [33].", "The captain of the Edda is [41]."),
        (PORT, "The ferry Edda sailed from the port of [Kiel].", "From the port of [Oslo] the ferry Edda sailed."),
        (WHO, "[Piet Lund] commanded the ferry Edda.", "The ferry Edda was commanded by [Anna Berg]."),
        ("What share of the ferry Edda was paid?", "[A third] of Edda was paid.", "[Nine in ten] of Edda was paid."),
    ],
)
def test_these_differ(question: str, one: str, other: str) -> None:
    assert differ(question, one, other)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (LONG, "The ferry Edda is [nearly 400 feet] long.", "Edda, a ferry, is [about 120 metres] long."),
        (LONG, "The ferry Edda is [120 m (394 ft)] long.", "Edda, a ferry, is [390 feet] long."),
        (MANY, "[Dozens] were aboard the ferry Edda.", "Aboard the ferry Edda were [35 people]."),
        (MANY, "[20 or more] people were aboard the ferry Edda.", "Aboard the ferry Edda were [35]."),
        (MANY, "At least [20] were aboard the ferry Edda.", "Aboard the ferry Edda were [35 people]."),
        (MANY, "Up to [35 people] were aboard the ferry Edda.", "Aboard the ferry Edda were [22]."),
        (MANY, "[20 sailors] were aboard the ferry Edda.", "Aboard the ferry Edda were [35 passengers]."),
        (MANY, "[About 300] people were aboard the ferry Edda.", "[Nearly 350] were aboard the ferry Edda."),
        (MANY, "[35 people] were aboard the ferry Edda.", "Aboard the tram of Port Amber were [22 people]."),
        (WHEN, "The ferry Edda sank on [Friday].", "The ferry Edda sank on [3 November]."),
        (WHEN, "The ferry Edda sank [on Friday night].", "The ferry Edda sank [early on Saturday, 4 November]."),
        (WHEN, "The ferry Edda sank in [November].", "The ferry Edda sank on [3 November 2017]."),
        (WHEN, "The ferry Edda sank in [late 2017].", "The ferry Edda sank on [3 November 2017]."),
        (WHEN, "The ferry Edda sank [in November].", "The ferry Edda sank [after two hours]."),
        ("In which month did the ferry Edda sink?", "The ferry Edda sank on [June 5].", "Edda sank in [June]."),
        ("How long ago did the ferry Edda sink?", "Edda sank [two days ago].", "The ferry Edda sank [three days ago]."),
        (PORT, "The ferry Edda sailed from the port of [al-Qaim].", "The ferry Edda sailed from the port [Qaim]."),
        (PORT, "The ferry Edda sailed from the port of [Kiel].", "The ferry sailed; [Oslo], not Kiel, is a port."),
        (WHO, "[Captain Piet Lund] commanded the ferry Edda.", "The ferry Edda was commanded by [Lund]."),
        (WHO, "[Piet Lund] commanded the ferry Edda.", "The ferry Edda was commanded by [a young Dane]."),
        ("Who is Edda Quist?", "[Piet Lund] is to meet Edda Quist.", "Edda Quist is with [Anna Berg]."),
        ("Which two ports does the ferry Edda link?", "Ferry Edda links [Kiel].", "Edda links the port of [Oslo]."),
        ("Who were the captains of the ferry Edda?", "[Piet Lund] was.", "Captains of the ferry Edda: [Anna Berg]."),
    ],
)  # fmt: skip
def test_these_only_seem_to(question: str, one: str, other: str) -> None:
    assert not differ(question, one, other)


def test_who_has_grown_older_meanwhile_is_no_difference() -> None:
    said = "The captain of the Edda is [33].", "The captain of the Edda is [35 years old]."
    assert differ(OLD, *said)
    assert not differ(OLD, *said, days=(NOVEMBER, date(2019, 12, 1)))
    assert not differ(OLD, *said, days=(NOVEMBER, None))


def test_a_town_and_its_country_are_no_difference_where_another_article_has_them_side_by_side() -> None:
    asked = "Where was the ferry Edda found?"
    town = candidate("one", "The ferry Edda was found in [Kiel].", NOVEMBER, 6.0)
    country = candidate("other", "The ferry Edda was found in [Germany].", NOVEMBER, 5.0)
    third = candidate("third", "Shipyards of Kiel, Germany, have [much] to do.", NOVEMBER, -3.0)
    assert differing(asked, group([town, country]), [0.8, 0.8]) == [1]
    assert differing(asked, group([town, country, third]), [0.8, 0.8, 0.1]) == []


def test_what_is_believed_far_less_is_no_difference() -> None:
    one, other = "The ferry Edda sank in [June].", "The ferry Edda sank in [July]."
    groups = group([candidate("one", one, None, 6.0), candidate("other", other, None, 5.0)])
    assert differing("In which month did the ferry Edda sink?", groups, [0.8, 0.5]) == [1]
    assert differing("In which month did the ferry Edda sink?", groups, [0.8, 0.3]) == []


def test_long_articles_are_looked_through_once_and_only_where_that_decides() -> None:
    book = "The spokesman of the café said so on market day. " * 10_000
    sailed = candidate("one", f"The ferry Edda sailed from the port of [Kiel].\n\n{book}", NOVEMBER, 6.0)
    other = candidate("other", f"From the port of [Oslo] the ferry Edda sailed.\n\n{book}", NOVEMBER, 5.0)
    elsewhere = candidate("third", f"[Bergen] is a town.\n\n{book}", NOVEMBER, 5.0)
    started = time.perf_counter()
    spoken_words(book)
    once = time.perf_counter() - started
    for against, places, often in ((elsewhere, [], 0.5), (other, [1], 10), (other, [1], 0.5)):
        groups = group([sailed, against])
        started = time.perf_counter()
        assert differing(PORT, groups, [0.8, 0.8]) == places
        assert time.perf_counter() - started < often * once
