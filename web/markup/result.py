"""One result as HTML: an answer with its numbered citations, or an honest refusal.

Knows in which order citations are numbered. Never knows where on the page a result stands.
"""

from collections.abc import Sequence
from itertools import chain

from qa.answer import Alternative, Answer, Citation, NoAnswer, support
from web.markup.text import about, confidence_words, day, literal, percent, title
from web.transcripts import around

NOT_FOUND = "I could not find this in the articles."
WORTH_SHOWING = 0.1
"""The probability below which a guess is folded away, as it would mislead more than help."""


def groups(result: Answer | NoAnswer | None) -> list[tuple[Citation, ...]]:
    """The citations of a result, those of one reading together, in the order of their numbers on the page."""
    if result is None:
        return []
    readings = [reading.citations for reading in (*result.parts[1:], *result.disagreements, *result.alternatives)]
    if isinstance(result, Answer):
        return [result.citations, *readings]
    shown = _guesses_shown(result)
    return [*readings[:shown], result.closest, *readings[shown:]]


def result(result: Answer | NoAnswer, turn: int) -> str:
    """A result; its buttons carry `turn-number` as their value."""
    numbers = _Numbers(turn)
    return _answer(result, numbers) if isinstance(result, Answer) else _no_answer(result, numbers)


def quotation(citation: Citation) -> str:
    """A quote in its sentence as plain text to be pasted elsewhere, and below it where it stands."""
    sentence = " ".join(citation.sentence.split())
    said = f"“{sentence}”" if sentence == citation.quote else f"{citation.quote}\n“{sentence}”"
    return f"{said}\n{source(citation)}"


def source(citation: Citation) -> str:
    """Where a quote stands, as the line of plain text that is pasted below it."""
    article = citation.article
    known = (
        article.title.strip() or article.id,
        article.author,
        article.source,
        day(article.published) if article.published else "",
        f"page {citation.page}" if citation.page else "",
        article.url,
    )
    place = f"{article.id}, characters {citation.start}–{citation.end}"
    return f"— {', '.join(part.strip() for part in known if part.strip())} ({place})"


