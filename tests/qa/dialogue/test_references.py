import pytest

from qa.dialogue.references import last_sentence, pronouns, refers_back


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
        "How long did it take the army to capture the town?",
        "How much will it cost to rebuild the town?",
        "Who said that the battle was over?",
        "Which group that fought in Raqqa is led by Kurds?",
        "What is the name of the town that lies on the border?",
        "How many civilians are there in Raqqa?",
        "Are there still fighters in the desert?",
        "Were there any casualties?",
        "How many fighters are estimated to be left in al-Qaim?",
        "What happened to those who fled the town?",
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
def test_these_refer_to_nothing_said_before(question: str) -> None:
    assert not refers_back(question)


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("What did he say?", ["person"]),
        ("Who controls it now?", ["thing"]),
        ("Did they take it?", ["many", "thing"]),
        ("Who lives there?", ["place"]),
        ("Was that attack claimed by anyone?", [None]),
        ("Who leads the army in the US?", []),
    ],
)
def test_a_pronoun_tells_of_what_kind_it_is_meant(question: str, kinds: list[str | None]) -> None:
    assert [kind for _, kind in pronouns(question)] == kinds


def test_a_remark_is_told_from_the_question() -> None:
    assert last_sentence("That is a lot. Who paid for it?") == "Who paid for it?"
    assert last_sentence("Who paid for it?") == "Who paid for it?"
