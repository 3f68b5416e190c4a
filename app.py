"""The web chat: a question box, answers with their citations, and the cited article beside them.

Knows widgets and which function each one calls. Never knows how an answer is found (`qa.pipeline`)
nor how it looks (`web.page`).
"""

import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # both are read while gradio is imported
if not any(argument.startswith(("--reader", "--embedder")) for argument in sys.argv):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a model that the user names may be the hub's

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import gradio as gr
import typer

from index.build import build as build_index
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.sources import Skipped
from qa import QuestionAnswerer
from qa.pipeline import default_index
from qa.terminal import plainly, progress_bar
from web import browser
from web.page import THEME, build


def serve(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Articles to serve: without any, those of the index.")
    ] = None,
    index_dir: Annotated[Path | None, typer.Option(help="The index folder; by default the project's own.")] = None,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="0 takes any free one.")] = 7860,
    reader: Annotated[str | None, typer.Option("--reader", "--reader-model", help="Another reader.")] = None,
    embedder: Annotated[str | None, typer.Option("--embedder", "--embedder-model", help="Another embedder.")] = None,
    min_confidence: Annotated[float | None, typer.Option(help="Decline below this probability, 0 to 1.")] = None,
) -> None:
    """Open the index, bring it up to date, and serve the chat until Ctrl-C."""
    port = _free_port(host, port)
    page = build(_opened(paths or [], index_dir, reader, embedder, min_confidence))
    print(f"The chat is at http://{host}:{port} (Ctrl-C ends it)", flush=True)
    launch(page, host, port)


def launch(page: gr.Blocks, host: str, port: int) -> None:
    """Serve `page` until the process is interrupted; the API's `ask` is a tool of `/gradio_api/mcp/` too."""
    page.launch(
        server_name=host,
        server_port=port,
        theme=THEME,
        head=browser.HEAD,
        share=False,
        quiet=True,
        footer_links=[],
        show_error=True,
        max_file_size=1,
        ssr_mode=False,
        mcp_server=True,
    )


def _opened(
    paths: list[Path], index_dir: Path | None, reader: str | None, embedder: str | None, min_confidence: float | None
) -> QuestionAnswerer:
    """The engine, its models loaded, over an index that agrees with the article folders."""
    skipped: Sequence[Skipped] = ()
    with progress_bar() as progress:
        if paths:
            skipped = build_index(paths, index_dir or default_index(), Embedder(embedder), progress).skipped
        qa = QuestionAnswerer.open(index_dir, reader, embedder, min_confidence)
        try:
            skipped = skipped if paths else qa.rebuild(progress).skipped
        except (InputError, CorpusError) as error:
            # The folders are gone, or another build runs; the index is whole, and better served than not.
            print(f"app: serving the index as it is: {error}", file=sys.stderr)
    for item in skipped:
        print(f"app: skipped {item.path}: {item.reason}", file=sys.stderr)
    qa.warm()
    return qa


def _free_port(host: str, port: int) -> int:
    """`port`, or any free one for 0; raises InputError where nobody could listen there."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
            return int(tried.getsockname()[1])
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise InputError(f"cannot listen on {host}:{port} ({reason}): choose another with --port or --host") from error


def main() -> None:
    """Run the command `serve`; an error is one line and an exit status."""
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(serve)
    plainly(command, "app")


if __name__ == "__main__":
    main()
