"""Whatever happens to a build or to the files of an index, what is read from it is whole and of one edition.

`QA_CRASH_ROUNDS` rounds of each kind are made (`make test-crash`: 200), the first with the seed
`QA_CRASH_SEED`. A test that fails ends with its seed: `QA_CRASH_SEED=17 QA_CRASH_ROUNDS=1` repeats it.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.build import build
from index.errors import CorpusError
from index.local import LocalStore
from index.store import Filter
from index.verify import verify
from qa.retriever import Retriever

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
    with LocalStore(folder).snapshot(words.identity) as snapshot:
        texts = {article.id: article.text for article in snapshot.catalog.articles()}
        numbers = snapshot.catalog.passage_numbers(Filter()).tolist()
        passages = snapshot.catalog.passages(numbers)
        quotes = {number: (p.article_id, texts[p.article_id][p.start : p.end]) for number, p in passages.items()}
        found = {}
        for question in QUESTIONS:
            by_word = snapshot.catalog.search_words(question.strip("?").split(), 50, Filter())
            nearest = snapshot.vectors().search(words.encode([question])[0], 50)
            for way, hits in (("words", by_word), ("meaning", nearest)):
                found[f"{question} by {way}"] = sorted((quotes[number], round(score, 4)) for number, score in hits)
        assert len(snapshot.vectors()) == len(numbers)
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


def the_next_build_completes(index, number, order, editions, fresh, words):
    """Building an edition is possible again, and makes what it makes of an index that nothing happened to."""
    done = order(editions[number], index)
    assert (done["status"], done["said"]) == (0, "")
    assert verify(index).problems == ()
    assert seen(index, words) == seen(fresh[number], words)
    assert len(list(index.glob("vectors-*"))) == 1


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
        assert any(said in str(error) for said in ("there is no index", "never finished", "no such table")), error
    else:
        assert number in ({2} if is_first else {1, 2})
        assert verify(index).problems == ()
    the_next_build_completes(index, chance.choice([2, 3]), order, editions, fresh, words)


def full_disk(chance, index, usual_size):
    """No file may grow beyond a size: as on a full disk, a write is refused, perhaps after a part of it."""
    return {"limit": chance.randrange(1, usual_size)}


def full_catalog(chance, index, _):
    """SQLite finds the disk full."""
    pages = (index / "catalog.sqlite").stat().st_size // 4096 if index.exists() else 0
    return {"pages": pages + chance.randrange(1, 40)}


def full_for_vectors(chance, index, _):
    """The vector file goes to a device that is always full."""
    index.mkdir(exist_ok=True)
    for generation in (1, 2):
        (index / f"vectors-{generation}.faiss.new").symlink_to("/dev/full")
    return {}


def read_only_folder(chance, index, _):
    index.mkdir(exist_ok=True)
    index.chmod(0o555)
    return {"mortal": True}


def read_only_files(chance, index, _):
    for path in index.iterdir() if index.exists() else []:
        path.chmod(0o444)
    return {"mortal": True}


HINDRANCES = [full_disk, full_disk, full_catalog, full_for_vectors, read_only_folder, read_only_files]


def free(index):
    """Take the hindrance away: the disk has room again, the folder may be written."""
    index.mkdir(exist_ok=True)
    index.chmod(0o755)
    for path in index.iterdir():
        path.unlink() if path.is_symlink() else path.chmod(0o644)


def test_a_build_whose_writes_fail(seed, order, editions, fresh, words, tmp_path):
    chance = random.Random(seed)
    index, hindrance, is_first = tmp_path / "index", HINDRANCES[seed % len(HINDRANCES)], chance.random() < 0.2
    if not is_first:
        shutil.copytree(fresh[1], index)
    done = order(editions[2], index, **hindrance(chance, index, (fresh[2] / "catalog.sqlite").stat().st_size * 2))
    free(index)
    assert done["status"] == 0
    if done["said"]:
        assert "\n" not in done["said"]
        assert done["said"].startswith(("CorpusError: ", "InputError: ")), done["said"]
        assert any(why in done["said"] for why in ("cannot be written", "cannot be read or written")), done["said"]
    if is_first and done["said"]:
        with pytest.raises(CorpusError, match=r"there is no index|never finished|no such table"):
            seen(index, words)
    else:
        assert edition_of(index, editions, words) == (1 if done["said"] else 2)
        assert verify(index).problems == ()
    the_next_build_completes(index, chance.choice([2, 3]), order, editions, fresh, words)


@pytest.fixture(scope="session")
def others(editions, fresh, word_embedder, tmp_path_factory):
    """Files that have no business in an index: of another edition, of another embedder, of another program, of none."""
    root = tmp_path_factory.mktemp("others")
    build([editions[1].folder], root / "embedder", word_embedder("others@2"))
    strange = root / "strange"
    strange.mkdir()
    (strange / "empty").write_bytes(b"")
    (strange / "text").write_text("This is not an index.\n" * 500, encoding="utf-8")
    (strange / "noise").write_bytes(random.Random(0).randbytes(50_000))
    with closing(sqlite3.connect(strange / "database")) as connection, connection:
        connection.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    foreign = [path for folder in (fresh[3], root / "embedder") for path in sorted(folder.glob("*.[sf]*"))]
    return [*foreign, *sorted(strange.iterdir())]


@pytest.fixture(scope="session")
def with_log(editions, fresh, word_embedder, tmp_path_factory):
    """An index of edition 2 whose last changes still stand in SQLite's write-ahead log, as after a power cut."""
    folder = tmp_path_factory.mktemp("log")
    shutil.copytree(fresh[1], folder / "live")
    with LocalStore(folder / "live").snapshot(word_embedder().identity):  # while it is read, the log is kept
        build([editions[2].folder], folder / "live", word_embedder())
        shutil.copytree(folder / "live", folder / "index")
    assert (folder / "index" / "catalog.sqlite-wal").stat().st_size
    return folder / "index"


