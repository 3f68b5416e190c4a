"""The notebooks run from the first cell to the last."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def seeds_as_squad(tmp_path: Path) -> Path:
    """The gold questions in the SQuAD format, each beside an article that holds its answer, or beside any."""
    texts = {path.name: path.read_bytes().decode() for path in sorted((ROOT / "seeds/articles").glob("*.txt"))}
    asked: dict[str, list[dict[str, object]]] = {name: [] for name in texts}
    for number, line in enumerate((ROOT / "seeds/questions.jsonl").read_text(encoding="utf-8").splitlines()):
        question = json.loads(line)
        places = [(name, answer) for name in question["articles"] for answer in question["answers"]]
        name, answer = next(((n, a) for n, a in places if a in texts[n]), (sorted(texts)[number % len(texts)], None))
        found = [{"text": answer, "answer_start": texts[name].index(answer)}] if answer else []
        if found or not question["answers"]:
            asked[name].append({"id": question["id"], "question": question["question"], "answers": found})
    data = [{"title": name, "paragraphs": [{"context": texts[name], "qas": asked[name]}]} for name in texts]
    path = tmp_path / "seeds.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_runs_and_draws(path: Path, seeds_as_squad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUAD", str(seeds_as_squad))
    monkeypatch.setenv("ANSWERABLE", "6")
    monkeypatch.setenv("UNANSWERABLE", "3")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_committed_with_its_outputs(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
