"""What was talked about: which things, in which turns, and of which kind each is.

Knows the phrases of the earlier questions and the names in their answers. Never knows which of them a question means.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from qa.dialogue.grammar import BODIES, FUNCTION, Phrase, phrases, singular

SHORT = 8
"""Words of an answer that may be a name or a thing; a longer one is a statement, and only its names are kept."""

LONGEST = 5000
"""Characters of an answer that are looked at."""

NAMES = 12
"""So many names of a long answer are kept, the first ones, and for so many turns:"""
LASTING = 2

WEIGHTY = 2.5
"""The weight of a phrase that a question is about (see `Phrase`)."""

PLACES = frozenset("city town village region country province area place island".split())
_LEFT_OVER = frozenset("don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn ll re ve".split())
_NAME = re.compile(r"[A-Z][\w’'&/-]*(?:\s+(?:(?:of|the|on|for|de)\s+){0,2}[A-Z0-9][\w’'&/-]*)*")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that was talked about.

    words: what it consists of, in the singular and in small letters; no two topics have the same.
    phrase: the last wording.
    said: the turns whose question named it or whose answer it was, and `weights` how weighty it was in each (see
    `Phrase`).
    meant: the turns whose question was about it, whether it named it or not.
    heard: the turns whose long answer named it, and `place` and `times`: at which place among its names, how often.
    is_person: None where nothing tells.
    noun: what it was asked for as, or introduced as: "city" for Raqqa in "the city of Raqqa".
    """

    words: Words
    phrase: Phrase
    said: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    meant: tuple[int, ...] = ()
    heard: tuple[int, ...] = ()
    place: int = 0
    times: int = 0
    is_person: bool | None = None
    is_place: bool = False
    is_short_answer: bool = False
    noun: str = ""

    @property
    def text(self) -> str:
        return self.phrase.text

    @property
    def last(self) -> int:
        """The last turn in which it came up."""
        return max(*self.said, *self.meant, *self.heard, -1, -1)

    @property
    def is_time(self) -> bool:
        return self.phrase.is_year_or_date

    def called(self, noun: str) -> bool:
        """Whether "the <noun>" may mean it: "the city" for "the city of Raqqa", "Raqqa", where a city was asked for."""
        one = singular(noun.lower())
        return one in (self.phrase.head, self.noun) or (self.is_place and one in PLACES)

    def fits(self, kind: str) -> float:
        """What speaks for and against its being meant by a word of a kind: person, thing, many or place."""
        if self.is_time:
            return -9.0
        if kind == "person":
            if self.is_place or self.noun in PLACES:
                return -9.0
            return 2.0 if self.is_person else -9.0 if self.is_person is False or not self.phrase.is_name else 0.0
        is_body = self.phrase.is_name and self.phrase.head in BODIES
        if kind == "place":
            return 1.5 if self.is_place or self.noun in PLACES else 0.0 if self._may_be_place else -9.0
        if kind == "many":
            single_name = self.phrase.is_name and self.is_person is not False
            return 1.0 if self.phrase.is_plural else 0.0 if is_body else -2.0 if single_name else -0.7
        if self.is_person:
            return -9.0
        return -2.0 if self.phrase.is_plural and self.phrase.is_name else -0.7 * self.phrase.is_plural - 1.5 * is_body

    @property
    def _may_be_place(self) -> bool:
        return self.phrase.is_name and self.is_person is None and not self.phrase.is_plural


