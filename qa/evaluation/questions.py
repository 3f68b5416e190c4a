"""Question sets: what is asked, what counts as an answer, and which articles support it.

Knows the file format, JSON Lines. Never knows how anything is answered or scored.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import InputError


@dataclass(frozen=True, slots=True)
class Question:
    """A line of a question set: what is asked, accepted answers (none: not in the articles), supporting articles."""

    id: str
    question: str
    answers: tuple[str, ...]
    articles: tuple[str, ...]


def read_questions(path: Path) -> list[Question]:
    """Read a question set, JSON Lines of `{"id", "question", "answers", "articles"}`.

    Raises:
        InputError: the file is missing or empty, or a line of it is not such an object.
    """
    try:
        # Not `splitlines`, which also breaks at U+2028 and others that may stand in a JSON text as they are.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the question set {path} cannot be read: {error}") from error
    questions = [_question(line, f"{path}, line {n}", str(n)) for n, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise InputError(f"the question set {path} holds no questions")
    return questions


def write_questions(path: Path, questions: Iterable[Question]) -> None:
    """Write a question set that `read_questions` reads."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(question), ensure_ascii=False) + "\n" for question in questions)


def _question(line: str, where: str, number: str) -> Question:
    try:
        fields = json.loads(line)
        asked, answers, articles = fields["question"], fields["answers"], fields.get("articles", [])
        if not isinstance(asked, str) or not all(map(_is_texts, (answers, articles))):
            raise TypeError("a value is of the wrong kind")
        found = Question(str(fields.get("id", number)), asked, tuple(answers), tuple(articles))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f'{where}: not a JSON object with "question" and "answers" ({error})') from error
    return found


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
