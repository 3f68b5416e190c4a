"""What holds for the code as a whole: imports run one way, few names are public, starting is light and silent."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import qa

ROOT = Path(__file__).parents[1]
MODULES = [path for room in ("index", "qa", "web") for path in ROOT.glob(f"{room}/**/*.py")] + [ROOT / "app.py"]
ABOVE = {"index": {"qa", "web", "app"}, "qa": {"web", "app"}, "web": {"app"}, "app.py": set()}
OPEN = {
    "address", "article", "embedder", "errors", "files", "formats", "inference", "models", "names", "passages",
    "store", "watch",
}  # fmt: skip
"""The modules of `index` for those above it: what an index can be asked, what text is, and the models' runtime."""


def modules(path: Path) -> set[str]:
    """All that a file imports anywhere, functions included, each with its dots."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def imported(path: Path) -> set[str]:
    """The top-level packages among them."""
    return {name.partition(".")[0] for name in modules(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    assert not imported(path) & ABOVE[path.relative_to(ROOT).parts[0]]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_keeps_an_index_is_known_to_index_alone(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] != "index":
        reached = {name.split(".")[1] for name in modules(path) if name.startswith("index.")}
        assert reached <= OPEN


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_pickled_and_no_model_code_is_trusted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not imported(path) & {"pickle", "dill", "joblib", "cloudpickle", "shelve"}
    assert "trust_remote_code=True" not in text
    assert "torch.load" not in text
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).endswith((".from_pretrained", "SentenceTransformer")):  # left unset they may ask
            assert "trust_remote_code=False" in ast.unparse(call)


def test_the_public_names_are_these() -> None:
    assert sorted(qa.__all__) == [
        "Alternative",
        "Answer",
        "Citation",
        "CorpusError",
        "InputError",
        "ModelError",
        "NoAnswer",
        "QAError",
        "QuestionAnswerer",
        "answer",
    ]
    assert all(getattr(qa, name).__doc__ for name in qa.__all__)


# Any connection to another machine fails the process; what was imported is printed at the end.
GUARD = """
import socket, sys
def refuse(self, address):
    raise SystemExit(f"tried to reach {address}")
socket.socket.connect = refuse
from qa import QuestionAnswerer
qa = QuestionAnswerer.open(sys.argv[1])
assert qa.ask("Who is the Syrian army spokesman?").found
print("torch" in sys.modules, "transformers" in sys.modules, "gradio" in sys.modules)
"""


def test_answering_imports_neither_torch_nor_gradio_and_reaches_no_network(
    seed_index: Path, seed_qa: qa.QuestionAnswerer
) -> None:
    pytest.importorskip("openvino")
    environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", GUARD, str(seed_index)], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "False", "False"]
