"""Foreign text made harmless, and the small phrases that every part of the page uses.

Knows characters, figures and dates. Never knows what a result or a conversation is.
"""

import re
from datetime import date

from index.article import Article

_WORDS = ((0.9, "Almost certain"), (0.7, "Likely"), (0.5, "More likely than not"), (0.25, "Uncertain"))
_FOREIGN = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]|[\u2028\u2029\u202d\u202e\ud800-\udfff]")


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


def title(article: Article) -> str:
    """The headline; of an article without one its id."""
    return literal(article.title.strip() or article.id)


def about(article: Article) -> str:
    """Author, outlet and date, as far as they are known."""
    written = (literal(article.author.strip()), literal(article.source.strip()))
    known = (*written, day(article.published) if article.published else "")
    return " · ".join(part for part in known if part) or "outlet and date unknown"


def _reference(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"&#{code};" if code in (9, 10, 12, 13) or 0x20 < code < 0x7F else "\ufffd"
