"""Questions of our own about paragraphs of SQuAD 1.1: in other words than theirs, or not answered by them.

Each was written for this project with a large language model that read the paragraph, none by a rule. Those that it
answers avoid its words; those that it does not are about its own matters: another relation between the same things,
another name or number, an opposite, a condition that is not told, a detail that is left open (after the categories of
Rajpurkar et al. 2018, arXiv:1806.03822, table 1). Some nine thousand answered ones ask from the other side of what is
told, beside twins that are not answered (after the contrast sets of Gardner et al. 2020, arXiv:2004.02709): else a
reader learns that whoever turns a relation round is not answered.

`written.jsonl.gz` holds the questions and where their answers stand, and of the paragraphs only a digest: the text
comes from the data set itself.

Knows that file. Never knows what is trained on it.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from qa.squad import Example

FILE = Path(__file__).with_name("written.jsonl.gz")

DIGITS = 16
"""Hexadecimal digits of a paragraph's SHA-256 by which it is known."""


def digest(context: str) -> str:
    """By what a paragraph is known in the file."""
    return hashlib.sha256(context.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def written(examples: Iterable[Example], file: Path = FILE) -> list[Example]:
    """Our questions on those paragraphs that are there, in the order of the file."""
    there = {digest(example.context): example for example in examples}
    made = []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            about = json.loads(line)
            if not (of := there.get(about["paragraph"])):
                continue
            for number, (question, *spans) in enumerate(about["questions"]):
                name = f"{about['paragraph']}-{number}"
                made.append(Example(name, question, of.context, tuple((s, e) for s, e in spans), of.title))
    return made
