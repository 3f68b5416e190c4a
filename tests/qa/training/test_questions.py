"""Which files of a folder are read, and that our own questions come with the paragraphs they were written for."""

import pytest

from index.errors import InputError
from qa.training import questions
from qa.training.questions import read_questions


def test_the_questions_of_all_files_are_read(make_squad, tmp_path):
    for name, asked in (("a.json", "Who came?"), ("b.json.gz", "Who went?")):
        make_squad(tmp_path / name, [("T", "Anna came and Bert went.", [(asked, ["Anna"])])])
    (tmp_path / "README.md").write_text("no question set")
    assert [example.question for example in read_questions(tmp_path)[0]] == ["Who came?", "Who went?"]


def test_our_own_are_found_by_the_paragraphs_that_are_there(make_squad, tmp_path, monkeypatch):
    make_squad(tmp_path / "a.json", [("T", "Anna came.", [("Who came?", ["Anna"])])])
    monkeypatch.setattr(questions, "written", lambda examples: [example.context for example in examples])
    assert read_questions(tmp_path)[1] == ["Anna came."]


def test_a_folder_without_question_sets_is_told_of(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.json"):
        read_questions(tmp_path)
