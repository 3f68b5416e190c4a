"""Whatever happens to a build or to the files of an index, what is read from it is whole and of one edition.

`QA_CRASH_ROUNDS` rounds of each kind are made (`make test-crash`: 200), the first with the seed
`QA_CRASH_SEED`. A test that fails ends with its seed: `QA_CRASH_SEED=17 QA_CRASH_ROUNDS=1` repeats it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.build import build
from index.catalog import Filter
from index.corpus import Corpus
from index.errors import CorpusError
from index.verify import verify

ROUNDS = int(os.environ.get("QA_CRASH_ROUNDS", "20"))
FIRST = int(os.environ.get("QA_CRASH_SEED", "0"))
MARKS = {1: "alder", 2: "birch", 3: "cedar"}
"""A word of each edition: it stands in every passage of its own edition, and in none of another's."""

THINGS = "mill bridge harbour school library market tower garden theatre quarry bakery chapel".split()
DEEDS = "painted opened flooded sold measured closed rebuilt inspected insured photographed".split()
TOWNS = "Tallow Bay,Edda,Quist,Norholm,Varn,Old Ferry,Lissen,Marrow Hill,Upper Sedge,Kell".split(",")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a seed is run for each round; the name of one that fails ends with its seed."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(FIRST, FIRST + ROUNDS))


@dataclass(frozen=True)
class Edition:
    """A folder of articles; its number's mark stands in all of them but one, which never changes."""

    folder: Path
    mark: str

    @property
    def texts(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(self.folder.iterdir())}


@pytest.fixture(scope="session")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Edition]:
    root = tmp_path_factory.mktemp("editions")
    return {number: _write(root / str(number), number) for number in MARKS}


def _write(folder: Path, number: int) -> Edition:
    chance, mark = random.Random(number), MARKS[number]
    folder.mkdir()
    for place in range(number, number + 6):  # of two editions in a row, the first has one more and the second another
        sentences = [
            f"The {chance.choice(THINGS)} of {chance.choice(TOWNS)} was {chance.choice(DEEDS)} in the year of {mark}."
            for _ in range(12)
        ]
        paragraphs = [" ".join(sentences[begin : begin + 4]) for begin in range(0, 12, 4)]
        text = "\n\n".join([f"News {place} of {mark}", *paragraphs])
        (folder / f"{place}.txt").write_text(text + "\n", encoding="utf-8")
    (folder / "same.txt").write_text("What never changes\n\nThe hills are old.\n", encoding="utf-8")
    return Edition(folder, mark)


@pytest.fixture(scope="session")
def fresh(
    editions: dict[int, Edition], word_embedder: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, Path]:
    """Of each edition an index that nothing happened to."""
    root = tmp_path_factory.mktemp("fresh")
    for number, edition in editions.items():
        build([edition.folder], root / str(number), word_embedder())
    return {number: root / str(number) for number in editions}


Order = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def order() -> Iterator[Order]:
    """Has an edition built in a child, with what `builder.py` can do to it; returns how it ended."""
    command = [sys.executable, str(Path(__file__).with_name("builder.py"))]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, stdin=-1, stdout=-1
    ) as process:
        assert process.stdin and process.stdout

        def ordered(edition: Edition, index: Path, **harm: Any) -> dict[str, Any]:
            line = json.dumps({"articles": str(edition.folder), "index": str(index), **harm})
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            reply: dict[str, Any] = json.loads(process.stdout.readline())
            return reply

        yield ordered
        process.stdin.close()


QUESTIONS = [*MARKS.values(), "What was painted in Tallow Bay?", "Who sold the old mill?", "hills"]


def seen(folder: Path, words: Any) -> dict[str, Any]:
    """All that questions could see of an index, in words that do not depend on how often it was built."""
    with Corpus(folder, words.identity).snapshot() as snapshot:
        texts = {article.id: article.text for article in snapshot.catalog.articles()}
        numbers = snapshot.catalog.passage_numbers(Filter()).tolist()
        passages = snapshot.catalog.passages(numbers)
        quotes = {number: (p.article_id, texts[p.article_id][p.start : p.end]) for number, p in passages.items()}
        found = {}
        for question in QUESTIONS:
            by_word = snapshot.catalog.search_words(question.strip("?").split(), 50, Filter())
            nearest = snapshot.vectors.search(words.encode([question])[0], 50)
            for way, hits in (("words", by_word), ("meaning", nearest)):
                found[f"{question} by {way}"] = sorted((quotes[number], round(score, 4)) for number, score in hits)
        assert len(snapshot.vectors) == len(numbers)
        return {"texts": texts, "passages": sorted(quotes.values()), "found": found}


def edition_of(folder: Path, editions: dict[int, Edition], words: Any) -> int:
    """The one edition that an index holds, whole: each text, and every passage that any search finds."""
    found = seen(folder, words)
    (number,) = (number for number, edition in editions.items() if edition.texts == found["texts"])
    others = [mark for mark in MARKS.values() if mark != editions[number].mark]
    for _, quote in found["passages"]:
        assert not any(other in quote for other in others)
    assert found["found"][f"{editions[number].mark} by words"]
    assert not any(found["found"][f"{other} by words"] for other in others)
    return number


STAGES = ["start", "reading", "cutting", "embedding", "publishing", "publishing"]


@pytest.fixture(scope="module")
def usual(order, editions, fresh, tmp_path_factory):
    """The seconds from each stage of a build to its end."""
    index = tmp_path_factory.mktemp("usual") / "index"
    shutil.copytree(fresh[1], index)
    done = order(editions[2], index)
    assert (done["status"], done["said"]) == (0, "")
    return {stage: done["seconds"] - at for stage, at in done["stages"].items()}


def killed(order, edition, index, stage, seconds):
    """Whether the build was killed: one that ended sooner than usual was not."""
    done = order(edition, index, kill=[stage, seconds])
    assert done["said"] == ""
    return done["status"] == -signal.SIGKILL


def test_a_build_killed_at_any_instant(seed, order, editions, fresh, usual, words, tmp_path):
    chance, tries = random.Random(seed), 0
    stage = chance.choice(STAGES)
    seconds = chance.uniform(0, usual[stage])
    is_first = chance.random() < 0.2
    while True:
        index = tmp_path / str(tries)
        if not is_first:
            shutil.copytree(fresh[1], index)
        if killed(order, editions[2], index, stage, seconds):
            break
        tries, seconds = tries + 1, seconds / 2
        assert tries < 20
    try:
        number = edition_of(index, editions, words)
    except CorpusError as error:
        assert is_first
        assert any(said in str(error) for said in ("there is no index", "never finished")), error
    else:
        assert number in ({2} if is_first else {1, 2})
        assert verify(index).problems == ()
    after = chance.choice([2, 3])
    done = order(editions[after], index)
    assert (done["status"], done["said"]) == (0, "")
    assert verify(index).problems == ()
    assert seen(index, words) == seen(fresh[after], words)
    assert sorted(p.name for p in index.glob("vectors-*")) == [f"vectors-{verify(index).generation}.faiss"]
