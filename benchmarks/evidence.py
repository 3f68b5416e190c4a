"""How often articles are said to differ: each disagreement among some hundred answers, for a person to judge.

    python benchmarks/evidence.py INDEX                     questions are made from the articles' own sentences
    python benchmarks/evidence.py INDEX --questions FILE    or read from a file, as `qa evaluate` reads it

Prints each disagreement with both quotes in their sentences, each answer in parts with all of them, and how many
questions were answered. Whether two articles really differ no program can tell; the count of those that do not
belongs beside the figure. Causes may be looked for in the first half of a file; the second is for reporting.
"""

import argparse
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from index.article import Article
from qa import QuestionAnswerer
from qa.answer import Answer, Citation
from qa.evaluation.questions import read_questions
from qa.examples import likely_questions

_NAME = r"[A-Z][\w’'-]+(?: (?:of |the |de |al-)?[A-Z][\w’'-]+){0,3}"
_DAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August)"
_PATTERNS = (
    (rf"(?:\d[\d,]*|two|three|four|five|six|seven|eight) ([a-z]+) (were|are) (\w+ed) (in|at|by|near|from) ({_NAME})",
     "How many {0} {1} {2} {3} {4}?"),
    (rf"\b({_NAME}) (?:was|were) (\w+ed)\b[^.]{{0,60}}? on {_DAY}", "When was {0} {1}?"),
    (rf"\b({_NAME}) died\b[^.]{{0,60}}? on {_DAY}", "When did {0} die?"),
    (rf"\b({_NAME}), (?:aged )?\d\d,", "How old is {0}?"),
    (rf"\b(?:\d[\d,.]*) (?:kilometers|kilometres|miles|km)(?: \(\S+ \w+\))? (?:\w+ )?(?:from|of) ({_NAME})",
     "How far away from {0} was it?"),
    (rf"\b\d[\d,]* people [^.]{{0,40}}?\bin ({_NAME})", "How many people died in {0}?"),
    (rf"\bmagnitude [^.]{{0,60}}?\b({_NAME})", "What was the magnitude of the earthquake in {0}?"),
    (rf"\b({_NAME}) (?:won|defeated|beat) ", "When did {0} win?"),
)  # fmt: skip


def questions_of(articles: Iterable[Article], count: int) -> list[str]:
    """Questions after dates, numbers, ages and people that the sentences of the articles seem to answer, each once."""
    texts = [article.text for article in articles]
    random.Random(7).shuffle(texts)
    kinds = [_asked(texts, pattern, wording) for pattern, wording in _PATTERNS]
    turns = zip_longest(*kinds, likely_questions(texts))
    return list(islice(dict.fromkeys(question for turn in turns for question in turn if question), count))


def _asked(texts: Iterable[str], pattern: str, wording: str) -> Iterator[str]:
    for text in texts:
        for match in re.finditer(pattern, text):
            yield wording.format(*match.groups())


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of some questions: how many were answered, which answers differ, and which have parts."""

    asked: int
    answered: int
    differing: tuple[Answer, ...]
    in_parts: tuple[Answer, ...]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.asked} questions, {self.answered} answered, {len(self.differing)} with a disagreement, "
            f"{len(self.in_parts)} in parts; {self.seconds / max(1, self.asked):.3f} s a question"
        )


def examine(qa: QuestionAnswerer, asked: Sequence[str], min_confidence: float | None = None) -> Findings:
    """Ask each question and keep the answers to which articles give another, or several give parts."""
    started = time.perf_counter()
    results = [qa.ask(question, min_confidence=min_confidence) for question in asked]
    answers = [result for result in results if result.found]
    differing = tuple(answer for answer in answers if answer.disagreements)
    in_parts = tuple(answer for answer in answers if answer.parts)
    return Findings(len(asked), len(answers), differing, in_parts, time.perf_counter() - started)


def show(answer: Answer) -> Iterator[str]:
    """The question, the answer in its sentence, and below it what else was said."""
    yield f"{answer.question} ({answer.confidence:.2f})"
    yield from _lines("  ", answer.citations[0])
    for part in answer.parts[1:]:
        yield from _lines("and ", part.citations[0])
    for other in answer.disagreements:
        yield from _lines("but ", other.citations[0])


def _lines(word: str, cited: Citation) -> Iterator[str]:
    yield f"    {word}[{cited.quote}] {' '.join(cited.sentence.split())}"
    yield f"        {cited.article.title}, {cited.article.published}, {cited.article.id}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--half", choices=("first", "second"), help="of the questions; without it all of them")
    parser.add_argument("--min-confidence", type=float)
    given = parser.parse_args()
    qa = QuestionAnswerer.open(given.index)
    asked = [q.question for q in read_questions(given.questions)] if given.questions else []
    asked = asked or questions_of(qa.articles(), given.count)
    middle = len(asked) // 2
    asked = {"first": asked[:middle], "second": asked[middle:]}.get(given.half, asked)
    findings = examine(qa, asked, given.min_confidence)
    for answer in (*findings.differing, *findings.in_parts):
        print("\n".join(show(answer)))
    print(findings)


if __name__ == "__main__":
    main()
