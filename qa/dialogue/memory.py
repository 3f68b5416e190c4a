"""What was talked about, and which of it a word of reference most likely means.

Knows the phrases of the earlier questions and answers. Never knows how a question is put anew.

Antecedents are ranked as in centering theory (Grosz, Joshi and Weinstein 1995) and as Lappin and Leass (1994) weigh
salience: subjects before objects before the rest, what was just said before what was said long ago, and what was
referred to by a pronoun before what was only named; and a word of reference agrees with what it means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.dialogue.grammar import BODIES, FUNCTION, Phrase, phrases, singular

FADING = 0.8
"""What a phrase loses in weight with each turn; a change of topic takes as much as three."""

KEPT_UP = 1.2
"""What a phrase gains where a pronoun stood for it: the talk is about it."""

LONGEST = 8
"""Words of an answer that may be a name or a thing; a longer one is a statement."""


PLACES = frozenset("city town village region country province area place island".split())


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that was talked about, with what is known of its kind; None where nothing is."""

    phrase: Phrase
    weight: float
    is_person: bool | None
    is_place: bool
    is_answer: bool = False
    noun: str = ""

    @property
    def text(self) -> str:
        return self.phrase.text

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
            return 1.0 if self.is_person else -9.0 if self.is_person is False or not self.phrase.is_name else 0.0
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


class Memory:
    """A conversation so far: each turn's question, made stand-alone, its answer, and what it spoke of."""

    def __init__(self) -> None:
        self.question = ""
        self.answer: str | None = None
        self._mentions: list[Mention] = []

    def remember(self, asked: str, understood: str, answer: str | None) -> None:
        """Take in a turn; where it brings a topic of its own, those before it fade at once."""
        known = {mention.phrase.bare.lower() for mention in self._mentions}
        new = list(_mentions(asked, understood, answer, known))
        changed = asked == understood and any(mention.weight >= 2.5 for mention in new)
        fading = FADING * (3 if changed else 1)
        faded = [_weighed(mention, mention.weight - fading) for mention in self._mentions]
        self._mentions = new + [mention for mention in faded if mention.weight > -2]
        self.question, self.answer = understood, answer

    def meant(self, kind: str, question: str) -> Mention | None:
        """What a word of reference in the question most likely stands for, if anything of its kind was said."""
        there = set(content(question))
        scored = [
            (mention.weight + fit, mention)
            for mention in self._mentions
            if (fit := mention.fits(kind)) > -5 and not set(content(mention.text)) <= there
        ]
        return max(scored, key=lambda pair: pair[0], default=(0.0, None))[1]

    def called(self, noun: str, question: str) -> Mention | None:
        """What "the <noun>" most likely stands for: it was called so, and more was said of it than that."""
        there = {singular(word) for word in content(question)}
        fits = (
            mention
            for mention in self._mentions
            if mention.called(noun)
            and mention.weight > 1.5
            and {singular(word) for word in content(mention.text)} - there
            and len(mention.text.split()) <= LONGEST
            and (mention.phrase.is_plural == (singular(noun) != noun) or mention.is_place or mention.noun)
        )
        return max(fits, key=lambda mention: mention.weight, default=None)

    def topic(self, question: str) -> Mention | None:
        """What the talk is about, person or thing."""
        there = {singular(word) for word in content(question)}
        apart = [m for m in self._mentions if not m.is_time and not {singular(w) for w in content(m.text)} & there]
        return max(apart, key=lambda mention: mention.weight, default=None)


def content(text: str) -> list[str]:
    """The words of a text that are no function words, in small letters."""
    return [word for word in re.findall(r"\w+", text.lower()) if word not in FUNCTION and len(word) > 1]


def _weighed(mention: Mention, weight: float) -> Mention:
    return Mention(mention.phrase, weight, mention.is_person, mention.is_place, mention.is_answer, mention.noun)


def _mentions(asked: str, understood: str, answer: str | None, known: set[str]) -> Iterator[Mention]:
    for phrase in phrases(understood):
        kept_up = phrase.bare not in asked and phrase.bare.lower() in known
        noun = singular(inner[1].lower()) if (inner := re.match(r"(?:the\s)?(\w+) of [A-Z]", phrase.text)) else ""
        person = phrase.is_person
        if person is None and kept_up and re.search(r"\b(?:he|she|him|his|her)\b", asked, re.I):
            person = True
        yield Mention(phrase, phrase.weight + KEPT_UP * kept_up, person, phrase.is_place, False, noun)
    if not answer or len(answer.split()) > LONGEST:
        return
    sought = re.match(
        r"(?:which|what)\s+(?:\w+\s+){0,2}?(\w+)\s+(?:is|are|was|were|did|do|does|has|have)\b", understood, re.I
    )
    for place, phrase in enumerate(phrases(answer.strip())[:2]):
        who, where = (bool(re.match(rf"\s*{word}\b", understood, re.I)) for word in ("who(?:m|se)?", "where"))
        person = True if who and phrase.is_person is None else phrase.is_person
        weight = (3.0 if phrase.is_name else 1.5) - place
        yield Mention(
            phrase, weight, person, where or phrase.is_place, True, singular(sought[1].lower()) if sought else ""
        )
