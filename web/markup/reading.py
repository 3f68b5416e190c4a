"""The reading panel as HTML: one article, open at a quote, with the way to the citations before and after it.

Knows articles and places in them. Never knows why a place is marked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise

from index.article import Article
from web.markup.text import about, link, literal, notice, title

_KEYS = (("n", "next citation"), ("p", "previous citation"), ("Esc", "back to where you were"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open citation stands among those of its answer, counted from one.

    `before` and `after` are the values of the buttons that open its neighbours, empty at the ends.
    """

    number: int
    of: int
    before: str = ""
    after: str = ""


def article(
    article: Article,
    ref: str,
    here: tuple[int, int] | None = None,
    also: Iterable[tuple[int, int]] = (),
    note: str = "",
    place: Place | None = None,
) -> str:
    """An article to read: the span `here` marked, the spans `also` marked faintly, a note above if there is one.

    `ref` is what was clicked: the same article opened elsewhere is another view to the browser.
    """
    return (
        f'<article class="reader" tabindex="0" data-ref="{literal(ref)}">{_tools(place, title(article))}'
        f'<h2 tabindex="-1"><bdi>{title(article)}</bdi></h2>'
        f'<p class="meta">{about(article)}</p>{link(article.url)}{notice(note) if note else ""}'
        f'<div class="text">{_marked(article.text, here, also)}</div></article>'
    )


def unavailable(message: str, ref: str = "") -> str:
    """What the panel shows where there is nothing to read, and why. `ref` is what was clicked, as in `article`."""
    return (
        f'<section class="reader" data-ref="{literal(ref)}">{_tools()}<h2 tabindex="-1">This cannot be opened</h2>'
        f"{notice(message)}</section>"
    )


def nothing() -> str:
    """What the panel shows before anything was opened."""
    keys = "".join(f"<div><dt><kbd>{key}</kbd></dt><dd>{meaning}</dd></div>" for key, meaning in _KEYS)
    return (
        '<section class="reader blank"><h2 tabindex="-1">Nothing is open</h2>'
        "<p>Choose a citation: its article opens here, at the quote. The other quotes of the same answer are marked "
        f'more faintly.</p><h3>Keys while reading</h3><dl class="keys">{keys}</dl></section>'
    )


def _tools(place: Place | None = None, name: str = "") -> str:
    """What stays in sight while an article is scrolled: whose it is, and the way to its neighbours."""
    back = '<button type="button" class="back">Back</button>'
    running = f'<span class="running" aria-hidden="true"><bdi>{name}</bdi></span>'
    if place is None or place.of == 1:
        return f'<div class="tools">{back}{running}</div>'
    return (
        f'<div class="tools">{back}{running}<span class="steps-through">{_step("previous", "p", place.before)}'
        f"<span>{place.number} of {place.of}</span>{_step('next', 'n', place.after)}</span></div>"
    )


def _step(way: str, key: str, value: str) -> str:
    arrow = "←" if way == "previous" else "→"
    off = "" if value else " disabled"
    return (
        f'<button type="button" class="cite step {way}" value="{value}" aria-label="The {way} citation" '
        f'aria-keyshortcuts="{key}" title="The {way} citation ({key})"{off}>{arrow}</button>'
    )


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
