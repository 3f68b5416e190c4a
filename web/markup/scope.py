"""The dial and the filters below the question box, as HTML.

Knows which outlets there are. Never knows which of them was chosen: that is the browser's.
"""

from collections.abc import Sequence

from web.markup.text import literal

MOST_OUTLETS = 500


def scope(least: float, outlets: Sequence[str]) -> str:
    """How sure an answer must be, at first `least`, and which outlets and dates to search."""
    return (
        '<div class="dial"><span aria-hidden="true">anything close</span>'
        f'<input type="range" class="least" min="0" max="1" step="0.01" value="{least:.2f}" '
        'aria-label="How sure an answer must be">'
        f'<span aria-hidden="true">only sure answers</span><output class="chosen">{least:.0%}</output></div>'
        '<details class="filters"><summary>All outlets, any date</summary><div class="choices">'
        f'{_outlets(outlets)}<fieldset><legend>Published</legend><div class="days">'
        '<label>from <input type="date" class="after"></label><label>to <input type="date" class="before"></label>'
        '</div></fieldset><button type="button" class="everything">Search everything</button></div></details>'
    )


def _outlets(outlets: Sequence[str]) -> str:
    named = [outlet for outlet in outlets if outlet.strip()][:MOST_OUTLETS]
    if not named:
        return ""
    boxes = "".join(
        f'<label><input type="checkbox" class="outlet" value="{literal(outlet)}"> <bdi>{literal(outlet)}</bdi></label>'
        for outlet in named
    )
    return f'<fieldset><legend>Outlets</legend><div class="outlets">{boxes}</div></fieldset>'
