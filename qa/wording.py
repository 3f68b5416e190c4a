"""The names in a question, and what else the articles call the same things.

Knows how a question may write a name. Never knows how names are learned, or how one searches.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from index.names import FUNCTION_WORDS, folded_name, is_short_form
from index.store import Names

LONGEST = 6
"""Most words of a name that is looked for in a question."""

SHORTEST = 4
"""Letters of the shortest word that may be a known name in another spelling."""

_TOKEN = re.compile(r"[’']s\b|(?:[^\W\d_]\.){2,}|[^\W_]+")
_BETWEEN = re.compile(r"[\s’'ʻʿ.-]*")
_QUOTED = r"[“\"‘']?\0[”\"’']?"
_ABOUT_NAME = re.compile(
    rf"\b(?:do|does|did) (?:the )?{_QUOTED} (?:mean|stand)|{_QUOTED} (?:means|stands? for|(?:is|are) short|also)\b"
    rf"|\b(?:names?|acronym|abbreviation|term|word) (?:of|for) (?:the )?{_QUOTED}\W*$"
    rf"|^(?:what|who)(?:[’']s| is| are| was| were) (?:the |an? )?{_QUOTED}\W*$",
    re.IGNORECASE,
)
"""Of a question with a name taken out of it: whether it asks what the name means, or for another."""

_ARTICLE_BEFORE = re.compile(r"\b(?:[ae][ln]|a[drstz]|e[drstz]|ul)-$|\b[ae]l $", re.IGNORECASE)
_ARTICLES = frozenset("al el ul ad ar as at az ed er es et ez".split())


@dataclass(frozen=True, slots=True)
class Named:
    """A name at [start, end) of a question, and all names of what it names, the most usual in the articles first."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """A question with the names in it that have others; `named` in the order of the question, without overlaps."""

    question: str
    named: tuple[Named, ...] = ()

    @property
    def usual(self) -> str:
        """The question with each thing called as most articles call it in words, if any does.

        A model of meaning knows more of words than of initials.
        """
        return self._with([next(filter(_is_in_words, named.names), named.names[0]) for named in self.named])

    def as_in(self, text: str) -> str:
        """The question with each thing called as a text mostly calls it, if it does, whatever name was typed."""
        return self._with([_name_in(text, named.names) or self.typed(named) for named in self.named])

    @property
    def rest(self) -> str:
        """The question without those names."""
        return self._with([" "] * len(self.named))

    def typed(self, named: Named) -> str:
        return self.question[named.start : named.end]

    def _with(self, names: Sequence[str]) -> str:
        text = self.question
        for named, name in reversed(list(zip(self.named, names, strict=True))):
            text = text[: named.start] + name + text[named.end :]
        return text


def word(question: str, aliases: Names) -> Wording:
    """Find the names of a question that the articles know by others too, or in another spelling only."""
    runs = list(_runs(question))
    known = aliases.known(folded for _, _, folded in runs)
    plainly = question[1:] == question[1:].lower() or question == question.upper()
    found: list[Named] = []
    for start, end, folded in runs:
        if folded in known and not _overlaps(found, start, end):
            names = aliases.names_of(folded)
            own = next(name.name for name in names if name.folded == folded)
            is_meant = _means_name(question[start:end], own, plainly) and not _asks_for_name(question, start, end)
            if len(names) > 1 and is_meant:
                found.append(Named(_with_article(question, start), end, tuple(name.name for name in names)))
    for start, end, folded in _unwritten(question, runs, aliases, plainly):
        if not _overlaps(found, start, end) and (nearest := aliases.nearest(folded)):
            found.append(Named(start, end, tuple(name.name for name in aliases.names_of(nearest))))
    return Wording(question, tuple(sorted(found, key=lambda named: named.start)))


def _is_in_words(name: str) -> bool:
    return any(map(str.islower, name))


def _name_in(text: str, names: tuple[str, ...]) -> str | None:
    """The name that a text uses most, as it writes it; one like IS, that readers take for a word, only at a pinch."""
    written: dict[int, list[str]] = {}
    for match in _written(names).finditer(text):
        written.setdefault(int(str(match.lastgroup)[1:]), []).append(match[0])
    if not written:
        return None
    usual = max(
        sorted(written), key=lambda place: (folded_name(names[place]) not in FUNCTION_WORDS, len(written[place]))
    )
    return written[usual][0]


def _asks_for_name(question: str, start: int, end: int) -> bool:
    """Then no other name stands for this one."""
    return bool(_ABOUT_NAME.search(f"{question[:start]}\0{question[end:]}"))


_Run = tuple[int, int, str]


def _runs(question: str) -> Iterator[_Run]:
    """Every run of words that may be a name, the longest first: where it stands, and folded."""
    tokens = [match.span() for match in _TOKEN.finditer(question)]
    for length in range(LONGEST, 0, -1):
        for place in range(len(tokens) - length + 1):
            span = tokens[place : place + length]
            gaps = (question[one[1] : other[0]] for one, other in pairwise(span))
            text = question[span[0][0] : span[-1][1]]
            if text[0] not in "’'" and all(_BETWEEN.fullmatch(gap) for gap in gaps) and not re.search(r"[’']s$", text):
                yield span[0][0], span[-1][1], folded_name(text)


def _means_name(typed: str, own: str, plainly: bool) -> bool:
    """A word is meant as the name it could be: IS is none in "is", nor in a question all in small letters."""
    if plainly:
        return typed.casefold() not in FUNCTION_WORDS
    if is_short_form(own):
        return is_short_form(typed)
    return " " in own or typed != typed.lower()


def _unwritten(question: str, runs: Sequence[_Run], aliases: Names, plainly: bool) -> Iterator[_Run]:
    """The runs that stand in no article as they are written, though they are, or hold, a name."""
    new = {
        (start, end)
        for start, end, folded in runs
        if " " not in folded
        and len(folded) >= SHORTEST
        and folded not in FUNCTION_WORDS
        and not aliases.is_written(question[start:end])
    }
    for start, end, folded in runs:
        words = folded.split()
        if not words or words[-1] in FUNCTION_WORDS or (words[0] in FUNCTION_WORDS and words[0] not in _ARTICLES):
            continue
        if any(start <= first and last <= end for first, last in new) or (
            len(words) > 1 and not plainly and _is_capital(text := question[start:end]) and not aliases.is_written(text)
        ):
            yield start, end, folded


def _with_article(question: str, start: int) -> int:
    """Where a name begins whose Arabic article the articles leave out."""
    article = _ARTICLE_BEFORE.search(question, 0, start)
    return article.start() if article else start


def _is_capital(text: str) -> bool:
    words = re.findall(r"[^\W_]+", text)
    return all(word[0].isupper() or word.lower() in _ARTICLES for word in words)


def _overlaps(found: Sequence[Named], start: int, end: int) -> bool:
    return any(start < named.end and named.start < end for named in found)


@lru_cache(maxsize=512)
def _written(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds names in a text, a group each, the longer before one that it holds."""
    longest_first = sorted(enumerate(names), key=lambda numbered: -len(numbered[1]))
    groups = {place: f"(?P<n{place}>{_spellings(name)})" for place, name in longest_first}
    return re.compile("|".join(groups.values()))


def _spellings(name: str) -> str:
    """A name however its points, hyphens and spaces are set: a short form in capitals alone."""
    if is_short_form(name):
        return r"(?<![\w.])" + r"\.?".join(map(re.escape, re.sub(r"\W", "", name))) + r"(?!\w)"
    return r"(?<!\w)(?i:" + r"[\s-]+".join(map(re.escape, re.findall(r"\w+", name))) + r")(?!\w)"


def phrases(names: Sequence[str]) -> list[str]:
    """The names as a full text is searched for them, each once; those that are function words tell nothing."""
    found: dict[str, None] = {}
    for name in names:
        words = re.findall(r"\w+", name.lower())
        found.setdefault(" ".join(words))
        if is_short_form(name):
            letters = re.sub(r"\W", "", name).lower()
            found.update({letters: None, " ".join(letters): None})
    return [phrase for phrase in found if phrase not in FUNCTION_WORDS] or list(found)
