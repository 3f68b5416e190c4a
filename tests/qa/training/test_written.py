"""Our own questions on paragraphs of a data set: found by the paragraph's digest, and placed in its text."""

import gzip
import json

import pytest

from qa.squad import Example
from qa.training.written import FILE, digest, written

BRIDGE = "The bridge over the Danube was built in 1850. Its stones came from a quarry nearby."
TOWER = "The tower was never finished."


def example(context: str, title: str) -> Example:
    return Example("0", "Which river does it cross?", context, (), title)


@pytest.fixture
def file(tmp_path):
    asked = {
        BRIDGE: [["Which stream does it span?", [20, 26]], ["Who paid for the stones?"]],
        "somewhere else": [["Who is that?", [0, 3]]],
    }
    path = tmp_path / "written.jsonl.gz"
    lines = (json.dumps({"paragraph": digest(text), "questions": of}) + "\n" for text, of in asked.items())
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return path


def test_questions_are_put_to_the_paragraph_that_they_were_written_for(file):
    answered, unanswered = written([example(TOWER, "Towers"), example(BRIDGE, "Bridges")], file)
    assert (answered.question, answered.answers) == ("Which stream does it span?", ["Danube"])
    assert (unanswered.question, unanswered.spans) == ("Who paid for the stones?", ())
    assert answered.context == unanswered.context == BRIDGE and answered.title == "Bridges"
    assert answered.id != unanswered.id


def test_a_paragraph_that_was_changed_is_another(file):
    assert written([example(BRIDGE.replace("1850", "1851"), "Bridges")], file) == []


def test_the_questions_that_come_with_the_project_are_whole():
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        paragraphs = [json.loads(line) for line in lines]
    names = [about["paragraph"] for about in paragraphs]
    assert len(set(names)) == len(names) and all(len(bytes.fromhex(name)) == 8 for name in names)
    questions = [(name, *asked) for name, about in zip(names, paragraphs, strict=True) for asked in about["questions"]]
    assert len({(name, question.lower()) for name, question, *_ in questions}) == len(questions) > 10_000
    assert all(0 <= start < end for _, _, *spans in questions for start, end in spans)
    assert 0.4 < sum(not spans for _, _, *spans in questions) / len(questions) < 0.7
