"""What sentences of news introduce, and what they only seem to."""

import time

import pytest

from index.introductions import naming


def introduced(text: str) -> list[tuple[str, str]]:
    found = naming(text, [(0, len(text))]).introductions
    for pair in found:
        assert pair.one in text[pair.start : pair.end]
        assert pair.other in text[pair.start : pair.end]
    return [(pair.one, pair.other) for pair in found]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("He joined the Harbour Pilots Guild (HPG) in May.", [("Harbour Pilots Guild", "HPG")]),
        ("He joined the HPG (Harbour Pilots Guild) in May.", [("Harbour Pilots Guild", "HPG")]),
        ("The Harbour Pilots Guild, or H.P.G., met.", [("Harbour Pilots Guild", "H.P.G.")]),
        ("They sailed to Tarn Holm, also known as Gull Island.", [("Tarn Holm", "Gull Island")]),
        (
            "They fear the Red Hand, also known as Skarra or RH, most.",
            [("Red Hand", "Skarra"), ("Red Hand", "RH")],
        ),
        ("Skarra (another name for RH) withdrew.", [("Skarra", "RH")]),
        ("Skarra, the Norse acronym for the Red Hand, withdrew.", [("Skarra", "Red Hand")]),
        (
            "They fear the Hand of Al-Ab bin al-Cad, also known as Umm Al-Dur.",
            [("Hand of Al-Ab bin al-Cad", "Umm Al-Dur")],
        ),
        ("Ned Flint, whose real name is Edmund Varley, sang.", [("Ned Flint", "Edmund Varley")]),
    ],
)
def test_names_are_introduced_for_names(text: str, pairs: list[tuple[str, str]]) -> None:
    assert introduced(text) == pairs


@pytest.mark.parametrize(
    "text",
    [
        "A raider in Lowmoor, or Highmoor, was seen.",
        "BAGHDAD (AP) It rained.",
        "A ship of Tarn Holm, formerly the Norse outpost, sank.",
        "Ann and Ned Flint, also known as Skarra, sang.",
        "The mayor, also known as a good cook, sang.",
        "He lives in Lowmoor (he says).",
    ],
)
def test_what_is_not_surely_an_introduction_is_left_alone(text: str) -> None:
    assert introduced(text) == []


def test_furniture_of_the_page_introduces_nothing() -> None:
    text = "Join the Reader Rewards Club (RRC)!\nIt rained in Lowmoor."
    assert naming(text, [(text.index("It"), len(text))]).introductions == ()


def test_a_family_name_that_stands_for_its_bearer_is_not_apart() -> None:
    text = "Edmund Varley spoke. When Varley left for Lowmoor, it was in Lowmoor that he stayed."
    apart = {mention.name: mention.apart for mention in naming(text, [(0, len(text))]).mentions}
    assert apart["Lowmoor"]
    assert apart["Edmund Varley"]
    assert not apart["Varley"]


def test_a_word_that_the_text_also_writes_small_is_no_name() -> None:
    text = "Rain fell. They like rain in Lowmoor."
    assert [mention.name for mention in naming(text, [(0, len(text))]).mentions] == ["Lowmoor"]


@pytest.mark.parametrize("letters", ["ACGT" * 20_000, "A" * 101])
def test_a_run_of_letters_without_end_is_no_name(letters: str) -> None:
    text = f"The genome of Lowmoor is {letters}, known as {letters}B, or Long Form ({letters}C)."
    found = naming(text, [(0, len(text))])
    assert [mention.name for mention in found.mentions] == ["Lowmoor", "Long Form"]
    assert not any("AAA" in i.one + i.other or "ACGT" in i.one + i.other for i in found.introductions)


@pytest.mark.parametrize("name", ["Al-Ab", "al-Ab", "de al-Ab", "of Al-Ab", "A.B.", "Ab-Ab’Ab"])
def test_a_long_run_of_names_that_introduces_nothing_is_read_quickly(name: str) -> None:
    text = f"The list (Ab {f'{name} ' * 24}and more) was long."
    started = time.perf_counter()
    assert introduced(text) == []
    assert time.perf_counter() - started < 2
