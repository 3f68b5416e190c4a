"""Are follow-up questions understood? Against the human rewrites of the TREC CAsT conversations.

A conversation's questions are made to stand alone one after another, each with the ones before it as its history, and
compared with what a human made of them (Dalton et al. 2020, "TREC CAsT 2019", and the tracks of 2020 and 2021). The
comparison is ROUGE-1 on content words: recall is how many words of the human rewrite are there, precision how many of
ours belong. Recall alone is no fair measure: to append the whole conversation finds nearly every word, and buries the
question in them, so that neither a search nor a reader with room for 64 tokens can use it. A good rewrite comes near it
in recall and keeps the precision of the question as it was asked.

    python benchmarks/dialogue.py CAST [--split held-out] [--search] [--show 20]

CAST is a folder with the topic files of `github.com/daltonj/treccastweb`, or a .tar.gz of it. The rules were developed
and the weights fitted (`benchmarks/dialogue_fit.py`) on the 2019 topics and on those of 2020 and 2021 with an odd
number; the held-out half is every topic of 2020 and 2021 with an even number, which nobody looked at while writing
them. The topics of 2020 come without the answers, and those of 2021 with whole passages; many of their follow-ups speak
of what only the passage said, of which only the names are kept, and much of 2021 is chat around the question. The years
are therefore printed apart too.

Words are only a stand-in for what a rewrite is for. With `--search`, the passages of the 2021 topics are indexed and
each question put to the search: is the passage that the track gives as its answer among the first ten?

It is also measured whether a question that stands alone is left as it is, in three ways: those that the human left as
they were, the opening questions of other conversations, and the human rewrites themselves, each asked in mid
conversation; the human left some as they were that do not stand alone ("What about the BBC experiment?"), and some
rewrites still refer back ("What was their role in the Bronze Age collapse?"), so these are lower bounds; the rewrites
without a word of reference are therefore counted apart. And whether a change of topic drops the old one: each
conversation is held after the whole of another, and a follow-up counts as leaking if it now holds words of the other
that it would not hold without it.
"""

import json
import re
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from index.build import build
from index.embedder import Embedder
from index.local import LocalStore
from index.store import article_of
from qa.dialogue import Turn, refers_back, standalone
from qa.retriever import STOP_WORDS, Retriever

ASKING = frozenset("tell me more describe what's so oh ok okay thanks s t re ve d m ll".split())
"""Words that ask, or are left over from an apostrophe; they count as little as the stop words do."""

