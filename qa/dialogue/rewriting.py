"""Make a follow-up question stand alone with what was said before.

Knows the conversation. Never knows the index.

Whether a question needs something, and what, is told by two small models (`salience`); how it is put in, by rules: in
the place of a pronoun, behind "the causes", as the noun of "the largest", as the rest of "Why?" or "And in Iraq?", and
where no rule tells how, behind the question in brackets. This is the task that Elgohary, Peskov and Boyd-Graber (2019)
call question in context rewriting.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.dialogue.clauses import instead, taken_apart
from qa.dialogue.grammar import (
    ADJECTIVES,
    ARTICLES,
    ASKING,
    BE,
    DO,
    FUNCTION,
    PREPOSITIONS,
    RELATIONAL,
    Phrase,
    phrases,
    plural,
    singular,
    words,
)
from qa.dialogue.references import BARE, KINDS, OWN, REMARK, pronouns, refers_back
from qa.dialogue.salience import needs, ranked
from qa.dialogue.topics import SHORT, Memory, Topic, content

Turn = tuple[str, str | None]
"""An earlier question and the text that answered it, or None where it was declined."""

NEEDED = 0.7
"""A question that more likely than this needs something gets it in brackets where it does not ask for it by a word."""

LIKELY = 0.35
FURTHER = 0.3
"""How likely a topic must be, the first one and the next, among those that the question does not name."""

CERTAIN = 0.5
"""How likely a topic must be to be meant by "the city" if it did not come up in the last turn."""

AGREEMENT = 1.0
"""What it counts, next to the log of its likelihood, how well a topic agrees with a pronoun: one of the two for an
army and a town, which no conversation that the weights were fitted on tells apart."""

FARTHEST = 50
"""Turns that are remembered."""

MOST = 2
"""So many topics go into brackets."""

_ELLIPSIS = re.compile(
    r"^(?:and|but|or|so|also)?[\s,]*(?:what|how)\s+(?:about|of)\s+(?P<about>.+)$"
    r"|^(?:and|but|or|so)\b(?!-)[\s,]*(?P<rest>.+)$",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"^(?P<asks>when|where|why|how)\s+did\s+(?:it|that|this)(?:\s+all)?\s+(?:happen|occur|take\s+place|come\s+about)$"
    r"|^(?P<bare>when|where|why)\s+(?:was|is)\s+(?:that|this)$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\b(after|before|since)\s+(?:that|this|then)$", re.IGNORECASE)
_QUESTION_WORDS = re.compile(
    r"^\s*(who|what|when|where|which|why|whose|how(?: many| much| long| far| old)?)\s+"
    r"(?:(?:is|are|was|were|did|does|do|has|have|had)\s+)?",
    re.IGNORECASE,
)
_HAPPENS = frozenset(("happen", "happened"))
_SUBJECTS = frozenset("i you he she it we they there".split())
_SUPERLATIVE = (
    r"(?:(?:first|second|last|best|worst|oldest|youngest|largest|biggest|smallest|longest|tallest|fastest|highest|"
    r"greatest|strongest|cheapest|deadliest|latest|earliest)|most\s+\w+)(?:\s+(?:famous|common|popular|selling|known))?"
)
_NOUNLESS = re.compile(
    rf"^(?:what|which|where|when|how)(?: and when| and how)?(?:['’]s|\s+(?:is|was|are|were))\s+"
    rf"(?P<gap>the\s+{_SUPERLATIVE})"
    r"(?=$|,|\s+(?:and|in|on|for|ever|among|since|found|caught|built|invented|known|to\s+have)\b)",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b(?P<which>(?:the|a|an|other|important|popular|traditional|\w+(?:al|ed|er|est|ing|ive|ic|ar|ous))\s+(?:\w+\s+)?)?"
    r"(?P<one>ones?)\b(?=\s*[?.,]|\s*$|\s+(?:in|on|for|from|to|like|with|do|does|and)\b)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a question may be about, the likeliest first, and the conversation it was asked in."""

    memory: Memory
    likely: Sequence[tuple[Topic, float]]

    @classmethod
    def before(cls, question: str, memory: Memory) -> "Said":
        return cls(memory, ranked(question, memory))

    def meant(self, kind: str, question: str) -> Topic | None:
        """What a pronoun of a kind stands for; nothing that the question names itself."""
        there = set(content(question))
        fitting = [
            (math.log(likelihood + 1e-9) + AGREEMENT * fit, topic)
            for topic, likelihood in self.likely
            if (fit := topic.fits(kind)) > -5 and not there.issuperset(topic.words)
        ]
        return max(fitting, key=lambda pair: pair[0], default=(0.0, None))[1]

    def called(self, noun: str, question: str) -> Topic | None:
        """What "the <noun>" stands for: it was called so, and more was said of it than that."""
        there = set(content(question))
        is_plural = singular(noun) != noun
        fitting = (
            topic
            for topic, likelihood in self.likely
            if topic.called(noun)
            and (likelihood >= CERTAIN or topic.last == self.memory.turns - 1)
            and len(topic.text.split()) <= SHORT
            and not there.issuperset(topic.words)
            and (topic.phrase.is_plural == is_plural or topic.is_place or topic.noun)
        )
        return next(fitting, None)

    def topic(self, question: str) -> Topic | None:
        """What the talk is about, person or thing."""
        there = set(content(question))
        return next((t for t, _ in self.likely if not t.is_time and there.isdisjoint(t.words)), None)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked by someone who begins with it.

    What it leaves out or refers to is put in from the conversation; where no rule tells how, what it is taken to be
    about goes along in brackets. A question that needs nothing is returned as it is.
    """
    return _understood(question, _remembered(tuple((asked, answer) for asked, answer in history[-FARTHEST:])))


@lru_cache(maxsize=256)
def _remembered(history: tuple[Turn, ...]) -> Memory:
    """A conversation's memory; that of all but its last turn is most often at hand."""
    if not history:
        return Memory()
    memory, (asked, answer) = _remembered(history[:-1]), history[-1]
    return memory.after(asked, _understood(asked, memory), answer)


