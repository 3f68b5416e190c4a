"""Marks page furniture: the lines of a web page that are not the article's own words.

Knows the shapes and stock phrases of news pages. Never rewrites: it says which characters are
furniture, so that offsets into the text keep their meaning. Never knows files or questions.

A line is taken for furniture only as a whole, and when in doubt it is kept: a quoted "Hide Ad" is
a blemish, a lost sentence is a lost answer. Hence three kinds of rule, from certain to doubtful:
phrases that are furniture wherever they stand, labels that are so only at the edges of the page,
and lists of links that are so only from their heading to the end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

HEAD_LINES = 4
TAIL_LINES = 4
"""How many lines at either end of a page are its edges, blank lines and sure furniture apart."""

_MONTH = r"(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?"
_MONTH += r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
_TIME = r"(?:(?:,? at)? ?,?\d{1,2}[:.]\d{2}(?::\d{2})? ?(?:[ap]\.?m\.?)?,? ?(?:[a-z]{2,4})?)"
_DAY = r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,? )"
DATE = rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|{_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}})"
"""A full date as news pages write it; a regular expression for case-insensitive use."""

_OUTLET_WORD = r"\b(?:times|post|news|herald|press|journal|tribune|guardian|telegraph|chronicle|gazette|observer"
_OUTLET_WORD += r"|independent|standard|reuters|star|globe|mail|daily|register|broadcasting|bbc|cbc|cnn|afp|npr|upi)\b"
_OUTLET = rf"(?:(?=[^,;:]*{_OUTLET_WORD})[^,;:.]{{2,40}}|(?<=- )(?-i:[A-Z]\w+(?: [A-Z]\w+){{0,2}}))"
DATELINE = re.compile(
    rf"(?:- )?(?:(?P<outlet>{_OUTLET}) [-|,] )?(?P<label>(?:first |last )?(?:published|posted|updated)(?: on| at)?:? )?"
    rf"{_DAY}?(?P<date>{DATE}){_TIME}?",
    re.IGNORECASE,
)
"""A whole line that says only when, and perhaps by whom, the page was published."""

_NETWORK = r"(?:facebook|twitter|x|linkedin|whatsapp|reddit|pinterest|telegram|instagram|messenger|flipboard|e-?mail)"
_SHARED = rf"(?:{_NETWORK}|this|on|via|with|by|your|friends|it|article|story|page|post|video|link|now)"
_CERTAIN = (
    # advertisements
    r"(?:(?:hide|skip|close|report|remove) )?(?:this )?(?:ads?|adverts?|advertisements?)(?: \d+)?",
    r"(?:story|article) continues (?:below|after)(?: (?:this )?(?:ad|advert|advertisement|video))?",
    r"(?:sponsored|promoted|paid) (?:content|links?|stor(?:y|ies)|posts?)|(?:sponsored|promoted) by [^.,]{1,30}",
    r"(?:scroll (?:down )?to )?continue reading(?: (?:below|the (?:main|full) (?:story|article)))?",
    r"let's block ads! \(why\?\)",
    # buttons
    r"(?:click|tap) (?:here )?(?:to|for)(?: \S+){1,9}",
    r"(?:open|view|see|enlarge|expand|hide|show)(?: (?:the|this|full|size|larger|interactive|all|more)){0,3}"
    r" (?:graphics?|gallery|slideshow|interactive|images?|photos?|pictures?|map|caption)(?: in new window)?",
    r"(?:read|show|see|load|view|learn) (?:more|less|next|full (?:story|article)|the full (?:story|article))",
    r"skip to (?:main )?content|back to top|print this (?:page|article|story)|loading|play video|watch the video",
    r"media playback is (?:un|not )supported on (?:this|your) device",
    # sharing and following
    rf"share(?: {_SHARED}){{0,6}}",
    r"(?:follow|like|find|join) (?:us|@\w+)(?: on \w+(?:[,/& ]+\w+){0,6})?",
    rf"(?=.*\b(?:share|tweet|print)\b)(?:\W*\b(?:share|tweet|print|pin|save|copy|{_NETWORK}|{_SHARED})\b){{2,12}}\W*",
    # readers' comments
    r"(?:view|show|hide|read|see|load|post|leave|add|join|close|skip to)(?: (?:all|more|an?|the|your|our|\d+)){0,2}"
    r" (?:comments?|repl(?:y|ies)|conversation|discussion)",
    r"comments? (?:are |is )?(?:powered by|provided by|closed|loading)(?: \S+){0,5}|powered by disqus",
    r"\d+ comments?|comments? \(\d+\)|no comments yet|be the first to comment|have your say",
    r"have an opinion on this story\? share it|have you (?:found|spotted) an error.{0,60}",
    # what the page is
    r"(?:\d{6,8})?(?:what's hot|trending(?: now)?|most (?:read|popular|viewed|shared|commented)|top stories)",
    r"(?:image|photo|video|picture) (?:source|copyright|credit)s?(?:[:,|] \S+(?: \S+){0,6}|(?-i:(?: [A-Z]\S*){1,4}))",
    r"(?:image|photo|picture)s?: ?\S+(?: \S+){0,4}|file: ?.{1,80}\.(?:jpe?g|png|gif|svg|webp)",
    r"source: .{1,40} (?:>|»|›) .{1,40}",
    r"this (?:page|article) is archived,? and is no longer publicly editable\.?|bookmark-?\^?",
)
_NOTICES = (
    r"(?:copyright )?(?:©|\(c\)|&copy) ?(?:copyright )?\d{4}\b.{0,160}",
    r".{0,120}\ball rights reserved\.?",
    r".{0,80}\bmay not be (?:published, broadcast|reproduced)\b.*\b(?:redistributed|permission|consent)\b.*",
    r"(?:we|this (?:web ?)?site|our (?:web ?)?site) uses? cookies (?:to|on|and|for|in)\b.*",
    r"by (?:continuing|using|signing up|clicking)\b.*\byou\b.*\b(?:cookies|terms|privacy policy)\b.*",
    r"(?:accept|manage|reject)(?: all| your)? cookies|(?:cookie|privacy) (?:settings|preferences)",
    r"(?:subscribe|sign up|sign in|log in|register)\b(?=.*\b(?:our|your|newsletters?|here|now|free)\b)"
    r"(?=.*\b(?:newsletters?|updates|alerts|inbox|e-?mail|channel|account|subscribers?|app|offers)\b).*",
    r"(?:get|receive|want|enter|join)\b.*\b(?:(?:to|in|into) your inbox|our (?:free )?newsletters?)\b.*",
    r"(?:subscribe|sign up|sign in|log in)(?: (?:now|here|today|for free|to comment|to continue(?: reading)?))?",
    r"already a (?:subscriber|member)\?.{0,40}|(?:download|get) (?:the|our)(?: \w+){0,2} app(?: .{1,40})?",
    r"support (?:our|independent|quality) (?:\w+ )?journalism\.?|become a (?:member|subscriber)",
    r".*\b(?:read|see|review) our (?:comment(?:ing|s)?|community|moderation) (?:policy|guidelines|rules|standards)\b.*",
    r".*\bwelcomes? your comments\b.*",
    r"(?:read|see) (?:more|also|next): [^.?!]{1,140}\??",
)
_LABEL = r"[^\W\d]+(?: [^\W\d]+){0,3}"
_EDGE = (
    r"(?:\w+ ){0,6}(?:comment(?:ing|s)?|privacy|cookie|moderation|community) (?:policy|guidelines|notice)",
    r"(?:\w+ ){0,3}terms (?:of (?:use|service)|and conditions)",
    r"copyright \d{4}(?-i:(?: (?:[A-Z]\S*|by|of|the|and)){1,8})",
    r"source: \S+(?: \S+){0,3}",
    r"(?:tags?|topics|filed under|categories|keywords): .{1,160}",
    rf"{_LABEL}(?: [|>»›] {_LABEL}){{1,4}}",
)
_LINKS = (
    r"related(?: (?:topics?|stories|articles?|news|links?|content|coverage|posts?|reading|videos?|headlines))?",
    r"more (?:on|about) (?:the|this) (?:topic|story|subject)|more (?:stories|news|headlines|coverage)",
    r"(?:more|latest) from(?: \S+){1,5}|latest (?:news|headlines|stories)",
    r"you (?:may|might) (?:also|like)(?: (?:like|be interested in))?|recommended (?:for you|stories|reading)",
    r"read (?:next|also)|see also|up next|don't miss|editors?'?s?'? picks|also (?:on|in)(?: \S+){1,4}",
    r"sources|references|external links|sister (?:links|projects)|wikinews has related news|in depth",
)


def _union(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_ANYWHERE = _union(_CERTAIN + _NOTICES)
_AT_THE_EDGES = _union(_EDGE)
_LINKS_HEADING = _union(_LINKS)
_DATED_HEADLINE = re.compile(rf".{{8,140}}[^.?!,;:] [-|] {_DAY}?{DATE}", re.IGNORECASE)
_LONGEST = 300
_LONGEST_LINK = 160
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
SENTENCE_END = re.compile(r"[.!?…][\"'\u201d\u2019)\]]*$")
"""The end of a line that ends as a sentence does."""
_STRAIGHT = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00a0": " ", "\u2013": "-", "\u2014": "-", "\u200b": None})


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    plain: str
    """The line as the patterns see it: straight quotes, hyphens for dashes, single spaces."""
    bare: str
    """`plain` without a bullet in front."""


def furniture_spans(text: str) -> list[tuple[int, int]]:
    """The character ranges [start, end) of the lines that are furniture, without outer white space."""
    lines = _lines(text)
    marked = {i for i, line in enumerate(lines) if _matches(_ANYWHERE, line)}
    marked |= _edges(lines, marked)
    marked |= _link_lists(lines, marked)
    marked |= _dated_headlines(lines, marked)
    return [(lines[i].start, lines[i].end) for i in sorted(marked)]


def kept_spans(text: str) -> list[tuple[int, int]]:
    """The maximal ranges [start, end) of `text` between its furniture, in order.

    None is empty or only white space, and each is trimmed of outer white space. Together with
    the furniture they hold every visible character of the text.
    """
    spans = []
    start = 0
    for furniture_start, furniture_end in [*furniture_spans(text), (len(text), len(text))]:
        kept = _trimmed(text, start, furniture_start)
        if kept[0] < kept[1]:
            spans.append(kept)
        start = furniture_end
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _lines(text: str) -> list[_Line]:
    """The lines that show something; the blank ones between them do not count."""
    lines = []
    for match in _LINE.finditer(text):
        start, end = _trimmed(text, *match.span())
        if start < end:
            plain = " ".join(text[start:end].translate(_STRAIGHT).split())
            lines.append(_Line(start, end, plain, plain.lstrip("-*•·▪>»# ")))
    return lines


def _matches(pattern: re.Pattern[str], line: _Line) -> bool:
    """Whether the whole line is `pattern`, whatever bullet or end mark it has; a full stop counts."""
    if len(line.plain) > _LONGEST:
        return False
    return any(pattern.fullmatch(form) for form in (line.bare, line.bare.rstrip(":!…>»*_ ")))


def _edges(lines: Sequence[_Line], marked: set[int]) -> set[int]:
    """Datelines among the first lines, labels and datelines among the last, other furniture apart."""
    others = [i for i in range(len(lines)) if i not in marked]
    head = {i for i in others[:HEAD_LINES] if DATELINE.fullmatch(lines[i].plain[:_LONGEST])}
    tail = {i for i in others[1:][-TAIL_LINES:] if _matches(_AT_THE_EDGES, lines[i])}
    return head | tail | {i for i in others[1:][-TAIL_LINES:] if DATELINE.fullmatch(lines[i].bare[:_LONGEST])}


def _link_lists(lines: Sequence[_Line], marked: set[int]) -> set[int]:
    """Headings such as "Related topics:", with the links below when those run to the page's end."""
    headings: set[int] = set()
    top = len(lines)  # of the list of links that ends the page
    only_links_below = True
    for i in range(len(lines) - 1, 0, -1):
        if _matches(_LINKS_HEADING, lines[i]) and (only_links_below or lines[i].plain.endswith(":")):
            headings.add(i)
            top = i if only_links_below else top
        elif i not in marked:
            only_links_below = only_links_below and _is_link(lines[i])
    return headings.union(range(top, len(lines)))


def _is_link(line: _Line) -> bool:
    return len(line.plain) <= _LONGEST_LINK and not SENTENCE_END.search(line.plain)


def _dated_headlines(lines: Sequence[_Line], marked: set[int]) -> set[int]:
    """Two or more "headline - date" lines in a row that end the page, furniture apart.

    Below a line that ends in a colon they are a list of the article's own, such as a timeline.
    """
    found: set[int] = set()
    i = len(lines) - 1
    while i > 0 and (i in marked or _DATED_HEADLINE.fullmatch(lines[i].plain)):
        found |= {i} - marked
        i -= 1
    return found if len(found) > 1 and not lines[i].plain.endswith(":") else set()
