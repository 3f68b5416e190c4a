"""A cluster makes the same index as this process alone, also where one of its nodes dies; what cannot work is told."""

import dataclasses
import json
import os
import random
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from index.build import build
from index.catalog import Catalog
from index.cluster import QUIET, TRIES, Cluster, connect, read_here
from index.errors import InputError, ModelError
from index.files import File
from index.sources import Entry
from index.verify import verify

THINGS = "mill bridge harbour school library market tower garden theatre quarry bakery chapel".split()
DEEDS = "painted opened flooded sold measured closed rebuilt inspected insured photographed".split()
TOWNS = "Tallow Bay,Edda,Quist,Norholm,Varn,Old Ferry,Lissen,Marrow Hill,Upper Sedge,Kell".split(",")


@pytest.fixture(scope="module")
def nodes(word_embedder):
    """A cluster of three simulated nodes; the head takes no work but that of the pipeline itself."""
    os.environ.update(QUIET)
    import ray
    from ray.cluster_utils import Cluster as Simulated

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 0, "include_dashboard": False, "ray_client_server_port": port}
    cluster = Simulated(initialize_head=True, head_node_args=head)
    cluster.client_address = f"ray://127.0.0.1:{port}"
    workers = [cluster.add_node(num_cpus=1, resources={f"worker-{number}": 1}) for number in range(2)]
    for module in (__name__, word_embedder.__module__):  # which no worker can import
        ray.cloudpickle.register_pickle_by_value(sys.modules[module])
    ray.init(cluster.address, log_to_driver=False, logging_level="CRITICAL")
    yield cluster, workers
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def news(tmp_path):
    """Some dozen articles in several formats, some of them alike, and what cannot be read."""
    folder, chance = tmp_path / "news", random.Random(7)
    folder.mkdir()

    def story(sentences):
        said = [f"The {chance.choice(THINGS)} of {chance.choice(TOWNS)} was {chance.choice(DEEDS)}." for _ in sentences]
        return "\n\n".join(" ".join(said[begin : begin + 5]) for begin in range(0, len(said), 5))

    for number in range(24):
        (folder / f"{number:02}.txt").write_text(f"News {number}\n\n{story(range(5 + 6 * number))}\n")
    rows = [{"title": f"Row {number}", "text": story(range(9)), "source": "Herald"} for number in range(80)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "no row\n")
    (folder / "copy.txt").write_text((folder / "03.txt").read_text())
    (folder / "scan.txt").write_bytes(b"\0")
    (folder / "articles.csv").write_text("file,source\n01.txt,Post\nnone.txt,Post\n")
    return folder


def described(report):
    return dataclasses.asdict(report) | {"seconds": 0}


def held(folder):
    """All that an index holds but for the vectors, by number; and the vectors."""
    with Catalog(folder) as catalog:
        articles = catalog.articles()
        numbers, vectors = catalog.passage_vectors()
        passages = catalog.passages(numbers.tolist())
        names, shared = catalog.aliases.learned(), catalog.stories(article.id for article in articles)
        return (articles, catalog.digests(), passages, names, shared, catalog.sources()), vectors


def same(one, other):
    (mine, my_vectors), (others, other_vectors) = held(one), held(other)
    assert mine == others
    assert np.abs(my_vectors - other_vectors).max() < 1e-3
    return True


def test_a_cluster_makes_the_index_that_this_process_makes(nodes, seeds, news, embedder, tmp_path):
    paths, address = [seeds, news], "ray"  # the one that this process is connected to
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    told = {}
    alone = build(paths, mine, embedder)
    report = build(paths, theirs, embedder, lambda stage, done, _: told.update({stage: done}), workers=address)
    assert described(report) == described(alone)
    assert same(mine, theirs)
    assert verify(theirs).problems == ()
    assert (told["reading"], told["embedding"]) == (len(report.added), report.embedded)

    (news / "rows.jsonl").write_text((news / "rows.jsonl").read_text() + '{"title": "Last", "text": "It is new."}\n')
    (news / "03.txt").write_text("News 3\n\nThe quarry is closed.\n")
    (news / "04.txt").unlink()
    reports = [build(paths, mine, embedder), build(paths, theirs, embedder, workers=address)]
    assert described(reports[0]) == described(reports[1])
    assert reports[1].embedded == 2
    assert same(mine, theirs)


