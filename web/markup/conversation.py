"""A conversation as chat messages, each a single line of HTML.

Knows who said what. Never knows how a result looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qa.answer import Answer, NoAnswer
from web.markup.result import result
from web.markup.text import literal, notice


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation and what came of it: a result, or the one line that says why not.

    While the engine is still reading, both are empty.
    """

    question: str
    result: Answer | NoAnswer | None = None
    error: str = ""


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
