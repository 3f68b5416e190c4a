"""Several things at once: which questions ask for them, and where the list around a quote begins and ends.

Knows English plurals and how English strings things together. Never knows candidates, nor how they are believed.
"""

import re
from dataclasses import dataclass
from math import inf

from index.passages import Offsets
from qa.evidence.names import is_name

_NUMBERS = "two three four five six seven eight nine ten".split()
_THINGS = r"(?P<things>[\w’'-]+(?: [\w’'-]+)*)"
_DETERMINER = r"(?:(?:the|some|other|all|its|his|her|their) )*"
_AUXILIARIES = "are were have had do did can could will would may might shall should must".split()
_VERBS = [*_AUXILIARIES, "is", "was", "has", "does", "be"]
_ENDS_PHRASE = frozenset([*_VERBS, *"that who which to of in on at by from for with during and or".split()])
_COUNTED = re.compile(
    rf"\b(?:(?:which|what|who)(?: are| were)? {_DETERMINER}|(?:name|list|names of) {_DETERMINER})"
    rf"(?:(?!(?:{'|'.join(_VERBS)})\b)[\w’'-]+ )??(?P<count>{'|'.join(_NUMBERS)}|[2-9]|10) {_THINGS}",
    re.IGNORECASE,
)
_EQUATED = re.compile(rf"^(?:who|what|which) (?:are|were) {_DETERMINER}{_THINGS}", re.IGNORECASE)
_PLURAL = re.compile(rf"\b(?P<asking>which|what|name|list) {_DETERMINER}{_THINGS}", re.IGNORECASE)
_ASKS_ONE = re.compile(
    r"\b(?:called|named|termed|dubbed|nicknamed|considered|known|given|made|used|like|of|for|to|by|as|in|on|about|with|"
    r"from) ?\?*$",
    re.IGNORECASE,
)
"""Ends of questions that name several and ask for one thing about them: "What are the soldiers called?"."""

_NO_PLURAL = frozenset(
    """its this his perhaps series species news means headquarters politics mathematics physics economics athletics
    gas texas paris kansas does has was is always""".split()
)
_IRREGULAR = frozenset("people men women children teeth feet mice criteria phenomena bacteria".split())

_SMALL = (
    "And As At After Before Both But By During For From He His If In It Its Of On Or She Since Some That Their There "
    "These They This To Under Until When While With"
)
_UPPER = "[A-ZÀ-ÖØ-Þ]"
_CAPITAL = (
    rf"(?!(?:{'|'.join(_SMALL.split())})\b)"
    rf"(?:{_UPPER}[\w’'&/-]*(?:\.(?:[A-Z]\.)+|\.(?= {_UPPER}))?|[ae]\w{{1,2}}-{_UPPER}[\w’'-]*)"
)
_LINK = r"(?:(?:of|the|de|del|da|von|van|der|bin|la|du) ){0,2}"
_NO_THINGS = (
    "and or but of in on at by to for from with as that which who whom whose when where while if than then so not no "
    "is are was were be been being has have had do does did can could will would may might shall should must it he she "
    "they we you him them us this these those there here its his her their our also later such more most"
).split()
_PLAIN = rf"(?!(?:{'|'.join(_NO_THINGS)})\b)[a-z][\w’'-]*"
_FORMS = {
    "name": rf"(?:the )?{_CAPITAL}(?: {_LINK}{_CAPITAL}| \d[\d,]*\b)*",
    "number": r"[$€£]?\d(?:[\d.,]*\d)?(?:%| (?:percent|per cent|million|billion|\w+s)\b)?",
    "quotation": r"(?:“[^”]{1,60}”|\"[^\"]{1,60}\")",
    "phrase": rf"(?:(?:an?|the) )?{_PLAIN}(?: {_PLAIN}){{0,2}}",
}
_ASIDE = r"(?: \([^()]{1,60}\))?"
_CONJUNCTION = r",? (?:and|or|as well as|versus|vs\.?|&) "
_JOINT = rf"(?:{_CONJUNCTION}|, )"
_STOP = re.compile(r"\s*(?:$|[.,;:!?)\]—–”\"])")
_CLOSED = re.compile(
    rf"{_STOP.pattern}|\s*(?:(?:in|on|at|by|to|for|from|with|as|of|during|after|before|until|since|under|over|near|"
    r"between|against|through|while|when|where|who|which|that|but|because|respectively)\b)"
)
_BEGINS_CLAUSE = re.compile(r"(?:^|^(?:In|At|On|From|For|By)|[,;:(—–“\"]|\b(?:that|both|either)) *$")
_DETERMINED = re.compile(
    r"(?:^|[,;:(—–]|\b(?:of|in|on|at|by|to|for|from|with|as|the|its|their|his|her|both|between|such as|including)) *$"
)
REACH = 300
"""Characters on either side of a quote that its list may fill: longer ones are tables."""

BETWEEN = 5
"""Most words between two parts of one list that say no more than that there are two: "and re-stated in the"."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How many things a question asks for; `most` is infinite where a plural leaves it open.

    `kind` is the plural that says of what kind they are, as it stands there: what answers it seldom repeats it.
    """

    least: int = 1
    most: float = 1
    kind: str = ""

    @property
    def several(self) -> bool:
        return self.least > 1


