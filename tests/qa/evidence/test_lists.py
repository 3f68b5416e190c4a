"""Which questions ask for several things, and where English lists begin and end."""

from math import inf

import pytest

from qa.evidence.lists import expected, items, strung_together, whole_list


@pytest.mark.parametrize(
    ("question", "most"),
    [
        ("Which two towns did the army retake?", 2),
        ("Between which two rivers does the city lie?", 2),
        ("What are the three main parties of the parliament?", 3),
        ("Who were the two pilots?", 2),
        ("Name 4 members of the band.", 4),
        ("The film was shot in which two other countries?", 2),
        ("Which towns fell in October?", inf),
        ("Which countries border Iraq?", inf),
        ("In what languages did she write?", inf),
        ("What career fields have grown?", inf),
        ("What kinds of goods were sold?", inf),
        ("Which people signed the treaty?", inf),
        ("Who were the leaders of the revolt?", inf),
        ("What are the names of the ferries?", inf),
        ("Name some rivers of the province.", inf),
    ],
)
def test_these_ask_for_several(question: str, most: float) -> None:
    asked = expected(question)
    assert asked.several
    assert asked.most == most


@pytest.mark.parametrize(
    "question",
    [
        "Which town did the army retake?",
        "Who leads the two parties?",
        "Which of the two kept the house?",
        "Which four legged animal is the fastest?",
        "What causes rain?",
        "What makes the bridge famous?",
        "Which company owns towns in Chile?",
        "What were the freed slaves known as?",
        "Who were the soldiers loyal to?",
        "What is the name of the ferry?",
        "What news was read on Friday?",
        "Which series has the most viewers?",
        "Which campus is the oldest?",
        "How many stories tall are the three towers?",
        "In what year did the two sides meet?",
        "Where is it?",
        "",
    ],
)
def test_these_ask_for_one(question: str) -> None:
    assert not expected(question).several


def listed(sentence: str, quote: str) -> str:
    start = sentence.index(quote)
    first, last = whole_list(sentence, start, start + len(quote), (0, len(sentence)))
    return sentence[first:last]


@pytest.mark.parametrize(
    ("sentence", "quote", "whole"),
    [
        ("The army took Raqqa and Deir el-Zour in October.", "Raqqa", "Raqqa and Deir el-Zour"),
        ("The army took Raqqa and Deir el-Zour in October.", "Deir el-Zour", "Raqqa and Deir el-Zour"),
        ("It took Raqqa, Mosul, and the Old City.", "Mosul", "Raqqa, Mosul, and the Old City"),
        ("Anna Berg, Piet Lund and Edda Quist were on board.", "Edda Quist", "Anna Berg, Piet Lund and Edda Quist"),
        ("Anna Berg and Piet Lund flew it.", "Anna Berg", "Anna Berg and Piet Lund"),
        ("It sails to Oslo (Norway) and Kiel (Germany).", "Oslo", "Oslo (Norway) and Kiel (Germany)"),
        ("Armed with arrows, swords, and clubs.", "clubs", "arrows, swords, and clubs"),
        ("In 1990, 1994 and 1998 it lost.", "1994", "1990, 1994 and 1998"),
        ("In Syria, Raqqa and Tabqa fell.", "Tabqa", "Raqqa and Tabqa"),
        ("He wrote “The Sea” and “The Hill”.", "“The Sea”", "“The Sea” and “The Hill”"),
    ],
)
def test_a_quote_is_widened_over_its_list(sentence: str, quote: str, whole: str) -> None:
    assert listed(sentence, quote) == whole


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The army took Raqqa and Hezbollah left.", "Raqqa"),
        ("The army took Raqqa, Syria.", "Raqqa"),
        ("The army took Raqqa, which it had lost.", "Raqqa"),
        ("The army took Raqqa and then it rested.", "Raqqa"),
        ("The army took Raqqa and 40 villages.", "Raqqa"),
        ("They removed mines and left.", "mines"),
        ("It exports oil and allows for no imports.", "oil"),
        ("It first evolved in early fish and allows for learning.", "early fish"),
        ("The army took Raqqa and Mosul.", "Raqqa and Mosul"),
        ("Raqqa", "Raqqa"),
    ],
)
def test_a_quote_that_is_no_part_of_a_list_stays(sentence: str, quote: str) -> None:
    assert listed(sentence, quote) == quote


def test_a_list_ends_with_its_sentence() -> None:
    text = "It took Raqqa. Mosul and Tikrit fell."
    assert whole_list(text, 8, 13, (0, 14)) == (8, 13)


def test_a_list_names_its_things() -> None:
    assert items("both Raqqa, Mosul, and the Old City") == ["Raqqa", "Mosul", "the Old City"]
    assert items("Raqqa") == ["Raqqa"]
    assert items(" ") == []


def test_two_places_are_strung_together_by_and_with_little_else() -> None:
    text = "in the Code of 701 and again in the Code of 718, which, after much debate, Otto and his heirs broke"
    one, other, far = ((text.index(s), text.index(s) + len(s)) for s in ("Code of 701", "Code of 718", "Otto"))
    assert strung_together(text, one, other)
    assert strung_together(text, other, one)
    assert not strung_together(text, other, far)


def test_hostile_text_is_read_quickly() -> None:
    text = "Aa " * 3000 + "and " + "Bb, " * 3000
    start = text.index("and ") - 3
    assert whole_list(text, start, start + 2, (0, len(text)))[1] <= len(text)
