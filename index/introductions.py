"""What a text itself says of names: those that stand in it, and where it introduces one name for another.

Knows how English news introduces names. Never knows other texts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.names import FUNCTION_WORDS, TITLES, folded_name, is_short_form, long_form

SHORTEST_NAME, LONGEST_NAME, MOST_LETTERS = 3, 6, 100
"""Letters in a name at least, words in it at most, and letters: what is longer is a headline in capitals, or a line of
code without a space."""

NAME_REACH, SHORT_REACH, LIST_REACH = 120, 12, 300
"""Characters before an introducing phrase, or before a bracket, and after it in which the names are looked for."""

_CAPITAL = "".join(character for character in map(chr, range(0x250)) if character.isupper())
# "Al-Ab" may be a word of two parts or one after an article, "al-Ab" one after an article or after a particle. Where a
# run of names is not followed by what it should be, no other way of reading them helps, and to try all takes years.
_WORD = (
    rf"(?>(?:[AaEeUu]\w{{1,2}}-)?(?:(?:[{_CAPITAL}]\.){{2,8}}|[{_CAPITAL}][^\W_]*)"
    r"(?:-[^\W_]+|[’'ʻʿ](?!s\b)[^\W_]+)*)"
)
_PARTICLE = r"(?:al|el|bin|ibn|ben|abu|bint|de|del|della|di|da|dos|du|van|von|der|den|la|le)[ -]"
_RUN = rf"{_WORD}(?>[ \xa0](?:{_PARTICLE}){{0,2}}{_WORD})*"
_NAME = re.compile(_RUN)
_LONG_NAME = re.compile(rf"{_WORD}(?>[ \xa0](?:(?:of|for|in)[ ](?:the )?|{_PARTICLE}){{0,2}}{_WORD})*")
_NAME_BEFORE = re.compile(rf"(?<![\w.-])[“\"‘']?(?P<name>(?:\d+ )?{_LONG_NAME.pattern})[”\"’']?\Z")
_SHORT_BEFORE = re.compile(r"(?<![\w.-])[\w.-]+\Z")
_ADVERBS = (
    "also|better|otherwise|formerly|previously|once|commonly|popularly|widely|locally|sometimes|often|officially|"
    "now|more commonly|simply|variously|alternatively|usually|colloquially|today"
)
_CUE = re.compile(
    rf"(?:,? [(]|, | [–—-]+ )(?:"
    rf"(?:(?:who|which) (?:is|was) )?(?:(?:{_ADVERBS}) )+(?:known|called|referred to|named|nicknamed)(?: as| by)?"
    r"|a\.?k\.?a\.?,?|nicknamed|abbreviated(?: as| to)?|formerly|(?:whose )?real name(?: is| was)?|which stands for|"
    r"short for|(?:an?|another|the)(?: [\w-]+){0,2} (?:name|acronym|abbreviation|initials|nickname|alias) (?:for|of)|"
    r"(?P<or>or)(?: simply)?"
    r") (?:the |simply )?(?=[“\"‘']?(?:[AaEeUu]\w{1,2}-)?[" + _CAPITAL + "])"
)  # fmt: skip
_LISTED = re.compile(rf"[“\"‘']?(?P<name>{_LONG_NAME.pattern})[”\"’']?")
_NEXT = re.compile(r"(?P<or>,? or (?:the )?)|, (?:the )?")
_BRACKET = re.compile(rf"[ \n]\(\s*(?:the |or )?[“\"‘']?(?P<inside>{_LONG_NAME.pattern})[”\"’']?\s*[);,]")
_ENDS = re.compile(rf"\s*(?:[,.;:)\]–—”\"’]|-(?!\w)|\Z|\n)|[ ](?:{'|'.join(sorted(FUNCTION_WORDS))})\b")
_SENTENCE_BEFORE = re.compile(r"(?:^|[.!?:…\n])[\s“\"‘'(”’)]*\Z")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text, as it is first written, from `start` on.

    `apart`: it is no mere part of a longer name there, as a family name is that stands for its bearer.
    """

    name: str
    start: int
    apart: bool


@dataclass(frozen=True, slots=True)
class Introduction:
    """Two names that a text says to be of one thing, at [start, end); `short`: the second abbreviates the first."""

    one: str
    other: str
    start: int
    end: int
    short: bool


@dataclass(frozen=True, slots=True)
class Naming:
    """All that a text says of names."""

    mentions: tuple[Mention, ...] = ()
    introductions: tuple[Introduction, ...] = ()


def naming(text: str, kept: Iterable[tuple[int, int]]) -> Naming:
    """The names in the ranges of a text that are its own, and what it introduces there."""
    ranges = list(kept)
    small = set(re.findall(r"(?<![\w’'-])[a-z]+(?![\w’'-])", text))
    introduced = (i for start, end in ranges for i in (*_cued(text, start, end, small), *_bracketed(text, start, end)))
    return Naming(tuple(_mentions(text, ranges, small)), tuple(dict.fromkeys(introduced)))


