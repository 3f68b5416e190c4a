"""Rows come back in their order, padding is without effect, and a converted model is used again."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from index import inference
from index.errors import ModelError
from index.inference import BATCH_TOKENS, Row, run

ROOT = Path(__file__).parents[2]
LENGTHS = [3, 250, 1, 17, 256, 4, 90, 3, 200, 8] * 9


class Echo:
    """A runner that gives back what it was given, and remembers the shapes of its batches."""

    engine, batch_tokens = "echo", BATCH_TOKENS

    def __init__(self, step=1):
        self.shapes, self.step = [], step

    def __call__(self, ids, mask, types):
        self.shapes.append(ids.shape)
        assert ids.dtype == mask.dtype == types.dtype == np.int64
        return [ids, mask * 10 + types]


def rows_of(lengths):
    return [Row([number + 1] * length, [number % 2] * length) for number, length in enumerate(lengths)]


def test_results_come_in_the_order_of_the_rows_whatever_their_lengths():
    rows = rows_of(LENGTHS)
    for row, (ids, mask_and_types) in zip(rows, run(Echo(), rows, pad=0), strict=True):
        length = len(row.ids)
        assert ids[:length].tolist() == list(row.ids)
        assert mask_and_types[:length].tolist() == [10 + kind for kind in row.types]


def test_what_is_past_a_row_is_padding_and_masked():
    for row, (ids, mask_and_types) in zip(rows_of([2, 5]), run(Echo(), rows_of([2, 5]), pad=7), strict=True):
        assert set(ids[len(row.ids) :].tolist()) <= {7}
        assert not mask_and_types[len(row.ids) :].any()


def test_batches_are_bounded_by_tokens_with_their_padding():
    echo = Echo()
    run(echo, rows_of(LENGTHS), pad=0)
    assert sum(rows for rows, _ in echo.shapes) == len(LENGTHS)
    assert all(rows * tokens <= BATCH_TOKENS for rows, tokens in echo.shapes)
    assert len(echo.shapes) <= 2 * np.ceil(sum(LENGTHS) / BATCH_TOKENS)  # and they are well filled


def test_a_row_that_is_over_the_bound_by_itself_is_run_alone():
    echo = Echo()
    run(echo, rows_of([BATCH_TOKENS + 1, 1]), pad=0)
    assert echo.shapes == [(1, BATCH_TOKENS + 1), (1, 1)]


def test_rows_are_padded_to_a_multiple_of_what_the_runner_likes():
    echo = Echo(step=16)
    rows = rows_of(LENGTHS)
    for row, (ids, mask_and_types) in zip(rows, run(echo, rows, pad=7), strict=True):
        assert ids.tolist() == list(row.ids) + [7] * (len(ids) - len(row.ids))
        assert np.count_nonzero(mask_and_types) == len(row.ids)
    assert all(tokens % 16 == 0 and rows * tokens <= BATCH_TOKENS for rows, tokens in echo.shapes)
    assert {tokens for _, tokens in echo.shapes} <= {16 * -(-length // 16) for length in LENGTHS}  # and no further


def test_no_rows_run_nothing():
    echo = Echo()
    assert run(echo, [], pad=0) == []
    assert echo.shapes == []


def test_progress_counts_every_row_once():
    told = []
    run(Echo(), rows_of(LENGTHS), pad=0, done=told.append)
    assert sum(told) == len(LENGTHS)


def make():
    """A small torch module with two outputs, a pooled one and one for each token."""
    import torch

    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.table = torch.nn.Embedding(50, 8)

        def forward(self, ids, mask, types):
            tokens = (self.table(ids) + types.unsqueeze(-1)) * mask.unsqueeze(-1)
            return tokens.sum(1) / mask.sum(1, keepdim=True), tokens[..., 0]

    return Small().eval()


def never():
    raise AssertionError("the module was made although its converted form is in the cache")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_converted_model_agrees_with_torch_and_is_not_made_again(cache):
    rows = [
        Row([(number * 7 + place) % 50 for place in range(length)], [0] * length)
        for number, length in enumerate([1, 9, 30, 2])
    ]
    first = run(inference.load("small", make, "openvino", "f32"), rows, pad=0)
    again = run(inference.load("small", never, "openvino", "f32"), rows, pad=0)
    torch = run(inference.load("small", make, "cpu", "f32"), rows, pad=0)
    for row, one, two, three in zip(rows, first, again, torch, strict=True):
        assert len(one) == len(two) == len(three) == 2
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(one[0], three[0], atol=1e-5)
        length = len(row.ids)  # what comes after is padding, of which each has its own
        np.testing.assert_allclose(one[1][:length], three[1][:length], atol=1e-5)
    assert [path.name.split("-")[0] for path in cache.iterdir()] == ["small"]


def test_another_identity_is_another_model(cache):
    inference.load("small", make, "openvino", "f32")
    with pytest.raises(AssertionError, match="although"):
        inference.load("other", never, "openvino", "f32")


def test_another_version_of_the_graph_is_another_model(cache, monkeypatch):
    inference.load("small", make, "openvino", "f32")
    monkeypatch.setattr(inference, "GRAPH", inference.GRAPH + 1)
    with pytest.raises(AssertionError, match="although"):
        inference.load("small", never, "openvino", "f32")
    assert len(list(cache.iterdir())) == 1  # and nothing half-made is left


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta", ""])
def test_a_device_that_is_not_at_hand_is_a_model_error_before_the_module_is_made(cache, device):
    with pytest.raises(ModelError, match=f"the device {device} is not at hand") as caught:
        inference.load("small", never, device)
    assert "\n" not in str(caught.value)


def test_cuda_without_a_gpu_is_a_model_error_that_names_it(cache):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="the device cuda is not at hand"):
        inference.load("small", never, "cuda")


def make_delicate():
    """A module of large numbers whose small differences count: bfloat16 loses them."""
    import torch

    class Delicate(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.table = torch.nn.Embedding.from_pretrained(100 + torch.randn(50, 16) / 10)
            weights = torch.randn(16, 16)
            self.mixed = torch.nn.Linear(16, 16, bias=False)
            self.mixed.weight = torch.nn.Parameter(weights - weights.mean(1, keepdim=True))

        def forward(self, ids, mask, types):
            return self.mixed(self.table(ids) * mask.unsqueeze(-1) + types.unsqueeze(-1))

    return Delicate().eval()


PROBE = [Row(list(range(1, 40)), [0] * 39), Row([3, 1, 4], [0, 0, 1])]


@pytest.fixture
def with_bf16():
    """Skips where the processor has no bfloat16: there nothing is ever less than float32."""
    openvino = pytest.importorskip("openvino")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bfloat16")


def test_a_model_that_bf16_is_too_coarse_for_runs_in_f32_unless_it_is_asked_for(cache, with_bf16):
    assert inference.load("delicate", make_delicate, "openvino", "bf16", PROBE).engine == "openvino bf16"
    chosen = inference.load("delicate", never, "openvino", "auto", PROBE)
    assert chosen.engine == "openvino f32"
    exact = run(inference.load("delicate", make_delicate, "cpu"), PROBE, pad=0)
    for row, one, other in zip(PROBE, run(chosen, PROBE, pad=0), exact, strict=True):
        length = len(row.ids)
        np.testing.assert_allclose(one[0][:length], other[0][:length], atol=1e-3)


def test_a_model_that_bf16_does_for_runs_in_it(cache, with_bf16):
    assert inference.load("small", make, "openvino", "auto", PROBE).engine == "openvino bf16"


def test_what_precision_does_is_found_out_once(cache, with_bf16):
    inference.load("small", make, "openvino", "auto", PROBE)
    (kept,) = cache.rglob("cosine-bf16.json")
    assert inference.AGREEING <= float(kept.read_text()) <= 1.000001
    kept.write_text("0.5")
    assert inference.load("small", never, "openvino", "auto", PROBE).engine == "openvino f32"
    kept.write_text("damaged")
    assert inference.load("small", never, "openvino", "auto", PROBE).engine == "openvino bf16"


@pytest.mark.parametrize("device", ["openvino", "cpu"])
def test_an_unknown_precision_is_a_model_error_before_the_module_is_made(cache, device):
    with pytest.raises(ModelError, match="no precision 'f16'"):
        inference.load("small", never, device, "f16")


def test_a_cache_folder_that_cannot_be_written_is_a_model_error_that_names_it(cache):
    cache.write_text("a file")
    with pytest.raises(ModelError, match=rf"{cache} cannot be written.*QA_CACHE_DIR"):
        inference.load("small", never, "openvino", "f32")


def test_a_damaged_cache_is_an_error_that_says_what_to_delete(cache):
    inference.load("small", make, "openvino", "f32")
    (converted,) = cache.iterdir()
    (converted / "model.xml").write_text("<net")
    with pytest.raises(ModelError, match=f"delete {converted}"):
        inference.load("small", never, "openvino", "f32")


def test_a_converted_model_runs_from_a_place_that_cannot_be_written(cache, without_privileges):
    inference.load("small", make, "openvino", "f32")
    (converted,) = cache.iterdir()
    shutil.rmtree(converted / "compiled")
    converted.chmod(0o500)
    results = []

    def unprivileged():
        without_privileges()
        results.extend(run(inference.load("small", never, "openvino", "f32"), [Row([1, 2], [0, 0])], pad=0))

    thread = threading.Thread(target=unprivileged)
    thread.start()
    thread.join()
    converted.chmod(0o700)
    assert len(results) == 1
    assert not (converted / "compiled").exists()


def test_padding_does_not_change_what_a_row_gives(embedder):
    short, long = "Who spoke?", "The army said that the city was free. " * 25
    alone, beside = embedder.encode([short])[0], embedder.encode([long, short])[1]
    assert alone @ beside > 0.999


def mapped(folder):
    """KiB of the files in a folder that this process holds in its memory, and of how much there is an address."""
    held, size, inside = 0, 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, *values = line.split()
        if not name.endswith(":"):
            inside = str(folder) in line
        elif inside and name == "Rss:":
            held += int(values[0])
        elif inside and name == "Size:":
            size += int(values[0])
    return held, size


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is mapped")
@pytest.mark.parametrize("is_compiled_already", [False, True])
def test_a_loaded_model_does_not_hold_its_file_in_memory_beside_its_weights(cache, is_compiled_already):
    import torch

    class Wide(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.mixed = torch.nn.Embedding(20_000, 64), torch.nn.Linear(64, 64)

        def forward(self, ids, mask, types):
            return self.mixed(self.table(ids) * mask.unsqueeze(-1) + types.unsqueeze(-1))

    if is_compiled_already:
        inference.load("wide", lambda: Wide().eval(), "openvino", "f32")
    runner = inference.load("wide", lambda: Wide().eval(), "openvino", "f32")
    held, size = mapped(cache)
    assert size > 4000  # the table alone has 5,000 KiB
    assert held < size / 10
    rows = [Row([19_999, 5], [0, 0])]
    first, second = run(runner, rows, pad=0), run(runner, rows, pad=0)
    np.testing.assert_array_equal(first[0][0], second[0][0])
    assert np.count_nonzero(first[0][0][:2])  # what was let go of is read again


FIRST_RUN = """
import json, sys
asked = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        asked.append([event, str(arguments[-1])])
        raise OSError("no network here")

sys.addaudithook(watch)
from index.embedder import Embedder
embedder = Embedder(device="openvino")
shape = embedder.encode(["The city has fallen."]).shape
telemetry = sys.modules.get("openvino_telemetry")
json.dump({"asked": asked, "telemetry": str(telemetry), "torch": "torch" in sys.modules, "shape": shape}, sys.stdout)
"""


def test_neither_the_conversion_nor_a_run_reports_usage_or_opens_a_socket(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment["QA_CACHE_DIR"] = str(tmp_path)

    def facts():
        command = [sys.executable, "-c", FIRST_RUN]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return json.loads(ended.stdout.splitlines()[-1])

    wanted = {"asked": [], "telemetry": "None", "shape": [1, 384]}
    assert facts() == wanted | {"torch": True}  # converts
    assert facts() == wanted | {"torch": False}  # from the cache
