"""What a bare text shows about itself: its headline, its author, its outlet and its date.

Knows how news pages state them: a first line, a byline, a dateline, a label at the end, a copyright line.
Never knows files or formats, and prefers unknown to wrong: a date in a sentence is an event's,
not the article's, and the year of a copyright is not the year of publication.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.article import YEARS
from index.boilerplate import DATE, DATELINE, HEAD_LINES, SENTENCE_END, TAIL_LINES, kept_spans

LONGEST_HEADLINE = 160

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECTION = r"(?:news|world|home|uk|us|europe|asia|africa|americas|middle east|politics|business|sports?|opinion"
_SECTION += r"|technology|tech|science|health|culture|international|national|local|latest|top|stories|front page)"
_SECTIONS = re.compile(rf"{_SECTION}(?: (?:& |and )?{_SECTION})*", re.IGNORECASE)
_DATE = re.compile(DATE, re.IGNORECASE)
_SOURCE_LINE = re.compile(r"source: (?P<outlet>[^>»›|]{2,40}) [>»›|] .{2,40}", re.IGNORECASE)
_LABELS = re.compile(r"[^\W\d][^|>»›]{1,40}(?: [|>»›] [^\W\d][^|>»›]{1,40})+")
_COPYRIGHT = re.compile(
    r"(?:copyright )?(?:©|\(c\)) ?(?:copyright )?\d{4}(?:-\d{4})?,? (?P<outlet>[^,.|]{2,50}?)"
    r"(?: (?:llc|inc|ltd|limited|company|plc|corp))?(?:[,.|].*| all rights.*)?",
    re.IGNORECASE,
)
_NAME = r"(?:[A-Z][\w.'\u2019-]*)(?: (?:[A-Z][\w.'\u2019-]*|al-\w+|bin|da|de|del|der|di|la|le|van|von)){1,4}"
_BYLINE = re.compile(
    rf"(?:[Bb]y|BY):? (?P<names>{_NAME}(?:(?:, (?:and )?| and | AND | & ){_NAME})*)(?: [|/·-] .{{2,40}})?"
)
_BETWEEN_NAMES = re.compile(r", (?:and )?| and | AND | & ")
_NO_PERSON = re.compile(
    r"\b(?:staff|writers?|reporters?|correspondents?|editors?|editorial|press|news|times|post|agenc(?:y|ies)|the)\b",
    re.IGNORECASE,
)
_HEADLINE_START = re.compile(r"[^\W_]|[\"'\u2018\u201c(\[#@$€£¿¡]")
_HALF_A_SENTENCE = re.compile(r"\b(?:the|an?|of|to|in|on|at|and|or|but|that|which|with|for|by|from|said)$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; an empty string, or None for the date, where the text does not show it."""

    title: str = ""
    source: str = ""
    published: date | None = None
    author: str = ""


def detect(text: str) -> Metadata:
    """The title, outlet, date and author that `text` shows by itself."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    datelines = [match for line in lines[:HEAD_LINES] if (match := DATELINE.fullmatch(_hyphened(line)))]
    return Metadata(_title(text), _source(lines, datelines), _published(lines, datelines), _author(lines))


def parse_date(text: str) -> date | None:
    """The first full date in `text` ("2017-11-03", "Nov. 3, 2017", "3 November 2017"), if there is one.

    None as well where its year shows that it only stands for an unknown one.
    """
    found = _DATE.search(text)
    if not found:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", found[0])]
    if len(numbers) == 3:
        year, month, day = numbers
    else:
        day, year = numbers
        name = re.search(r"[a-z]{3}", found[0].lower())
        month = _MONTHS.index(name[0]) + 1 if name and name[0] in _MONTHS else 0
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _hyphened(line: str) -> str:
    return line.replace("\u2013", "-").replace("\u2014", "-")


def _title(text: str) -> str:
    """The first line that is not furniture, if it looks like a headline."""
    start, end = next(iter(kept_spans(text)), (0, 0))
    line, _, below = text[start:end].replace("\r\n", "\n").partition("\n")
    heading = re.fullmatch(r"#{1,6}\s+(.*?)[\s#]*", line)
    title = " ".join((heading[1] if heading else line).split())
    return title if heading or _is_headline(title, below) else ""


def _is_headline(line: str, below: str) -> bool:
    """Whether `line` is short, no sentence, and not the first half of one that goes on `below`."""
    sentence = SENTENCE_END.search(line) and not line.endswith(("?", "!"))
    broken = below[:1].islower() or _HALF_A_SENTENCE.search(line)
    shaped = _HEADLINE_START.match(line) and len(line) <= LONGEST_HEADLINE and line[-1] not in ",;:"
    return bool(shaped and not sentence and not broken)


def _source(lines: Sequence[str], datelines: Sequence[re.Match[str]]) -> str:
    """The outlet, from the most explicit statement to the least."""
    for dateline in datelines:
        if dateline["outlet"]:
            return str(dateline["outlet"])
    last = lines[1:][-2 * TAIL_LINES :]
    for line in reversed(last):
        if found := _SOURCE_LINE.fullmatch(line):
            return found["outlet"]
    for line in reversed(last[-2:]):
        if outlet := _outlet_of_labels(line):
            return outlet
    for line in reversed(last):
        if found := _COPYRIGHT.fullmatch(line):
            return found["outlet"]
    return ""


def _author(lines: Sequence[str]) -> str:
    """The persons of a byline below the headline, and nobody where it names an agency or an office."""
    short = (line for line in lines[1 : 1 + HEAD_LINES] if len(line) <= LONGEST_HEADLINE)
    bylines = (match for line in short if (match := _BYLINE.fullmatch(_hyphened(line))))
    names = next((_BETWEEN_NAMES.split(match["names"]) for match in bylines), [])
    return ", ".join(name for name in names if not _NO_PERSON.search(name))


def _outlet_of_labels(line: str) -> str:
    """The one label of "CBC | World News" that is not the name of a section."""
    if not _LABELS.fullmatch(line) or SENTENCE_END.search(line):
        return ""
    names = [label for label in re.split(r" [|>»›] ", line) if not _SECTIONS.fullmatch(label)]
    return names[0] if len(names) == 1 and len(names[0].split()) <= 4 else ""


def _published(lines: Sequence[str], datelines: Sequence[re.Match[str]]) -> date | None:
    """The date of a line that states nothing else; one that says "updated" does not count."""
    at_end = [DATELINE.fullmatch(_hyphened(line)) for line in lines[HEAD_LINES:][-TAIL_LINES:]]
    stated = [*datelines, *(match for match in at_end if match and not match["outlet"])]
    for match in stated:
        if not (match["label"] and "updated" in match["label"].lower()):
            return parse_date(match["date"])
    return None