@dataclass(frozen=True, eq=False)
class Memory:
    """A conversation so far: the last question, made stand-alone, its answer, and all that was talked about.

    Two are never equal, so that one is quick to remember by.
    """

    turns: int = 0
    question: str = ""
    answer: str | None = None
    topics: tuple[Topic, ...] = ()
    changed: int = 0
    """The last turn that brought a topic of its own and shared no word with what was said before."""

    def after(self, asked: str, understood: str, answer: str | None) -> "Memory":
        """The memory once a turn has been taken in: what was asked, how it was understood, and what answered it."""
        answer = answer[:LONGEST] if answer else None
        known = {topic.words: topic for topic in self.topics}
        for phrase in phrases(asked):
            if words := content(phrase.bare):
                known[words] = self._said(known.get(words), words, phrase, asked)
        about = set(content(understood))
        is_of_person = bool(re.search(r"\b(?:he|she|him|his|her)\b", asked, re.IGNORECASE))
        named = [set(words) for words in known if about.issuperset(words)]
        for words, topic in known.items():
            if about.issuperset(words) and (topic.said or not any(larger > set(words) for larger in named)):
                person = True if topic.is_person is None and is_of_person and self.turns not in topic.said else None
                known[words] = replace(
                    topic, meant=(*topic.meant, self.turns), is_person=topic.is_person if person is None else person
                )
        for topic in _heard(understood, answer, self.turns):
            before = known.get(topic.words)
            if before or not any(set(words) > set(topic.words) for words in known):  # no "Syrian" of the Syrian army
                known[topic.words] = _merged(before, topic) if before else topic
        kept = tuple(t for t in known.values() if t.said or t.is_short_answer or t.last > self.turns - LASTING)
        weighty = any(phrase.weight >= WEIGHTY for phrase in phrases(asked))
        is_change = weighty and asked == understood and self.vocabulary.isdisjoint(about)
        return Memory(self.turns + 1, understood, answer, kept, self.turns if is_change else self.changed)

    def _said(self, topic: Topic | None, words: Words, phrase: Phrase, asked: str) -> Topic:
        topic = topic or Topic(words, phrase)
        inner = re.search(rf"\b(\w+) of {re.escape(phrase.text)}", asked) if phrase.before == "of" else None
        return replace(
            topic,
            phrase=phrase,
            said=(*topic.said, self.turns),
            weights=(*topic.weights, phrase.weight),
            is_person=phrase.is_person if topic.is_person is None else topic.is_person,
            is_place=topic.is_place or phrase.is_place,
            noun=singular(inner[1].lower()) if inner and phrase.is_name else topic.noun,
        )

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(word for topic in self.topics for word in topic.words)


def _merged(before: Topic, heard: Topic) -> Topic:
    return replace(
        before,
        said=(*before.said, *heard.said),
        weights=(*before.weights, *heard.weights),
        meant=(*before.meant, *heard.meant),
        heard=(*before.heard, *heard.heard),
        place=heard.place,
        times=heard.times,
        is_person=heard.is_person if before.is_person is None else before.is_person,
        is_place=before.is_place or heard.is_place,
        is_short_answer=before.is_short_answer or heard.is_short_answer,
        noun=before.noun or heard.noun,
    )


def _heard(understood: str, answer: str | None, turn: int) -> Iterable[Topic]:
    """What an answer names: all of a short one, and of a long one its names."""
    if not answer or not answer.strip():
        return
    if len(answer.split()) > SHORT:
        for place, (name, times) in enumerate(names(answer)):
            for phrase in phrases(name)[:1]:
                if words := content(phrase.bare):
                    yield Topic(words, phrase, heard=(turn,), place=place, times=times, is_person=phrase.is_person)
        return
    sought = next((phrase.head for phrase in phrases(understood) if phrase.before in ("which", "what")), "")
    who, where = (bool(re.match(rf"\s*{word}\b", understood, re.I)) for word in ("who(?:m|se)?", "where"))
    for place, phrase in enumerate(phrases(answer.strip())[:2]):
        if words := content(phrase.bare):
            yield Topic(
                words,
                phrase,
                said=(turn,),
                weights=((3.0 if phrase.is_name else 1.5) - place,),
                meant=(turn,),
                is_person=True if who and phrase.is_person is None else phrase.is_person,
                is_place=where or phrase.is_place,
                is_short_answer=True,
                noun=sought,
            )


@lru_cache(maxsize=64)
def names(text: str) -> tuple[tuple[str, int], ...]:
    """The first names of a text and how often each is there; a word that only begins a sentence is no name."""
    found: dict[Words, list[str]] = {}
    for name, begins in _capitalised(text):
        words = content(name)
        if words and (words in found or not begins):
            found.setdefault(words, []).append(name)
    return tuple((same[0], len(same)) for same in found.values())[:NAMES]


def _capitalised(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of capitalised words, without a function word in front, and whether one is a word that begins a sentence."""
    for match in _NAME.finditer(text):
        first, _, rest = re.sub(r"['’]s?$", "", match[0]).partition(" ")
        begins = not match.start() or bool(
            re.search(r"[.!?:\"“(]\s*$", text[max(0, match.start() - 3) : match.start()])
        )
        if first.lower() in FUNCTION:
            first, rest, begins = rest, "", False
        yield f"{first} {rest}".strip(), begins and not rest


@lru_cache(maxsize=4096)
def content(text: str) -> Words:
    """The words of a text that are no function words, in the singular and in small letters."""
    bare = re.sub(r"['’]s\b", "", text.lower())
    return tuple(
        singular(word)
        for word in re.findall(r"\w+", bare)
        if word not in FUNCTION and word not in _LEFT_OVER and len(word) > 1
    )
