"""What is learned of names from a corpus: what articles introduce, spellings in articles of one event, and no more."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from index.build import build
from index.catalog import FILE, Catalog
from index.embedder import Embedder
from index.verify import repair, verify

FLOOD = (
    "The river Ostra broke its banks at {} on Monday, said Mayor Ilse Brandt. Engineers from Kolmar and divers from "
    "Vessen reached the Ferrant Bridge by noon. Later the Harbour Pilots Guild{} closed the port of Kolmar."
)
OPERA = "The soprano {} sang in Torvane on Friday. The Lindqvist Prize went to Pavel Arendt of the Torvane Opera."

Learn = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def learn(tmp_path: Path, words: Embedder) -> Learn:
    """Makes an index hold exactly these texts, and returns its folder."""

    def write(texts: Mapping[str, str]) -> Path:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(f"News of the day\n\n{text}\n", encoding="utf-8")
        build([folder], tmp_path / "index", words)
        return tmp_path / "index"

    return write


def pairs(folder: Path, kind: str) -> set[tuple[str, str]]:
    with Catalog(folder) as catalog:
        return {(pair.one, pair.other) for pair in catalog.aliases.learned() if pair.kind == kind}


def names_of(folder: Path, folded: str) -> set[str]:
    with Catalog(folder) as catalog:
        return {name.name for name in catalog.aliases.names_of(folded)}


def test_spellings_in_articles_of_one_event_are_one_name(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", ""), "b": FLOOD.format("Marokesh", "")})
    assert pairs(folder, "spelling") == {("Marrokesh", "Marokesh")}


def test_spellings_in_articles_of_different_events_are_not(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", ""), "b": OPERA.format("Marokesh")})
    assert pairs(folder, "spelling") == set()


def test_what_was_rolled_back_is_not_judged_later(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", ""), "b": FLOOD.format("Marokesh", "")})
    with sqlite3.connect(folder / FILE) as sql:
        sql.execute("DELETE FROM spellings")  # so that it shows whether they are judged again
    with Catalog(folder) as catalog:
        with pytest.raises(RuntimeError), catalog.transaction():
            catalog.aliases.remove(1)
            raise RuntimeError
        with catalog.transaction():
            catalog.aliases.relearn()
    assert pairs(folder, "spelling") == set()


def test_who_writes_both_means_two_things(learn: Learn) -> None:
    both = FLOOD.format("Marrokesh", "") + " It spared Marokesh."
    folder = learn({"a": both, "b": FLOOD.format("Marokesh", "")})
    assert pairs(folder, "spelling") == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Austria", "Australia"), ("Iran", "Iraq"), ("North Korea", "South Korea"), ("Ali", "Al"), ("Niger", "Nigeria")],
)
def test_different_names_stay_two_even_in_the_same_words(learn: Learn, one: str, other: str) -> None:
    folder = learn({"a": FLOOD.format(one, ""), "b": FLOOD.format(other, "")})
    assert pairs(folder, "spelling") == set()


def test_first_names_stay_two_as_they_stand_for_their_bearers(learn: Learn) -> None:
    texts = {
        name: FLOOD.format(f"the house of {name} {family}", f" and {name}")
        for name, family in (("Michel", "Dorn"), ("Michael", "Gray"))
    }
    assert pairs(learn(texts), "spelling") == set()


def test_an_ordinary_word_is_no_name(learn: Learn) -> None:
    third = "Most exports of the region are of timber."
    folder = learn({"a": FLOOD.format("Exports", ""), "b": FLOOD.format("Experts", ""), "c": third})
    assert pairs(folder, "spelling") == set()


def test_each_pair_tells_where_it_was_learned(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", " (HPG)"), "b": FLOOD.format("Marokesh", ", also known as Skarra,")})
    with Catalog(folder) as catalog:
        for pair in catalog.aliases.learned():
            article = catalog.article(pair.article_id)
            assert article
            assert pair.other in article.text[pair.start : pair.end]
    assert pairs(folder, "abbreviation") == {("Harbour Pilots Guild", "HPG")}
    assert pairs(folder, "other name") == {("Harbour Pilots Guild", "Skarra")}


def test_names_of_one_thing_are_reached_through_each_other(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Oster", " (HPG)"), "b": FLOOD.format("Oster", ", also known as Skarra,")})
    for folded in ("hpg", "skarra", "harbour pilots guild"):
        assert names_of(folder, folded) == {"Harbour Pilots Guild", "HPG", "Skarra"}


def test_an_abbreviation_of_two_things_stands_for_neither(learn: Learn) -> None:
    folder = learn({"a": "The Harbour Pilots Guild (HPG) met.", "b": "The Hill Planters Group (HPG) met in Torvane."})
    assert names_of(folder, "hpg") == {"HPG"}
    assert names_of(folder, "harbour pilots guild") == {"Harbour Pilots Guild", "HPG"}


def test_an_abbreviation_stands_for_what_it_mostly_does(learn: Learn) -> None:
    often = {f"{n}": f"The Harbour Pilots Guild (HPG) met for day {n}." for n in range(3)}
    folder = learn({**often, "b": "The Hill Planters Group (HPG) met in Torvane."})
    assert names_of(folder, "hpg") == {"Harbour Pilots Guild", "HPG"}


def test_what_an_article_taught_goes_with_it(learn: Learn) -> None:
    texts = {"a": FLOOD.format("Marrokesh", " (HPG)"), "b": FLOOD.format("Marokesh", "")}
    assert names_of(learn(texts), "hpg") == {"Harbour Pilots Guild", "HPG"}
    folder = learn({"b": texts["b"]})
    assert names_of(folder, "hpg") == {"hpg"}
    assert pairs(folder, "spelling") == set()
    assert verify(folder).problems == ()


def test_an_article_added_later_teaches_as_if_it_had_been_there(learn: Learn) -> None:
    first = {"a": FLOOD.format("Marrokesh", "")}
    learn(first)
    folder = learn({**first, "b": FLOOD.format("Marokesh", "")})
    assert pairs(folder, "spelling") == {("Marrokesh", "Marokesh")}


@pytest.mark.parametrize(("typed", "known"), [("marokesh", "marrokesh"), ("marrakush", None), ("mar", None)])
def test_a_spelling_nobody_used_leads_to_the_nearest_name(learn: Learn, typed: str, known: str | None) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", ""), "b": OPERA.format("Ina Falk")})
    with Catalog(folder) as catalog:
        assert catalog.aliases.nearest(typed) == known


def test_a_spelling_near_a_first_name_leads_nowhere(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Michael Dorn", ""), "b": FLOOD.format("Michael Gray", "")})
    with Catalog(folder) as catalog:
        assert catalog.aliases.nearest("michel") is None


def test_what_was_lost_is_found_wrong_and_learned_again(learn: Learn) -> None:
    folder = learn({"a": FLOOD.format("Marrokesh", " (HPG)"), "b": FLOOD.format("Marokesh", "")})
    before = pairs(folder, "spelling"), pairs(folder, "abbreviation")
    with sqlite3.connect(folder / FILE) as sql:
        sql.execute("DELETE FROM mentions")
        sql.execute("DELETE FROM introductions")
    assert verify(folder).problems
    assert any("learned again" in line for line in repair(folder))
    assert verify(folder).problems == ()
    assert (pairs(folder, "spelling"), pairs(folder, "abbreviation")) == before
