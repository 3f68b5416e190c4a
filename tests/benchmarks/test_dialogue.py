"""The benchmark of follow-ups counts what it says, and the weights are fitted on the development topics alone."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from qa.dialogue.salience import Weights

TALK = [
    ("What is throat cancer?", "What is throat cancer?"),
    ("Is it treatable?", "Is throat cancer treatable?"),
    ("What are its symptoms?", "What are the symptoms of throat cancer?"),
    ("Who leads Iraq?", "Who leads Iraq?"),
]


@pytest.fixture(scope="module")
def dialogue(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("dialogue")


@pytest.fixture(scope="module")
def fitting(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("dialogue_fit")


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    topics = [
        {
            "number": number,
            "turn": [
                {"number": place, "raw_utterance": raw, "manual_rewritten_utterance": rewrite}
                for place, (raw, rewrite) in enumerate(TALK, 1)
            ],
        }
        for number in (81, 82, 106, 107)
    ]
    (tmp_path / "topics.json").write_text(json.dumps(topics), encoding="utf-8")
    return tmp_path


def test_the_even_topics_after_2019_are_held_out(dialogue: ModuleType, cast: Path) -> None:
    held_out = {c.number: dialogue.is_held_out(c) for c in dialogue.read(cast)}
    assert held_out == {81: False, 82: True, 106: True, 107: False}


def test_overlap_counts_content_words_once_each(dialogue: ModuleType) -> None:
    recall, precision, f1 = dialogue.overlap("Is it treatable cheaply?", "Is throat cancer treatable?")
    assert (recall, precision) == (1 / 3, 1 / 2)
    assert f1 == pytest.approx(0.4)
    assert dialogue.overlap("Why?", "How is it?") == (1.0, 1.0, 1.0)


def test_a_leak_of_the_old_topic_is_counted(dialogue: ModuleType, cast: Path) -> None:
    conversations = dialogue.read(cast)
    others = [
        dialogue.Conversation(2021, 1, (dialogue.Utterance("Where is Mosul?", "Where is Mosul?", None),)),
        conversations[0],
    ]
    table = dialogue.spliced(others, {"as asked": dialogue.as_asked, "appended": dialogue.appended})
    leaks = list(table.columns[2].cells)
    assert (leaks[0], leaks[1]) == ("0.0%", "100.0%")


def test_what_stands_alone_and_refers_to_nothing_is_counted_apart(dialogue: ModuleType, cast: Path) -> None:
    table = dialogue.untouched(dialogue.read(cast))
    assert [*table.columns[0].cells][-1] == "a human rewrite without a word of reference"
    assert [*table.columns[1].cells] == ["4", "12", "12", "12"]


def test_the_weights_are_fitted_on_the_development_topics_alone(
    fitting: ModuleType, cast: Path, tmp_path: Path
) -> None:
    fitting.main(cast, tmp_path / "weights.json")
    weights = Weights.load(tmp_path / "weights.json")
    assert weights.needs["reference"] > 0
    note = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))["note"]
    assert "on 2 conversations" in note
