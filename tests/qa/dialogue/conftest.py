"""Questions that more than one part of the dialogue must take for what they are."""

import pytest

STANDING_ALONE = [
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
]


@pytest.fixture(params=STANDING_ALONE)
def standing_alone(request: pytest.FixtureRequest) -> str:
    """A question that refers to nothing said before, though a word of it might."""
    return str(request.param)
