import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import InputError
from qa.answer import Answer
from qa.evaluation.questions import read_questions
from web.conversations import Conversations, beside
from web.feedback import feedback
from web.transcripts import Exchange


def judged(index: Path, answer: Answer, liked: bool) -> None:
    kept = Conversations(beside(index))
    kept.judge(kept.add(kept.begin(), Exchange("Who opened it?", answer)).number, liked)


def test_the_command_writes_a_question_set(tmp_path: Path, answer: Answer) -> None:
    judged(tmp_path / "index", answer, liked=True)
    (tmp_path / "web.py").write_text("print('somebody else')", encoding="utf-8")
    options = ["--index-dir", str(tmp_path / "index"), "--export", "said.jsonl", "--json"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-P", "-m", "qa", "feedback", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"questions": 1, "file": "said.jsonl"}
    (question,) = read_questions(tmp_path / "said.jsonl")
    assert (question.question, question.answers) == ("Who opened the harbour?", ("Edda Quist",))


def test_without_conversations_or_judgements_nothing_is_written(tmp_path: Path, answer: Answer) -> None:
    with pytest.raises(InputError, match="no conversations are kept"):
        feedback(tmp_path / "index", tmp_path / "said.jsonl")
    assert not beside(tmp_path / "index").exists()
    judged(tmp_path / "index", answer, liked=False)
    with pytest.raises(InputError, match="nobody has found an answer right"):
        feedback(tmp_path / "index", tmp_path / "said.jsonl")
    assert not (tmp_path / "said.jsonl").exists()


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, answer: Answer) -> None:
    judged(tmp_path / "index", answer, liked=True)
    with pytest.raises(InputError, match="cannot be written"):
        feedback(tmp_path / "index", tmp_path / "nowhere" / "said.jsonl")


def test_a_run_that_fails_leaves_the_question_set_before_it_whole(
    tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(path: Path, _: object) -> None:
        path.write_text('{"id"', encoding="utf-8")
        raise OSError(28, "No space left on device")

    judged(tmp_path / "index", answer, liked=True)
    said = tmp_path / "said.jsonl"
    said.write_text("before", encoding="utf-8")
    monkeypatch.setattr("web.feedback.write_questions", half)
    with pytest.raises(InputError, match="No space left"):
        feedback(tmp_path / "index", said)
    assert said.read_text(encoding="utf-8") == "before"
    assert {path.name for path in tmp_path.iterdir()} >= {"said.jsonl"} and not list(tmp_path.glob("*.new"))


def test_debug_reaches_the_program_that_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "qa", "feedback", "--index-dir", str(tmp_path / "none"), "--export", "x"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    plain, debugged = (
        subprocess.run([*command, *more], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
        for more in ([], ["--debug"])
    )
    assert plain.returncode == 2 and len(plain.stderr.splitlines()) == 1
    assert "Traceback" in debugged.stderr and "no conversations are kept" in debugged.stderr
