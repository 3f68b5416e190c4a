"""How well are a reader's questions answered over a news archive? Figures for each half of `wikinews.jsonl`.

    python benchmarks/wikinews.py INDEX            the index that `qa index wikinews_2019.csv wikinews_2020.csv` made
    python benchmarks/wikinews.py INDEX --check    only see that every accepted answer stands in the articles named

The questions that went wrong are listed of the first half alone: their causes may be looked for. The second half is
for reporting; who reads its mistakes can no longer measure with it. `wikinews.md` says where the questions are from.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.store import Snapshot, article_of
from qa import QuestionAnswerer
from qa.evaluation.answers import Score, evaluate, summarize
from qa.evaluation.questions import Question, read_questions
from qa.evaluation.retrieval import measure_retrieval

QUESTIONS = Path(__file__).with_suffix(".jsonl")

GOOD = ("right", "declined, rightly")


def halves(questions: Sequence[Question]) -> tuple[Sequence[Question], Sequence[Question]]:
    """The questions whose causes of failure may be looked at, and those that are for reporting."""
    return questions[: len(questions) // 2], questions[len(questions) // 2 :]


def misplaced(questions: Sequence[Question], snapshot: Snapshot) -> Iterator[str]:
    """What does not fit the archive: an answer in none of its articles, an article with none of its answers.

    Raises:
        InputError: an article is named that the index does not hold.
    """
    for question in questions:
        texts = {name: article_of(snapshot, name).text for name in question.articles}
        yield from (f"{question.id}: {a!r}" for a in question.answers if not any(a in t for t in texts.values()))
        yield from (f"{question.id}: {n}" for n, t in texts.items() if not any(a in t for a in question.answers))


def outcome(score: Score) -> str:
    """How a question went, in words: whose fault it was, the reading's or the confidence's."""
    found = score.result.found
    if not score.question.answers:
        return "answered, though nowhere answered" if found else "declined, rightly"
    if score.right:
        return "right"
    if score.forced_right:
        return "read rightly, but declined"
    return "read wrongly, and answered" if found else "read wrongly, and declined"


def shown(score: Score) -> str:
    """One question that went wrong, what was read and what was wanted."""
    result = score.result
    said = result.text if result.found else next((f"({other.text})" for other in result.alternatives), "nothing")
    wanted = score.question.answers[0] if score.question.answers else "nothing"
    cited = f" [{result.citations[0].article.id}]" if result.found else ""
    return (
        f"{score.question.id} {score.question.question}\n"
        f"    {outcome(score)}: {said} {result.confidence:.2f}{cited}; wanted {wanted}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    asked = read_questions(QUESTIONS)
    qa = QuestionAnswerer.open(given.index)
    with qa.snapshot() as snapshot:
        unfit = list(misplaced(asked, snapshot))
    print("\n".join(unfit) or f"{len(asked)} questions fit the archive")
    for name, half in zip(("first", "second"), halves(asked), strict=True) if not given.check else ():
        scores = evaluate(qa, half)
        recall = measure_retrieval(qa, half)["hybrid"]["recall@10"]
        if name == "first":
            print("\n".join(shown(score) for score in scores if outcome(score) not in GOOD))
        print(f"\n{name} half: {dict(Counter(map(outcome, scores)).most_common())}")
        print(f"    {summarize(scores).as_dict() | {'recall@10': round(recall, 4)}}")


if __name__ == "__main__":
    main()
