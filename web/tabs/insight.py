"""The Insight tab: how the last answer came about.

Knows its one widget. Never knows what it shows (`web.markup.insight`).
"""

import gradio as gr

from web.markup import insight


def widget() -> gr.HTML:
    """Lay the tab out; must be called inside it."""
    return gr.HTML(insight.nothing(), elem_id="insight", apply_default_css=False)
