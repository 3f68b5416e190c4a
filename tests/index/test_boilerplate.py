"""Furniture is found, sentences are not, and no character of a text is lost or moved."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from index.boilerplate import furniture_spans, kept_spans

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))

BODY = ["The council met on Friday to vote.", "It will meet again in a month."]


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def marked(text: str) -> list[str]:
    return [text[start:end] for start, end in furniture_spans(text)]


def kept(text: str) -> str:
    return "\n".join(text[start:end] for start, end in kept_spans(text))


def page(*lines: str) -> str:
    return "\n\n".join(lines)


@pytest.mark.parametrize(
    ("number", "furniture"),
    [
        (
            0,
            [
                "- The Washington Times - Friday, November 3, 2017",
                "Copyright © 2018 The Washington Times, LLC. Click here for reprint permission.",
                "The Washington Times Comment Policy",
                "The Washington Times welcomes your comments on Spot.im, our third-party provider."
                " Please read our Comment Policy before commenting.",
                "Click to Read More and View Comments",
                "Click to Hide",
            ],
        ),
        (
            1,
            [
                "- Israel Closes Border Crossings Into Gaza - December 15, 2017",
                "- Attempted Terror Attack In New York City - December 12, 2017",
                "- Effectiveness of North Korea Sanctions - December 11, 2017",
            ],
        ),
        (2, ["Let’s block ads! (Why?)", "CBC | World News"]),
        (3, ["Hide Ad", "Hide Ad", "Hide Ad", "Hide Ad", "Related topics:"]),
        (
            4,
            [
                "01262020What's Hot:",
                "OPEN Graphic",
                "Source: NYT > World",
                "comments powered by HyperComments",
                "More on the topic",
            ],
        ),
    ],
)
def test_exactly_the_furniture_of_each_seed_is_marked(number: int, furniture: list[str]) -> None:
    assert marked(read(SEEDS[number])) == furniture


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n\n", "\r"])
@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
def test_kept_and_furniture_hold_every_visible_character_once(path: Path, ending: str) -> None:
    text = read(path).replace("\n", ending)
    covered = [False] * len(text)
    for start, end in kept_spans(text) + furniture_spans(text):
        assert text[start:end] == text[start:end].strip() != ""
        assert not any(covered[start:end])
        covered[start:end] = [True] * (end - start)
    assert all(seen or character.isspace() for seen, character in zip(covered, text, strict=True))


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
def test_kept_spans_are_in_order_and_maximal(path: Path) -> None:
    text = read(path)
    spans, furniture = kept_spans(text), furniture_spans(text)
    assert spans == sorted(spans)
    for (_, end), (start, _) in pairwise(spans):
        assert any(end <= a and b <= start for a, b in furniture)


@pytest.mark.parametrize("text", ["", "  \n\n ", "Advertisement", "Hide Ad\nHide Ad\n"])
def test_nothing_is_kept_of_a_text_without_words_of_its_own(text: str) -> None:
    assert kept_spans(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement",
        "ADVERTISEMENT 3",
        "Story continues below advertisement",
        "Sponsored Content",
        "* Share this article on Facebook",
        "Share  Tweet  Email  Print",
        "Follow us on Twitter",
        "Read more »",
        "READ MORE: Syrian army retakes city",
        "Sign up for our newsletter to get the day’s stories in your inbox.",
        "Subscribe to our daily newsletter here",
        "Get the latest headlines delivered to your inbox",
        "We use cookies to give you the best experience on our site.",
        "By continuing to use this site, you agree to our use of cookies.",
        "© 2019 The Associated Press. All rights reserved.",
        "This material may not be published, broadcast, rewritten or redistributed without permission.",
        "View 23 comments",
        "Leave a comment",
        "Image: Nicholas Moreau.",
        "Image copyright Getty Images",
        "Image source, Reuters",
        "File:Keisha Lance Bottoms (cropped).jpg",
        "Have an opinion on this story? Share it!",
        "This page is archived, and is no longer publicly editable.",
        "Enlarge this image",
        "Related stories:",
        "Skip to main content",
        "**Advertisement**",
    ],
)
def test_well_known_furniture_is_marked_in_the_middle_of_a_page(line: str) -> None:
    assert marked(page(BODY[0], line, BODY[1])) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Copyright law was changed on Friday.",
        "Copyright 1999 was a film about theft.",
        "Read more than a hundred letters, the judge told the jury, and you will know why.",
        "Read more than",
        "“Share it!” he shouted.",
        "Share prices fell on Friday.",
        "Click here, the fraudulent message said, and thousands did.",
        "Follow me.",
        "Yes.",
        "“No comment.”",
        "The newspaper asked readers to sign up for its newsletter.",
        "Related deaths rose to 40.",
        "Sponsored by Iran, the talks failed.",
        "Photo credits were given to many soldiers on Friday.",
        "Image rights earned the striker two million euros.",
        "By using short terms, the bank cut its losses.",
        "The site uses cookies, the court found, without asking its visitors.",
        "Comments by the minister angered Moscow.",
        "Most read the ruling as a defeat for the president.",
        "Advertisements for tobacco were banned in 2003.",
        "Sources: two officials said the deal was off.",
        "November 3, 2017, was the day the city fell.",
        "On Friday, November 3, 2017",
        "- 200,000 civilians were besieged",
        "* Facebook",
        "Retreating into the desert",
        "Labour | 203",
        "—John Hickenlooper",
        "How old are you?",
        "Loading the trucks took two days.",
        "More from Turkey will follow, the minister said.",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_articles_own_words_are_never_marked(line: str, place: int) -> None:
    lines = [*BODY[:place], line, *BODY[place:]]
    assert marked(page(*lines)) == []


def test_a_dateline_is_furniture_at_the_edges_only() -> None:
    lines = ["Monday, July 8, 2019\u00a0", *BODY, *BODY, "November 3, 2017", *BODY, *BODY, *BODY]
    assert marked(page(*lines)) == ["Monday, July 8, 2019"]
    assert marked(page(*BODY, "Published: 3 November 2017 10:15 GMT")) == ["Published: 3 November 2017 10:15 GMT"]


def test_a_section_label_is_furniture_at_the_end_but_a_headline_at_the_top() -> None:
    assert marked(page(*BODY, "CBC | World News")) == ["CBC | World News"]
    assert marked(page("Syrian army wins | CBC News", *BODY)) == []


def test_links_below_a_heading_are_marked_when_they_run_to_the_end() -> None:
    links = ["Army enters the city", "Talks begin in Astana"]
    assert marked(page(*BODY, "Related news", *links)) == ["Related news", *links]
    assert marked(page(BODY[0], "Related news", *links, BODY[1])) == []
    assert marked(page(BODY[0], "Related news:", *links, BODY[1])) == ["Related news:"]


def test_wikinews_source_list_is_marked_but_a_section_called_sources_is_not() -> None:
    sources = ["“Typhoon strikes Philippines” — BBC News, December 26, 2019", "“Typhoon kills 16” — Reuters, 2019"]
    assert marked(page(*BODY, "Sources", *sources)) == ["Sources", *sources]
    assert marked(page(BODY[0], "Sources", BODY[1])) == []


def test_a_list_of_facts_with_dates_is_the_articles_own() -> None:
    facts = ["- The siege is broken - September 5, 2017", "- The city falls - November 3, 2017"]
    assert marked(page(BODY[0], *facts, BODY[1])) == []
    assert marked(page(*BODY, "How the battle went:", *facts)) == []
    assert marked(page(*BODY, *facts[:1])) == []
    assert marked(page(*BODY, *facts)) == facts


# From Wikinews, "Nickey Iyambo, former vice-president of Namibia, dies aged 82" (21 May 2019, CC BY 2.5).
WIKINEWS = (
    "Tuesday, May 21, 2019\u00a0\n\n\nNickey Iyambo, former vice-president of Namibia, died on Sunday, early in the"
    " morning. He was 82 years old.\n\n\nLast year, poor health was cited when he stepped down from his position.\n"
)


def test_a_wikinews_article_keeps_everything_but_its_dateline() -> None:
    assert marked(WIKINEWS) == ["Tuesday, May 21, 2019"]
    assert kept(WIKINEWS) == WIKINEWS.partition("\u00a0")[2].strip()


@pytest.mark.parametrize("unit", ["click to ", "share ", "a | ", "-", '"', "more from x ", "© 2018 ", "Source: > "])
def test_hostile_lines_take_no_time(unit: str) -> None:
    started = time.perf_counter()
    furniture_spans("\n".join([unit * 30, unit * 5000, (unit * 30)[:290] + "!", "x" * 200_000]))
    assert time.perf_counter() - started < 1


def test_many_headings_of_links_take_no_time() -> None:
    lines = ["Council votes on harbour", *["Related", "a word"] * 15_000]
    started = time.process_time()
    assert len(marked("\n".join(lines))) == 30_000
    assert time.process_time() - started < 4
