"""What the files of `deploy/` are held against: the program itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from click import Command, Context

from app import serve
from qa.cli import app as commands

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def deploy() -> Path:
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    return content


@pytest.fixture(scope="session")
def manifests() -> list[dict[str, Any]]:
    """Every object of Kubernetes."""
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    return [
        each
        for file in files
        if file.name != "kustomization.yaml"
        for each in yaml.safe_load_all(file.read_text("utf-8"))
    ]


@pytest.fixture(scope="session")
def understood() -> Callable[[Sequence[str]], dict[str, Any]]:
    """What the program takes from the words behind `qa`; fails if it would refuse them. Nothing is done."""

    def taken(words: Sequence[str]) -> dict[str, Any]:
        name, *arguments = words
        context: Context = command(name).make_context(name, arguments)
        return context.params

    def command(name: str) -> Command:
        if name == "serve":  # whose options are those of `app.py`
            alone = typer.Typer()
            alone.command()(serve)
            return typer.main.get_command(alone)
        return typer.main.get_command(commands).commands[name]

    return taken
