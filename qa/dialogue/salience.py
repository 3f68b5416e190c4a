"""Does a question need something that was said before it, and what? Two small fitted models.

Knows questions and topics by a few features, and the weights in `weights.json`. Never knows how a question is put
anew.

Whether it needs anything is a logistic model over the question's form and its commonest words; what it needs, one over
the topics of the conversation that says how likely it is each of them (a conditional logit, McFadden 1974). Choosing
terms of the conversation by a classifier is QuReTeC's way (Voskarides et al. 2020, arXiv:2005.11723), carrying the
first and the last topic along HQE's (Lin et al. 2020, arXiv:2005.02230); how weighty a phrase is comes from centering
theory (Grosz, Joshi and Weinstein 1995). Fitted by `benchmarks/dialogue_fit.py`.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qa.dialogue.grammar import ADJECTIVES, BE, FUNCTION, PREPOSITIONS, RELATIONAL, VERBS, phrases
from qa.dialogue.references import BARE, CONTINUES, last_sentence, pronouns, references
from qa.dialogue.topics import Memory, Topic, content

WEIGHTS = Path(__file__).with_name("weights.json")

Features = Mapping[str, float]

DROPPED = 2.0
"""What a topic loses once another has been brought up that has nothing to do with it."""

_CONTRASTS = re.compile(r"\b(?:other|else|another|different|also|too|same|instead)\b", re.IGNORECASE)
_COMPARES = re.compile(r"\b(?:most|best|worst|better|worse|more|\w{3,}est)\b", re.IGNORECASE)
_PREDICATE = BE | {"so", "very", "too", "more", "most"}


@dataclass(frozen=True, slots=True)
class Weights:
    """A weight for each feature of a question, and for each of a topic; what has none counts nothing."""

    needs: Features
    means: Features

    @classmethod
    @lru_cache(maxsize=4)
    def load(cls, path: Path = WEIGHTS) -> "Weights":
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(stored["needs"], stored["means"])


def needs(question: str, memory: Memory, weights: Weights | None = None) -> float:
    """The probability, 0 to 1, that a question needs something of what was said before it."""
    logit = _weighed((weights or Weights.load()).needs, question_features(question, memory))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def ranked(question: str, memory: Memory, weights: Weights | None = None) -> list[tuple[Topic, float]]:
    """The topics that a question does not name itself, with the probability that it needs each, the likeliest first."""
    described = topic_features(question, memory)
    scores = [_weighed((weights or Weights.load()).means, features) for _, features in described]
    scores = [
        score - DROPPED * (topic.last < memory.changed) for score, (topic, _) in zip(scores, described, strict=True)
    ]
    powers = [math.exp(score - max(scores)) for score in scores]
    likely = [(topic, power / sum(powers)) for (topic, _), power in zip(described, powers, strict=True)]
    return sorted(likely, key=lambda pair: -pair[1])


def _weighed(weights: Features, features: Features) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def question_features(question: str, memory: Memory) -> dict[str, float]:
    """What a question's form says about whether it stands alone, by name; each between 0 and about 2."""
    last = last_sentence(question)
    form = _form(question, memory)
    low = re.findall(r"[\w'’]+", last.lower())
    remark = question[: len(question) - len(last)]
    within = content(last)
    flags = {
        "always": 1.0,
        "words": min(len(low), 14) / 7,
        "content words": min(len(within), 8) / 4,
        "no content word": not within,
        "one content word at most": len(within) <= 1,
        "three content words at most": len(within) <= 3,
        "a remark before it": bool(remark),
        "content of the remark": min(len(content(remark)), 6) / 3,
        "the remark's content and a reference": min(len(content(remark)), 6) / 3 * form["reference"],
        "at most four words": len(low) <= 4,
        "prepositions": sum(word in PREPOSITIONS for word in low) / 2,
        "ends in a function word": bool(low) and low[-1] in FUNCTION,
        "ends in an adjective": bool(low) and low[-1] in ADJECTIVES,
        "reference and name": form["reference"] * form["name"],
        "short and name": form["short"] * form["name"],
        "short and known": form["short"] * form["known"],
        "short and relational": form["short"] * form["relational"],
        "reference and known": form["reference"] * form["known"],
    }
    spoken = {f"word: {word}" for word in low} | {f"begins: {' '.join(low[:n])}" for n in (1, 2)}
    if low:
        spoken.add(f"ends: {low[-1]}")
    return {**form, **{name: float(value) for name, value in flags.items()}, **dict.fromkeys(spoken, 1.0)}


