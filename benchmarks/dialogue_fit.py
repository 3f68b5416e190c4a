"""Fit what tells whether a question needs something said before it, and what: writes `qa/dialogue/weights.json`.

    python benchmarks/dialogue_fit.py CAST [--out qa/dialogue/weights.json]

CAST is what `benchmarks/dialogue.py` measures on; only its development topics are read here. The conversations are
held with the human rewrites as what was understood. A question needs something if the human added content words to it;
the openings of other conversations and the human rewrites themselves, asked in its place, need nothing. What it needs
are the topics whose words all stand in the human rewrite, and not all in the question.

The first model is a logistic regression, the second a conditional logit (McFadden 1974) over the topics of a turn, both
held small by a penalty on their squared weights, which was chosen in five-fold cross-validation over the conversations.
The tracks of 2020 and 2021 are nearer to how people ask than that of 2019 and count more.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from dialogue import Conversation, is_held_out, read, words
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from qa.dialogue import refers_back
from qa.dialogue.salience import WEIGHTS, question_features, topic_features
from qa.dialogue.topics import Memory, content

NATURAL = 3.0
"""What a turn of 2020 or 2021 counts; one of 2019 counts 1."""
STANDING_ALONE = 0.6
"""What a question that stands alone counts."""
OPENINGS = 2
"""So many openings of other conversations are asked at each turn."""
SPOKEN = 4
"""A word counts by itself if so many questions have it."""
NEEDS_PENALTY, MEANS_PENALTY = 33.0, 30.0

Described = Mapping[str, float]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question in its conversation: whether it needs something, its topics, and which of them the human put in."""

    weight: float
    needs: bool
    question: Described
    topics: Sequence[Described]
    meant: Sequence[bool]


def main(
    cast: Annotated[Path, typer.Argument(help="The topic files: a folder, or a .tar.gz.")],
    out: Annotated[Path, typer.Option(help="Where the weights go.")] = WEIGHTS,
) -> None:
    """Fit both models on the development topics and write their weights."""
    conversations = [conversation for conversation in read(cast) if not is_held_out(conversation)]
    turns = examples(conversations)
    needs, means = fit_needs(turns), fit_means(turns)
    note = f"fitted by benchmarks/dialogue_fit.py on {len(conversations)} conversations of TREC CAsT 2019-2021 (MIT)"
    out.write_text(json.dumps({"note": note, "needs": needs, "means": means}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(turns)} questions, {len(needs)} and {len(means)} weights: {out}")


def examples(conversations: Sequence[Conversation], seed: int = 0) -> list[Turn]:
    rng = random.Random(seed)
    return [turn for conversation in conversations for turn in _turns(conversation, conversations, rng)]


def _turns(conversation: Conversation, others: Sequence[Conversation], rng: random.Random) -> Iterator[Turn]:
    memory = Memory()
    natural = NATURAL if conversation.year > 2019 else 1.0
    for said in conversation.utterances:
        if memory.topics:
            added = bool(words(said.rewrite) - words(said.raw))
            yield _turn(said.raw, said.rewrite, added, natural, memory)
            alone = [c.utterances[0].raw for c in rng.choices(others, k=OPENINGS) if c is not conversation]
            for question in (*alone, said.rewrite):
                if not refers_back(question):
                    yield _turn(question, question, False, natural * STANDING_ALONE, memory)
        memory = memory.after(said.raw, said.rewrite, said.answer)


def _turn(question: str, rewrite: str, needs: bool, weight: float, memory: Memory) -> Turn:
    described, inside = topic_features(question, memory), set(content(rewrite))
    meant = [inside.issuperset(topic.words) for topic, _ in described]
    return Turn(weight, needs, question_features(question, memory), [features for _, features in described], meant)


def fit_needs(turns: Sequence[Turn]) -> dict[str, float]:
    """Words are kept as they are, 0 or 1; the other features are brought to one scale while fitting."""
    spoken = Counter(name for turn in turns if turn.needs for name in turn.question if ": " in name)
    names = sorted({name for turn in turns for name in turn.question if ": " not in name} - {"always"})
    names += sorted(name for name, times in spoken.items() if times >= SPOKEN)
    matrix = _matrix([turn.question for turn in turns], names)
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    scale[[": " in name for name in names]] = 1.0
    model = LogisticRegression(C=1 / NEEDS_PENALTY, max_iter=1000)
    model.fit((matrix - mean) / scale, [turn.needs for turn in turns], sample_weight=[turn.weight for turn in turns])
    slopes = model.coef_[0] / scale
    return {"always": round(float(model.intercept_[0] - slopes @ mean), 4)} | _rounded(names, slopes)


def fit_means(turns: Sequence[Turn]) -> dict[str, float]:
    """The likelihood of the human's choice: of any one of the topics that went into the rewrite."""
    chosen = [turn for turn in turns if any(turn.meant)]
    described = [features for turn in chosen for features in turn.topics]
    names = sorted({name for features in described for name in features})
    matrix = _matrix(described, names)
    matrix = matrix / (scale := matrix.std(axis=0) + 1e-6)
    sizes = [len(turn.topics) for turn in chosen]
    starts, belongs = np.cumsum([0, *sizes[:-1]]), np.repeat(np.arange(len(chosen)), sizes)
    meant = np.array([float(is_meant) for turn in chosen for is_meant in turn.meant])
    weight = np.array([turn.weight for turn in chosen])

    def loss(slopes: Floats) -> tuple[float, Floats]:
        scores = matrix @ slopes
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[belongs])
        every, right = np.add.reduceat(powers, starts), np.add.reduceat(powers * meant, starts)
        gradient = (powers / every[belongs] - powers * meant / right[belongs]) * weight[belongs]
        value = weight @ (np.log(every) - np.log(right)) + MEANS_PENALTY / 2 * slopes @ slopes
        return float(value), matrix.T @ gradient + MEANS_PENALTY * slopes

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return _rounded(names, found.x / scale)


def _matrix(described: Sequence[Described], names: Sequence[str]) -> Floats:
    return np.array([[features.get(name, 0.0) for name in names] for features in described])


def _rounded(names: Sequence[str], slopes: Floats) -> dict[str, float]:
    return {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True) if abs(slope) > 5e-5}


if __name__ == "__main__":
    typer.run(main)
