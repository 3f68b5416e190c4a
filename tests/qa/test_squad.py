import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import InputError
from qa.squad import PLACES, Example, exact_match, normalize_answer, read_squad, token_f1

CONTEXT = "The army of Köln captured Raqqa in 2017. Raqqa is a city."


def question_set(*questions: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"title": "Raqqa", "paragraphs": [{"context": CONTEXT, "qas": list(questions)}]}]}


def question(*answers: tuple[str, int], number: str = "1", **more: Any) -> dict[str, Any]:
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": number, "question": " Which city? ", "answers": found, **more}


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("prediction", "accepted", "exact", "f1"),
    [
        ("Raqqa", ["Raqqa"], 1, 1),
        ("the Raqqa", ["Raqqa"], 1, 1),
        ("An army", ["the army"], 1, 1),
        ("RAQQA!", ["raqqa"], 1, 1),
        ("S.D.F.", ["SDF"], 1, 1),
        ("1,500", ["1500"], 1, 1),
        ("city of Raqqa", ["Raqqa"], 0, 0.5),
        ("General Ali Mayhoub", ["Ali Mayhoub"], 0, 0.8),
        ("Ali Ali", ["Ali"], 0, 2 / 3),
        ("al-Qaim", ["al Qaim"], 0, 0),
        ("Aleppo", ["Raqqa"], 0, 0),
        ("in October", ["on October 17", "October"], 0, 2 / 3),
        ("October 17", ["October", "October 17"], 1, 1),
        ("Köln", ["köln"], 1, 1),
        ("Koln", ["Köln"], 0, 0),
        ("“Raqqa”", ["Raqqa"], 0, 0),  # the script folds ASCII punctuation only
        ("北京", ["北京"], 1, 1),
        ("", [], 1, 1),
        ("Raqqa", [], 0, 0),
        ("", ["Raqqa"], 0, 0),
        ("the", [], 1, 1),
        ("", ["the", "cat"], 0, 0),  # an accepted answer that folds to nothing does not count
        ("", ["the"], 1, 1),
    ],
)
def test_measures_are_those_of_the_official_script(
    prediction: str, accepted: list[str], exact: float, f1: float
) -> None:
    assert exact_match(prediction, accepted) == exact
    assert token_f1(prediction, accepted) == pytest.approx(f1)


def test_folding_leaves_articles_inside_words_alone() -> None:
    assert normalize_answer("  The Theatre,  an  Anthem; a-b ") == "theatre anthem ab"


@pytest.mark.parametrize("name", ["set.json", "set.json.gz"])
def test_a_set_is_read_plain_or_compressed(name: str, tmp_path: Path) -> None:
    content = json.dumps(question_set(question(("Raqqa", 26)), question(number="2"))).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read_squad(tmp_path / name) == [
        Example("1", "Which city?", CONTEXT, ((26, 31),), "Raqqa"),
        Example("2", "Which city?", CONTEXT, (), "Raqqa"),
    ]


def test_answers_are_the_text_at_the_spans_in_the_annotators_order(tmp_path: Path) -> None:
    path = write(tmp_path / "set.json", question_set(question(("Raqqa", 41), ("Köln", 12), ("Raqqa", 26))))
    assert read_squad(path)[0].answers == ["Raqqa", "Köln", "Raqqa"]


def test_spans_that_do_not_hold_their_text_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "set.json", question_set(question(("Raqqa", 26), ("Raqqa", 27), ("", 3), ("Raqqa", -16))))
    assert read_squad(path)[0].spans == ((26, 31),)


def test_a_question_none_of_whose_answers_stands_there_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "set.json", question_set(question(("Raqqa", 0)), question(("Köln", 12), number="2")))
    assert [example.id for example in read_squad(path)] == ["2"]


def test_an_answer_whose_place_is_a_guess_is_accepted_wherever_its_words_stand(tmp_path: Path) -> None:
    guessed = question(("Raqqa", 26), n_occurrences=2)
    certain = question(("Köln", 12), number="2", n_occurrences=1)
    unanswerable = question(number="3")
    path = write(tmp_path / "set.json", question_set(guessed, certain, unanswerable))
    assert [example.spans for example in read_squad(path)] == [((26, 31),), ((12, 16),), ()]
    assert [example.spans for example in read_squad(path, every_place=True)] == [
        ((26, 31), (41, 46)),
        ((12, 16),),
        (),
    ]


def test_a_guessed_answer_that_stands_in_too_many_places_is_left_out(tmp_path: Path) -> None:
    content = question_set(question(("a", 0), n_occurrences=PLACES + 1))
    content["data"][0]["paragraphs"][0]["context"] = " ".join("a" * (PLACES + 1))
    path = write(tmp_path / "set.json", content)
    assert len(read_squad(path)) == 1
    assert read_squad(path, every_place=True) == []


def test_an_article_without_a_title_is_named_by_its_place(tmp_path: Path) -> None:
    content = question_set(question())
    del content["data"][0]["title"]
    assert read_squad(write(tmp_path / "set.json", content))[0].title == "0"


def damaged_body() -> bytes:
    content = bytearray(gzip.compress(json.dumps(question_set(question())).encode() * 20))
    content[20:40] = bytes(20)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.json", None),
        ("empty.json", b""),
        ("cut.json", b'{"data": [{"title"'),
        ("latin.json", '{"data": "Köln"}'.encode("latin-1")),
        ("plain.json.gz", b'{"data": []}'),
        ("cut.json.gz", gzip.compress(b'{"data": []}' * 50)[:-12]),
        ("damaged.json.gz", damaged_body()),
        ("list.json", b"[1, 2]"),
        ("other.json", b'{"questions": []}'),
        ("misplaced.json", b'{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "1", "question": "?"}]}]}]}'),
        ("numbers.json", b'{"data": [1, 2]}'),
        ("null.json", b'{"data": null}'),
    ],
)
def test_what_is_no_question_set_is_refused_in_one_line(name: str, content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_squad(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_question_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_squad(tmp_path)


def test_a_written_set_reads_back(make_squad: Callable[..., Path], tmp_path: Path) -> None:
    path = make_squad(tmp_path / "set.json.gz", [("T", CONTEXT, [("Which city?", ["Raqqa"]), ("Who?", [])])])
    assert [example.answers for example in read_squad(path)] == [["Raqqa"], []]
