"""What understanding and weighing cost: the share of an answer's time that each step takes, in one run.

    python benchmarks/overhead.py                       the seed articles and their questions
    python benchmarks/overhead.py INDEX --questions FILE    another index, and questions as `qa evaluate` reads them

Searching and reading are what any such engine does. Understanding (follow-ups), judging (what says the same) and
deciding (what differs, what is cited) are this one's own, and are to take at most 15 % of the whole. Every question
is asked once, and once more as a follow-up to the one before it; the first, which loads the models, does not count.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from qa import QuestionAnswerer
from qa.dialogue import Turn
from qa.evaluation.questions import read_questions

QUESTIONS = Path(__file__).parents[1] / "seeds" / "questions.jsonl"
OWN = ("understanding", "judging", "deciding")
FOLLOW_UP = "And when did that happen?"


def conversations(questions: Sequence[str]) -> Iterable[tuple[str, Sequence[Turn]]]:
    """Each question alone, and after it one that refers back to it."""
    for question in questions:
        yield question, ()
        yield FOLLOW_UP, ((question, ""),)


def measure(qa: QuestionAnswerer, asked: Iterable[tuple[str, Sequence[Turn]]]) -> dict[str, list[float]]:
    """For each step the seconds that it took of each answer."""
    taken: dict[str, list[float]] = {}
    for question, history in asked:
        found = qa.examine(question, history)
        deciding = qa.decide(found).seconds - sum(found.seconds.values())
        for step, seconds in (found.seconds | {"deciding": deciding}).items():
            taken.setdefault(step, []).append(seconds)
    return taken


def share(taken: dict[str, list[float]], steps: Iterable[str]) -> float:
    """Of the whole time, that of some steps."""
    return sum(sum(taken[step]) for step in steps) / sum(map(sum, taken.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", nargs="?")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    given = parser.parse_args()
    qa = QuestionAnswerer.open(given.index)
    qa.warm()
    taken = measure(qa, conversations([question.question for question in read_questions(given.questions)]))
    for step, seconds in taken.items():
        print(f"{step:14} {median(seconds) * 1000:7.1f} ms, {share(taken, [step]):6.1%} of the time")
    print(f"{'our own':14} {' ' * 10} {share(taken, OWN):7.1%} of the time")


if __name__ == "__main__":
    main()
