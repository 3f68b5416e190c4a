"""What the tests of `index` share: a small folder of articles, and its index."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.build import build
from index.embedder import Embedder


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Two articles, `a.txt` about a mountain and `b.txt` about a river; a test may change them."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("The mountain is high.\n")
    (folder / "b.txt").write_text("The river is long.\n")
    return folder


@pytest.fixture
def index(articles: Path, tmp_path: Path, words: Embedder) -> Path:
    """The folder of an index of the articles, built with `words`."""
    build([articles], tmp_path / "index", words)
    return tmp_path / "index"


@pytest.fixture
def as_mortal(without_privileges: Callable[[], None]) -> Callable[..., Any]:
    """Runs something in a thread that a file's mode holds up even where the tests run as root; gives what it gave."""

    def run(work: Callable[..., Any], *given: Any) -> Any:
        ended: dict[str, Any] = {}

        def mortal() -> None:
            without_privileges()  # of this thread alone
            try:
                ended["gave"] = work(*given)
            except Exception as error:
                ended["raised"] = error

        thread = threading.Thread(target=mortal)
        thread.start()
        thread.join()
        if "raised" in ended:
            raise ended["raised"]
        return ended["gave"]

    return run
