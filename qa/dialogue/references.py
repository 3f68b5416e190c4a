"""Words that refer to what was said before: pronouns, "And in Iraq?", "Why?".

Knows one question. Never knows the conversation.
"""

import re
from functools import lru_cache

from qa.dialogue.grammar import ARTICLES, FUNCTION, PREPOSITIONS, phrases, words

REMARK = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
"""Where a remark ends and the question begins."""

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

CONTINUES = re.compile(r"^\s*(?:and|but|or|so|what about|how about)\b(?!-)[\s,]*", re.IGNORECASE)
BARE = re.compile(
    r"^\s*(why|when|where|how|who|how many|how much|since when|what else|why not|how so)\s*\?*\s*$", re.IGNORECASE
)

KINDS = {
    "person": "he she him his her hers",
    "thing": "it its this that",
    "many": "they them their theirs these those",
    "place": "there",
}
KIND = {word: kind for kind, listed in KINDS.items() for word in listed.split()}
OWN = frozenset("its their his".split())
OBJECTS = frozenset("it them him".split())


def last_sentence(text: str) -> str:
    """The question itself, without the remarks before it."""
    return REMARK.split(text)[-1]


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    return bool(CONTINUES.search(question) or BARE.match(question) or references(question))


def pronouns(question: str) -> list[tuple[re.Match[str], str | None]]:
    """Its words of reference, each with the kind of what it stands for; None for "that" in "that city"."""
    found = []
    for reference in references(question):
        word = reference[0].split()[-1].lower()
        noun = re.match(r"\s+(?:same\s+)?(\w+)", question[reference.end() :])
        points = word in ("this", "that", "these", "those") and noun and noun[1].lower() not in FUNCTION
        idle = word == "there" and re.search(r"\b(?:is|are|was|were)\s+there$", question[: reference.end()])
        found.append((reference, None if points or idle else KIND.get(word)))
    return found


@lru_cache(maxsize=256)
def references(question: str) -> tuple[re.Match[str], ...]:
    """The words of reference that mean something said before, and not something in the same question."""
    innocent = [match.span() for match in _INNOCENT.finditer(question)]
    return tuple(
        reference
        for reference in _REFERENCE.finditer(question)
        if not any(start <= reference.start() and reference.end() <= end for start, end in innocent)
        and not _is_bound(question, reference)
    )


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
            word in OBJECTS and ends and not re.search(r"\b(?:that|and|if|when|because|while)\b|[,.;?!]", before)
        )
    if re.search(r"\band\s+$", before) and word in OWN:
        return bool(said)
    if re.match(r"if\b.*,", before, re.IGNORECASE):
        return True
    apart = re.search(
        r"(?:[.!?;]\s|,?\s(?:and|but|if so)\s+(?:how|why|what|when|where|who|is|was|did|does|do|can)\s)", before
    )
    return apart is not None and any(phrase.weight >= 1.5 for phrase in phrases(before[: apart.start()]))
