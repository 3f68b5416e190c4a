"""What the README shows is true: its Python example runs, its commands and files exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs_and_prints_what_it_says() -> None:
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert block
    printed: list[str] = []
    scope: dict[str, object] = {"print": lambda *values: printed.append(" ".join(map(str, values)))}
    exec(block[1], scope)
    promised = re.findall(r"print\(.*\)\s+# (.*)", block[1])
    assert promised
    assert printed == promised


def test_every_file_it_names_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+)\b(?= |`|\n)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
