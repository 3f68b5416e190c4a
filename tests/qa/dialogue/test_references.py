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


def test_these_refer_to_nothing_said_before(standing_alone: str) -> None:
    assert not refers_back(standing_alone)


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
