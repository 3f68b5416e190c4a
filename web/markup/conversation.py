"""A conversation as HTML: each question with the steps towards its result, the result, and what can be done with it.

Knows exchanges and their order. Never knows how a result looks, nor where conversations are kept.
"""

from collections.abc import Sequence

from web.markup.result import result
from web.markup.text import counted, literal, notice
from web.transcripts import Exchange

TURNS_SHOWN = 50
"""Most questions shown of one conversation; its export has them all."""

_STEPS = {"loading": "Loading the models", "searching": "Searching", "reading": "Reading"}
_GREETING = (
    "<h2>What do you want to know?</h2><p>Answers are quoted word for word from the articles, each with the place "
    "where it stands. What they do not say is not answered.</p>"
)
_THUMB = (
    '<svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" focusable="false"><path d="M6 9v8H3V9zm2 0 '
    "3.6-6.5c1.2 0 1.9.8 1.7 2L12.7 8H17c.9 0 1.5.8 1.3 1.7l-1.4 6c-.2.8-.8 1.3-1.6 1.3H8z"
    '"/></svg>'
)


def thread(exchanges: Sequence[Exchange], steps: Sequence[str] = (), has_insight: bool = True) -> str:
    """The whole conversation, its last question with the steps taken so far; before the first, what this is.

    `has_insight` says whether it is still known how the last result came about: of an earlier one it never is.
    """
    if not exchanges:
        return f'<div class="thread empty">{_GREETING}</div>'
    left_out = max(0, len(exchanges) - TURNS_SHOWN)
    earlier = f'<p class="meta">{counted(left_out, "earlier question")} not shown</p>' if left_out else ""
    shown = list(enumerate(exchanges))[left_out:]
    last = len(exchanges) - 1
    turns = (
        _turn(number, exchange, steps if number == last else (), has_insight and number == last)
        for number, exchange in shown
    )
    return f'<div class="thread" role="log" aria-label="Conversation">{earlier}{"".join(turns)}</div>'


def status(state: str, message: str) -> str:
    """What the engine is busy with, or why it cannot answer; nothing where it is simply ready."""
    if state == "failed":
        return notice(message)
    if not message:
        return ""
    return f'<p class="busy" role="status"><span class="spinner" aria-hidden="true"></span>{literal(message)}</p>'


def tries(examples: Sequence[str]) -> str:
    """Questions to try before the first of one's own."""
    if not examples:
        return ""
    rows = "".join(f'<li><button type="button" class="try">{literal(example)}</button></li>' for example in examples)
    return f'<h3>Questions these articles answer</h3><ul class="tries">{rows}</ul>'


def _turn(turn: int, exchange: Exchange, steps: Sequence[str], has_insight: bool) -> str:
    question = f'<h2 class="question">{literal(exchange.question.strip())}</h2>'
    if exchange.error:
        inside = notice(exchange.error)
    elif exchange.result:
        inside = f"{_understood(exchange)}{result(exchange.result, turn)}{_foot(exchange, turn, has_insight)}"
    else:
        inside = _under_way(steps)
    return f'<section class="turn" id="turn-{turn}" aria-label="Question {turn + 1}">{question}{inside}</section>'


def _under_way(steps: Sequence[str]) -> str:
    rows = "".join(
        f'<li class="{"done" if place < len(steps) - 1 else "now"}">{literal(_STEPS.get(step, step))}</li>'
        for place, step in enumerate(steps)
    )
    return f'<ol class="steps">{rows}</ol>'


def _understood(exchange: Exchange) -> str:
    """How a follow-up was read, to be put right where that is not what was meant."""
    if exchange.result is None or exchange.result.understood.split() in ([], exchange.result.question.split()):
        return ""
    return (
        f'<p class="understood"><label>Understood as <input class="restate" type="text" maxlength="1000" '
        f'autocomplete="off" value="{literal(exchange.result.understood)}"></label>'
        '<span class="hint">Edit and press Enter to ask that instead</span></p>'
    )


def _foot(exchange: Exchange, turn: int, has_insight: bool) -> str:
    if exchange.result is None:
        return ""
    copy = '<button type="button" class="copy">Copy with source</button>' if exchange.result.found else ""
    why = '<button type="button" class="why">Why?</button>' if has_insight else ""
    outdated = (
        f'<p class="meta outdated">{counted(len(exchange.outdated), "article")} cited here changed or went since.</p>'
        if exchange.outdated
        else ""
    )
    return (
        f'{outdated}<div class="foot">{copy}{why}'
        f'{_verdict(exchange, turn)}<span class="meta">{_took(exchange.result.seconds)}</span></div>'
        f"{_correction(exchange, turn)}"
    )


def _took(seconds: float) -> str:
    """How long a result took; one that is remembered takes next to nothing, and never nothing."""
    return f"{seconds:.2f} s" if seconds >= 0.005 else "under 0.01 s"


def _verdict(exchange: Exchange, turn: int) -> str:
    """Thumbs for an exchange that is kept; one that could not be kept cannot be judged."""
    if not exchange.number:
        return ""
    thumbs = (("right", True, "This is right"), ("wrong", False, "This is wrong"))
    return "".join(
        f'<button type="button" class="judge {name}" value="{turn}-{name}" aria-label="{label}" title="{label}" '
        f'aria-pressed="{"true" if exchange.liked is liked else "false"}">{_THUMB}</button>'
        for name, liked, label in thumbs
    )


def _correction(exchange: Exchange, turn: int) -> str:
    if exchange.liked is not False:
        return ""
    saved = '<span class="hint" role="status">Saved, thank you</span>' if exchange.correction else ""
    return (
        f'<p class="correction"><label>What would be right? <input class="correct" type="text" maxlength="1000" '
        f'autocomplete="off" data-turn="{turn}" value="{literal(exchange.correction)}" '
        f'placeholder="optional, Enter saves it"></label>{saved}</p>'
    )