def _understood(question: str, memory: Memory) -> str:
    if not memory.topics:
        return question
    *remarks, last = REMARK.split(question)
    if any(phrase.weight >= 1.5 for remark in remarks if len(remark.split()) > 3 for phrase in phrases(remark)):
        return question
    said = Said.before(question, memory)
    rewritten = _completed(last, said)
    if rewritten is None:
        rewritten = _with_noun(_with_references(last, said), said)
        if rewritten == last:
            rewritten = _with_what_it_is_of(last, said)
        if rewritten == last and (refers_back(last) or needs(question, memory) >= NEEDED):
            rewritten = _with_all(last, memory) if set(content(last)) <= _HAPPENS else _bracketed(last, said)
    return question if rewritten == last else " ".join([*remarks, rewritten])


def _bracketed(question: str, said: Said) -> str:
    """The question, and behind it what it is likely about."""
    there, taken, chosen = set(content(question)), set[str](), list[str]()
    for topic, likelihood in said.likely:
        if likelihood < (FURTHER if chosen else LIKELY) or len(chosen) == MOST:
            break
        new = set(topic.words) - there
        if new and taken.isdisjoint(topic.words) and len(topic.text.split()) <= SHORT:
            chosen.append(topic.phrase.bare)
            taken |= new
    return f"{question} ({', '.join(chosen)})" if chosen else question


def _with_all(question: str, memory: Memory) -> str:
    """A question that says nothing by itself ("What else?"), and behind it all that was asked before."""
    earlier = REMARK.split(memory.question)[-1]
    if inside := re.search(r"\((.+)\)", earlier):  # what was bracketed itself hands on its topic
        earlier = inside[1]
    return f"{question} ({_QUESTION_WORDS.sub('', earlier).rstrip(' ?')})"


_IN_BRACKETS = re.compile(r"\s\([^()]*\)$")


def _completed(question: str, said: Said) -> str | None:
    """A question that is only part of one ("Why?", "And in Iraq?", "When did that happen?"), with the rest of it."""
    text = question.strip().rstrip("?!. ")
    earlier = _IN_BRACKETS.sub("", REMARK.split(said.memory.question)[-1])
    before = taken_apart(earlier, said.memory.answer)
    again = re.sub(r"^(?:and|but|so|or)\s+", "", text, flags=re.IGNORECASE)
    if BARE.match(again) and again.lower() in ("why", "when", "where", "how", "since when"):
        return before.asked(_capital(again)) if before else None
    if (event := _EVENT.match(again)) and before and not (before.auxiliary in BE and not before.is_of_subject):
        return before.asked(_capital(event["asks"] or event["bare"]))
    if (after := _AFTER.search(again)) and before and (stated := before.stated()):
        return f"{again[: after.end(1)]} {stated}?"
    if not (ellipsis := _ELLIPSIS.match(text)):
        return None
    new = (ellipsis["about"] or ellipsis["rest"]).strip(" ,")
    first = words(new)[:1]
    if not first or first[0].low in ASKING | DO | BE:
        return _with_rest(new, said.memory)
    if first[0].low in _SUBJECTS:
        return None  # a statement
    preposition = first[0].text if first[0].low in PREPOSITIONS else ""
    new = re.sub(r"\s+(?:instead|in particular|specifically|then|too)$", "", new[len(preposition) :].strip())
    return instead(earlier, preposition.lower(), _with_references(new, said)) if before else None


def _with_rest(new: str, memory: Memory) -> str | None:
    """A whole question that began with "and": as it is without that, if it then finds what it refers to."""
    asked = _capital(new) + "?"
    rewritten = _understood(asked, memory)
    return rewritten if rewritten != asked or len(phrases(asked)) > 1 else None


def _with_references(question: str, said: Said) -> str:
    """Its pronouns and "the city" replaced by what they stand for; the second of two for the same thing stays."""
    parts, last = list[str](), 0
    seen: set[str] = set()
    for reference, kind in pronouns(question):
        word = reference[0].split()[-1].lower()
        start = reference.end() - len(word)
        if kind is None or kind in seen or start < last:
            continue
        if (meant := said.meant(kind, "".join(parts) + question[last:])) is None:
            continue
        seen.add(kind)
        parts += [question[last:start], _in_place_of(word, meant, question[reference.end() :])]
        last = reference.end()
    return _with_definites("".join([*parts, question[last:]]), said)


