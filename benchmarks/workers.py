"""How many passages a second does a first build make, in one process and on Ray clusters of more and more workers?

Every cluster is one on this machine that Ray believes to have so many CPUs, so that it runs so many workers; beyond the
cores that there are, they share them. What that shows is the price of the cluster and what its workers gain up to the
cores of one machine; it says nothing of many machines. Each build is a process of its own, into an empty folder, with
the real model. The whole time counts the start of the cluster and of its workers, and the publication; the steady rate
is that between the first vectors that come back and the last.

    python benchmarks/workers.py ARTICLES [--cpus 1 --cpus 2 --cpus 4] [--rounds 1]
"""

import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from machine import described

from index.build import build
from index.cluster import QUIET
from index.embedder import Embedder

CPUS = (1, 2, 4)


def main(
    articles: Annotated[Path, typer.Argument(help="A folder of articles in any format that is read.")],
    cpus: Annotated[list[int] | None, typer.Option(help="The CPUs of each cluster.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each is measured, in turn; the best counts.")] = 1,
    out: Path = Path("docs/benchmarks"),
) -> None:
    """Measure; `workers.json` and `workers.svg` in `out`."""
    Embedder().encode(["The model is converted and cached now."])
    every = [0, *(cpus or CPUS)]
    measured: dict[int, list[dict[str, Any]]] = {count: [] for count in every}
    for _ in range(rounds):
        for count in every:
            measured[count].append(apart(built, articles, count))
    best = {count: max(figures, key=lambda one: one["passages a second"]) for count, figures in measured.items()}
    results = {
        "date": str(date.today()),
        "machine": described(),
        "rounds": rounds,
        "this process": best.pop(0),
        "clusters": [{"CPUs": count} | figures for count, figures in best.items()],
    }
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (out / "workers.json").write_text(text + "\n", encoding="utf-8")
    plot(results, out / "workers.svg")
    print(text)


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do some work in a process of its own, so that Ray is started and ended with it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def built(articles: Path, cpus: int) -> dict[str, Any]:
    """Build once, on a cluster with so many CPUs, or without one where they are none."""
    embedder, told = Embedder(), list[tuple[float, int]]()
    started = time.perf_counter()

    def progress(stage: str, done: int, _: int) -> None:
        if stage == "embedding" and done:
            told.append((time.perf_counter(), done))

    if cpus:
        os.environ.update(QUIET)
        import ray

        ray.init("local", num_cpus=cpus, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    with tempfile.TemporaryDirectory() as work:
        report = build([articles], Path(work) / "index", embedder, progress, workers="ray" if cpus else None)
    seconds = time.perf_counter() - started
    (first, few), (last, all_of_them) = told[0], told[-1]
    return {
        "articles": len(report.added),
        "passages": report.passages,
        "seconds": round(seconds, 2),
        "passages a second": round(report.passages / seconds, 1),
        "passages a second, steady": round((all_of_them - few) / (last - first), 1) if last > first else None,
    }


def plot(results: dict[str, Any], path: Path) -> None:
    """Throughput over the CPUs of the cluster; this process alone as a line across."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 4), layout="constrained")
    across = [one["CPUs"] for one in results["clusters"]]
    for number, name in enumerate(("passages a second", "passages a second, steady")):
        axis.plot(across, [one[name] for one in results["clusters"]], "o-", color=f"C{number}", label=f"Ray, {name}")
        axis.axhline(results["this process"][name], ls="--", color=f"C{number}", label=f"this process, {name}")
    axis.set(title=results["machine"].partition(",")[0], xlabel="CPUs of the cluster", xticks=across)
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.2)
    axis.legend(frameon=False, fontsize="small")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
