"""The page: a question box, answers with their citations, and the cited article beside them.

Knows widgets and which function each one calls. Never knows how an answer is found (`qa.pipeline`)
nor how it looks (`web.markup`).
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import gradio as gr
from gradio.events import api

from index.errors import InputError, QAError
from qa import QuestionAnswerer
from web import browser
from web.markup import conversation, reading
from web.markup.conversation import Exchange
from web.markup.report import report as reported
from web.markup.result import groups
from web.markup.text import notice

EXAMPLES = 4
CHIPS = range(EXAMPLES)
ANSWERING = "answering"  # the page and the API share one queue: reading uses every core
PROGRESS = gr.Progress()
FONTS = ("-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif")
THEME = gr.themes.Base(neutral_hue="stone", font=FONTS, font_mono=("ui-monospace", "monospace")).set(
    slider_color="#1f5673", slider_color_dark="#8fc1dd"
)
MASTHEAD = "<h1>Ask the articles</h1><p>Every answer is a verbatim quote, with the place it stands.</p>"
PLACEHOLDER = "Ask a question, or try one of those below."


def build(qa: QuestionAnswerer) -> gr.Blocks:
    """The page over an opened index. Style and port belong to `launch`."""

    def converse(question: str, past: list[Exchange], least: float) -> Iterator[tuple[Any, ...]]:
        if not question.strip():
            yield gr.skip(), gr.skip(), gr.skip()
            return
        asked = [*past, Exchange(question)]
        yield "", conversation.messages(asked), asked  # the question stands in the chat whatever happens next
        history = [(exchange.question, exchange.result.text) for exchange in past if exchange.result]
        try:
            answered = Exchange(question, qa.ask(question, history=history, min_confidence=least))
        except QAError as error:
            answered = Exchange(question, error=str(error))
        yield gr.skip(), conversation.messages([*past, answered]), [*past, answered]

    def read(exchanges: list[Exchange], event: gr.EventData) -> str:
        try:
            if event.kind == "cite":
                return _cited(qa, exchanges, event.value)
            if event.kind == "open":
                return reading.article(qa.article(event.value), f"open {event.value}")
            return shelf()
        except QAError as error:
            return reading.unavailable(str(error))

    @cache  # finding them takes many questions: once, and again after each rebuild from the page
    def examples() -> list[str]:
        return qa.examples(EXAMPLES)

    def suggest() -> list[gr.Button]:
        try:
            found = examples()
        except QAError:
            found = []  # the panel says what is wrong
        return [gr.Button(found[n], visible=True) if n < len(found) else gr.Button(visible=False) for n in CHIPS]

    def shelf() -> str:
        try:
            return reading.shelf(qa.articles())
        except QAError as error:
            return reading.unavailable(str(error))

    def rebuild(progress: gr.Progress = PROGRESS) -> tuple[Any, ...]:
        try:
            report = qa.rebuild(lambda stage, done, total: _show(progress, stage, done, total))
        except QAError as error:
            return notice(str(error)), gr.skip()
        examples.cache_clear()
        return reported(report), shelf()

    def ask(question: str, min_confidence: float | None = None) -> dict[str, Any]:
        """Answer a question with verbatim quotes from the articles, or say that they do not hold the answer.

        Args:
            question: one question about the articles, at most 1,000 characters.
            min_confidence: decline below this probability, 0 to 1; left out, the fitted default.
        """
        try:
            return qa.ask(question, min_confidence=min_confidence).as_dict()
        except QAError as error:
            raise gr.Error(str(error), print_exception=False) from error

    page: gr.Blocks = gr.Blocks(title="Ask the articles", analytics_enabled=False, fill_width=True)
    with page:
        exchanges = gr.State([])
        with gr.Row(elem_id="masthead"):
            gr.HTML(MASTHEAD)
            fresh = gr.Button("New conversation", size="sm")
            again = gr.Button("Rebuild", size="sm")
        report = gr.HTML(elem_id="report")
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="chat-column"):
                chat = gr.Chatbot(
                    elem_id="chat",
                    show_label=False,
                    label="Conversation",
                    container=False,
                    buttons=[],
                    autoscroll=False,
                    latex_delimiters=[],
                    allow_tags=False,
                    placeholder=PLACEHOLDER,
                )
                with gr.Row(elem_id="chips"):
                    chips = [gr.Button(visible=False, size="sm") for _ in CHIPS]
                box = gr.Textbox(
                    elem_id="box",
                    label="Your question",
                    show_label=False,
                    container=False,
                    autofocus=True,
                    max_lines=5,
                    submit_btn="Ask",
                    placeholder="Ask about the articles",
                )
                with gr.Row(elem_id="dial"):
                    gr.HTML("anything close")
                    least = gr.Slider(
                        0,
                        1,
                        qa.min_confidence,
                        step=0.01,
                        label="How sure an answer must be",
                        show_label=False,
                        container=False,
                        buttons=[],
                    )
                    gr.HTML("only sure answers")
            with gr.Column(elem_id="panel-column"):
                panel = gr.HTML(elem_id="panel", js_on_load=browser.script("panel"))

        page.load(shelf, None, panel, show_progress="hidden", api_visibility="private")
        page.load(suggest, None, chips, show_progress="hidden", concurrency_id=ANSWERING, api_visibility="private")
        chat.change(None, js=browser.script("chat"))
        untouched = gr.State()  # an example leaves in the box what is being typed there
        asking: list[tuple[Any, ...]] = [(box.submit, box, box), *((chip.click, chip, untouched) for chip in chips)]
        talks = [
            asked(
                converse,
                [source, exchanges, least],
                [emptied, chat, exchanges],
                show_progress="minimal",
                show_progress_on=chat,
                concurrency_id=ANSWERING,
                api_visibility="private",
            )
            for asked, source, emptied in asking
        ]
        panel.read(read, [exchanges], panel, show_progress="hidden", api_visibility="private")
        again.click(rebuild, None, [report, panel], show_progress_on=report, api_visibility="private").success(
            suggest, None, chips, show_progress="hidden", concurrency_id=ANSWERING, api_visibility="private"
        )
        fresh.click(lambda: ([], []), None, [chat, exchanges], cancels=talks, api_visibility="private")
        api(ask, api_name="ask", concurrency_id=ANSWERING)
    return page


def _cited(qa: QuestionAnswerer, exchanges: list[Exchange], place: str) -> str:
    """The article of the citation at `turn-number`, open at its quote."""
    turn, _, number = place.partition("-")
    try:
        numbered = [(c, group) for group in groups(exchanges[int(turn)].result) for c in group]
        citation, group = numbered[int(number)]
    except (ValueError, IndexError):
        raise InputError("this citation belongs to an earlier conversation: ask its question again") from None
    article, ref = qa.article(citation.article.id), f"cite {place}"
    if article.digest != citation.article.digest:
        return reading.article(article, ref, note="This article has changed since the answer was given.")
    also = [(other.start, other.end) for other in group if other.article.id == article.id]
    return reading.article(article, ref, (citation.start, citation.end), also)


def _show(progress: gr.Progress, stage: str, done: int, total: int) -> None:
    progress((done, total or None), desc=stage.capitalize(), unit="")
