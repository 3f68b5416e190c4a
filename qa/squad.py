"""Question sets in the SQuAD 2.0 format: read them, and score answers as the official script does.

Knows the JSON layout and the two measures, exact match and token F1 (Rajpurkar et al. 2018,
arXiv:1806.03822). Never knows which model answered.
"""

import gzip
import json
import re
import string
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import InputError

PLACES = 4
"""An answer found in more places than this says too little about where it was meant."""


@dataclass(frozen=True, slots=True)
class Example:
    """One question put to one paragraph.

    `spans` are the (start, end) character offsets of the accepted answers in `context`;
    empty means that the paragraph does not answer the question. `title` groups the
    paragraphs of one article. `rivals` are paragraphs that a retriever would offer beside
    `context` and that lack the answer; only training has them.
    """

    id: str
    question: str
    context: str
    spans: tuple[tuple[int, int], ...]
    title: str
    rivals: tuple[str, ...] = ()

    @property
    def answers(self) -> list[str]:
        """The accepted answers as text, in the order of the annotators."""
        return [self.context[start:end] for start, end in self.spans]


def read_squad(path: Path, every_place: bool = False) -> list[Example]:
    """Read a `.json` or `.json.gz` question set.

    With `every_place`, an answer whose place is a guess is accepted wherever its words stand:
    files rebuilt from published pages mark such questions with `n_occurrences` above one.
    One that stands in more than `PLACES` places is left out. Training wants that; scoring
    does not, because it compares texts.

    Raises:
        InputError: the file is missing, damaged, or not in the SQuAD format.
    """
    try:
        content = path.read_bytes()
        content = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a SQuAD question set: {error}") from error
    try:
        return list(_examples(content["data"], every_place))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is JSON but not in the SQuAD format: {error!r} is missing or misplaced") from error


def _examples(articles: list[dict[str, Any]], every_place: bool) -> Iterator[Example]:
    for number, article in enumerate(articles):
        title = article.get("title", str(number))
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            for question in paragraph["qas"]:
                spans = _valid_spans(context, question["answers"])
                if every_place and question.get("n_occurrences", 1) > 1:
                    spans = tuple(place for answer in question["answers"] for place in _places(context, answer["text"]))
                    if len(spans) > PLACES:
                        continue
                if question["answers"] and not spans:
                    continue  # none of its answers stands where the file says
                yield Example(question["id"], question["question"].strip(), context, spans, title)


def _valid_spans(context: str, answers: list[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    found = (
        (answer["answer_start"], answer["answer_start"] + len(answer["text"]), answer["text"]) for answer in answers
    )
    return tuple((start, end) for start, end, text in found if text and start >= 0 and context[start:end] == text)


def _places(context: str, text: str) -> Iterator[tuple[int, int]]:
    """Where `text` stands in `context` as whole words."""
    for match in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", context):
        yield match.span()


def normalize_answer(text: str) -> str:
    """Fold case, ASCII punctuation, English articles and white space, as the official script does."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(prediction: str, accepted: Sequence[str]) -> float:
    """1.0 if the prediction equals an accepted answer; no accepted answer means "" is right."""
    return max(float(normalize_answer(prediction) == answer) for answer in _normalized(accepted))


def token_f1(prediction: str, accepted: Sequence[str]) -> float:
    """The best token F1 against an accepted answer; no accepted answer means "" is right."""
    return max(_f1(normalize_answer(prediction).split(), answer.split()) for answer in _normalized(accepted))


def _normalized(accepted: Sequence[str]) -> list[str]:
    """The accepted answers folded, those left out of which nothing remains; [""] if that is all of them."""
    return [answer for answer in map(normalize_answer, accepted) if answer] or [""]


def _f1(prediction: list[str], answer: list[str]) -> float:
    if not prediction or not answer:
        return float(prediction == answer)
    shared = sum((Counter(prediction) & Counter(answer)).values())
    return 2 * shared / (len(prediction) + len(answer)) if shared else 0.0