def _mentions(text: str, ranges: Sequence[tuple[int, int]], small: set[str]) -> Iterator[Mention]:
    firsts, lasts = Counter[str](), Counter[str]()
    alone, found = Counter[str](), dict[str, tuple[int, str]]()
    for start, end in ranges:
        for match in _LONG_NAME.finditer(text, start, end):
            words = folded_name(match[0]).split()
            if len(words) > 1:
                firsts[words[0]] += 1
                lasts[words[-1]] += 1
        for match in _NAME.finditer(text, start, end):
            at, name = _trimmed(text, match.start(), match[0], small)
            folded = folded_name(name)
            if _is_name(folded, small):
                alone[folded] += 1
                found.setdefault(folded, (at, name))
    for folded, (at, name) in found.items():
        yield Mention(name, at, not lasts[folded] and alone[folded] > firsts[folded])


def _is_name(folded: str, small: set[str]) -> bool:
    words = folded.split()
    return SHORTEST_NAME <= len("".join(words)) <= MOST_LETTERS and len(words) <= LONGEST_NAME and folded not in small


def _trimmed(text: str, at: int, name: str, small: set[str]) -> tuple[int, str]:
    """A name without titles, and at the start of a sentence without the word that is written in small letters else."""
    words = name.split()
    begins = bool(_SENTENCE_BEFORE.search(text, max(0, at - 8), at))
    while words:
        word = words[0].casefold()
        is_office = word in TITLES and words[1:2] != ["of"]
        if not (is_office or word in FUNCTION_WORDS or (begins and word in small)):
            break
        at += len(words[0]) + 1
        words, begins = words[1:], False
    if words[-1:] == ["I"]:
        words.pop()
    return at, " ".join(words)


def _cued(text: str, first: int, last: int, small: set[str]) -> Iterator[Introduction]:
    """X, also known as Y or Z; X, another name for Y; X, or Y, where Y has the initials of X."""
    for cue in _CUE.finditer(text, first, last):
        before = _NAME_BEFORE.search(text, max(first, cue.start() - NAME_REACH), cue.start())
        if not before or _is_joined(text, before.start()):
            continue
        place, one = _trimmed(text, before.start("name"), before["name"], set())
        for start, end in _list(text, cue.end(), min(last, cue.end() + LIST_REACH)):
            other = text[start:end]
            long = _long(text, other, cue.start()) if is_short_form(other) else None
            if cue["or"] and not long:
                continue
            at, name = long or (place, one)
            if _are_names(name, other, small):
                yield Introduction(_bare(name), _bare(other), at, end, long is not None)


def _list(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names at `start`: one, or several with an "or" before the last."""
    found: list[tuple[int, int]] = []
    sure = 0
    while (match := _LISTED.match(text, start, end)) and _ENDS.match(text, match.end(), end):
        found.append(match.span("name"))
        following = _NEXT.match(text, match.end(), end)
        if sure or not following:
            break
        start = following.end()
        if following["or"]:
            sure = len(found) + 1
    yield from found[: sure or 1]


def _bracketed(text: str, first: int, last: int) -> Iterator[Introduction]:
    """Long Form (LF), and LF (Long Form)."""
    for match in _BRACKET.finditer(text, first, last):
        inside = match["inside"]
        if len(inside) > MOST_LETTERS:
            continue
        if is_short_form(inside):
            if found := _long(text, inside, match.start()):
                yield Introduction(_bare(found[1]), inside, found[0], match.end("inside"), True)
            continue
        before = _SHORT_BEFORE.search(text, max(first, match.start() - SHORT_REACH), match.start())
        if before and is_short_form(before[0]) and long_form(before[0], inside) == inside:
            yield Introduction(inside, before[0], before.start(), match.end("inside"), True)


def _long(text: str, short: str, end: int) -> tuple[int, str] | None:
    """Where the long form of a short one that stands after `end` begins, and what it is."""
    window = max(0, end - 200)
    long = long_form(short, text[window:end])
    if long is None:
        return None
    place = re.compile(r"\s+".join(map(re.escape, long.split())) + r"[\s,]*\Z").search(text, window, end)
    return (place.start(), long) if place else None


def _are_names(one: str, other: str, small: set[str]) -> bool:
    """Two different ones, neither of which is a word that the text uses in small letters too."""
    folded = folded_name(one), folded_name(other)
    words = {name for name, written in zip(folded, (one, other), strict=True) if not is_short_form(written)}
    return all(folded) and folded[0] != folded[1] and not small & words


def _bare(name: str) -> str:
    """A name without a genitive's end."""
    return re.sub(r"[’']s?$", "", name)


def _is_joined(text: str, at: int) -> bool:
    """The name is the second of two that an "and" joins, so that what follows may be said of both."""
    return bool(re.search(r"\w (?:and|&) (?:the )?[“\"‘']?\Z", text[max(0, at - 12) : at]))
