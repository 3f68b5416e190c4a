import pytest

from qa.dialogue import Turn, refers_back, standalone

WHO: Turn = ("Who is the Syrian army spokesman?", "General Ali Mayhoub")
CITY: Turn = ("Which militia took over the city of Raqqa?", "Syrian Democratic Forces")


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("What did he say?", [WHO], "What did General Ali Mayhoub say?"),
        ("Where was she born?", [("Who leads the party?", "Angela Merkel")], "Where was Angela Merkel born?"),
        ("Who sent him?", [WHO], "Who sent General Ali Mayhoub?"),
        ("When did it happen?", [CITY], "When did it happen (militia took over the city of Raqqa)?"),
        ("And when?", [CITY], "when (militia took over the city of Raqqa)?"),
        ("Why?", [CITY], "Why (militia took over the city of Raqqa)?"),
        ("What about Mosul?", [CITY], "Mosul (militia took over the city of Raqqa)?"),
        ("What happened after that?", [CITY], "What happened after that (militia took over the city of Raqqa)?"),
        # a person's pronoun, but the answer is no name
        ("What did he say?", [("Who said so?", "a spokesman")], "What did he say (said so)?"),
        # declined before: the topic still helps
        ("When did it happen?", [("Who captured Mosul?", None)], "When did it happen (captured Mosul)?"),
        # a follow-up to a follow-up carries the first topic along
        ("Why?", [WHO, ("What did he say?", "nothing")], "Why (General Ali Mayhoub say)?"),
    ],
)
def test_a_follow_up_takes_what_it_refers_to_along(question: str, history: list[Turn], expected: str) -> None:
    assert standalone(question, history) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What did it say?",
        "When was that?",
        "Who said that?",
        "Is that true?",
        "That's interesting. How was the army involved?",
        "I did not expect that. Who won?",
        "Was that attack claimed by anyone?",
        "What happened in that city?",
        "What else happened there?",
        "Was anyone killed there?",
        "How many people were there?",
        "What did they capture next?",
        "Which city did they capture?",
        "Who is their leader?",
        "What is its capital?",
        "How many of them were killed?",
        "How much did it cost?",
        "Was it true?",
        "When did it start to fall?",
        "What did those forces do?",
        "Why did this happen?",
        "What happened then?",
        "Did he deny it?",
        "Did the army capture it?",
        "How old is she?",
        "And the Euphrates?",
        "But who was first?",
        "So what happened?",
        "How about Iraq?",
        "why",
        "Since when?",
        "How many?",
        "What else?",
    ],
)
def test_these_refer_back(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the Syrian army spokesman?",
        "What did the statement say that the army was removing?",
        "What does the article say that Islamic State lost?",
        "Is it true that Raqqa fell in October?",
        "Was it possible to cross the river?",
        "Is it likely that the group will return?",
        "How long did it take to capture Raqqa?",
        "How long did it take the army to capture the city?",
        "How much will it cost to rebuild the city?",
        "Who said that the battle was over?",
        "Which group that fought in Raqqa is led by Kurds?",
        "What is the name of the town that lies on the border?",
        "How many civilians are there in Raqqa?",
        "Are there still fighters in the desert?",
        "Were there any casualties?",
        "How many fighters are estimated to be left in al-Qaim?",
        "What happened to those who fled the city?",
        "What happened this week in Mosul?",
        "Did Assad say that he would stay?",
        "What did Haider al-Abadi say about his army?",
        "When did Iraq declare its victory?",
        "How many people lost their lives?",
        "Which group lost its capital?",
        "Why did the army say it was removing mines?",
        "What did the spokesman say he expected?",
        "Who was the then-president of Iraq?",
        "So-called Islamic State lost which cities?",
        "Where is Orlando?",
        "How many hectares burnt?",
        "When did the SDF defeat IS in Raqqa?",
    ],
)
def test_these_stand_alone_and_stay_as_they_are(question: str) -> None:
    assert not refers_back(question)
    assert standalone(question, [WHO, CITY]) == question


@pytest.mark.parametrize("question", ["What did he say?", "Why?", "And then?", ""])
def test_without_a_history_nothing_changes(question: str) -> None:
    assert standalone(question, []) == question


def test_only_the_last_turn_is_taken_along() -> None:
    assert "Mayhoub" not in standalone("When did it happen?", [WHO, CITY])


def test_a_long_conversation_of_follow_ups_keeps_its_first_topic() -> None:
    history: list[Turn] = [CITY, ("When did it happen?", "October 17th"), ("And why?", None)]
    assert "Raqqa" in standalone("Who saw it?", history)