class Slow:
    """An embedder that takes its time, and writes down on which node it works."""

    def __init__(self, embedder, log):
        self._embedder, self._log = embedder, log
        self.identity, self.max_tokens, self.token_offsets = embedder.identity, 256, embedder.token_offsets

    def embed(self, texts, done=None):
        import ray

        time.sleep(0.2)
        with open(self._log, "a") as log:
            log.write(f"{ray.get_runtime_context().get_node_id()}\n")
        return self._embedder.embed(texts, done)


def test_where_a_node_dies_in_the_middle_the_index_is_the_same_and_nothing_is_said(nodes, words, tmp_path, capfd):
    cluster, workers = nodes
    folder, log = tmp_path / "news", tmp_path / "log"
    folder.mkdir()
    for number in range(40):
        rows = [{"text": f"The {thing} of {TOWNS[number % 10]} was {DEEDS[number % 8]}. {number}"} for thing in THINGS]
        (folder / f"{number:02}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    alone = build([folder], tmp_path / "mine", words)
    killed = []

    def kill_a_node(stage, done, _):
        if stage == "embedding" and done and not killed:
            killed.extend(log.read_text().splitlines()[:1])
            cluster.remove_node(next(node for node in workers if node.node_id == killed[0]), allow_graceful=False)

    slow = Slow(words, log)
    capfd.readouterr()
    report = build([folder], tmp_path / "theirs", slow, kill_a_node, workers="ray")
    assert described(report) == described(alone)
    assert same(tmp_path / "mine", tmp_path / "theirs")
    assert killed and log.read_text().splitlines()[-1] != killed[0]
    assert capfd.readouterr() == ("", "")


class Sent:
    """An embedder in whose place something else may arrive on a node."""

    def __init__(self, embedder, arrives, *given):
        self._embedder, self._arrives = embedder, (arrives, given)
        self.identity, self.max_tokens, self.token_offsets = embedder.identity, 256, embedder.token_offsets

    def __reduce__(self):
        return self._arrives


def only_on(node, embedder):
    import ray

    if ray.get_runtime_context().get_node_id() != node:
        raise ModelError("there is no model in /models/news")
    return Sent(embedder, only_on, node, embedder)


class Broken:
    def __init__(self, embedder):
        self.identity, self.max_tokens, self.token_offsets = embedder.identity, 256, embedder.token_offsets

    def embed(self, texts, done=None):
        raise ZeroDivisionError(f"{len(texts)} by zero")


def test_what_a_worker_fails_with_is_told_in_one_line(nodes, articles, word_embedder, tmp_path):
    words, head = word_embedder(), nodes[0].head_node.node_id
    for sent, error, said in (
        (Sent(words, word_embedder, "other@1"), InputError, r"^the node \S+ has the embedder other@1, not words@1$"),
        (Sent(words, only_on, "nowhere", words), ModelError, "^there is no model in /models/news$"),
        (Sent(words, only_on, head, words), ModelError, "^there is no model in /models/news$"),
        (Broken(words), InputError, r"^the workers at ray failed \(ZeroDivisionError: \d by zero\): build again, .*$"),
    ):
        with pytest.raises(error, match=said):
            build([articles], tmp_path / "index", sent, workers="ray")


def test_an_address_without_a_cluster_is_told_in_one_line_and_in_time(articles, words, tmp_path, monkeypatch):
    monkeypatch.setattr("index.cluster.ANSWERS", 6.0)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused, mute = (f"127.0.0.1:{place.getsockname()[1]}" for place in (unused, silent))
        for address, why in ((refused, "refused"), (f"ray://{refused}", "refused"), (mute, "does not answer")):
            started = time.monotonic()
            with pytest.raises(InputError, match=rf"no Ray cluster to be reached at {address}: .*{why}") as told:
                build([articles], tmp_path / "index", words, workers=address)
            assert "\n" not in str(told.value)
            assert time.monotonic() - started < 20


class Aborting:
    """Of Ray its `init`, which fails so many times as it does where the client server's child dies."""

    def __init__(self, times):
        self.times, self.asked = times, []

    def init(self, address, **options):
        self.asked.append(address)
        if len(self.asked) <= self.times:
            raise ConnectionAbortedError("Initialization failure from server")


def test_a_client_server_that_fails_at_first_is_asked_again_and_not_for_ever():
    often, always = Aborting(TRIES - 1), Aborting(TRIES)
    connect(often, "ray://host:1")
    with pytest.raises(ConnectionAbortedError):
        connect(always, "ray://host:1")
    assert often.asked == always.asked == ["ray://host:1"] * TRIES


HANGING = """
import threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from ray.core.generated import ray_client_pb2 as messages, ray_client_pb2_grpc as services

class Asked(services.RayletDriverServicer):
    def ClusterInfo(self, request, context):
        return messages.ClusterInfoResponse(json="{}")

class Streams(services.RayletDataStreamerServicer):
    def Datapath(self, requests, context):
        yield threading.Event().wait()

server = grpc.server(ThreadPoolExecutor(8))
services.add_RayletDriverServicer_to_server(Asked(), server)
services.add_RayletDataStreamerServicer_to_server(Streams(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
threading.Event().wait()
"""

CONNECTING = """
import sys
from index import cluster
from index.errors import InputError

cluster.BEGINS = 4.0
try:
    with cluster._connected(sys.argv[1]):
        pass
except InputError as error:
    print(error)
"""


def test_a_client_server_that_hangs_is_told_in_one_line_and_in_time():
    with subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.PIPE, text=True) as server:
        address = f"ray://127.0.0.1:{server.stdout.readline().strip()}"
        command = [sys.executable, "-c", CONNECTING, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        server.kill()
    reason = "what listens there does not answer as a cluster does"
    assert done.stdout == f"there is no Ray cluster to be reached at {address}: {reason}\n"
    assert done.stderr == ""


@pytest.mark.parametrize("address", ["", "rays", "ray://", "ray://host", "host", "host:", ":10", "http://host/"])
def test_what_is_no_address_is_refused_before_anything_is_made(address, articles, words, tmp_path):
    with pytest.raises(InputError, match="there can be no workers at"):
        Cluster(address, words)


def test_without_ray_the_error_says_what_to_install(articles, words, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'qa-articles\[cluster\]'"):
        build([articles], tmp_path / "index", words, workers="ray")
    assert not (tmp_path / "index").exists()


def test_files_that_only_this_machine_can_see_are_named(articles, tmp_path):
    entry = Entry(File("a.txt", "a.txt", str(articles / "a.txt"), (articles / "a.txt").open), {})
    with pytest.raises(InputError, match=r"a\.txt is here, but not on the node far-away: put the articles where"):
        read_here(0, entry, "far-away")
    (articles / "a.txt").unlink()
    assert [item.reason for item in read_here(0, entry, "far-away").items] == [
        "it cannot be read: No such file or directory"
    ]


BUILD = """
import json, sys
from pathlib import Path
from index.build import build
from index.embedder import Embedder

def told(stage, done, total):
    if stage == "embedding":
        import ray
        where.update(node["NodeManagerAddress"] for node in ray.nodes())

where = set()
report = build([Path(sys.argv[1])], Path(sys.argv[2]), Embedder(), told, workers=sys.argv[3])
print(json.dumps([sorted(report.added), sorted(where)]))
"""


@pytest.fixture
def built_apart(articles, embedder, tmp_path):
    """Builds the two articles in a process of its own, with the workers named; returns on which addresses they were."""

    def run(workers):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        command = [sys.executable, "-c", BUILD, str(articles), str(tmp_path / "index"), workers]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
        assert done.stderr == ""
        added, where = json.loads(done.stdout)
        build([articles], tmp_path / "mine", embedder)
        assert added == ["a.txt", "b.txt"] and same(tmp_path / "mine", tmp_path / "index")
        return where

    return run


def test_a_cluster_of_its_own_is_started_on_the_loopback_address_alone_and_nothing_is_said(built_apart):
    assert built_apart("ray") == ["127.0.0.1"]


@pytest.mark.parametrize("address", ["address", "client_address"])
def test_a_cluster_is_found_by_its_address_and_nothing_is_said(nodes, built_apart, address):
    assert built_apart(getattr(nodes[0], address)) == [nodes[0].head_node.node_ip_address]
