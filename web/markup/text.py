"""Foreign text made harmless, and the small phrases that every part of the page uses.

Knows characters, figures and dates. Never knows what a result or a conversation is.
"""

import re
from datetime import date
from typing import Protocol

_WORDS = ((0.9, "Almost certain"), (0.7, "Likely"), (0.5, "More likely than not"), (0.25, "Uncertain"))
_FOREIGN = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]|[\u2028\u2029\u202d\u202e\ud800-\udfff]")
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+", re.IGNORECASE)


class Headed(Protocol):
    """What has a headline and says where it is from: an article, or the heading of one."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def published(self) -> date | None: ...


def literal(text: str) -> str:
    """`text` as HTML that can only ever be text.

    ASCII punctuation and line ends become numeric references, so that no reader downstream,
    be it Markdown, LaTeX, a template or HTML, finds any syntax. What cannot be sent or would
    turn the line around (lone surrogates, control characters, direction overrides) becomes U+FFFD.
    """
    return _FOREIGN.sub(_reference, text)


def notice(message: str) -> str:
    """One plain line about something that went wrong."""
    return f'<div class="notice" role="alert">{literal(message[:1].upper() + message[1:])}</div>'


def confidence_words(confidence: float) -> str:
    """A probability, 0 to 1, in words."""
    return next((words for least, words in _WORDS if confidence >= least), "A guess")


def percent(confidence: float) -> str:
    """A probability, 0 to 1, as a figure that never claims to be certain."""
    if not 0.01 <= confidence <= 0.99:
        return "under 1%" if confidence < 0.5 else "over 99%"
    return f"{confidence:.0%}"


def day(published: date) -> str:
    """A date as a person writes it: 3 November 2017."""
    return f"{published.day} {published:%B %Y}"


def short_day(published: date) -> str:
    """The same where there is little room: 3 Nov 2017."""
    return f"{published.day} {published:%b %Y}"


def counted(number: int, thing: str) -> str:
    """A number of things: 1 article, 2 articles."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def title(article: Headed) -> str:
    """The headline; of an article without one its id."""
    return literal(article.title.strip() or article.id)


def about(article: Headed) -> str:
    """Author, outlet and date, as far as they are known."""
    written = (literal(article.author.strip()), literal(article.source.strip()))
    known = (*written, day(article.published) if article.published else "")
    return " · ".join(part for part in known if part) or "outlet and date unknown"


def link(url: str) -> str:
    """A link to an address of the web that opens apart; nothing for any other address."""
    if not _WEB_ADDRESS.fullmatch(url):
        return ""
    address = literal(url)
    return f'<p class="link"><a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a></p>'


def _reference(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"&#{code};" if code in (9, 10, 12, 13) or 0x20 < code < 0x7F else "\ufffd"
