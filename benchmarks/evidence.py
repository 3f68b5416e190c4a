"""How often articles are said to differ: each disagreement among some hundred answers, for a person to judge.

    python benchmarks/evidence.py FOLDER                    questions are made from the articles' own sentences
    python benchmarks/evidence.py FOLDER --questions FILE   or read from a file, as `qa evaluate` reads it

Prints how many questions were answered and, of each disagreement, both quotes in their sentences. Whether two
articles really differ no program can tell; the count of those that do not belongs beside the figure.
"""

import argparse
import random
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path

from index.article import Article
from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer
from qa.answer import Citation
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


def show(cited: Sequence[Citation]) -> None:
    best = cited[0]
    print(f"    [{best.quote}] {' '.join(best.sentence.split())}")
    print(f"        {best.article.title}, {best.article.published}, {best.article.id}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--min-confidence", type=float)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as index:
        build([given.folder], Path(index), Embedder())
        qa = QuestionAnswerer.open(index)
        asked = [q.question for q in read_questions(given.questions)] if given.questions else []
        asked = asked or questions_of(qa.articles(), given.count)
        answered = differ = 0
        started = time.perf_counter()
        for question in asked:
            result = qa.ask(question, min_confidence=given.min_confidence)
            answered += result.found
            differ += bool(result.disagreements)
            if result.disagreements:
                print(f"{question} ({result.confidence:.2f})")
                show(result.citations)
                for other in result.disagreements:
                    show(other.citations)
        seconds = (time.perf_counter() - started) / len(asked)
    print(f"{len(asked)} questions, {answered} answered, {differ} with a disagreement; {seconds:.3f} s a question")


if __name__ == "__main__":
    main()
