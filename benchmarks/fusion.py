"""How should the two searches be put together? Recall of each way on training questions.

The paragraphs of SQuAD training articles are the corpus; a question is found if its own paragraph is among the first
k. Run it with a question set in the SQuAD format:

    python benchmarks/fusion.py SQUAD_TRAIN.json [--articles 40] [--questions 1000]

The weight in `qa.retriever` was chosen here, on training questions, and on none that measure the project.
"""

import json
import random
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from index.build import build
from index.embedder import Embedder
from index.local import LocalStore
from index.store import EVERYTHING, Store, article_of
from qa.retriever import DEPTH, by_meaning, content_words, convex, reciprocal_rank
from qa.squad import Example, read_squad

CUTOFFS = (1, 5, 10, 20)
WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def main(
    data: Annotated[Path, typer.Argument(help="A SQuAD training file, .json or .json.gz.")],
    articles: int = 40,
    questions: int = 1000,
    seed: int = 5,
) -> None:
    """Print recall for each search alone and for each way to fuse them."""
    asked, contexts = sample(read_squad(data), articles, questions, seed)
    embedder = Embedder()
    with tempfile.TemporaryDirectory() as work:
        corpus_file, index = Path(work) / "paragraphs.jsonl", Path(work) / "index"
        corpus_file.write_text("\n".join(json.dumps({"text": text}) for text in contexts), encoding="utf-8")
        print(f"{len(contexts):,} paragraphs, {len(asked):,} questions")
        build([corpus_file], index, embedder)
        ranks = measure(asked, LocalStore(index), embedder)
    table = Table("way", *(f"recall@{k}" for k in CUTOFFS))
    for way, found in ranks.items():
        table.add_row(way, *(f"{np.mean(np.array(found) <= k):.3f}" for k in CUTOFFS))
    Console().print(table)


def sample(examples: list[Example], articles: int, questions: int, seed: int) -> tuple[list[Example], list[str]]:
    """Some articles' paragraphs, and some of their questions."""
    rng = random.Random(seed)
    titles = set(rng.sample(names := sorted({e.title for e in examples}), min(articles, len(names))))
    inside = [e for e in examples if e.title in titles and e.spans]
    return rng.sample(inside, min(questions, len(inside))), list(dict.fromkeys(e.context for e in inside))


def measure(asked: list[Example], store: Store, embedder: Embedder) -> dict[str, list[float]]:
    """For each way, the rank of each question's own paragraph; infinite where it was not found."""
    ranks: dict[str, list[float]] = {}
    vectors = embedder.encode([e.question for e in asked])
    with store.snapshot(embedder.identity) as snapshot:
        for example, vector in zip(track(asked, "searching"), vectors, strict=True):
            whole = snapshot.search_vectors(vector, DEPTH)
            words = snapshot.search_words(content_words(example.question), DEPTH)
            dense = by_meaning(vector, snapshot, EVERYTHING, words)
            ways = {"dense, by passage": whole, "dense": dense, "BM25": words}
            ways["reciprocal rank"] = reciprocal_rank(dense, words)
            ways |= {f"convex, {weight:.1f} by passage": convex(whole, words, weight) for weight in WEIGHTS}
            ways |= {f"convex, {weight:.1f} dense": convex(dense, words, weight) for weight in WEIGHTS}
            found_passages = snapshot.passages({n for found in ways.values() for n, _ in found})
            gold = {n for n, p in found_passages.items() if article_of(snapshot, p.article_id).text == example.context}
            for way, found in ways.items():
                ranks.setdefault(way, []).append(
                    next((rank for rank, (n, _) in enumerate(found, 1) if n in gold), float("inf"))
                )
    return ranks


if __name__ == "__main__":
    typer.run(main)
