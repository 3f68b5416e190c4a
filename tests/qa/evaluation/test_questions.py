import json
from pathlib import Path

import pytest

from index.errors import InputError
from qa.evaluation.questions import Question, read_questions, write_questions


def test_questions_are_read_line_by_line_blank_ones_passed_over(tmp_path: Path) -> None:
    lines = [
        {"id": "s1", "question": "Wer?", "answers": ["Köln"], "articles": ["a.txt"]},
        {"question": "Who?", "answers": []},
    ]
    path = tmp_path / "set.jsonl"
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(f"{text}\n", encoding="utf-8")
    assert read_questions(path) == [
        Question("s1", "Wer?", ("Köln",), ("a.txt",)),
        Question("3", "Who?", (), ()),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no questions"),
        (b"\n\n", "holds no questions"),
        (b'{"question": "Who?"}', "line 1"),
        (b'{"question": "Who?", "answers": []}\n{', "line 2"),
        (b"[1]", "line 1"),
        (b'{"question": "Who?", "answers": null}', "line 1"),
        (b'{"question": "Who?", "answers": "Raqqa"}', "line 1"),
        (b'{"question": 7, "answers": []}', "line 1"),
        ('{"question": "Köln?"}'.encode("latin-1"), "cannot be read"),
    ],
)
def test_a_wrong_question_set_is_refused_in_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_questions(tmp_path / "set.jsonl")
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text('{"question": "Who?", "answers": []}\n', encoding="utf-8-sig")
    assert read_questions(tmp_path / "set.jsonl") == [Question("1", "Who?", (), ())]


def test_a_missing_question_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    asked = [Question("1", "Wer?", ("Köln",), ("a.txt",)), Question("2", "Who?", (), ())]
    asked.append(Question("3", "Where\r\nto?", ("in\u2028two\u2029or\x85three\x1clines\f",), ()))
    write_questions(tmp_path / "set.jsonl", asked)
    assert read_questions(tmp_path / "set.jsonl") == asked
