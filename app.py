"""The web chat and its interfaces: command-line options, and what they start.

Knows options. Never knows how anything is served (`web.server`) or answered (`qa.pipeline`).
"""

import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # both are read while gradio is imported
if not any(argument.startswith(("--reader", "--embedder")) for argument in sys.argv):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a model that the user names may be the hub's

import getpass
from pathlib import Path
from typing import Annotated

import typer

from index.errors import InputError
from qa.cli import Device, MinConfidence, Precision
from qa.terminal import plainly
from web import conversations, server, tools
from web.access import LOOPBACK, Access, Proxy, Users, put_user
from web.door import Hosts, is_loopback
from web.engine import Engine


def serve(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Articles to serve: without any, those of the index.")
    ] = None,
    index_dir: Annotated[Path | None, typer.Option(help="The index folder; by default the project's own.")] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="In place of a folder, Milvus: http://HOST:PORT/NAME, or a path to a .db."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="0 takes any free one.")] = 7860,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every change of the index from page and programs.")
    ] = False,
    reader: Annotated[str | None, typer.Option("--reader", "--reader-model", help="Another reader.")] = None,
    embedder: Annotated[str | None, typer.Option("--embedder", "--embedder-model", help="Another embedder.")] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    min_confidence: MinConfidence = None,
    auth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Let in the users of this file only, by their passwords.")
    ] = None,
    add_user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Ask for a password, write the user into --auth, and end.")
    ] = None,
    auth_header: Annotated[
        str | None, typer.Option(metavar="HEADER", help="Let in whom a reverse proxy names in this header.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Whom --auth-header is believed of; by default this machine."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name by which this server is called; may be repeated.")
    ] = None,
    log_questions: Annotated[
        bool, typer.Option("--log-questions", help="Write into the log what is asked, not only that it is.")
    ] = False,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Serve no page: be an MCP server on standard input and output.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,
) -> None:
    """Serve the chat, the JSON interface and the agents' tools (MCP) until Ctrl-C."""
    if add_user is not None:
        _add_user(auth, add_user)
        return
    for path in paths or []:
        if not path.exists():
            raise InputError(f"{path} does not exist; give a file or a folder of articles")
    engine = Engine.at(
        index_dir, paths or [], reader, embedder, min_confidence, read_only, log_questions, store, device, precision
    )
    if stdio:
        engine.start()
        tools.server(engine).run("stdio")
        return
    access = _access(auth, auth_header, trusted_proxy or [])
    hosts = Hosts.of(host, allow_host or [])
    listening = server.listen(host, port)
    name = f"[{host}]" if ":" in host else host
    print(f"The chat is at http://{name}:{listening.getsockname()[1]} (Ctrl-C ends it)", flush=True)
    if access is None and not is_loopback(host):
        print("app: other machines are let in without a password: --auth FILE asks for one", file=sys.stderr)
    kept = conversations.Conversations(conversations.beside(engine.folder))
    if kept.notice:
        print(f"app: {kept.notice}", file=sys.stderr)
    server.serve(engine, listening, kept, hosts, access)


def _access(auth: Path | None, header: str | None, proxies: list[str]) -> Access | None:
    if auth and header:
        raise InputError("give one of these: --auth, --auth-header")
    if proxies and not header:
        raise InputError("--trusted-proxy goes with --auth-header")
    return Users(auth) if auth else Proxy(header, proxies or LOOPBACK) if header else None


def _add_user(users: Path | None, name: str) -> None:
    """The password comes from the terminal, unseen and twice, or from a pipe."""
    if users is None:
        raise InputError("--add-user needs --auth FILE, the file that the user is written into")
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Again: ") != password:
            raise InputError("these are two passwords, not one twice")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    put_user(users, name, password)


def main() -> None:
    """Run the command `serve`; an error is one line and an exit status, and with --debug where it arose."""
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(serve)
    plainly(lambda: command(prog_name="qa serve"), "app", debug="--debug" in sys.argv[1:])


if __name__ == "__main__":
    main()
