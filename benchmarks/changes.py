"""What does it cost to build again: nothing changed, or one article? As shares of the first build, with the real model.

A copy of the articles is built into an empty folder, again as it is, and again with a sentence more or less in one of
them. Each build is a `qa index` of its own. Three times are taken of each: what it reports, that of the whole command
with all imports, and the processor's, all threads together, which depends little on how busy the machine is. The
model is taken from the cache of converted ones, which is filled before.

    python benchmarks/changes.py ARTICLES [--rounds 5]
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from machine import described

from index.embedder import Embedder

TARGETS = {"unchanged": 0.01, "one article changed": 0.02}
"""Most of the first build's time that each may take."""

SENTENCE = b"\n\nA last sentence was added to this article, and nothing else.\n"


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of news articles with .txt files among them.")],
    rounds: Annotated[int, typer.Option(help="How often each rebuild is measured; the median counts.")] = 5,
    out: Path = Path("docs/benchmarks/changes.json"),
) -> None:
    """Print the times and shares, and write them down; status 1 where a target is missed or the model is called."""
    Embedder().encode(["The model is converted and cached now."])
    with tempfile.TemporaryDirectory() as work:
        copy, index = Path(work) / "articles", Path(work) / "index"
        shutil.copytree(articles, copy)
        changed = next(path for path in sorted(copy.rglob("*.txt")) if 1000 < path.stat().st_size < 5000)
        changed.chmod(0o644)
        first = built(copy, index)
        again = [built(copy, index) for _ in range(rounds)]
        after = []
        for _ in range(rounds):
            text = changed.read_bytes()
            changed.write_bytes(text.removesuffix(SENTENCE) if text.endswith(SENTENCE) else text + SENTENCE)
            after.append(built(copy, index))
            assert len(after[-1]["changed"]) == 1
    results: dict[str, Any] = {
        "date": str(date.today()),
        "machine": described(),
        "articles": len(first["added"]),
        "passages": first["passages"],
        "passages embedded": first["embedded"],
        "first build, seconds": round(first["seconds"], 2),
        "first build, seconds of the whole command": round(first["whole"], 2),
        "first build, processor seconds": round(first["processor"], 2),
        "unchanged": summed_up(first, again),
        "one article changed": summed_up(first, after),
    }
    results["targets met"] = {name: results[name]["share"] <= most for name, most in TARGETS.items()}
    text = json.dumps(results, indent=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n", encoding="utf-8")
    print(text)
    if not all(results["targets met"].values()) or results["unchanged"]["passages embedded"]:
        raise typer.Exit(1)


def built(articles: Path, index: Path) -> dict[str, Any]:
    """What `qa index --json` says, with the seconds of the whole command: of the clock and of the processor."""
    command = [sys.executable, "-m", "qa", "index", str(articles), "--index-dir", str(index), "--json"]
    started, before = time.perf_counter(), processor_seconds()
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(said) | {"whole": time.perf_counter() - started, "processor": processor_seconds() - before}


def processor_seconds() -> float:
    """Of all processes started and ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summed_up(first: dict[str, Any], builds: list[dict[str, Any]]) -> dict[str, Any]:
    seconds, whole, processor = (
        statistics.median(build[time] for build in builds) for time in ("seconds", "whole", "processor")
    )
    return {
        "seconds": round(seconds, 3),
        "share": round(seconds / first["seconds"], 5),
        "seconds of the whole command": round(whole, 3),
        "share of the whole command": round(whole / first["whole"], 5),
        "processor seconds": round(processor, 3),
        "share of the processor's": round(processor / first["processor"], 5),
        "passages embedded": max(build["embedded"] for build in builds),
    }


if __name__ == "__main__":
    typer.run(main)
