import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import InputError
from qa.evaluation.open_corpus import PARAGRAPHS, draw, open_corpus

MakeSquad = Callable[..., Path]


def paragraphs(count: int) -> list[tuple[str, str, list[tuple[str, list[str]]]]]:
    """Paragraphs of one article; each is asked one question that it answers and one that it does not."""
    return [("T", f"The zebra of zoo {n}.", [(f"Who is {n}?", ["zebra"]), ("Who else?", [])]) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11])
def test_no_paragraph_has_questions_in_both_halves(count: int, make_squad: MakeSquad, tmp_path: Path) -> None:
    halves = open_corpus(make_squad(tmp_path / "set.json", paragraphs(count)), tmp_path)
    fitting, held_out = ({q.articles for q in half} for half in (halves.fitting, halves.held_out))
    assert not fitting & held_out
    assert (len(fitting), len(held_out)) == ((count + 1) // 2, count // 2)
    assert len(halves.fitting) + len(halves.held_out) == 2 * count


def test_every_paragraph_is_an_article_once_and_its_questions_name_it(make_squad: MakeSquad, tmp_path: Path) -> None:
    halves = open_corpus(make_squad(tmp_path / "set.json", paragraphs(6)), tmp_path)
    written = [json.loads(line)["text"] for line in (tmp_path / PARAGRAPHS).read_text("utf-8").splitlines()]
    assert written == [context for _, context, _ in paragraphs(6)]
    for question in (*halves.fitting, *halves.held_out):
        number = int(question.articles[0].removeprefix(f"{PARAGRAPHS}#"))
        if question.answers:
            assert question.question == f"Who is {number - 1}?"


def test_the_same_questions_are_drawn_each_time(make_squad: MakeSquad, tmp_path: Path) -> None:
    half = open_corpus(make_squad(tmp_path / "set.json", paragraphs(40)), tmp_path).held_out
    drawn = draw(half, 8, 4)
    assert [bool(q.answers) for q in drawn] == [True] * 8 + [False] * 4
    assert drawn == draw(half, 8, 4)
    assert drawn != draw(half, 8, 4, seed=8)


@pytest.mark.parametrize(("answerable", "unanswerable"), [(4, 1), (1, 4)])
def test_too_few_questions_of_a_kind_are_refused(
    answerable: int, unanswerable: int, make_squad: MakeSquad, tmp_path: Path
) -> None:
    half = open_corpus(make_squad(tmp_path / "set.json", paragraphs(6)), tmp_path).held_out
    with pytest.raises(InputError, match="holds 3 questions of a kind of which 4 are needed"):
        draw(half, answerable, unanswerable)