def expected(question: str) -> Expected:
    """How many things a question asks for: "Which two towns" two, "Which towns" two or more, anything else one."""
    for match in _COUNTED.finditer(question):
        if kind := next(filter(_is_plural, _phrase(match["things"])[:4]), None):
            count = match["count"].lower()
            number = int(count) if count.isdecimal() else 2 + _NUMBERS.index(count)
            return Expected(number, number, kind)
    equated = _EQUATED.match(question)
    if equated and not _ASKS_ONE.search(question) and any(map(_is_plural, _phrase(equated["things"])[-1:])):
        return Expected(2, inf)
    kinds = (_plural_asked(match["asking"], match["things"]) for match in _PLURAL.finditer(question))
    kind = next(filter(None, kinds), None)
    return Expected(2, inf, kind) if kind else Expected()


def items(text: str) -> list[str]:
    """What a list names, one after another; a text that is no list is its own only item."""
    parts = re.split(rf"{_JOINT}|; ", text)
    return [item for part in parts if (item := re.sub(r"^(?:both|and|or) ", "", part.strip()))]


def strung_together(text: str, one: Offsets, other: Offsets) -> bool:
    """Of two places in a sentence, few words with "and" or "or" stand between them, or a comma and both make a list."""
    (start, first_end), (second, end) = sorted((one, other))
    between = text[first_end:second]
    if between == ", ":
        return _is_whole(text[start:end])
    return len(between.split()) <= BETWEEN and bool(re.search(r"\b(?:and|or)\b", between))


def whole_list(text: str, start: int, end: int, sentence: Offsets) -> Offsets:
    """The characters of the list in which [start, end) stands, within its sentence; themselves if it stands in none.

    A list is a run of like things, all names, all numbers or all short phrases, with "and" or
    "or" before the last: a mere comma may as well bring an apposition. Its last thing must end
    there, or it may be another clause's: in "took Raqqa and Hezbollah left" is no list.
    """
    form = _form(text[start:end])
    first = _backwards(text, start, max(sentence[0], start - REACH), form)
    last = end if _is_whole(text[start:end]) else _onwards(text, end, min(sentence[1], end + REACH), form)
    if not _ends_list(text[last : sentence[1]], form) and not _BEGINS_CLAUSE.search(text[sentence[0] : first]):
        last = end
    return (first, last) if _is_whole(text[first:last]) else (start, end)


def _is_whole(quote: str) -> bool:
    """It is a list to its last thing."""
    joints = re.findall(_JOINT, quote)
    return bool(joints) and bool(re.fullmatch(_CONJUNCTION, joints[-1]))


def _onwards(text: str, end: int, limit: int, form: str) -> int:
    """Where the list ends of which a thing ends at `end`; its "and" brings the last. `end` if none does."""
    following = re.compile(rf"{_ASIDE}(?P<joint>{_JOINT})(?P<thing>{_FORMS[form]}){_ASIDE}")
    last = end
    while match := following.match(text, last, limit):
        if form == "phrase" and not (
            _is_phrase(match["thing"]) and _alike(match["thing"], text[max(0, end - 40) : end])
        ):
            break
        last = match.end()
        if re.fullmatch(_CONJUNCTION, match["joint"]):
            return last
    return end


def _backwards(text: str, start: int, limit: int, form: str) -> int:
    """Where the list begins that goes on at `start`; `start` if it begins there."""
    leading = re.compile(rf"(?<![\w’'-])(?P<thing>{_FORMS[form]}){_ASIDE}{_JOINT}$")
    first = start
    while match := leading.search(text[limit:first]):
        before = text[limit : limit + match.start()]
        if form == "phrase" and not (_is_phrase(match["thing"]) and _DETERMINED.search(before)):
            break
        if form == "name" and re.fullmatch(r"(?:In|At|On|From|For) ", before) and text[first - 2 : first] == ", ":
            break  # where or when the sentence plays: "In Syria, Raqqa and Tabqa fell"
        first = limit + match.start()
    return first


def _form(quote: str) -> str:
    """Of which kind the things in a list with this one would be."""
    last = items(quote)[-1] if items(quote) else quote
    exact = next((form for form in ("number", "quotation") if re.fullmatch(_FORMS[form], last)), None)
    return exact or ("name" if is_name(last) else "phrase")


def _ends_list(following: str, form: str) -> bool:
    """A phrase must stand before a stop, as its last word may be a verb: "traps and allows for"."""
    return bool((_STOP if form == "phrase" else _CLOSED).match(following))


def _is_phrase(thing: str) -> bool:
    """A few words of which the last is no verb or adverb by its ending."""
    return not thing.endswith(("ed", "ly"))


def _alike(one: str, other: str) -> bool:
    """Both end in a plural or neither does: "mines and traps", but not "mines and left"."""
    mine, theirs = (re.findall(r"[\w’'-]+$", text) for text in (one, other))
    return [_is_plural(word) for word in mine] == [_is_plural(word) for word in theirs]


def _plural_asked(asking: str, things: str) -> str | None:
    """The plural that follows, unless it is a verb that looks like one: "which towns fell", not "what causes rain"."""
    words = things.split()
    place = next((n for n, word in enumerate(words[:3]) if _is_plural(word)), None)
    if place is None or len(_phrase(things)) <= place:
        return None
    after = words[place + 1].lower() if len(words) > place + 1 else ""
    is_noun = asking.lower() in ("name", "list") or (asking.lower() == "which" and place == 0)
    if is_noun or after in ("", "of", *_AUXILIARIES) or (place == 0 and after.endswith("ed")):
        return words[place]
    return None


def _phrase(things: str) -> list[str]:
    """The words before the first that ends a noun's phrase."""
    words = things.split()
    return words[: next((n for n, word in enumerate(words) if word.lower() in _ENDS_PHRASE), len(words))]


def _is_plural(word: str) -> bool:
    word = word.lower()
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))
    return word in _IRREGULAR or (plural and word not in _NO_PLURAL)
