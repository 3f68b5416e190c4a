"""What the README shows is true: its Python example runs, its commands and files exist."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import app
from qa import QuestionAnswerer, cli
from web import server
from web.conversations import Conversations
from web.door import Hosts
from web.engine import Engine

ROOT = Path(__file__).parents[1]
PROGRAMS = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def prints_what_it_says(example: str) -> None:
    """Run an example; what follows a `print` as a comment is what it prints."""
    printed: list[str] = []
    exec(example, {"print": lambda *values: printed.append(" ".join(map(str, values)))})
    promised = re.findall(r"print\(.*\)\s+# (.*)", example)
    assert promised
    assert printed == promised


def test_the_python_example_runs_and_prints_what_it_says() -> None:
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert block
    prints_what_it_says(block[1])


@pytest.fixture(scope="module")
def served(seed_index: Path, seed_qa: QuestionAnswerer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the seed articles are served."""
    files = tmp_path_factory.mktemp("page-files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(files))
        engine = Engine(seed_index, lambda _: seed_qa, read_only=True)
        door = server.application(engine, Conversations(files / "conversations"), files, Hosts.of("127.0.0.1"))
        listening, running = server.listen("127.0.0.1", 0), server.Server(door)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        assert engine.wait(60)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        thread.join(15)


def test_the_example_of_gradios_client_runs_and_prints_what_it_says(served: str) -> None:
    block = re.search(r"```python\n(.*?)```", PROGRAMS, re.DOTALL)
    assert block and "gradio_client" in block[1] and ADDRESS in block[1]
    prints_what_it_says(block[1].replace(ADDRESS, served))


def test_the_example_of_the_json_interface_is_answered(served: str) -> None:
    (path, body) = re.findall(rf"curl {ADDRESS}(\S+) .*?-d '(.*?)'", PROGRAMS, re.DOTALL)[0]
    request = urllib.request.Request(served + path, body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["found"]


def test_the_paths_and_fields_that_are_told_are_there(served: str) -> None:
    with urllib.request.urlopen(f"{served}/api/openapi.json", timeout=30) as answer:
        described = json.load(answer)
    told = set(re.findall(r"`(?:GET|POST) (/[^`]+)`", PROGRAMS)) - {"/api/docs", "/api/openapi.json"}
    assert {path.replace("{id}", "{article_id}") for path in told} == set(described["paths"])
    fields = re.search(r"takes (.*?) \|", PROGRAMS)
    assert fields
    assert set(re.findall(r"`(\w+)`", fields[1])) == set(described["components"]["schemas"]["Asked"]["properties"])


def test_the_options_that_are_told_are_there() -> None:
    serving = typer.Typer(add_completion=False)
    serving.command()(app.serve)
    served = _taken(typer.main.get_command(serving))
    others = {name: _taken(command) for name, command in typer.main.get_group(cli.app).commands.items()}
    elsewhere = re.findall(r"`qa (ask|index|articles)\b([^`]*)`", PROGRAMS)
    assert elsewhere and [text for name, text in elsewhere if not _told(text) <= others[name]] == []
    told = _told(re.sub(r"`qa (ask|index|articles)\b[^`]*`", "", PROGRAMS))
    assert told and told <= served


def _told(text: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z-]+", text))


def _taken(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_every_file_it_names_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+)\b(?= |`|\n)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
