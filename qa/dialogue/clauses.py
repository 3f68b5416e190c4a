"""Questions put anew: asked for something else of the same event, or with one thing in place of another.

Knows one earlier question and its answer. Never knows the rest of the conversation.
"""

import re
from dataclasses import dataclass

from qa.dialogue.grammar import BE, DO, VERBS, Phrase, past, phrases, words

_ASKS = re.compile(r"(?:who|whom|what|which|whose|when|where|why|how)\b", re.IGNORECASE)
_ADJUNCT = re.compile(r"(?:when|where|why|how|how (?:long|far|often|soon|come)|since when)$", re.IGNORECASE)
_AT_PLACE = frozenset("in at near inside around".split())
SHORT = 8
"""Words of an answer that fit into a question."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A question taken apart: "Why | did | Iraq declare victory", "Which militia | | took over it", "| Did | it fall".

    `answer` stands for what the question asks for: its answer if that is short, else "someone" or "something".
    """

    asks: str
    auxiliary: str
    rest: str
    answer: str

    @property
    def is_of_subject(self) -> bool:
        """Whether it asks who did it, or to whom it was done, rather than something of what someone did."""
        first = words(self.rest)[:1]
        return not self.auxiliary or (
            not _ADJUNCT.match(self.asks)
            and self.auxiliary in BE
            and bool(first)
            and first[0].low in VERBS
            and bool(self.asks)
        )

    def asked(self, anew: str) -> str | None:
        """The same event, asked for its time, place, reason or manner: "When was it that ... took over Raqqa?"."""
        if not self.auxiliary:
            return f"{anew} was it that {self.answer} {self.rest}?"
        if not self.asks or _ADJUNCT.match(self.asks):
            return f"{anew} {self.auxiliary} {self.rest}?"
        if self.auxiliary in BE:
            known = not self.answer.startswith("some")
            return f"{anew} {self.auxiliary} {self.answer} {self.rest}?" if self.is_of_subject or known else None
        return f"{anew} {self.auxiliary} {self._with_object(self.rest)}?"

    def stated(self) -> str | None:
        """What the question takes for granted, as a statement: "Iraq declared victory"."""
        if self.is_of_subject:
            return " ".join(filter(None, (self.answer, self.auxiliary, self.rest)))
        subject = next(iter(phrases(f"{self.auxiliary} {self.rest}")), None)
        if subject is None or not self.rest.startswith(subject.text):
            return None
        after = self.rest[len(subject.text) :].strip()
        if self.auxiliary == "did" and after:
            verb, _, rest = after.partition(" ")
            known = f"{past(verb)} {rest}".strip()
            return f"{subject.text} {known if _ADJUNCT.match(self.asks) or not self.asks else self._with_object(known)}"
        if self.auxiliary in BE and after:
            return f"{subject.text} {self.auxiliary} {after}"
        return None

    def _with_object(self, rest: str) -> str:
        """What was asked for put back where it belongs, after the verb."""
        inside = phrases(f"did {rest}")
        verb = next((w for w in words(rest) if w.low in VERBS and not (inside and w.end <= inside[0].end - 4)), None)
        return f"{rest[: verb.end]} {self.answer}{rest[verb.end :]}" if verb else f"{rest} {self.answer}"


def taken_apart(question: str, answer: str | None) -> Clause | None:
    """A question's parts, or None where it is not built as questions are."""
    text = question.strip().rstrip("?!. ")
    said = words(text)
    if not said:
        return None
    known = answer.strip().rstrip(".") if answer and len(answer.split()) <= SHORT else None
    if said[0].low in DO | BE:
        return Clause("", said[0].low, text[said[0].end :].strip(), known or "")
    if not _ASKS.match(text):
        return None
    for place, word in enumerate(said[1:], 1):
        if word.low in DO | BE or word.text.lower().endswith(("'s", "’s")):
            return Clause(text[: word.start].strip(), word.low, text[word.end :].strip(), known or _unknown(text))
        noun = said[place - 1].low in ("which", "what", "many", "much") and word.low.endswith("s")
        if word.low in VERBS and (place == 1 or not noun):
            return Clause(text[: word.start].strip(), "", text[word.start :].strip(), known or _unknown(text))
    return None


def _unknown(question: str) -> str:
    return "someone" if question.lower().startswith("who") else "something"


def instead(question: str, preposition: str, new: str) -> str | None:
    """The question with what is new in place of what is of its kind: a year for a year, a name for a name, a thing of
    the same noun; and a place or time that was not asked for before put behind it.
    """
    inside, replacement = phrases(question), next(iter(phrases(f"{preposition} {new}".strip())), None)
    if replacement is None:
        return None
    if replacement.is_year_or_date or preposition:
        dates = replacement.is_year_or_date
        alike = [p for p in inside if p.is_year_or_date == dates and (dates or _alike(p.before, preposition))]
        if alike:
            return _swapped(question, alike[-1], new, replacement.head)
        if gerund := re.search(rf"\b{preposition} \w+ing\b[^?]*", question) if preposition else None:
            return f"{question[: gerund.start()]}{preposition} {new}{question[gerund.end() :]}"
        return f"{question.rstrip(' ?.!')} {preposition or 'in'} {new}?"
    for alike in (
        [p for p in inside if p.head == replacement.head and " of " not in p.text],
        [p for p in inside if p.head.endswith(replacement.head) or replacement.head.endswith(p.head)],
        [p for p in inside if p.is_name and replacement.is_name and not p.is_year_or_date],
        [p for p in inside if not p.is_name and not re.match(r"an?\s|.* of ", p.text) and p.weight > 1],
    ):
        if alike:
            return _swapped(question, alike[-1], new, replacement.head)
    return None


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} <= _AT_PLACE


def _swapped(question: str, old: Phrase, new: str, noun: str) -> str:
    """The new one in the old one's place; "disadvantages" for "the main advantages of ..." only for the noun."""
    end = old.start + len(old.text.split(" of ")[0]) if old.head.endswith(noun[-5:]) else old.end
    return f"{question[: old.start]}{new}{question[end:]}"