def flipped(chance, content, _):
    """One bit to sixteen are turned over."""
    for _ in range(2 ** chance.randrange(5)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def truncated(chance, content, _):
    return content[: chance.randrange(len(content))]


def blanked(chance, content, _):
    """A run of blocks is all zeros, as a file system may leave them."""
    begin = chance.randrange(len(content)) // 512 * 512
    end = min(len(content), begin + 512 * chance.randrange(1, 17))
    content[begin:end] = bytes(end - begin)
    return content


def swapped(chance, _, others):
    return chance.choice(others).read_bytes()


DAMAGES = [flipped, flipped, truncated, blanked, swapped]


def cited(folder, words):
    """What answers would cite: (article, title, quote) of every passage that is found for each question."""
    retriever, found = Retriever(words), []
    for question in QUESTIONS:
        with LocalStore(folder).snapshot(words.identity) as snapshot:
            for hit in retriever.search(question, snapshot, 20):
                article = snapshot.article(hit.passage.article_id)
                quote = article.text[hit.passage.start : hit.passage.end]
                found.append((article.id, article.title, article.text, quote))
    return found


def test_damaged_and_foreign_files_are_an_error_or_made_again_and_never_a_wrong_citation(
    seed, editions, fresh, with_log, others, words, tmp_path
):
    chance, index, damage = random.Random(seed), tmp_path / "index", DAMAGES[seed % len(DAMAGES)]
    shutil.copytree(chance.choice([fresh[1], with_log]), index)
    path = chance.choice(sorted(path for path in index.iterdir() if path.stat().st_size))
    path.write_bytes(damage(chance, bytearray(path.read_bytes()), others))
    print(f"{damage.__name__} {path.name}")  # shown where the test fails

    texts = {(name, text) for edition in editions.values() for name, text in edition.texts.items()}
    try:
        for article, title, text, quote in cited(index, words):
            assert (article, text) in texts
            assert title == text.partition("\n")[0]
            assert quote and quote in text
    except CorpusError as error:
        assert "\n" not in str(error)
    told(index)
    try:
        report = build([editions[3].folder], index, words)
    except CorpusError as error:
        assert "\n" not in str(error)
    else:
        assert report.generation
        if not told(index):
            assert seen(index, words) == seen(fresh[3], words)


def told(index):
    """What `qa verify` says is wrong, be it that the index cannot be read through."""
    try:
        return verify(index).problems
    except CorpusError as error:
        assert "\n" not in str(error)
        return (str(error),)
