import pytest

from qa.dialogue.topics import NAMES, Memory, Topic, content, names


def remembered(*turns: tuple[str, str | None]) -> dict[str, Topic]:
    memory = Memory()
    for question, answer in turns:
        memory = memory.after(question, question, answer)
    return {topic.text: topic for topic in memory.topics}


def test_what_was_asked_and_the_short_answer_are_remembered() -> None:
    topics = remembered(("Which militia took over the city of Raqqa?", "Syrian Democratic Forces"))
    assert {"militia", "the city of Raqqa", "Raqqa", "Syrian Democratic Forces"} == set(topics)
    assert topics["Raqqa"].noun == "city"
    assert topics["Syrian Democratic Forces"].noun == "militia"


def test_a_topic_knows_the_turns_in_which_it_came_up() -> None:
    topics = remembered(("Where is Raqqa?", None), ("Who won?", None), ("Who fled Raqqa?", None))
    assert topics["Raqqa"].said == (0, 2)
    assert topics["Raqqa"].last == 2


def test_a_pronoun_keeps_what_it_stood_for_in_the_talk() -> None:
    memory = Memory().after("What is Raqqa?", "What is Raqqa?", None).after("Who fled it?", "Who fled Raqqa?", None)
    (raqqa,) = (topic for topic in memory.topics if topic.text == "Raqqa")
    assert (raqqa.said, raqqa.meant) == ((0,), (0, 1))


def test_only_the_names_of_a_long_answer_are_remembered_and_not_for_long() -> None:
    said = "The soldiers of General Ali Mayhoub said on the radio that they had crossed the Euphrates at night."
    topics = remembered(("What happened?", said))
    assert {"General Ali Mayhoub", "Euphrates"} <= set(topics)
    assert "radio" not in topics
    assert "Euphrates" not in remembered(("What happened?", said), *[("Who won?", None)] * 3)


def test_part_of_a_name_is_no_topic_of_its_own() -> None:
    said = "The Syrian crossed the river and went on to the other side of the town, as it was told at the time."
    topics = remembered(("Who is the Syrian army spokesman?", said))
    assert "Syrian" not in topics


def test_a_word_that_only_begins_a_sentence_is_no_name() -> None:
    assert names("Fighters fled. Soldiers came from Iraq. Fighters came back.") == (("Iraq", 1),)


def test_no_more_than_the_first_names_are_kept() -> None:
    assert len(names("He met " + ", ".join(f"Mr{chr(65 + n)}" for n in range(20)))) == NAMES


def test_content_is_folded_to_the_singular_and_small_letters() -> None:
    assert content("What are the Cities' borders?") == ("city", "border")


@pytest.mark.parametrize(
    ("answer", "kind", "fits"),
    [("General Ali Mayhoub", "person", True), ("General Ali Mayhoub", "thing", False), ("in 2016", "thing", False)],
)
def test_a_topic_agrees_with_a_pronoun_or_not(answer: str, kind: str, fits: bool) -> None:
    memory = Memory().after("Who came?", "Who came?", answer)
    assert [topic.fits(kind) > 0 for topic in memory.topics] == [fits]


def test_a_change_of_topic_is_noticed_and_a_return_to_it_is_none() -> None:
    memory = Memory()
    for question in ("What is throat cancer?", "Who leads Iraq?", "Who is the president of Iraq?"):
        memory = memory.after(question, question, None)
    assert memory.changed == 1
