"""Questions put to lineups, by the reader and the embedder that ship, over four paragraphs."""

import random

import pytest

from index.embedder import Embedder
from index.errors import InputError
from qa.reader import Reader
from qa.squad import Example, normalize_answer, read_squad
from qa.training import lineups
from qa.training.lineups import lined_up, write_lineups

BRIDGE = "The old bridge in Ulm was built by Jakob Wagner. It was finished in 1832 and has four arches."
TOWER = "The water tower in Ulm was built by Karl Maurer. It was finished in 1871 and is of brick."
MILL = "The mill in Ulm was built by Anton Huber. It was finished in 1790 and burned down later."
SCHOOL = "The school in Ulm was built by Josef Lang. It was finished in 1902."
ASKED = [
    ("Ulm", BRIDGE, [("Who built the old bridge in Ulm?", ["Jakob Wagner"]), ("When was it finished?", ["1832"])]),
    ("Ulm", TOWER, [("Who built the water tower in Ulm?", ["Karl Maurer"]), ("Who paid for the tower in Ulm?", [])]),
    ("Ulm", MILL, [("When was the mill in Ulm finished?", ["1790"])]),
    ("Ulm", SCHOOL, [("Who built the school in Ulm?", ["Josef Lang"])]),
]  # fmt: skip


@pytest.fixture
def data(make_squad, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    make_squad(folder / "ulm.json", ASKED)
    return folder


@pytest.fixture
def make(data, tmp_path, monkeypatch):
    monkeypatch.setattr("qa.evidence.rivals.NEAR", 100.0)  # easy questions have no near rivals
    monkeypatch.setattr(lineups, "news", list)
    work = tmp_path / "work"
    work.mkdir()
    return lambda told=lambda *_: None: list(lined_up(data, 1000, 3, work, Reader(), Embedder(), told))


def test_the_answer_is_where_the_example_says_and_rivals_of_other_paragraphs_are_beside_it(make, monkeypatch):
    monkeypatch.setattr(lineups, "TAKEN_OUT", 0.0)
    made = make()
    accepted = {question: answers for _, _, asked in ASKED for question, answers in asked}
    assert len(made) > 3
    for example in made:
        assert set(example.answers) <= set(accepted[example.question])
        assert not any(example.context == context for _, context, _ in ASKED)
    answered = [example for example in made if example.spans]
    assert any(sum(name in e.context for name in ("Jakob Wagner", "Karl Maurer", "Josef Lang")) > 1 for e in answered)
    (impossible,) = (example for example in made if not accepted[example.question])
    assert impossible.spans == ()


def test_what_is_taken_out_leaves_rivals_without_the_answer(make, monkeypatch):
    monkeypatch.setattr(lineups, "TAKEN_OUT", 1.0)
    accepted = {question: answers for _, _, asked in ASKED for question, answers in asked}
    without = [example for example in make() if accepted[example.question] and not example.spans]
    assert without
    for example in without:
        said = normalize_answer(example.context)
        assert not any(normalize_answer(answer) in said for answer in accepted[example.question])


def test_the_same_seed_gives_the_same_and_progress_is_told(make):
    heard = []
    first = make(lambda *told: heard.append(told))
    assert first == make()
    assert heard[-1] == ("asking of paragraphs", 6, 6) and heard[0][0] != heard[-1][0]


def test_another_account_of_the_event_is_a_rival_only_in_the_words_of_the_answer(make, monkeypatch):
    told = (
        ("Fire at Elm Mill", "Nine people were hurt when Elm Mill burned on Friday, the mayor of Arn said."),
        ("Fire at Elm Mill", "A fire at the Elm mill injured eleven people on Friday, said a doctor in Arn."),
        ("Fire at Oak Mill", "Seven people were hurt when Oak Mill burned in Arn last year, the police said."),
    )
    question, place = "How many people were hurt at Elm Mill?", told[0][1].index("Nine")
    news = [Example("news-0", question, told[0][1], ((place, place + 4),), told[0][0])]
    news += [Example(f"news-{text}", "Who hurt them?", text, (), title) for title, text in told[1:]]
    monkeypatch.setattr(lineups, "news", lambda: news)
    monkeypatch.setattr(lineups, "TAKEN_OUT", 0.0)
    (hurt,) = (example for example in make() if example.id == "news-0-lineup")
    assert "Seven people" in hurt.context and "eleven people" not in hurt.context
    assert hurt.answers == ["Nine"]


def test_of_many_questions_so_many_of_each_kind_are_drawn(data):
    theirs = [example for example in read_squad(data / "ulm.json") for _ in range(30)]
    drawn = lineups._drawn(theirs, [], 90, random.Random(1))
    assert [sum(bool(e.spans) for e in drawn), sum(not e.spans for e in drawn)] == [30, 30]


def test_what_is_written_is_read_again_as_a_question_set(make, tmp_path):
    made = make()
    assert write_lineups(made, tmp_path / "lineups.json.gz") == len(made)
    again = read_squad(tmp_path / "lineups.json.gz")
    assert again == made


def test_where_nothing_can_be_written_one_line_says_so_before_any_work(tmp_path):
    worked = []
    with pytest.raises(InputError, match="cannot be written"):
        write_lineups((worked.append(n) for n in range(2)), tmp_path / "nowhere" / "lineups.json.gz")
    assert worked == []
