"""Spellings, numbers, units, dates and abbreviations: which give the same answer, which clash, which do neither."""

import time
from datetime import date

import pytest

from index.article import Article, Passage
from qa.evidence import Candidate, group
from qa.evidence.dates import Day, apart, read_date
from qa.evidence.names import introduced
from qa.evidence.quantities import clash, read_quantity
from qa.retriever import ScoredPassage

FRIDAY = date(2017, 11, 3)
INTRODUCED = "It was taken by the Syrian Democratic Forces (SDF). The group, Popular Mobilization Forces, or PMF, left."
RETRIEVED = ScoredPassage(1, Passage("a", 0, 40), 1.0, 1, 1, 0.5, 2.0)


def groups_of(*quotes: str) -> list[list[str]]:
    """Each quote read in an article of its own, all of 3 November 2017; the first is the best."""
    texts = [f"{quote} / {INTRODUCED}" for quote in quotes]
    articles = [Article(f"{number}", "", text, published=FRIDAY) for number, text in enumerate(texts)]
    spans = zip(articles, quotes, strict=True)
    found = group(Candidate(a, 0, len(q), 10.0 - int(a.id), RETRIEVED) for a, q in spans)
    return [[candidate.quote for candidate in same.candidates] for same in found]


@pytest.mark.parametrize(
    "quotes",
    [
        ("S.D.F.", "SDF", "Syrian Democratic Forces"),
        ("Popular Mobilization Forces", "PMF"),
        ("the Popular Mobilization Forces", "the PMF", "PMF"),
        ("Deir el-Zour", "Deir ez-Zor", "Deir al-Zour"),
        ("Qaim", "al-Qaim", "al Qaim"),
        ("Bukamal", "Boukamal", "Abu Kamal"),
        ("Muhammad", "Mohamed"),
        ("General Ali Mayhoub", "Ali Mayhoub", "Gen Mayhoub"),
        ("Mr. Assad", "President Bashar al-Assad"),
        ("more than 90 percent", "90 per cent", "ninety percent", "nine tenths"),
        ("250 miles", "400 km", "nearly 250 miles northwest"),
        ("1,500,000", "1.5 million"),
        ("two", "2"),
        ("Syria", "Syria’s"),
        ("Raqqa and Mosul", "Mosul and Raqqa", "Mosul, Raqqa"),
        ("33", "33 years old", "33-year-old"),
        ("half a million", "500,000"),
        ("1,500-2,500", "between 1,500 and 2,500"),
        ("320 km (200 miles)", "320 kilometres"),
        ("30 degrees Celsius", "86 °F"),
        ("nine in ten", "90 percent of the territory"),
        ("80 km/h", "50 mph"),
        ("Friday", "November 3rd", "3 November 2017"),
        ("yesterday", "November 2"),
        ("last month", "October"),
        ("AA-", "AA−"),
        ("pre- and post-war", "pre and post-war"),
        ("COVID-\n19", "COVID-19"),
        ("5 million+", "5 million"),
        ("300 people", "more than 300 people"),
    ],
)
def test_these_are_one_answer(quotes: tuple[str, ...]) -> None:
    assert groups_of(*quotes) == [list(quotes)]


@pytest.mark.parametrize(
    "quotes",
    [
        ("June", "July"),
        ("October", "October 17th"),
        ("Friday", "Thursday"),
        ("250 miles", "320 kilometres"),
        ("90 percent", "91 percent"),
        ("20 people", "22 people"),
        ("$5 million", "£5 million"),
        ("1,500-2,500", "2,000-3,000"),
        ("Niger", "Nigeria"),
        ("Austria", "Australia"),
        ("Slovakia", "Slovenia"),
        ("Virginia", "West Virginia"),
        ("Iran", "Iraq"),
        ("SDF", "PMF"),
        ("40", "40 percent"),
        ("4-0", "4"),
        ("30 degrees", "30 °F"),
        ("Ali", "Ali Mayhoub"),
        ("more than 300 people", "fewer than 300 people"),
        ("at least 300 people", "up to 300"),
        ("C", "C++", "C#"),
        ("AA", "AA-", "AA+"),
        ("A+", "A-"),
        ("Disney+", "Walt Disney"),
    ],
)
def test_these_are_two(quotes: tuple[str, ...]) -> None:
    assert groups_of(*quotes) == [[quote] for quote in quotes]


