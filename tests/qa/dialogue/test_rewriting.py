import pytest

from qa.dialogue import Turn, standalone

WHO: Turn = ("Who is the Syrian army spokesman?", "General Ali Mayhoub")
CITY: Turn = ("Which militia took over the city of Raqqa?", "Syrian Democratic Forces")
VICTORY: Turn = ("When did Iraq declare victory?", "in December")
LOSS: Turn = ("What did Islamic State lose?", "Raqqa")
RETAKEN: Turn = ("When did the Syrian army recapture Deir el-Zour?", "Friday")
TURKEY: Turn = ("Why did Ben Franklin praise the turkey?", None)


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("What did he say?", [WHO], "What did General Ali Mayhoub say?"),
        ("Where was she born?", [("Who leads the party?", "Angela Merkel")], "Where was Angela Merkel born?"),
        ("Who sent him?", [WHO], "Who sent General Ali Mayhoub?"),
        ("When did it happen?", [CITY], "When was it that Syrian Democratic Forces took over the city of Raqqa?"),
        ("And when?", [CITY], "When was it that Syrian Democratic Forces took over the city of Raqqa?"),
        ("Why?", [CITY], "Why was it that Syrian Democratic Forces took over the city of Raqqa?"),
        ("Why?", [VICTORY], "Why did Iraq declare victory?"),
        ("When did that happen?", [LOSS], "When did Islamic State lose Raqqa?"),
        (
            "What happened after that?",
            [CITY],
            "What happened after Syrian Democratic Forces took over the city of Raqqa?",
        ),
        ("What happened before that?", [VICTORY], "What happened before Iraq declared victory?"),
        # one constituent in place of another of its kind
        ("And in 2016?", [("How many died in 2017?", "17")], "How many died in 2016?"),
        ("And at work?", [("Who was injured at home?", None)], "Who was injured at work?"),
        ("And in Iraq?", [("Who leads the army in Syria?", None)], "Who leads the army in Iraq?"),
        ("And in Iraq?", [("How many people were killed?", None)], "How many people were killed in Iraq?"),
        ("What about Mosul?", [("Who captured Raqqa?", None)], "Who captured Mosul?"),
        # pronouns by kind
        ("Who leads them?", [CITY], "Who leads Syrian Democratic Forces?"),
        ("What is its population?", [("Where is Raqqa?", None)], "What is Raqqa's population?"),
        ("Is it treatable?", [("What is throat cancer?", None)], "Is throat cancer treatable?"),
        ("What do they eat?", [("What are the types of sharks?", None)], "What do sharks eat?"),
        ("How did he cook it?", [TURKEY], "How did Ben Franklin cook the turkey?"),
        ("Who lives there?", [RETAKEN], "Who lives in Deir el-Zour?"),
        ("Who controls it now?", [RETAKEN], "Who controls Deir el-Zour now?"),
        ("Who leads them?", [RETAKEN], "Who leads the Syrian army?"),
        ("And Raqqa?", [RETAKEN], "When did the Syrian army recapture Raqqa?"),
        # what is left out
        ("What are the causes?", [("What is throat cancer?", None)], "What are the causes of throat cancer?"),
        ("What is the largest?", [("What do sharks eat?", "fish")], "What is the largest shark?"),
        ("How many people live in the city?", [CITY], "How many people live in Raqqa?"),
        # a person's pronoun, but the answer is no name
        ("What did he say?", [("Who said so?", "a spokesman")], "What did the spokesman say?"),
        # declined before: the topic still helps
        ("When did it happen?", [("Who captured Mosul?", None)], "When was it that someone captured Mosul?"),
        # a follow-up to a follow-up carries the first topic along
        ("Why?", [WHO, ("What did he say?", "nothing")], "Why did General Ali Mayhoub say nothing?"),
        # where no rule tells how, the topic goes along in brackets
        ("So what happened?", [VICTORY], "So what happened? (Iraq declare victory)"),
    ],
)
def test_a_follow_up_takes_what_it_refers_to_along(question: str, history: list[Turn], expected: str) -> None:
    assert standalone(question, history) == expected


def test_these_stand_alone_and_stay_as_they_are(standing_alone: str) -> None:
    assert standalone(standing_alone, [WHO, CITY]) == standing_alone


