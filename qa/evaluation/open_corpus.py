"""The open-corpus form of a SQuAD file: its paragraphs are the articles, its questions are asked of all of them.

Knows how paragraphs and questions are drawn. Never knows how they are answered.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import InputError
from qa.evaluation.questions import Question
from qa.squad import read_squad

PARAGRAPHS = "paragraphs.jsonl"

ANSWERABLE, UNANSWERABLE = 1000, 500
"""How many questions of each kind are drawn from a half."""


@dataclass(frozen=True, slots=True)
class Halves:
    """All questions of a file: those to fit on, and those to measure on. No paragraph has questions in both."""

    fitting: tuple[Question, ...]
    held_out: tuple[Question, ...]


def open_corpus(squad: Path, folder: Path) -> Halves:
    """Write the paragraphs of a SQuAD file into `folder`, one article each; return the questions.

    Halves of whole articles would be cleaner still, but a few dozen articles differ so much that
    the figures would tell more of the split than of the answers.

    Raises:
        InputError: the file cannot be read.
    """
    examples = read_squad(squad)
    contexts = list(dict.fromkeys(example.context for example in examples))
    names = write_paragraphs(contexts, folder)
    shuffled = sorted(contexts)
    random.Random(len(contexts)).shuffle(shuffled)
    fitting = set(shuffled[::2])
    halves: tuple[list[Question], list[Question]] = ([], [])
    for example in examples:
        question = Question(example.id, example.question, tuple(example.answers), (names[example.context],))
        halves[example.context not in fitting].append(question)
    return Halves(*map(tuple, halves))


def write_paragraphs(contexts: Sequence[str], folder: Path) -> dict[str, str]:
    """Write different paragraphs into `folder`, one article each; returns the article's id of each."""
    with (folder / PARAGRAPHS).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": context}, ensure_ascii=False) + "\n" for context in contexts)
    return {context: f"{PARAGRAPHS}#{number}" for number, context in enumerate(contexts, start=1)}


def draw(questions: Sequence[Question], answerable: int, unanswerable: int, seed: int = 7) -> list[Question]:
    """So many questions of each kind, always the same ones.

    Raises:
        InputError: there are fewer.
    """
    rng = random.Random(seed)
    kinds = [[q for q in questions if bool(q.answers) == wanted] for wanted in (True, False)]
    for kind, wanted in zip(kinds, (answerable, unanswerable), strict=True):
        if len(kind) < wanted:
            raise InputError(f"this half holds {len(kind)} questions of a kind of which {wanted} are needed")
    return rng.sample(kinds[0], answerable) + rng.sample(kinds[1], unanswerable)
