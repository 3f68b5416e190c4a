"""What the tests of stores share: the servers, each started once, and a store for each test.

`milvus-lite` serves several processes too, by its own command. The real standalone server is started where
`$QA_MILVUS_SERVER` names its program, as `make test-cluster` does; the tests that need it are skipped elsewhere.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import CorpusError
from index.local import LocalStore
from index.milvus import MilvusStore
from index.milvus.server import Address, Server
from index.store import Store

STARTS = 120
"""Seconds that a server has to be there."""

MakeStore = Callable[..., Store]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(*command: str | Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """A server that answers at its port; it leads a group of its own, so that what it starts ends with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    patient_until = time.monotonic() + STARTS
    while time.monotonic() < patient_until and process.poll() is None:
        server = Server(Address.read(f"http://127.0.0.1:{port}/probe"), timeout=2)
        try:
            server.call("list_collections")
            return process
        except CorpusError:
            time.sleep(0.5)
        finally:
            server.close()
    stop(process)
    raise RuntimeError(f"{command[0]} does not answer: {log.read_text(errors='replace')[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """At once, as the standalone server ends in no other way."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def lite(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder), "--host", "127.0.0.1"]
    return started(*command, "--port", str(port), port=port, log=folder.with_suffix(".log"))


@pytest.fixture(scope="session")
def lite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, but for the collection, of a `milvus-lite` that serves any number of processes."""
    port = free_port()
    process = lite(tmp_path_factory.mktemp("milvus-lite") / "data", port)
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture(scope="session")
def standalone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """That of the real server."""
    program = os.environ.get("QA_MILVUS_SERVER")
    if not program:
        pytest.skip("runs with `make test-cluster`")
    port, folder = free_port(), tmp_path_factory.mktemp("milvus")
    command = [program, "--data", str(folder / "data"), "--proxy-port", str(port)]
    process = started(*command, port=port, log=folder / "log")
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture(params=["lite", "standalone"])
def server(request: pytest.FixtureRequest) -> str:
    """A server that several processes may use."""
    found: str = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[MakeStore]:
    """Makes stores, each with a folder of its own as on another machine, of an index that only this test has."""
    made: list[MilvusStore] = []
    collection = f"test_{secrets.token_hex(6)}"

    def make(server: str, timeout: float = 30) -> Store:
        found = MilvusStore(f"{server}/{collection}", tmp_path / f"machine-{len(made)}", timeout)
        made.append(found)
        return found

    yield make
    for store in made[:1]:
        forget(store.address)
    for store in made:
        store.close()


def forget(address: str) -> None:
    """Leave nothing of an index in a server that other tests use."""
    server = Server(Address.read(address), timeout=30)
    name = server.address.collection
    for alias in (name, f"{name}_builder"):
        if server.find("describe_collection", alias):
            server.call("drop_alias", alias)
    for collection in server.call("list_collections"):
        if collection.startswith(f"{name}_"):
            server.call("drop_collection", collection)
    server.close()


@pytest.fixture(params=["local", "embedded", "standalone"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind: a folder, Milvus inside this process, a real server."""
    if request.param == "local":
        yield LocalStore(tmp_path / "index")
    elif request.param == "embedded":
        found = MilvusStore(str(tmp_path / "index.db"), tmp_path / "machine", timeout=30)
        yield found
        found.close()
    else:
        yield request.getfixturevalue("milvus")(request.getfixturevalue("standalone_server"))
