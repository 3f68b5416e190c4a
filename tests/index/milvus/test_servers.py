"""What only a server brings: several machines, builders that die in mid-build, answers that do not come."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.milvus import MilvusStore
from index.milvus.lease import lease
from index.milvus.schema import Layout
from index.milvus.server import Address, Server
from index.store import Store
from qa.pipeline import QuestionAnswerer
from qa.retriever import Retriever
from web import api
from web.engine import Engine

BUILDER = Path(__file__).with_name("builder.py")
ROUNDS = int(os.environ.get("QA_CRASH_ROUNDS", 3))
STEPS = 60
"""Calls to Milvus of a build that changes something, and some more: then it comes to its end."""

MakeStore = Callable[..., Store]


class Proxy:
    """Between a client and a server, on a port of its own: lets everything through, or nothing, or is not there."""

    def __init__(self, upstream: str) -> None:
        host, port = upstream.removeprefix("http://").split(":")
        self._upstream, self._open = (host, int(port)), threading.Event()
        self._open.set()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stall(self) -> None:
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    def die(self) -> None:
        """Cut every connection, and take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def come_back(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _cut(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._upstream)
            self._sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                self._open.wait()
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    made = Proxy(server)
    yield made
    made.go_on()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(
            f"Harbour {number}\n\nThe harbour of bay {number} is {number} miles wide.\n"
        )
    return folder


def texts(store: Store) -> list[str]:
    with store.snapshot() as snapshot:
        articles = {article.id: article.text for article in snapshot.articles()}
        assert list(articles) == snapshot.ids()
        for name, text in articles.items():
            assert all(p.end <= len(text) and p.article_id == name for p in snapshot.passages_of(name).values())
        return list(articles.values())


# ---- several machines ------------------------------------------------------------------------------


def test_an_article_added_through_one_chat_is_answered_by_the_other(
    server: str, milvus: MakeStore, shelf: Path, words: Embedder, seed_qa: QuestionAnswerer
) -> None:
    stores = milvus(server), milvus(server)
    stores[0].build([shelf], words)
    one, other = (
        QuestionAnswerer(store, Retriever(words), seed_qa.reader, seed_qa.calibration, words) for store in stores
    )
    question = "Who opened the bridge of Tallow Bay?"
    assert "Quist" not in other.ask(question, min_confidence=0).text
    (shelf / "bridge.txt").write_text("A bridge\n\nThe bridge of Tallow Bay was opened by Mayor Edda Quist.\n")
    one.rebuild()
    (cited,) = other.ask(question, min_confidence=0).citations
    assert (cited.article.id, cited.article.text[cited.start : cited.end]) == ("bridge.txt", cited.quote)
    assert "Edda Quist" in cited.quote
    (shelf / "bridge.txt").unlink()
    other.rebuild()
    assert "Quist" not in one.ask(question, min_confidence=0).text


def test_any_machine_goes_on_without_the_model(
    server: str, milvus: MakeStore, shelf: Path, word_embedder: type[Embedder]
) -> None:
    one, other = milvus(server), milvus(server)
    first = one.build([shelf], word_embedder())
    (shelf / "0.txt").unlink()
    removed = one.exclude(["1.txt"])
    (shelf / "6.txt").write_text("Harbour 6\n\nThe harbour of bay 6 is new.\n")
    embedder = word_embedder()
    report = other.build([shelf], embedder)
    assert (report.embedded, report.excluded, report.removed) == (1, removed, ("0.txt",))
    assert report.generation == first.generation + 2
    assert one.verify().problems == other.verify().problems == ()
    again = word_embedder()
    assert (one.build([shelf], again).embedded, one.build([shelf], again).generation) == (0, report.generation)


def test_one_builder_at_a_time(server: str, milvus: MakeStore, shelf: Path, words: Embedder, tmp_path: Path) -> None:
    store = milvus(server)
    other = Server(Address.read(store.address), timeout=30)
    under_way = pytest.raises(CorpusError, match=rf"under way \(process {os.getpid()} on ")
    with lease(other, Layout(other.address.collection), tmp_path / "elsewhere", wait=0), under_way:
        store.build([shelf], words)
    store.build([shelf], words)
    other.close()


# ---- builders that die -----------------------------------------------------------------------------


def test_a_build_killed_at_any_instant_leaves_the_old_generation_and_the_next_succeeds(
    server: str, milvus: MakeStore, shelf: Path, words: Embedder
) -> None:
    builder, reader = milvus(server), milvus(server)
    builder.build([shelf], words)
    seed = int(os.environ.get("QA_CRASH_SEED", "0")) or random.randrange(1, 10**6)
    lots = random.Random(seed)
    for round_ in range(ROUNDS):
        before = texts(reader)
        min(shelf.glob("[0-4n]*.txt")).unlink()
        (shelf / "5.txt").write_text(f"Harbour 5\n\nThe harbour of bay 5 was dredged {round_} times.\n")
        (shelf / f"new{round_}.txt").write_text(f"News\n\nHarbour {round_} is new.\n")
        after = [path.read_text() for path in sorted(shelf.iterdir())]
        killed_at = kill_a_build(builder, shelf, lots.randrange(1, STEPS), lots.uniform(0, 0.05))
        assert texts(reader) in (before, after), (seed, round_, killed_at)
        builder.build([shelf], words)
        assert texts(reader) == after, (seed, round_, killed_at)
        report = reader.verify()
        assert (report.problems, report.notes) == ((), ()), (seed, round_, killed_at)


def kill_a_build(store: Store, shelf: Path, step: int, delay: float) -> str:
    """Kill a builder soon after a call to Milvus; says which, or how the build ended if it was over by then."""
    command = [sys.executable, str(BUILDER), store.address, str(store.folder), str(shelf), str(step)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as builder:
        assert builder.stdout
        said = builder.stdout.readline()
        assert said.startswith(("now", "built")), said + builder.stdout.read()
        time.sleep(delay)
        builder.send_signal(signal.SIGKILL)
    return f"{step}: {said.strip()}"


def test_what_was_damaged_is_told_and_repaired(server: str, milvus: MakeStore, shelf: Path, words: Embedder) -> None:
    store = milvus(server)
    store.build([shelf], words)
    name = Address.read(store.address).collection
    direct = Server(Address.read(store.address), timeout=30)
    (row,) = direct.call("query", f"{name}_records", filter='kind == "text" and number == 1', output_fields=["*"])
    direct.call("upsert", f"{name}_records", [row | {"body": row["body"].replace("miles", "yards")}])
    direct.call("delete", f"{name}_passages", filter="number == 2")
    report = store.verify()
    assert len(report.problems) == 2 and "1 articles are not what was written" in report.problems
    with store.snapshot() as snapshot, pytest.raises(CorpusError, match=r"0\.txt.*repair"):
        snapshot.article("0.txt")
    assert store.repair()
    assert store.verify().problems == ()
    assert texts(store) == [path.read_text() for path in sorted(shelf.iterdir())]
    direct.close()


# ---- answers that do not come ----------------------------------------------------------------------


def in_time(work: Callable[[], object], seconds: float) -> str:
    """The one line that it fails with, within so many seconds; to load pymilvus may take a busy machine longer."""
    import_module("pymilvus")
    began = time.monotonic()
    with pytest.raises(CorpusError) as failure:
        work()
    assert time.monotonic() - began < seconds
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_a_server_that_is_not_there_is_one_clear_error(milvus: MakeStore, words: Embedder, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        store = MilvusStore(f"http://127.0.0.1:{nobody.getsockname()[1]}/news", tmp_path / "machine", timeout=1)
        for work in (store.is_published, store.roots, store.verify, lambda: store.build([tmp_path], words)):
            assert "gives no answer within 1 s" in in_time(work, 6)


@pytest.mark.parametrize("server", ["lite"], indirect=True)
def test_the_chat_stays_up_while_the_server_is_slow_dies_and_comes_back(
    server: str,
    proxy: Proxy,
    milvus: MakeStore,
    shelf: Path,
    words: Embedder,
    seed_qa: QuestionAnswerer,
    capfd: pytest.CaptureFixture[str],
) -> None:
    milvus(server).build([shelf], words)
    name = Address.read(milvus(server).address).collection
    store = MilvusStore(f"{proxy.address}/{name}", shelf.parent / "chat", timeout=2)
    asked = QuestionAnswerer(store, Retriever(words), seed_qa.reader, seed_qa.calibration, words)
    engine = Engine(store, lambda _: asked)
    engine.start()
    assert engine.wait(60)
    client = TestClient(api.application(engine), raise_server_exceptions=False)
    numbers = iter(range(100))

    def ask() -> tuple[int, str]:
        """A question that was not asked before: that answer would be remembered."""
        began = time.monotonic()
        reply = client.post("/api/ask", json={"question": f"How wide is the harbour of bay {next(numbers)}?"})
        assert time.monotonic() - began < 12
        return reply.status_code, reply.text

    assert ask()[0] == 200
    for fail, mend in ((proxy.stall, proxy.go_on), (proxy.die, proxy.come_back)):
        threading.Timer(0.05, fail).start()  # in the middle of the questions that follow
        replies = [ask() for _ in range(3)]
        assert all(status == 200 or "no answer within 2 s" in text for status, text in replies), replies
        assert replies[-1][0] >= 500 and "Traceback" not in replies[-1][1]
        assert client.get("/healthz").status_code < 600  # it serves on
        mend()
        patient_until = time.monotonic() + 20
        while (status := ask()[0]) != 200 and time.monotonic() < patient_until:
            time.sleep(0.5)
        assert status == 200
    engine.close()
    store.close()
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ["http://host", "http://host:1/two words", "http://host/a/b", "http:///news"])
def test_an_address_without_a_collection_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="HOST:PORT/COLLECTION"):
        MilvusStore(address)


def test_no_message_tells_the_password(tmp_path: Path) -> None:
    store = MilvusStore("http://user:secret@127.0.0.1:9/news", tmp_path, timeout=1)
    assert store.address == "http://127.0.0.1:9/news"
    assert "secret" not in in_time(store.roots, 6)


def test_a_db_path_that_another_process_has_open_is_told(tmp_path: Path, words: Embedder, shelf: Path) -> None:
    path = tmp_path / "index.db"
    store = MilvusStore(str(path), tmp_path / "machine")
    assert not store.is_published() and not path.exists()  # to look is not to make it
    store.build([shelf], words)
    code = f"""
import sys
from pathlib import Path
from index.errors import CorpusError
from index.milvus import MilvusStore
try:
    MilvusStore({str(path)!r}, Path({str(tmp_path / "other")!r})).is_published()
except CorpusError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "one process at a time" in told.stdout and not told.stderr
    store.close()