Way = Callable[[str, list[Turn]], str]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was asked, what a human made of it, and the passage that answered, if it is known."""

    raw: str
    rewrite: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Conversation:
    year: int
    number: int
    utterances: tuple[Utterance, ...]

    def history(self, place: int) -> list[Turn]:
        return [(said.raw, said.answer) for said in self.utterances[:place]]


def main(
    cast: Annotated[Path, typer.Argument(help="The topic files: a folder, or a .tar.gz.")],
    split: Annotated[str, typer.Option(help="held-out or development")] = "held-out",
    search: Annotated[bool, typer.Option(help="Also measure what the search finds.")] = False,
    show: Annotated[int, typer.Option(help="Print so many rewrites; of the development half only.")] = 0,
) -> None:
    """Print how near each way comes to the human rewrites, and what happens to questions that stand alone."""
    if split not in ("held-out", "development") or (show and split == "held-out"):
        raise typer.BadParameter("--split is held-out or development, and --show is for development")
    conversations = [c for c in read(cast) if is_held_out(c) == (split == "held-out")]
    ways: dict[str, Way] = {"as asked": as_asked, "whole history appended": appended, "made stand-alone": standalone}
    console = Console()
    follow_ups = sum(len(c.utterances) - 1 for c in conversations)
    console.print(f"{split}: {len(conversations)} conversations, {follow_ups} follow-ups")
    console.print(rewrites(conversations, ways))
    for year in sorted({c.year for c in conversations}):
        console.print(f"only {year}", rewrites([c for c in conversations if c.year == year], ways))
    console.print(untouched(conversations))
    console.print(spliced(conversations, ways))
    if search:
        console.print(searched(conversations, passages(read(cast)), ways | {"human rewrite": as_asked}))
    milliseconds = timed(conversations)
    console.print(f"{np.median(milliseconds):.2f} ms a question, at most {max(milliseconds):.2f}")
    for conversation in conversations[: -(-show // 8)]:
        for place, said in enumerate(conversation.utterances):
            console.print(f"{said.raw}\n  {standalone(said.raw, conversation.history(place))}\n  [{said.rewrite}]")


def is_held_out(conversation: Conversation) -> bool:
    return conversation.year > 2019 and conversation.number % 2 == 0


def read(cast: Path) -> list[Conversation]:
    """The conversations that have human rewrites, in the order of their numbers."""
    if cast.is_dir():
        return sorted(_in_folder(cast), key=lambda conversation: conversation.number)
    with tempfile.TemporaryDirectory() as work, tarfile.open(cast) as archive:
        archive.extractall(work, filter="data")
        return read(Path(work))


def _in_folder(folder: Path) -> Iterator[Conversation]:
    resolved = {}
    for table in folder.rglob("*resolved*.tsv"):
        rows = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line.strip())
        resolved.update({place: rewrite.strip() for place, rewrite in rows})
    for file in folder.rglob("*topics*.json"):
        for topic in json.loads(file.read_text(encoding="utf-8")):
            number, year = topic["number"], 2019 if topic["number"] <= 80 else 2020 if topic["number"] <= 105 else 2021
            utterances = tuple(
                Utterance(said["raw_utterance"].strip(), rewrite.strip(), said.get("passage"))
                for said in topic["turn"]
                if (rewrite := said.get("manual_rewritten_utterance") or resolved.get(f"{number}_{said['number']}"))
            )
            if utterances:
                yield Conversation(year, number, utterances)


def as_asked(question: str, history: list[Turn]) -> str:
    return question


def appended(question: str, history: list[Turn]) -> str:
    """All the questions before it, but not the passages, which would only make it worse."""
    return " ".join([*(earlier for earlier, _ in history), question])


def rewrites(conversations: list[Conversation], ways: dict[str, Way]) -> Table:
    """ROUGE-1 of content words over all follow-ups, and the recall and F1 of those that the human changed."""
    table = Table("way", "recall", "precision", "F1", "words added", "changed: recall", "precision", "F1")
    followed = [(c.history(place), said) for c in conversations for place, said in enumerate(c.utterances) if place]
    changed = np.array([bare(said.raw) != bare(said.rewrite) for _, said in followed])
    for name, way in ways.items():
        made = [(said, way(said.raw, history)) for history, said in followed]
        scores = np.array([overlap(rewrite, said.rewrite) for said, rewrite in made])
        added = np.mean([len(rewrite.split()) - len(said.raw.split()) for said, rewrite in made])
        table.add_row(
            name,
            *(f"{value:.3f}" for value in scores.mean(axis=0)),
            f"{added:.1f}",
            *(f"{value:.3f}" for value in scores[changed].mean(axis=0)),
        )
    human = np.mean([len(said.rewrite.split()) - len(said.raw.split()) for _, said in followed])
    table.caption = f"{changed.sum()} of {len(followed)} were changed by the human, who added {human:.1f} words"
    return table


def words(text: str) -> Counter[str]:
    found = re.findall(r"\w+", text.lower())
    return Counter(word for word in found if word not in STOP_WORDS and word not in ASKING)


def bare(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def overlap(ours: str, human: str) -> tuple[float, float, float]:
    """Recall, precision and F1 of content words; where neither has any, they agree."""
    mine, theirs = words(ours), words(human)
    shared = (mine & theirs).total()
    recall = shared / theirs.total() if theirs else 1.0
    precision = shared / mine.total() if mine else float(not theirs)
    return recall, precision, 2 * recall * precision / (recall + precision) if shared else float(mine == theirs)


def untouched(conversations: list[Conversation]) -> Table:
    """How many of the questions that stand alone are left exactly as they are."""
    kinds: dict[str, list[tuple[str, list[Turn]]]] = {
        "the human left it as it is": [],
        "opens another conversation": [],
        "a human rewrite": [],
        "a human rewrite without a word of reference": [],
    }
    for number, conversation in enumerate(conversations):
        for place, said in enumerate(conversation.utterances):
            if place:
                history = conversation.history(place)
                kinds["a human rewrite"].append((said.rewrite, history))
                if not refers_back(said.rewrite):
                    kinds["a human rewrite without a word of reference"].append((said.rewrite, history))
                another = conversations[(number + place) % len(conversations)]
                kinds["opens another conversation"].append((another.utterances[0].raw, history))
                if bare(said.raw) == bare(said.rewrite):
                    kinds["the human left it as it is"].append((said.raw, history))
    table = Table("stands alone", "questions", "unchanged")
    for kind, asked in kinds.items():
        same = np.mean([standalone(question, history) == question for question, history in asked])
        table.add_row(kind, str(len(asked)), f"{same:.1%}")
    return table


def spliced(conversations: list[Conversation], ways: dict[str, Way]) -> Table:
    """Hold each conversation after the whole of another."""
    table = Table("after a change of topic", "F1", "leaks of the old topic")
    for name, way in ways.items():
        scores, leaks = [], []
        for number, conversation in enumerate(conversations):
            other = conversations[number - 1]
            before = other.history(len(other.utterances))
            old = words(" ".join(said.raw + " " + said.rewrite for said in other.utterances))
            for place, said in enumerate(conversation.utterances):
                history = conversation.history(place)
                made = way(said.raw, [*before, *history])
                usual = words(way(said.raw, history)) + words(said.rewrite)
                leaks.append(bool(set(words(made)) & set(old) - set(usual)))
                scores.append(overlap(made, said.rewrite)[2])
        table.add_row(name, f"{np.mean(scores):.3f}", f"{np.mean(leaks):.1%}")
    return table


def passages(conversations: list[Conversation]) -> list[str]:
    return sorted({said.answer for c in conversations for said in c.utterances if said.answer})


def searched(conversations: list[Conversation], texts: list[str], ways: dict[str, Way]) -> Table:
    """Where the passage that answers a follow-up is among those that each way of asking finds in all of `texts`."""
    asked = [(c.history(i), said) for c in conversations for i, said in enumerate(c.utterances) if i and said.answer]
    table = Table("way", "found first", "among five", "among ten", "mean reciprocal rank")
    embedder = Embedder()
    with tempfile.TemporaryDirectory() as work:
        corpus, index = Path(work) / "passages.jsonl", Path(work) / "index"
        rows = (json.dumps({"title": str(number), "text": text}) for number, text in enumerate(texts))
        corpus.write_text("\n".join(rows), encoding="utf-8")
        build([corpus], index, embedder)
        with LocalStore(index).snapshot(embedder.identity) as snapshot:
            for name, way in ways.items():
                ranks = []
                for history, said in asked:
                    question = said.rewrite if name == "human rewrite" else way(said.raw, history)
                    found = Retriever(embedder).search(question, snapshot, 10)
                    titles = [{article_of(snapshot, p.article_id).title for p in (r.passage, *r.copies)} for r in found]
                    gold = str(texts.index(said.answer or ""))
                    ranks.append(next((rank for rank, title in enumerate(titles, 1) if gold in title), np.inf))
                within = [f"{np.mean(np.array(ranks) <= k):.3f}" for k in (1, 5, 10)]
                table.add_row(name, *within, f"{np.mean(1 / np.array(ranks)):.3f}")
    table.caption = f"{len(asked)} follow-ups with their passage, among {len(texts)} passages"
    return table


def timed(conversations: list[Conversation]) -> list[float]:
    """Milliseconds for each follow-up, with its whole history."""
    times = []
    for conversation in conversations:
        for place, said in enumerate(conversation.utterances):
            history = conversation.history(place)
            started = time.perf_counter()
            standalone(said.raw, history)
            times.append((time.perf_counter() - started) * 1000)
    return times


if __name__ == "__main__":
    typer.run(main)
