"""Questions that a passage does not answer, made from questions that it does.

A reader trained on SQuAD alone believes that every passage holds the answer. Two kinds of
counter-example teach it otherwise, both built from the training questions themselves:

* `retrieved`: the question with another paragraph of the same article, one that shares its
  words but does not hold its answer: what a retriever will hand to the reader.
* `swapped`: the question with a name, year or number replaced by another from the same
  article that its paragraph does not mention, so that nearly everything fits and the answer
  is still not there (compare the categories of Rajpurkar et al. 2018, table 1).
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sklearn.feature_extraction.text import TfidfVectorizer

from qa.squad import Example

NEAREST = 4
"""A retrieved negative is drawn from this many best-matching other paragraphs."""

_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w'’-]*(?: (?:(?:of|the|de|van|von) )?[A-Z][\w'’-]*)*")
_YEAR = re.compile(r"\b1\d{3}\b|\b20\d{2}\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")


def retrieved(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Up to `count` answerable questions, each with a similar paragraph that lacks every answer."""
    rng = random.Random(seed)
    by_title = defaultdict(list)
    for example in rng.sample(examples, len(examples)):
        if example.spans:
            by_title[example.title].append(example)
    made = [negative for group in by_title.values() for negative in _retrieved_within(group, rng)]
    return rng.sample(made, min(count, len(made)))


def _retrieved_within(group: list[Example], rng: random.Random) -> Iterator[Example]:
    contexts = sorted({example.context for example in group})
    if len(contexts) < 2:
        return
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    try:
        similar = (vectorizer.fit_transform(contexts) @ vectorizer.transform([e.question for e in group]).T).T.toarray()
    except ValueError:  # nothing but stop words
        return
    for example, scores in zip(group, similar, strict=True):
        answers = [answer.lower() for answer in example.answers]
        nearest = (contexts[i] for i in scores.argsort()[::-1][: 2 * NEAREST])
        fitting = [c for c in nearest if c != example.context and not any(a in c.lower() for a in answers)]
        if fitting:
            yield replace(example, id=f"{example.id}-retrieved", context=rng.choice(fitting[:NEAREST]), spans=())


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
            made.append(replace(example, id=f"{example.id}-swapped", question=question, spans=()))
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
    """Those of the pool of which no longer word stands in the context."""
    return sorted(c for c in pool if not any(w in context for w in c.lower().split() if len(w) > 3 or w.isdigit()))