class _Numbers:
    """Hands out the buttons of one message, numbered in the order of `groups`."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._last = 0

    def take(self, citations: Sequence[Citation]) -> list[tuple[int, Citation]]:
        """The next numbers, one for each citation."""
        first, self._last = self._last + 1, self._last + len(citations)
        return list(enumerate(citations, start=first))

    def button(self, number: int, inside: str = "", kind: str = "", label: str = "") -> str:
        named = f' aria-label="{label}"' if label else ""
        value = f"{self._turn}-{number - 1}"
        return (
            f'<button type="button" class="cite {kind}" value="{value}"{named}>'
            f'<span class="number">{number}</span>{inside}</button>'
        )


def _answer(answer: Answer, numbers: _Numbers) -> str:
    together = [answer.citations, *(part.citations for part in answer.parts[1:])]
    cited = [numbers.take(citations) for citations in together]
    leads = "".join(
        f'<p class="lead" data-source="{literal(source(citations[0]))}">'
        f"{_in_sentence(citations[0])}{_inline(numbered, numbers)}</p>"
        for citations, numbered in zip(together, cited, strict=True)
    )
    copied = "\n\n".join(quotation(citations[0]) for citations in together)
    return (
        f'<div class="result" data-copy="{literal(copied)}">{_several(answer)}{leads}'
        f"{_belief(answer)}{_sources([*chain.from_iterable(cited)], numbers)}{_against(answer, numbers)}"
        f"{_folded('Other readings', answer.alternatives, numbers)}</div>"
    )


def _several(answer: Answer) -> str:
    """What is asked for several things and answered by some that stand apart, named at a glance."""
    if not answer.parts:
        return ""
    named = "".join(f"<li><bdi>{literal(part.text)}</bdi></li>" for part in answer.parts)
    return f'<ul class="parts" aria-label="{len(answer.parts)} answers together">{named}</ul>'


def _against(answer: Answer, numbers: _Numbers) -> str:
    """What other articles say instead, each beside what is answered."""
    if not answer.disagreements:
        return ""
    mine = _side(answer.text, answer.confidence, answer.citations, "")
    theirs = "".join(
        _side(other.text, other.confidence, other.citations, _inline(numbers.take(other.citations), numbers))
        for other in answer.disagreements
    )
    return f'<section class="against"><h3>The articles differ</h3><div class="sides">{mine}{theirs}</div></section>'


def _side(text: str, confidence: float, citations: Sequence[Citation], numbered: str) -> str:
    outlets = dict.fromkeys(citation.article.source.strip() or title(citation.article) for citation in citations)
    sentence = f"<p>{_in_sentence(citations[0], room=200)}{numbered}</p>" if citations else ""
    return (
        f'<div class="side"><p class="value"><bdi>{literal(text)}</bdi></p>'
        f'<p class="meta">{confidence_words(confidence)}, {percent(confidence)}</p>'
        f'{sentence}<p class="meta"><bdi>{", ".join(map(literal, outlets))}</bdi></p></div>'
    )


def _no_answer(refusal: NoAnswer, numbers: _Numbers) -> str:
    shown = _guesses_shown(refusal)
    guess = "".join(_reading(reading, numbers) for reading in refusal.alternatives[:shown])
    if guess:
        guess = f'<section class="guess"><h3>A guess, not an answer</h3>{guess}</section>'
    closest = "".join(
        f"<li>{numbers.button(number, _row(citation, _excerpt(citation)), 'row')}</li>"
        for number, citation in numbers.take(refusal.closest)
    )
    if closest:
        closest = f'<section class="closest"><h3>The closest passages</h3><ul>{closest}</ul></section>'
    folded = _folded("Guesses, probably wrong", refusal.alternatives[shown:], numbers)
    return f'<div class="result declined"><p class="lead">{NOT_FOUND}</p>{guess}{closest}{folded}</div>'


def _guesses_shown(refusal: NoAnswer) -> int:
    """How many guesses stand open: the best one, if it is worth a look."""
    return sum(guess.confidence >= WORTH_SHOWING for guess in refusal.alternatives[:1])


def _reading(reading: Alternative, numbers: _Numbers) -> str:
    cited = numbers.take(reading.citations)
    sentence = _in_sentence(reading.citations[0]) if reading.citations else literal(reading.text)
    where = ", ".join(f"<bdi>{title(citation.article)}</bdi>" for _, citation in cited[:1])
    return (
        f'<div class="reading"><p>{sentence}{_inline(cited, numbers)}</p>'
        f'<p class="meta">{confidence_words(reading.confidence)}, {percent(reading.confidence)}. {where}</p></div>'
    )


def _belief(answer: Answer) -> str:
    return (
        f'<p class="belief"><meter min="0" max="1" value="{answer.confidence:.3f}" aria-label="Confidence"></meter>'
        f"<strong>{confidence_words(answer.confidence)}</strong> <span>{percent(answer.confidence)}</span>"
        f'<span class="support">{support(answer)}</span></p>'
    )


def _inline(cited: Sequence[tuple[int, Citation]], numbers: _Numbers) -> str:
    return " " + "".join(
        numbers.button(number, "", "inline", f"Citation {number}, {title(citation.article)}")
        for number, citation in cited
    )


def _sources(cited: Sequence[tuple[int, Citation]], numbers: _Numbers) -> str:
    rows = "".join(f"<li>{numbers.button(number, _row(citation), 'row')}</li>" for number, citation in cited)
    return f'<ul class="sources">{rows}</ul>'


def _row(citation: Citation, excerpt: str = "") -> str:
    quoted = f'<span class="excerpt">{excerpt}</span>' if excerpt else ""
    said = about(citation.article) + (f" · page {citation.page}" if citation.page else "")
    known = f'<bdi class="title">{title(citation.article)}</bdi> <span class="meta">{said}</span>'
    return f'<span class="what">{known}{quoted}</span>'


def _folded(label: str, readings: Sequence[Alternative], numbers: _Numbers) -> str:
    inside = "".join(_reading(reading, numbers) for reading in readings)
    return f"<details><summary>{label} ({len(readings)})</summary>{inside}</details>" if inside else ""


def _in_sentence(citation: Citation, room: int = 420) -> str:
    """The quote marked inside its sentence; a long sentence loses its ends, the quote never a letter."""
    before, after = around(citation)
    if len(before) > room // 2:
        before = "… " + before[-room // 2 :].partition(" ")[2]
    if len(after) > room // 2:
        after = after[: room // 2].rpartition(" ")[0] + " …"
    return f"{literal(before)}<mark>{literal(citation.quote)}</mark>{literal(after)}"


def _excerpt(citation: Citation, room: int = 240) -> str:
    quote = " ".join(citation.quote.split())
    return literal(quote if len(quote) <= room else quote[:room].rpartition(" ")[0] + " …")
