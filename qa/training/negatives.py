"""Questions that a passage does not answer, made from questions that it does.

A reader trained on SQuAD alone believes that every passage holds the answer. Three kinds of
counter-example teach it otherwise, all built from the training questions themselves:

* `rivals`: beside the question's own paragraph, others of the same article that share its
  words or its meaning but not its answer: what a retriever will hand to the reader together.
* `retrieved`: the question with such a paragraph alone.
* `swapped`: the question with a name, year or number replaced by another from the same
  article that its paragraph does not mention, so that nearly everything fits and the answer
  is still not there (compare the categories of Rajpurkar et al. 2018, table 1).
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from qa.squad import Example

NEAREST = 3
"""A rival is drawn from this many paragraphs nearest in words, and as many nearest in meaning."""

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]

_NAME = re.compile(r"(?<=[\w,] )[A-Z](?:[\w'’-]+|\.[A-Z]\.)(?: (?:(?:of|the|de|van|von) )?[A-Z][\w'’-]*)*")
_YEAR = re.compile(r"\b1\d{3}\b|\b20\d{2}\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")


def contested(examples: Sequence[Example], count: int, seed: int, embed: Embed) -> list[Example]:
    """Up to `count` of the answerable examples, each with one rival paragraph of its article.

    Rivals lack every accepted answer. Half of them are among the nearest by the question's
    words (TF-IDF), half among the nearest by meaning, as `embed` gives it: texts in, unit
    vectors out. Articles are drawn at random, and used with all their questions.
    """
    rng = random.Random(seed)
    by_title = defaultdict(list)
    for example in examples:
        if example.spans:
            by_title[example.title].append(example)
    made: list[Example] = []
    for title in rng.sample(sorted(by_title), len(by_title)):
        if len(made) >= count:
            break
        made += _contested_within(by_title[title], rng, embed)
    return rng.sample(made, min(count, len(made)))


def _contested_within(group: list[Example], rng: random.Random, embed: Embed) -> Iterator[Example]:
    contexts = sorted({example.context for example in group})
    if len(contexts) < 2:
        return
    questions = [example.question for example in group]
    nearest = [_in_words(contexts, questions), embed(questions) @ embed(contexts).T]
    for number, example in enumerate(group):
        answers = [answer.lower() for answer in example.answers]
        order = np.argsort(-rng.choice(nearest)[number], kind="stable")
        fitting = [contexts[i] for i in order[: 3 * NEAREST] if not any(a in contexts[i].lower() for a in answers)]
        if fitting:
            yield replace(example, rivals=(rng.choice(fitting[:NEAREST]),))


def _in_words(contexts: list[str], questions: list[str]) -> npt.NDArray[Any]:
    """Likeness of each question to each paragraph, shape (questions, paragraphs); zeros where all are stop words."""
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    try:
        paragraphs = vectorizer.fit_transform(contexts)
    except ValueError:  # nothing but stop words
        return np.zeros((len(questions), len(contexts)))
    likeness: npt.NDArray[Any] = (vectorizer.transform(questions) @ paragraphs.T).toarray()
    return likeness


def retrieved(contest: Iterable[Example]) -> list[Example]:
    """Each contested question with its rival paragraph alone, which does not answer it."""
    return [
        replace(example, id=f"{example.id}-retrieved", context=example.rivals[0], spans=(), rivals=())
        for example in contest
    ]


def swapped(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Up to `count` answerable questions, each with one name, year or number replaced."""
    rng = random.Random(seed)
    pools: dict[str, dict[re.Pattern[str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for example in examples:
        for kind in (_NAME, _YEAR, _NUMBER):
            pools[example.title][kind].update(kind.findall(example.question))
    made: list[Example] = []
    for example in rng.sample(examples, len(examples)):
        if len(made) == count:
            break
        if example.spans and (question := _swap(example, pools[example.title], rng)):
            made.append(replace(example, id=f"{example.id}-swapped", question=question, spans=(), rivals=()))
    return made


def _swap(example: Example, pool: dict[re.Pattern[str], set[str]], rng: random.Random) -> str | None:
    context = example.context.lower()
    for kind in (_YEAR, _NAME, _NUMBER):
        found = [match for match in kind.finditer(example.question) if match[0].lower() in context]
        others = _foreign(pool[kind], context)
        if found and others:
            match = rng.choice(found)
            return example.question[: match.start()] + rng.choice(others) + example.question[match.end() :]
    return None


def _foreign(pool: Iterable[str], context: str) -> list[str]:
    """Those of the pool that do not stand in the context, nor any longer word of them."""
    return sorted(
        candidate
        for candidate in pool
        if candidate.lower() not in context
        and not any(word in context for word in candidate.lower().split() if len(word) > 3)
    )
