"""What the page shows, as HTML: results, articles and reports, with every foreign character made harmless.

Knows the result types and the class names of `render.css`. Never knows Gradio, nor how an answer was found.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from index.article import Article
from index.build import BuildReport
from qa.answer import Alternative, Answer, Citation, NoAnswer, support

NOT_FOUND = "I could not find this in the articles."
WORTH_SHOWING = 0.1  # the probability below which a guess is folded away, as it would mislead more than help
SHELF_SIZE = 200  # titles listed at once: a longer list is no help to a reader
REASONS_SHOWN = 20

_TOOLS = (
    '<div class="tools"><button type="button" class="shelf">All articles</button>'
    '<button type="button" class="back">Back to the answer</button></div>'
)
_WORDS = ((0.9, "Almost certain"), (0.7, "Likely"), (0.5, "More likely than not"), (0.25, "Uncertain"))
_FOREIGN = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]|[\u2028\u2029\u202d\u202e\ud800-\udfff]")
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation and what came of it: a result, or the one line that says why not.

    While the engine is still reading, both are empty.
    """

    question: str
    result: Answer | NoAnswer | None = None
    error: str = ""


def literal(text: str) -> str:
    """`text` as HTML that can only ever be text.

    ASCII punctuation and line ends become numeric references, so that no reader downstream,
    be it Markdown, LaTeX, a template or HTML, finds any syntax. What cannot be sent or would
    turn the line around (lone surrogates, control characters, direction overrides) becomes U+FFFD.
    """
    return _FOREIGN.sub(_reference, text)


def messages(exchanges: Sequence[Exchange]) -> list[dict[str, str]]:
    """The conversation as chat messages, each a single line of HTML."""
    shown = []
    for number, exchange in enumerate(exchanges):
        shown.append({"role": "user", "content": f'<div class="question">{literal(exchange.question.strip())}</div>'})
        if exchange.result is not None:
            shown.append({"role": "assistant", "content": result(exchange.result, number)})
        elif exchange.error:
            shown.append({"role": "assistant", "content": notice(exchange.error)})
    return shown


def groups(result: Answer | NoAnswer | None) -> list[tuple[Citation, ...]]:
    """The citations of a result, those of one reading together, in the order of their numbers on the page."""
    if result is None:
        return []
    readings = [reading.citations for reading in (*result.disagreements, *result.alternatives)]
    if isinstance(result, Answer):
        return [result.citations, *readings]
    shown = _guesses_shown(result)
    return [*readings[:shown], result.closest, *readings[shown:]]


def result(result: Answer | NoAnswer, turn: int) -> str:
    """The chat message of a result; its buttons carry `turn-number` as their value."""
    numbers = _Numbers(turn)
    return _answer(result, numbers) if isinstance(result, Answer) else _no_answer(result, numbers)


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
        f'<article class="reader" data-ref="{literal(ref)}">{_TOOLS}<h2 tabindex="-1"><bdi>{_title(article)}</bdi></h2>'
        f'<p class="meta">{_meta(article)}</p>{link}{notice(note) if note else ""}'
        f'<div class="text">{_marked(article.text, here, also)}</div></article>'
    )


def unavailable(message: str) -> str:
    """What the panel shows where there is nothing to read, and why."""
    return f'<section class="reader">{_TOOLS}{notice(message)}</section>'