def topic_features(question: str, memory: Memory) -> list[tuple[Topic, dict[str, float]]]:
    """The topics that a question does not name, with what speaks for or against that it is about each, by name."""
    form, kinds = _form(question, memory), _kinds(question)
    there = frozenset(content(question))
    now = memory.turns
    salient = max((_salience(topic, now) for topic in memory.topics if topic.said), default=0.0)
    described = []
    for topic in memory.topics:
        missing = [word for word in topic.words if word not in there]
        if not missing:
            continue
        features = _of_topic(topic, now, len(missing), _salience(topic, now) >= salient - 0.01)
        features["ends in a word of the question"] = float(len(missing) < len(topic.words) and topic.words[-1] in there)
        fits = [max(-3.0, topic.fits(kind)) for kind in kinds]
        features |= {f"fits {kind}": fit for kind, fit in zip(kinds, fits, strict=True)}
        features |= {"fits": sum(fits), "fits well": float(any(fit > 0 for fit in fits)), "cannot": float(-3.0 in fits)}
        features |= {
            f"{asked}, {said}": form[asked] * features[said]
            for asked in ("reference", "demonstrative", "known", "short")
            for said in _CROSSED
        }
        described.append((topic, features))
    return described


_CROSSED = (
    "said last",
    "asked about last",
    "meant last",
    "most salient",
    "in the first question",
    "ends in a word of the question",
    "name",
    "weight",
    "only in an answer",
)


@lru_cache(maxsize=256)
def _form(question: str, memory: Memory) -> dict[str, float]:
    last = last_sentence(question)
    inside, within, kinds = phrases(last), frozenset(content(last)), _kinds(question)
    all_within = frozenset(content(question))
    flags = {
        "reference": bool(references(last)),
        "demonstrative": any(m[0].split()[-1].lower() in ("this", "that", "these", "those") for m in references(last)),
        "name": any(phrase.is_name for phrase in inside),
        "short": len(within) <= 2,
        "known": any(all_within.issuperset(topic.words) for topic in memory.topics),
        "known words": len(memory.vocabulary & within) / max(1, len(within)),
        "words of the answer": len(within.intersection(content(memory.answer or ""))) / max(1, len(within)),
        "no answer known": memory.answer is None,
        "relational": any(phrase.head in RELATIONAL for phrase in inside),
        "definite": any(re.match(r"the\s", p.text, re.IGNORECASE) and not p.is_name for p in inside),
        "indefinite": any(re.match(r"an?\s", p.text, re.IGNORECASE) for p in inside),
        "a bare plural": any(p.is_plural and not re.match(r"(?:the|some|an?)\s", p.text.lower()) for p in inside),
        "phrases": len(inside) / 3,
        "of": " of " in last,
        "contrasts": bool(_CONTRASTS.search(last)),
        "compares": bool(_COMPARES.search(last)),
        "continues": bool(CONTINUES.search(last)),
        "is bare": bool(BARE.match(last)),
    }
    return {name: float(value) for name, value in flags.items()} | {f"refers to a {kind}": 1.0 for kind in kinds}


def _kinds(question: str) -> Sequence[str]:
    """The kinds of what its pronouns stand for."""
    return tuple(dict.fromkeys(kind for _, kind in pronouns(last_sentence(question)) if kind))


def _salience(topic: Topic, now: int) -> float:
    weight = topic.weights[-1] if topic.weights else 0.0
    return weight - 0.8 * (now - 1 - max(*topic.said, *topic.meant, -1, -1))


def _of_topic(topic: Topic, now: int, missing: int, is_most_salient: bool) -> dict[str, float]:
    said, meant, heard = (max(turns, default=-1) for turns in (topic.said, topic.meant, topic.heard))
    phrase = topic.phrase
    bare = phrase.bare
    flags = {
        "came up last": topic.last == now - 1,
        "came up before last": topic.last == now - 2,
        "turns ago": math.log(max(1, now - topic.last)),
        "said last": said == now - 1,
        "asked about last": said == now - 1 and phrase.before == "about",
        "meant last": meant == now - 1,
        "meant before last": meant == now - 2,
        "times": math.log(1 + min(len(topic.said) + len(topic.meant), 8)),
        "in the first question": 0 in topic.said,
        "in the only question": 0 in topic.said and now == 1,
        "weight": (topic.weights[-1] if topic.weights else 0.0) / 2,
        "most salient": bool(topic.said) and is_most_salient,
        "name": phrase.is_name,
        "plural": phrase.is_plural,
        "relational": phrase.head in RELATIONAL,
        "time": topic.is_time,
        "person": topic.is_person is True,
        "no person": topic.is_person is False,
        "place": topic.is_place,
        "missing words": missing / 3,
        "one word": len(topic.words) == 1,
        "over three words": len(topic.words) > 3,
        "named in part": missing < len(topic.words),
        "only in an answer": not topic.said,
        "in the last answer": heard == now - 1,
        "times in the answer": math.log(1 + topic.times),
        "first in the answer": bool(topic.heard) and topic.place == 0,
        "asked and answered": bool(topic.heard and topic.said),
        "after of": phrase.before == "of",
        "of something": " of " in phrase.text,
        "with an article": bare != phrase.text,
        "gerund or participle": bool(re.fullmatch(r"[a-z]+(?:ing|ed)", bare)),
        "may be a verb": bare in VERBS,
        "predicate": phrase.before in _PREDICATE and bare.islower() and not phrase.is_plural and bare == phrase.text,
        "adjective by its ending": bool(re.fullmatch(r"[a-z]+(?:al|ic|ive|ous|ful|able|ible|ent|ant|er|est)", bare)),
    }
    return {name: float(value) for name, value in flags.items()}
