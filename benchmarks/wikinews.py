"""How well are a reader's questions answered over a news archive? Figures for each half of `wikinews.jsonl`.

    python benchmarks/wikinews.py INDEX            the index that `qa index wikinews_2019.csv wikinews_2020.csv` made
    python benchmarks/wikinews.py INDEX --check    only see that every accepted answer stands in the articles named

The questions that went wrong are listed of the first half alone: their causes may be looked for. The second half is
for reporting; who reads its mistakes can no longer measure with it. `wikinews.md` says where the questions are from.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from index.corpus import Snapshot
from qa import QuestionAnswerer
from qa.evaluation.answers import Score, evaluate, summarize
from qa.evaluation.questions import Question, read_questions
from qa.evaluation.retrieval import measure_retrieval

QUESTIONS = Path(__file__).with_suffix(".jsonl")


def halves(questions: list[Question]) -> tuple[list[Question], list[Question]]:
    """The questions whose causes of failure may be looked at, and those that are for reporting."""
    return questions[: len(questions) // 2], questions[len(questions) // 2 :]


def misplaced(questions: list[Question], snapshot: Snapshot) -> Iterator[str]:
    """What does not fit the archive: an answer in none of its articles, an article with none of its answers."""
    for question in questions:
        texts = {name: snapshot.article(name).text for name in question.articles}
        yield from (f"{question.id}: {a!r}" for a in question.answers if not any(a in t for t in texts.values()))
        yield from (f"{question.id}: {n}" for n, t in texts.items() if not any(a in t for a in question.answers))


def show(score: Score) -> None:
    """One question that went wrong, and what was quoted instead."""
    result = score.result
    said = f"{result.text} [{result.citations[0].article.id}]" if result.found else "declined"
    wanted = score.question.answers[0] if score.question.answers else "to decline"
    print(f"  {score.question.id} {score.question.question}\n      {result.confidence:.2f} {said}; wanted: {wanted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    asked = read_questions(QUESTIONS)
    qa = QuestionAnswerer.open(given.index)
    with qa.corpus.snapshot() as snapshot:
        unfit = list(misplaced(asked, snapshot))
    print("\n".join(unfit) or f"{len(asked)} questions fit the archive")
    for name, half in zip(("first", "second"), halves(asked), strict=True):
        if not given.check:
            scores = evaluate(qa, half)
            if name == "first":
                for score in scores:
                    if not (score.right or (not score.question.answers and not score.result.found)):
                        show(score)
            recall = measure_retrieval(qa, half)["hybrid"]["recall@10"]
            print(f"{name} half: {summarize(scores).as_dict() | {'recall@10': recall}}")


if __name__ == "__main__":
    main()