def shelf(articles: Sequence[Article]) -> str:
    """The list of all articles, each a button that opens it."""
    rows = (
        f'<li><button type="button" class="open" value="{literal(a.id)}"><bdi class="title">{_title(a)}</bdi>'
        f'<span class="meta">{_meta(a)}</span></button></li>'
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


def report(report: BuildReport) -> str:
    """What a rebuild did, in one line; what it had to skip, and why, below."""
    parts = ((report.added, "added"), (report.changed, "changed"), (report.removed, "removed"))
    done = ", ".join(f"{len(ids)} {word}" for ids, word in parts if ids) or "nothing has changed"
    line = f"Rebuilt in {report.seconds:.1f} s: {done}; {report.unchanged} unchanged, {report.passages:,} passages."
    if not report.skipped:
        return f'<div class="report" role="status">{line}</div>'
    reasons = "".join(
        f"<li>{literal(str(skipped.path))}: {literal(skipped.reason)}</li>"
        for skipped in report.skipped[:REASONS_SHOWN]
    )
    left_out = len(report.skipped) - REASONS_SHOWN
    more = f"<li>and {left_out} more</li>" if left_out > 0 else ""
    return (
        f'<div class="report" role="status">{line}<details open><summary>{len(report.skipped)} skipped</summary>'
        f"<ul>{reasons}{more}</ul></details></div>"
    )


class _Numbers:
    """Hands out the buttons of one message, numbered in the order of `groups`."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._last = 0

    def take(self, citations: Sequence[Citation]) -> list[tuple[int, Citation]]:
        """The next numbers, one for each citation."""
        first, self._last = self._last + 1, self._last + len(citations)
        return list(enumerate(citations, start=first))

    def button(self, number: int, inside: str = "", kind: str = "") -> str:
        label = f'<span class="number">[{number}]</span>{inside}'
        return f'<button type="button" class="cite {kind}" value="{self._turn}-{number - 1}">{label}</button>'


def _answer(answer: Answer, numbers: _Numbers) -> str:
    cited = numbers.take(answer.citations)
    disagreements = "".join(_reading(reading, numbers) for reading in answer.disagreements)
    if disagreements:
        disagreements = f'<div class="against"><p class="label">The articles differ</p>{disagreements}</div>'
    others = "".join(_reading(reading, numbers) for reading in answer.alternatives)
    return (
        f'<div class="result">{_understood(answer)}<p class="lead">{_in_sentence(answer.citations[0])}'
        f"{_inline(cited, numbers)}</p>"
        f"{_belief(answer)}{_sources(cited, numbers)}{disagreements}"
        f"{_folded('Other readings', len(answer.alternatives), others)}</div>"
    )


def _no_answer(refusal: NoAnswer, numbers: _Numbers) -> str:
    shown = _guesses_shown(refusal)
    guess = "".join(_reading(reading, numbers) for reading in refusal.alternatives[:shown])
    if guess:
        guess = f'<div class="guess"><p class="label">A guess, not an answer</p>{guess}</div>'
    closest = "".join(
        f"<li>{numbers.button(number, _row(citation, _excerpt(citation)), 'row')}</li>"
        for number, citation in numbers.take(refusal.closest)
    )
    if closest:
        closest = f'<div class="closest"><p class="label">The closest passages</p><ul>{closest}</ul></div>'
    others = refusal.alternatives[shown:]
    folded = _folded("Guesses, probably wrong", len(others), "".join(_reading(other, numbers) for other in others))
    lead = f'{_understood(refusal)}<p class="lead">{NOT_FOUND}</p>'
    return f'<div class="result declined">{lead}{guess}{closest}{folded}</div>'


def _guesses_shown(refusal: NoAnswer) -> int:
    """How many guesses stand open: the best one, if it is worth a look."""
    return sum(guess.confidence >= WORTH_SHOWING for guess in refusal.alternatives[:1])


def _understood(result: Answer | NoAnswer) -> str:
    """How a follow-up was read, so that nobody wonders what was answered."""
    if result.understood.split() in ([], result.question.split()):
        return ""
    return f'<p class="meta understood">Understood as: {literal(result.understood)}</p>'


def _reading(reading: Alternative, numbers: _Numbers) -> str:
    cited = numbers.take(reading.citations)
    sentence = _in_sentence(reading.citations[0]) if reading.citations else literal(reading.text)
    where = ", ".join(f"<bdi>{_title(citation.article)}</bdi>" for _, citation in cited[:1])
    return (
        f'<div class="reading"><p>{sentence}{_inline(cited, numbers)}</p>'
        f'<p class="meta">{confidence_words(reading.confidence)}, {percent(reading.confidence)}. {where}</p></div>'
    )


def _belief(answer: Answer) -> str:
    return (
        f'<p class="belief"><meter min="0" max="1" value="{answer.confidence:.3f}"></meter>'
        f"<strong>{confidence_words(answer.confidence)}</strong> <span>{percent(answer.confidence)}</span>"
        f'<span class="meta">{support(answer)} · {answer.seconds:.2f} s</span></p>'
    )


def _inline(cited: Sequence[tuple[int, Citation]], numbers: _Numbers) -> str:
    return " " + "".join(numbers.button(number, kind="inline") for number, _ in cited)


def _sources(cited: Sequence[tuple[int, Citation]], numbers: _Numbers) -> str:
    rows = "".join(f"<li>{numbers.button(number, _row(citation), 'row')}</li>" for number, citation in cited)
    return f'<ul class="sources">{rows}</ul>'


def _row(citation: Citation, excerpt: str = "") -> str:
    quoted = f'<span class="excerpt">{excerpt}</span>' if excerpt else ""
    about = _meta(citation.article) + (f" · page {citation.page}" if citation.page else "")
    known = f'<bdi class="title">{_title(citation.article)}</bdi> <span class="meta">{about}</span>'
    return f'<span class="what">{known}{quoted}</span>'


def _folded(label: str, size: int, inside: str) -> str:
    return f"<details><summary>{label} ({size})</summary>{inside}</details>" if inside else ""


def _title(article: Article) -> str:
    return literal(article.title.strip() or article.id)


def _meta(article: Article) -> str:
    written = (literal(article.author.strip()), literal(article.source.strip()))
    known = (*written, day(article.published) if article.published else "")
    return " · ".join(part for part in known if part) or "outlet and date unknown"


def day(published: date) -> str:
    """A date as a person writes it: 3 November 2017."""
    return f"{published.day} {published:%B %Y}"


def _in_sentence(citation: Citation, room: int = 420) -> str:
    """The quote marked inside its sentence; a long sentence loses its ends, the quote never a letter."""
    text, length = citation.article.text, len(citation.sentence)
    at = text.rfind(citation.sentence, max(0, citation.end - length), citation.start + length)
    before, after = ("", "") if at < 0 else (text[at : citation.start], text[citation.end : at + length])
    if len(before) > room // 2:
        before = "… " + before[-room // 2 :].partition(" ")[2]
    if len(after) > room // 2:
        after = after[: room // 2].rpartition(" ")[0] + " …"
    return f"{literal(before)}<mark>{literal(citation.quote)}</mark>{literal(after)}"


def _excerpt(citation: Citation, room: int = 240) -> str:
    quote = " ".join(citation.quote.split())
    return literal(quote if len(quote) <= room else quote[:room].rpartition(" ")[0] + " …")


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


def _reference(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"&#{code};" if code in (9, 10, 12, 13) or 0x20 < code < 0x7F else "\ufffd"
