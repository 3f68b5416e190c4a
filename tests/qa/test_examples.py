from qa.examples import likely_questions

TEXT = """The harbour was opened by Tallow Bay’s Mayor Edda Quist on Friday. “It is late,” said spokesman Piet Lund.
The Tallow Bay Ferry Company (TBFC) did not reply. Edda Quist’s deputy, Ole Brandt, a sailor himself, was there."""


def test_offices_people_and_abbreviations_become_questions() -> None:
    asked = list(likely_questions([TEXT]))
    assert "What does TBFC stand for?" in asked
    assert "Who is Ole Brandt?" in asked
    assert "Who is Bay’s Mayor?" in asked


def test_an_office_without_its_place_is_no_question() -> None:
    asked = list(
        likely_questions(["The President Jan Aske left. Norwegian President Jan Aske left, said a spokesman."])
    )
    assert [question for question in asked if "President" in question] == ["Who is the Norwegian President?"]


def test_each_question_comes_once_and_frequent_subjects_first() -> None:
    asked = list(likely_questions([TEXT, TEXT, "Sir Jon Ask, a painter, came."]))
    assert len(asked) == len(set(asked))
    assert asked.index("Who is Ole Brandt?") < asked.index("Who is Jon Ask?")


def test_plain_text_without_introductions_gives_none() -> None:
    assert list(likely_questions(["it rained all day and nobody came.", ""])) == []
