"""The reading panel as HTML: one article, open at a quote, or the list of all of them.

Knows articles and places in them. Never knows why a place is marked.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from index.article import Article
from web.markup.text import about, literal, notice, title

SHELF_SIZE = 200  # titles listed at once: a longer list is no help to a reader

_TOOLS = (
    '<div class="tools"><button type="button" class="shelf">All articles</button>'
    '<button type="button" class="back">Back to the answer</button></div>'
)
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+", re.IGNORECASE)


def article(
    article: Article,
    ref: str,
    here: tuple[int, int] | None = None,
    also: Iterable[tuple[int, int]] = (),
    note: str = "",
) -> str:
    """An article to read: the span `here` marked, the spans `also` marked faintly, a note above if there is one.

    `ref` is what was clicked: the same article opened elsewhere is another view to the browser.
    """
    link = ""
    if _WEB_ADDRESS.fullmatch(article.url):
        address = literal(article.url)
        link = f'<p class="link"><a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a></p>'
    return (
        f'<article class="reader" data-ref="{literal(ref)}">{_TOOLS}<h2 tabindex="-1"><bdi>{title(article)}</bdi></h2>'
        f'<p class="meta">{about(article)}</p>{link}{notice(note) if note else ""}'
        f'<div class="text">{_marked(article.text, here, also)}</div></article>'
    )


def unavailable(message: str) -> str:
    """What the panel shows where there is nothing to read, and why."""
    return f'<section class="reader">{_TOOLS}{notice(message)}</section>'


def shelf(articles: Sequence[Article]) -> str:
    """The list of all articles, each a button that opens it."""
    rows = (
        f'<li><button type="button" class="open" value="{literal(a.id)}"><bdi class="title">{title(a)}</bdi>'
        f'<span class="meta">{about(a)}</span></button></li>'
        for a in articles[:SHELF_SIZE]
    )
    left_out = len(articles) - SHELF_SIZE
    more = f'<p class="meta">and {left_out:,} more</p>' if left_out > 0 else ""
    empty = "" if articles else '<p class="meta">There are no articles yet.</p>'
    return (
        f'<section class="reader"><h2 tabindex="-1">{count(articles)}</h2>{empty}'
        f'<ul class="shelf-list">{"".join(rows)}</ul>{more}</section>'
    )


def count(articles: Sequence[Article]) -> str:
    return "1 article" if len(articles) == 1 else f"{len(articles):,} articles"


def _marked(text: str, here: tuple[int, int] | None, also: Iterable[tuple[int, int]]) -> str:
    """`text` with its spans marked; where they overlap, `here` wins."""
    faint = list(also)
    strong = [here] if here else []
    edges = sorted({0, len(text), *(edge for span in strong + faint for edge in span)})

    def kind(piece: tuple[int, int]) -> str:
        if any(start <= piece[0] < end for start, end in strong):
            return "here"
        return "also" if any(start <= piece[0] < end for start, end in faint) else ""

    shown = []
    for name, pieces in groupby(pairwise(edges), key=kind):
        inside = "".join(literal(text[start:end]) for start, end in pieces)
        shown.append(f'<mark class="{name}">{inside}</mark>' if name else inside)
    return "".join(shown)
