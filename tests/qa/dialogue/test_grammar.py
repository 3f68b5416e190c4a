import pytest

from qa.dialogue.grammar import past, phrases, plural, singular


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which militia took over the city of Raqqa?", ["militia", "the city of Raqqa", "Raqqa"]),
        ("How do you know when your garage door is going bad?", ["your garage door"]),
        ("How many years will it take to recoup the investment?", ["years", "the investment"]),
        ("It sounds like the army won.", ["the army"]),
        ("Okay. Thanks. Really?", []),
        ("What doesn't the report say?", ["the report"]),
        ("What is Melania Trump's religion?", ["Melania Trump's religion", "Melania Trump"]),
        ("Who was the best 's?", ["the best"]),
    ],
)
def test_the_noun_phrases_of_a_question_are_found(question: str, said: list[str]) -> None:
    assert [phrase.text for phrase in phrases(question)] == said


def test_what_one_asks_about_weighs_more_than_what_stands_after_a_preposition() -> None:
    about, within = phrases("Tell me about the Syrian army in Mosul.")
    assert about.weight > within.weight


@pytest.mark.parametrize(("one", "many"), [("city", "cities"), ("river", "rivers"), ("class", "classes")])
def test_a_noun_goes_into_the_plural_and_back(one: str, many: str) -> None:
    assert (plural(one), singular(many)) == (many, one)


@pytest.mark.parametrize(("base", "told"), [("declare", "declared"), ("take", "took"), ("carry", "carried")])
def test_a_verb_goes_into_the_past(base: str, told: str) -> None:
    assert past(base) == told