def _in_place_of(word: str, meant: Topic, after: str) -> str:
    text = meant.text
    if meant.is_short_answer or not meant.phrase.is_name:
        text = re.sub(r"^(?:some|any|my|your|our)\s+", "", text, flags=re.IGNORECASE)
    if re.match(r"(?:a|an)\s", text, re.IGNORECASE) and (meant.is_person or word in KINDS["many"].split()):
        text = f"the {meant.phrase.bare}" if meant.is_person else plural(meant.phrase.bare)
    if word == "there":
        return f"in {text}"
    if word in ("it", "its") and text == meant.phrase.bare and meant.phrase.is_plural and not meant.phrase.is_name:
        text = _noun(meant.phrase, several=False)  # turkeys were spoken of, and then the turkey
    if word in OWN or (word == "her" and re.match(r"\s+[a-z]", after) and words(after)[0].low not in FUNCTION):
        return text + ("'" if text.endswith("s") else "'s")
    return text


_DEFINITE = re.compile(
    r"\b(?:the|that|this|these|those)\s+(?:(?P<same>same|two|whole|entire)\s+)?(?P<noun>[a-z]+)\b", re.IGNORECASE
)


def _with_definites(question: str, said: Said) -> str:
    """ "The city" becomes the city that was talked about, by the name or the words that told which one it is."""

    def told(match: re.Match[str]) -> str:
        noun, after = match["noun"], words(question[match.end() :])[:1]
        goes_on = (
            after and not after[0].after_mark and after[0].low not in DO | BE | {"and", "or", "after", "before", "in"}
        )
        if (
            noun in FUNCTION
            or noun in RELATIONAL
            or (goes_on and after[0].low not in FUNCTION | {"happen"} and not _is_verb(question, match.end()))
        ):
            return match[0]
        if after and after[0].low in ("of", "that", "which", "who", "where", "when") and not after[0].after_mark:
            return match[0]
        meant = said.called(noun, question)
        if meant is None:
            return match[0]
        text = meant.text
        return f"the {meant.phrase.bare}" if not meant.phrase.is_name and not meant.phrase.is_plural else text

    return _DEFINITE.sub(told, question)


def _is_verb(question: str, end: int) -> bool:
    """Whether a phrase ends here because a verb follows."""
    return any(phrase.end == end for phrase in phrases(question))


def _with_noun(question: str, said: Said) -> str:
    """ "The largest" and "a new one" with the noun that they leave out."""
    match = _NOUNLESS.match(question.rstrip("?!. "))
    if match and (topic := said.topic(question)) and not topic.is_person:
        return f"{question[: match.end('gap')]} {_noun(topic.phrase, False)}{question[match.end('gap') :]}"
    if (one := _ONE.search(question)) and (topic := said.topic(question)) and not topic.is_person:
        if one["which"]:
            return question[: one.start("one")] + _noun(topic.phrase, one["one"] == "ones") + question[one.end() :]
        if re.search(r"\b(?:become|be|get|have|buy|use|considered|need)\s+one[\s?]*$", question):
            return question[: one.start("one")] + topic.text + question[one.end() :]
    return question


def _noun(phrase: Phrase, several: bool) -> str:
    """What one of them is called."""
    bare = re.sub(rf"^{_SUPERLATIVE}\s+", "", phrase.bare)
    bare = bare if phrase.is_name else re.split(r"\s(?:of|in|for|from)\s", bare)[0]
    *first, head = bare.split()
    return " ".join([*first, plural(head) if several else singular(head)])


def _with_what_it_is_of(question: str, said: Said) -> str:
    """ "The causes" with what they are the causes of."""
    inside = phrases(question)
    for place, phrase in reversed(list(enumerate(inside))):
        after = words(question[phrase.end :])[:1]
        goes_on = bool(after) and not after[0].after_mark and after[0].low not in ("on", "in", "ever", "are", "were")
        described = phrase.bare.lower().split()[:-1]
        if phrase.before == "and" and place and inside[place - 1].head in RELATIONAL:
            phrase = replace(inside[place - 1], end=phrase.end)  # the pros and cons
        if (
            phrase.head not in RELATIONAL
            or goes_on
            or " of " in phrase.text
            or phrase.is_name
            or not (
                phrase.text.lower().startswith(("the ", "some "))
                or (phrase.is_plural and phrase.before in BE | {"many"})
            )
            or any(word not in FUNCTION | ADJECTIVES | _PLAIN for word in described)
            or any(other.is_name for other in phrases(question))
        ):
            continue
        if topic := said.topic(question):
            return f"{question[: phrase.end]} of {topic.text}{question[phrase.end :]}"
    return question


_PLAIN = ARTICLES | frozenset(
    """main major key possible some other different various best important common basic negative positive side long
    term""".split()
)
"""Words before "causes" that do not tell whose."""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
