"""What a text shows about itself is found, and what it does not show stays unknown."""

from datetime import date
from pathlib import Path

import pytest

from index.metadata import detect, parse_date

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))

BODY = "The council met on Friday to vote.\n\nIt will meet again in a month.\n\nNo date was set.\n\nNobody spoke.\n"


@pytest.mark.parametrize(
    ("number", "title", "source", "published"),
    [
        (0, "", "The Washington Times", date(2017, 11, 3)),
        (1, "Syrian Army Recaptures Deir ez-Zor City from Islamic State", "", None),
        (2, "Syrian army retakes one of ISIS's last remaining urban strongholds", "CBC", None),
        (3, "IS ‘caliphate’ crumbles as Iraq and Syria strongholds liberated", "", None),
        (4, "ISIS, Squeezed on Two Sides, Loses Syrian City and Border Crossing", "NYT", None),
    ],
)
def test_seeds(number: int, title: str, source: str, published: date | None) -> None:
    found = detect(SEEDS[number].read_bytes().decode("utf-8"))
    assert (found.title, found.source, found.published) == (title, source, published)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"Council votes\n\n{BODY}", "Council votes"),
        (f"Council votes\n{BODY}", "Council votes"),
        (f"Council votes\r\n{BODY}", "Council votes"),
        (f"# Council  votes #\n\n{BODY}", "Council votes"),
        (f"# Who won the vote.\n\n{BODY}", "Who won the vote."),
        (f"Will the council vote?\n\n{BODY}", "Will the council vote?"),
        (f"Advertisement\n\n3 November 2017\n\nCouncil votes\n\n{BODY}", "Council votes"),
        (BODY, ""),
        ("", ""),
        ("Hide Ad", ""),
        ("The council of the town met on Friday and\nVienna voted.", ""),
        ("The council of the town met on Friday\nto vote on its budget.", ""),
        ("“We will vote,” she said, laughing, and left the room:\n\n" + BODY, ""),
        ("Long " * 40 + "\n\n" + BODY, ""),
        ("██ Territory held by one side\n\n" + BODY, ""),
    ],
)
def test_title_is_a_first_line_that_looks_like_a_headline(text: str, title: str) -> None:
    assert detect(text).title == title


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"- The Daily Planet - Friday, November 3, 2017\n\n{BODY}", "The Daily Planet"),
        (f"Council votes\n\nEvening Standard | 3 November 2017\n\n{BODY}", "Evening Standard"),
        (f"{BODY}\nSource: Reuters > World", "Reuters"),
        (f"{BODY}\nWorld News | CNN", "CNN"),
        (f"{BODY}\nBBC > News > Middle East", "BBC"),
        (
            f"{BODY}\nCopyright © 2018 The Washington Times, LLC. Click here for reprint permission.",
            "The Washington Times",
        ),
        (f"{BODY}\n© 2019 The Associated Press. All rights reserved.", "The Associated Press"),
        (f"{BODY}\nWorld | Middle East", ""),
        (f"{BODY}\nSource: World Bank", ""),
        (f"Source: Reuters > World\n{BODY * 5}", ""),
        (f"- Israel Closes Border Crossings Into Gaza - December 15, 2017\n\n{BODY}", ""),
        (f"DAMASCUS - November 3, 2017\n\n{BODY}", ""),
        (f"{BODY}\nCopyright law was changed on Friday.", ""),
    ],
)
def test_source_is_stated_or_unknown(text: str, source: str) -> None:
    assert detect(text).source == source


@pytest.mark.parametrize(
    ("text", "published"),
    [
        (f"Monday, July 8, 2019\u00a0\n\n{BODY}", date(2019, 7, 8)),
        (f"Council votes\n2019-07-08\n{BODY}", date(2019, 7, 8)),
        (f"{BODY}\nPublished: 3 November 2017 10:15 GMT", date(2017, 11, 3)),
        (f"Last updated: 4 November 2017\nPublished: 3 November 2017\n\n{BODY}", date(2017, 11, 3)),
        (f"Last updated: 4 November 2017\n\n{BODY}", None),
        (f"On November 3, 2017, the council met.\n\n{BODY}", None),
        (f"{BODY}\nCopyright © 2018 The Daily Planet", None),
        (f"{BODY}\n- Gaza crossings closed - December 15, 2017\n- Sanctions work - December 11, 2017", None),
        (f"{BODY}\n3 November 2017\n\n{BODY}", None),
        (f"February 30, 2017\n\n{BODY}", None),
    ],
)
def test_published_is_a_line_of_its_own_at_an_edge(text: str, published: date | None) -> None:
    assert detect(text).published == published


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-11-03", date(2017, 11, 3)),
        ("2017-11-03T23:59:00Z", date(2017, 11, 3)),
        ("Fri, 03 Nov 2017 10:00:00 GMT", date(2017, 11, 3)),
        ("Sept. 5, 2017", date(2017, 9, 5)),
        ("3rd August 2019", date(2019, 8, 3)),
        ("May 1 2020", date(2020, 5, 1)),
        ("1st march 2020", date(2020, 3, 1)),
        ("1843-12-19", date(1843, 12, 19)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31", None),
        ("2017-13-01", None),
        ("03/11/2017", None),
        ("November 2017", None),
        ("", None),
    ],
)
def test_parse_date_reads_only_dates_that_mean_one_day(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Ada Wright-Smith", "Ada Wright-Smith"),
        ("by Vivian Salama and Bassem Mroue", "Vivian Salama, Bassem Mroue"),
        ("BY ANNA BERG, JOHN ROE AND ZOË O’NEIL", "ANNA BERG, JOHN ROE, ZOË O’NEIL"),
        ("By Anna Berg, Staff Writer", "Anna Berg"),
        ("By Haider al-Abadi | Planet", "Haider al-Abadi"),
        ("By The Associated Press", ""),
        ("By Friday the council had met.", ""),
        ("By and large", ""),
        ("By Anna", ""),
    ],
)
def test_a_byline_below_the_headline_names_the_author(line: str, author: str) -> None:
    assert detect(f"Council votes\n\n{line}\n\n{BODY}").author == author


def test_a_headline_that_begins_like_a_byline_is_none() -> None:
    assert detect(f"By Royal Appointment\n\n{BODY}").author == ""
