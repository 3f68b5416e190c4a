"""Make a follow-up question stand alone with what was said before.

Knows the conversation. Never knows the index.

Without a model: what is missing from a question is told from its form (a pronoun, "And in Iraq?", "Why?", "the city",
"the largest", "the causes"), and what is missing is taken from the memory of the conversation. This is the task that
Elgohary, Peskov and Boyd-Graber (2019) call question in context rewriting and Voskarides et al. (2020, QuReTeC) take
for choosing terms of the history; the rules choose one phrase, and put it where it belongs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

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
from qa.dialogue.memory import Memory, Mention

Turn = tuple[str, str | None]
"""An earlier question and the text that answered it, or None where it was declined."""

_REFERENCE = re.compile(
    r"""
      \b(?: it | its | they | them | their | his | her | he | she | him | this | these | those | there | then )\b
    | (?: ^ | [.!?,] \s+ ) that\b | \bthat\b (?= ['’]s\b | \s* (?: [.!?,;] | $ ) | \s+ (?: happen | occur ) )
    | \b(?: is | was | did | does | do | has | had | will | would | can | could | in | of | at | on | for | from | to
          | by | with | about | after | before | during | since | than | like | near | into ) \s+ that\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_INNOCENT = re.compile(
    r"""
      \b(?: is | was )\s it \s (?: \w+ \s )? (?: that | whether | if )\b          # is it true that ...
    | \bit \s (?: possible | impossible | necessary | important | safe | better | hard | worth ) \s
      (?: to | for )\b
    | \bit \s (?: really \s )? (?: take | cost | mean ) \s (?: \S+ \s ){0,4}? to\b     # how long did it take to ...
    | \b(?: is | are | was | were | be | been ) \s there\b (?= \s \w )
    | \bthere \s (?: is | are | was | were | has | have | had | will | be | been )\b
    | \bthose \s (?: who | that | in | of | from )\b
    | \bthis \s (?: week | month | year | morning | summer | winter )\b
    | \bworth \s it\b
    | \bthen -
    | \b(?: the | a | an | which ) \s (?: \S+ \s ){1,4}? (?: say | says | said | claim | claimed ) \s (?: that \s )?
      (?: it | they | he | she )\b                                                # why did the army say it ...
    | ^(?: which | how \s many ) \s (?!of\b) \w+ \s (?: have \s | has \s | had \s )?
      (?! (?: is | are | was | were | did | does | do ) \b ) \w+ \s
      (?: its | their | his | her )\b                                            # which group lost its ...
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words of reference that refer to nothing said before."""

_CONTINUES = re.compile(r"^\s*(?:and|but|or|so|what about|how about)\b(?!-)[\s,]*", re.IGNORECASE)
_BARE = re.compile(
    r"^\s*(why|when|where|how|who|how many|how much|since when|what else|why not|how so)\s*\?*\s*$", re.IGNORECASE
)
_ELLIPSIS = re.compile(
    r"^(?:and|but|or|so|also)?[\s,]*(?:what|how)\s+(?:about|of)\s+(?P<about>.+)$|^(?:and|but|or|so)\b(?!-)[\s,]*(?P<rest>.+)$",
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
_REMARK = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")

_KINDS = {
    "person": "he she him his her hers",
    "thing": "it its this that",
    "many": "they them their theirs these those",
    "place": "there",
}
_KIND = {word: kind for kind, listed in _KINDS.items() for word in listed.split()}
_OWN = frozenset("its their his".split())
_OBJECTS = frozenset("it them him".split())
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
    r"\b(?P<which>(?:the|a|an|other|important|popular|traditional|\w+(?:al|ed|er|est|ing|ive|ic|ar|ous))\s+(?:\w+\s+)?)?(?P<one>ones?)\b(?=\s*[?.,]|\s*$|\s+(?:in|on|for|from|to|like|with|do|does|and)\b)"
)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked by someone who begins with it.

    What it leaves out or refers to is put in from the conversation; where no rule tells how, the earlier question's
    topic goes along in brackets. A question that refers to nothing is returned as it is.
    """
    memory = Memory()
    for asked, answer in history:
        memory.remember(asked, _understood(asked, memory), answer)
    return _understood(question, memory)


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    return bool(_CONTINUES.search(question) or _BARE.match(question) or next(_references(question), None))


def _understood(question: str, memory: Memory) -> str:
    if not memory.question:
        return question
    *remarks, last = _REMARK.split(question)
    if any(phrase.weight >= 1.5 for remark in remarks if len(remark.split()) > 3 for phrase in phrases(remark)):
        return question
    rewritten = _completed(last, memory)
    if rewritten is None:
        rewritten = _with_noun(_with_references(last, memory), memory)
    if rewritten == last:
        rewritten = _with_what_it_is_of(last, memory)
    if rewritten == last and refers_back(last):
        rewritten = _bracketed(last, memory)
    return question if rewritten == last else " ".join([*remarks, rewritten])


def _bracketed(question: str, memory: Memory) -> str:
    earlier = _REMARK.split(memory.question)[-1]
    if inside := re.search(r"\((.+)\)", earlier):  # what was bracketed itself hands on its topic
        earlier = inside[1]
    topic = _QUESTION_WORDS.sub("", earlier).rstrip(" ?")
    return f"{_CONTINUES.sub('', question).strip().rstrip(' ?')} ({topic})?"


def _completed(question: str, memory: Memory) -> str | None:
    """A question that is only part of one ("Why?", "And in Iraq?", "When did that happen?"), with the rest of it."""
    text = question.strip().rstrip("?!. ")
    earlier = _REMARK.split(memory.question)[-1]
    before = taken_apart(earlier, memory.answer)
    again = re.sub(r"^(?:and|but|so|or)\s+", "", text, flags=re.IGNORECASE)
    if _BARE.match(again) and again.lower() in ("why", "when", "where", "how", "since when"):
        return before.asked(_capital(again)) if before else None
    if (event := _EVENT.match(again)) and before and not (before.auxiliary in BE and not before.is_of_subject):
        return before.asked(_capital(event["asks"] or event["bare"]))
    if _AFTER.search(again) and before and (stated := before.stated()):
        return f"{again[: _AFTER.search(again).end(1)]} {stated}?"  # type: ignore[union-attr]
    if not (ellipsis := _ELLIPSIS.match(text)):
        return None
    new = (ellipsis["about"] or ellipsis["rest"]).strip(" ,")
    first = words(new)[:1]
    if not first or first[0].low in ASKING | DO | BE:
        return _with_rest(new, memory)
    preposition = first[0].text if first[0].low in PREPOSITIONS else ""
    new = re.sub(r"\s+(?:instead|in particular|specifically|then|too)$", "", new[len(preposition) :].strip())
    resolved = _with_references(new, memory)
    return instead(earlier, preposition.lower(), resolved) if before else None


def _with_rest(new: str, memory: Memory) -> str | None:
    """A whole question that began with "and": as it is without that, if it then finds what it refers to."""
    asked = _capital(new) + "?"
    rewritten = _understood(asked, memory)
    return rewritten if rewritten != asked or len(phrases(asked)) > 1 else None


def _with_references(question: str, memory: Memory) -> str:
    """Its pronouns and "the city" replaced by what they stand for; the second of two for the same thing stays."""
    parts, last = list[str](), 0
    seen: set[str] = set()
    for reference in [*_references(question)]:
        word = reference[0].split()[-1].lower()
        start = reference.end() - len(word)
        kind = _KIND.get(word)
        if word == "there" and re.search(r"\b(?:is|are|was|were)\s+$", question[:start]):
            kind = None
        if kind is None or kind in seen or start < last:
            continue
        noun = re.match(r"\s+(?:\w+\s+)?(\w+)", question[reference.end() :])
        if word in ("this", "that", "these", "those") and noun and noun[1].lower() not in FUNCTION:
            continue  # "that city": a phrase, not a pronoun
        if (meant := memory.meant(kind, "".join(parts) + question[last:])) is None:
            continue
        seen.add(kind)
        parts += [question[last:start], _in_place_of(word, meant, question[reference.end() :])]
        last = reference.end()
    return _with_definites("".join([*parts, question[last:]]), memory)


def _in_place_of(word: str, meant: Mention, after: str) -> str:
    text = meant.text
    if meant.is_answer or not meant.phrase.is_name:
        text = re.sub(r"^(?:some|any|my|your|our)\s+", "", text)
    if re.match(r"(?:a|an)\s", text, re.IGNORECASE) and (meant.is_person or word in _KINDS["many"].split()):
        text = f"the {meant.phrase.bare}" if meant.is_person else plural(meant.phrase.bare)
    if word == "there":
        return f"in {text}"
    if word in _OWN or (word == "her" and re.match(r"\s+[a-z]", after) and words(after)[0].low not in FUNCTION):
        return text + ("'" if text.endswith("s") else "'s")
    return text


_DEFINITE = re.compile(
    r"\b(?:the|that|this|these|those)\s+(?:(?P<same>same|two|whole|entire)\s+)?(?P<noun>[a-z]+)\b", re.IGNORECASE
)


def _with_definites(question: str, memory: Memory) -> str:
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
        meant = memory.called(noun, question)
        if meant is None:
            return match[0]
        text = meant.text
        return f"the {meant.phrase.bare}" if not meant.phrase.is_name and not meant.phrase.is_plural else text

    return _DEFINITE.sub(told, question)


def _is_verb(question: str, end: int) -> bool:
    """Whether a phrase ends here because a verb follows."""
    return any(phrase.end == end for phrase in phrases(question))


def _with_noun(question: str, memory: Memory) -> str:
    """ "The largest" and "a new one" with the noun that they leave out."""
    match = _NOUNLESS.match(question.rstrip("?!. "))
    if match and (topic := memory.topic(question)) and not topic.is_person:
        return f"{question[: match.end('gap')]} {_noun(topic.phrase, False)}{question[match.end('gap') :]}"
    if (one := _ONE.search(question)) and (topic := memory.topic(question)) and not topic.is_person:
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


def _with_what_it_is_of(question: str, memory: Memory) -> str:
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
        if topic := memory.topic(question):
            return f"{question[: phrase.end]} of {topic.text}{question[phrase.end :]}"
    return question


_PLAIN = ARTICLES | frozenset(
    """main major key possible some other different various best important common basic negative positive side long
    term""".split()
)
"""Words before "causes" that do not tell whose."""


def _references(question: str) -> Iterator[re.Match[str]]:
    """The words of reference that mean something said before, and not something in the same question."""
    innocent = [match.span() for match in _INNOCENT.finditer(question)]
    for reference in _REFERENCE.finditer(question):
        inside = any(start <= reference.start() and reference.end() <= end for start, end in innocent)
        if not inside and not _is_bound(question, reference):
            yield reference


def _is_bound(question: str, reference: re.Match[str]) -> bool:
    """Whether what it stands for was said in the question itself.

    A name earlier in it is what a pronoun stands for ("Did Assad say that he would stay?"), save that the object of a
    verb is not its subject ("Why did Assad start it?"). Another phrase is if a clause, or "and", stands between.
    """
    before, word = question[: reference.start()], reference[0].split()[-1].lower()
    said = phrases(before)
    if any(phrase.is_name and phrase.end > len(question.split()[0]) for phrase in said):
        after = words(question[reference.end() :])[:1]
        ends = not after or after[0].after_mark or after[0].low in PREPOSITIONS | ARTICLES | {"and", "or", "to"}
        return not (
            word in _OBJECTS and ends and not re.search(r"\b(?:that|and|if|when|because|while)\b|[,.;?!]", before)
        )
    if re.search(r"\band\s+$", before) and word in _OWN:
        return bool(said)
    if re.match(r"if\b.*,", before, re.IGNORECASE):
        return True
    apart = re.search(
        r"(?:[.!?;]\s|,?\s(?:and|but|if so)\s+(?:how|why|what|when|where|who|is|was|did|does|do|can)\s)", before
    )
    return apart is not None and any(phrase.weight >= 1.5 for phrase in phrases(before[: apart.start()]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