def test_no_chain_of_spellings_leads_from_one_answer_to_another() -> None:
    assert groups_of("Bashar Assad", "Mr. Assad", "Maher Assad") == [["Bashar Assad", "Mr. Assad"], ["Maher Assad"]]


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        ("nearly 250 miles", "about 320 kilometres", True),
        ("250 miles", "400 km", False),
        ("40 percent", "more than 90 percent", True),
        ("nearly a third", "30 percent", False),
        ("more than 20", "35", False),
        ("up to 20", "35", True),
        ("200 civilians", "90 soldiers", False),
        ("20 people", "35 people", True),
        ("20 or more", "35", False),
        ("20-plus people", "35 people", False),
        ("dozens", "35", False),
        ("hundreds of people", "1,200 people", False),
        ("dozens", "8", True),
        ("no fewer than 20", "35", False),
        ("no more than 20", "35", True),
        ("just under 40 percent", "25 percent", True),
        ("half a million people", "40 percent", False),
        ("nearly three years", "two and a half years", False),
        ("two days ago", "three days ago", False),
        ("4-0", "four", False),
        ("4-0", "3-0", True),
        ("30 degrees", "86 degrees Fahrenheit", False),
        ("80 km/h", "200 km", False),
        ("320 km (200 miles)", "250 miles", True),
        ("33 years", "33 miles", False),
    ],
)
def test_values_clash_where_none_could_be_meant_by_both(one: str, other: str, clashes: bool) -> None:
    mine, theirs = read_quantity(one), read_quantity(other)
    assert mine and theirs
    assert clash(mine, theirs) == clash(theirs, mine) == clashes


@pytest.mark.parametrize(
    ("one", "other", "asked", "differ"),
    [
        ("June", "July", "month", True),
        ("June 5", "June 20", "month", False),
        ("June 5", "June 20", "", True),
        ("October", "October 17th", "", False),
        ("2015", "March 2015", "", False),
        ("March 2015", "March 2016", "month", False),
        ("Friday", "November 2", "", False),
        ("Friday", "October 17", "", True),
    ],
)
def test_dates_are_apart_where_no_day_fits_both(one: str, other: str, asked: str, differ: bool) -> None:
    mine, theirs = read_date(one, FRIDAY), read_date(other, FRIDAY)
    assert mine and theirs
    assert apart(mine, theirs, asked) == apart(theirs, mine, asked) == differ


@pytest.mark.parametrize("text", ["last week", "several", "2014 and 2015", "February 30", "90th", "the army"])
def test_what_is_neither_date_nor_number_is_left_alone(text: str) -> None:
    assert read_date(text, FRIDAY) is None
    assert read_quantity(text) is None or text == "2014 and 2015"


def test_a_number_of_any_length_is_read() -> None:
    endless = "1" + "0" * 309
    assert groups_of(f"{endless} people", "300 people") == [[f"{endless} people"], ["300 people"]]
    assert read_quantity(f"1.{'0' * 400}1")


def test_a_weekday_needs_a_day_of_publication() -> None:
    assert read_date("Friday") is None


@pytest.mark.parametrize("stand_in", [date.min, date.max, date(1, 12, 31), date(9998, 6, 1)])
@pytest.mark.parametrize("text", ["yesterday", "tomorrow", "Friday", "next Monday", "last month", "next year"])
def test_nothing_is_counted_from_a_day_that_stands_for_an_unknown_one(text: str, stand_in: date) -> None:
    assert read_date(text, stand_in) is None
    assert read_date("October 17", stand_in) == Day(None, 10, 17)
    assert read_date("17 October 2017", stand_in) == Day(2017, 10, 17)


def test_an_abbreviation_that_is_introduced_nowhere_is_looked_up_quickly() -> None:
    results = "J Reed (USA), J Fourie (RSA), " * 6_000
    started = time.perf_counter()
    assert introduced("USA", [results]) is None
    assert time.perf_counter() - started < 2
    assert introduced("USA", [f"{results}and the United States of America (USA)"]) == "United States of America"
