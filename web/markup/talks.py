"""The list of a visitor's conversations as HTML.

Knows what a list shows of a conversation. Never knows whose they are, nor where they are kept.
"""

from collections.abc import Sequence

from web.markup.text import counted, literal, short_day
from web.transcripts import Conversation


def talks(conversations: Sequence[Conversation], current: str = "") -> str:
    """The conversations in the order given, each with a button that opens it and one that deletes it.

    `current` is the id of the one that is open; the browser puts the times into words of its own zone.
    """
    if not conversations:
        return '<p class="meta">Nothing was asked here yet.</p>'
    return f"<ul>{''.join(_row(each, each.id == current) for each in conversations)}</ul>"


def _row(conversation: Conversation, is_current: bool) -> str:
    title, id_ = literal(conversation.title), literal(conversation.id)
    when = f'<time datetime="{conversation.latest.isoformat()}">{short_day(conversation.latest.date())}</time>'
    return (
        f'<li><button type="button" class="talk" value="{id_}" aria-current="{"true" if is_current else "false"}">'
        f'<bdi class="title">{title}</bdi>'
        f'<span class="meta">{when} · {counted(conversation.exchanges, "question")}</span></button>'
        f'<button type="button" class="forget" value="{id_}" aria-label="Delete {title}">Delete</button></li>'
    )