@pytest.mark.parametrize("question", ["What did he say?", "Why?", "And then?", ""])
def test_without_a_history_nothing_changes(question: str) -> None:
    assert standalone(question, []) == question


def test_only_the_last_turn_is_taken_along() -> None:
    assert "Mayhoub" not in standalone("When did it happen?", [WHO, CITY])


def test_a_long_conversation_of_follow_ups_keeps_its_first_topic() -> None:
    history: list[Turn] = [CITY, ("When did it happen?", "October 17th"), ("And why?", None)]
    assert "Raqqa" in standalone("Who saw it?", history)


def test_a_change_of_topic_drops_the_old_one() -> None:
    history: list[Turn] = [CITY, ("Who leads them?", None), ("What is throat cancer?", "a disease")]
    assert standalone("Is it treatable?", history) == "Is throat cancer treatable?"
    assert standalone("What are its symptoms?", history) == "What are throat cancer's symptoms?"


def test_even_what_was_long_talked_about_is_dropped_when_the_topic_changes() -> None:
    history: list[Turn] = [CITY, *[("Who controls it?", None)] * 6, ("What is throat cancer?", None)]
    assert standalone("Is it treatable?", history) == "Is throat cancer treatable?"


def test_a_remark_before_the_question_stays() -> None:
    assert standalone("Interesting. What did he say?", [WHO]) == "Interesting. What did General Ali Mayhoub say?"


def test_what_a_question_brings_itself_is_not_looked_for_before_it() -> None:
    for question in ("I saw an ad for a heat pump. What is that?", "What is Rock City, and why is it famous?"):
        assert standalone(question, [WHO, CITY]) == question


def test_brackets_do_not_nest() -> None:
    history: list[Turn] = [VICTORY, ("So what happened?", None), ("But who was first?", None)]
    assert standalone("So what happened?", history).count("(") == 1


def test_a_country_in_capitals_is_no_pronoun() -> None:
    assert standalone("And in the US?", [("Who leads the army in Syria?", None)]) == "Who leads the army in the US?"


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        # nothing asks for the topic, and yet it is needed
        ("What are the side effects?", [("How is throat cancer treated?", None)], "throat cancer"),
        ("Which treatments are the most effective?", [("What is throat cancer?", None)], "throat cancer"),
        # a name in an answer of many words
        (
            "What did the spokesman for the Squad say?",
            [
                (
                    "What happened in Nigeria?",
                    "Protests began after the Special Anti-Robbery Squad had killed a man there.",
                )
            ],
            "Special Anti-Robbery Squad",
        ),
    ],
)
def test_what_no_word_asks_for_comes_from_the_conversation(question: str, history: list[Turn], expected: str) -> None:
    understood = standalone(question, history)
    assert expected in understood
    assert understood != question


def test_what_no_rule_can_place_stands_in_brackets_behind_the_question() -> None:
    history: list[Turn] = [("What is throat cancer?", None)]
    assert standalone("Are there any side effects?", history) == "Are there any side effects? (throat cancer)"


def test_a_short_answer_is_what_they_means_rather_than_the_town_asked_about() -> None:
    assert standalone("Who leads them?", [CITY]) == "Who leads Syrian Democratic Forces?"


def test_a_long_answer_does_not_take_the_place_of_the_person_asked_about() -> None:
    said = "The Syrian army and the Islamic State fought in Deir el-Zour for three months, General Jones said."
    history: list[Turn] = [("Who fought?", said), ("And when?", said), WHO]
    assert standalone("What did he say?", history) == "What did General Ali Mayhoub say?"


def test_a_conversation_of_any_length_is_followed() -> None:
    assert "Mayhoub" in standalone("What did he say?", [CITY] * 3000 + [WHO])


def test_an_answer_of_any_length_is_taken_in() -> None:
    assert standalone("Who leads them?", [("Who won?", "They Won " * 100_000)])


@pytest.mark.parametrize(
    "earlier",
    ["", "?", "...", "(", "of", "the", "And?", "a" * 1000, "Why? Why? Why?", "\\1 ()[", "of of of the", "the best 's?"],
)
@pytest.mark.parametrize(
    "question",
    ["Why?", "And it?", "What about \\1?", "it", "its", "the one", "And in 2016?", "What is the largest?", "?"],
)
def test_no_turn_is_too_odd(earlier: str, question: str) -> None:
    assert standalone(question, [(earlier, earlier), (earlier, None)]).strip()
