"""The handlers of the page over a small engine and a file of conversations."""

from pathlib import Path

import pytest

from web.conversations import Conversations
from web.engine import Engine
from web.tabs.articles import Library
from web.tabs.ask import Desk


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


@pytest.fixture
def desk(engine: Engine, kept: Conversations) -> Desk:
    return Desk(engine, kept)


@pytest.fixture
def library(engine: Engine) -> Library:
    return Library(engine)
