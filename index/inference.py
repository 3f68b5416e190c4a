"""Run a transformer encoder fast on this machine: OpenVINO on CPUs, torch on GPUs or where there is no OpenVINO.

Knows batches of token ids and named model outputs. Never knows what the outputs mean.

A model is handed over as an identity and a function that makes its torch module. With
OpenVINO the module is made once, converted, and kept in the cache folder under its identity;
from then on torch is not imported at all.
"""

import ctypes
import json
import mmap
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import platformdirs
from rich.console import Console

from index.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

Array = npt.NDArray[Any]

BATCH_TOKENS = 4096
"""Most tokens in a batch of torch's, padding counted."""

SMALL_BATCH_TOKENS = 2048
"""The same for OpenVINO: a CPU is no faster with more of them, and what it computes between takes 16 KiB for each."""

STEP = 16
"""Of what number of tokens OpenVINO is given multiples. For each shape of a batch it makes kernels, in some 9 ms,
and keeps them, some 1 MiB: with few shapes both are soon over."""

GRAPH = 2
"""Part of the cache's key: raise it when the graph of a model, here or in `qa`, changes or is converted otherwise."""

PRECISIONS = ("auto", "f32", "bf16")

AGREEING = 0.9999
"""Least cosine between a row's outputs and those in float32 at which a faster precision is used unasked."""


@dataclass(frozen=True, slots=True)
class Row:
    """One encoded input: its token ids and, of the same length, their segment types."""

    ids: Sequence[int]
    types: Sequence[int]


class Runner(Protocol):
    """A model ready to run: three int64 arrays of shape (rows, tokens) in, its outputs out.

    A batch is best of at most `batch_tokens`, padding counted, and its rows of a multiple of `step` tokens.
    """

    engine: str
    batch_tokens: int
    step: int

    def __call__(self, ids: Array, mask: Array, types: Array) -> list[Array]: ...


def load(
    identity: str,
    make: Callable[[], "nn.Module"],
    device: str = "auto",
    precision: str = "auto",
    probe: Sequence[Row] = (),
) -> Runner:
    """Make a model ready on `device`.

    Args:
        identity: names the kind of model and its weights; with `GRAPH` the key of the cache.
        make: makes the torch module, called with (ids, mask, types); only called where needed.
        device: "auto" (a CUDA GPU if one is at hand, else OpenVINO on the CPU), "openvino",
            or a torch device such as "cpu", "cuda" or "mps".
        precision: "f32"; "bf16", where the chip has it; or "auto" for what the chip does fastest.
        probe: inputs like those to come. With OpenVINO "auto" means float32 unless every one of them
            gives what it gives in float32, to a cosine of `AGREEING`. That is found out once.

    Raises:
        ModelError: the device or the precision is none of these or is not at hand, the module
            cannot be made, or the cache folder cannot be written.
    """
    if precision not in PRECISIONS:
        raise ModelError(f"there is no precision {precision!r}; it is one of {', '.join(PRECISIONS)}")
    if device == "auto":
        device = _best_device()
    elif device != "openvino":
        _check_torch_device(device)
    if device == "openvino":
        return _precise(_converted(identity, make), precision, probe)
    return _TorchRunner(make(), device, precision)


def run(
    runner: Runner,
    rows: Sequence[Row],
    pad: int,
    done: Callable[[int], None] | None = None,
    kept: Callable[[int, list[Array]], Any] = lambda _, outputs: outputs,
) -> list[Any]:
    """Run all rows in batches of like length; for each row, in the order given, its outputs.

    Outputs keep the padding of their batch at the end. `done` is told how many rows each
    finished batch held. `kept` makes of a row's number and outputs what is kept in their place.
    """
    results: list[Any] = [None] * len(rows)
    padded = [-(-len(row.ids) // runner.step) * runner.step for row in rows]
    for numbers in _batches(padded, runner.batch_tokens):
        shape = (len(numbers), padded[numbers[0]])
        ids, mask, types = np.full(shape, pad, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for line, number in enumerate(numbers):
            length = len(rows[number].ids)
            ids[line, :length], types[line, :length], mask[line, :length] = rows[number].ids, rows[number].types, 1
        outputs = runner(ids, mask, types)
        for line, number in enumerate(numbers):
            results[number] = kept(number, [output[line] for output in outputs])
        if done:
            done(len(numbers))
    return results


def cache_folder() -> Path:
    """Where converted models are kept: `$QA_CACHE_DIR`, else the user's cache folder."""
    return Path(os.environ.get("QA_CACHE_DIR") or platformdirs.user_cache_path("qa-articles"))


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Row numbers, longest first, grouped so that a batch padded to its longest has at most so many tokens."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _best_device() -> str:
    if Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi"):
        import torch

        if torch.cuda.is_available():
            return "cuda"
    return "openvino" if _openvino() else "cpu"


def _check_torch_device(device: str) -> None:
    """Refuse what torch does not know or cannot compute on here, before a model is read for it."""
    import torch

    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, ImportError) as error:  # whichever it is depends on how torch was built
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"the device {device} is not at hand ({reason}); choose auto, openvino or cpu") from error


@lru_cache(maxsize=1)
def _openvino() -> Any:
    """The openvino module, or None where it is not installed."""
    try:
        with _no_telemetry():
            import openvino
    except ImportError:
        return None
    return openvino


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Import OpenVINO without its usage reports: with the reporter absent it takes its own silent stand-in."""
    modules: dict[str, Any] = sys.modules
    before = modules.get("openvino_telemetry")
    modules["openvino_telemetry"] = None
    try:
        yield
    finally:
        modules["openvino_telemetry"] = before


def _converted(identity: str, make: Callable[[], "nn.Module"]) -> Path:
    """The cached OpenVINO form of a model, converted now if it is not there."""
    openvino = _openvino()
    if openvino is None:
        raise ModelError("OpenVINO is not installed: run `pip install openvino`, or choose --device cpu")
    folder = cache_folder() / f"{identity}-g{GRAPH}-ov{openvino.__version__.split('-')[0]}"
    if not (folder / "model.xml").exists():
        working = Console(stderr=True).status("preparing a model for this machine, once")
        with _new_folder(folder.parent) as beside, working:
            _convert(make(), beside / "model.xml")
            with suppress(OSError):  # another process was quicker
                beside.rename(folder)
    return folder / "model.xml"


@contextmanager
def _new_folder(cache: Path) -> Iterator[Path]:
    """A folder in the cache to write to; it is gone afterwards unless it was renamed."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=cache))
    except OSError as error:
        raise _unwritable(cache, error.strerror) from error
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _unwritable(cache: Path, reason: object) -> ModelError:
    return ModelError(f"the cache folder {cache} cannot be written ({reason}): set QA_CACHE_DIR to one that can")


def _convert(module: "nn.Module", path: Path) -> None:
    """Trace the module for any number of rows and tokens, and write it to `path`."""
    import torch

    openvino = _openvino()
    ids = torch.ones((2, 8), dtype=torch.int64)
    mask = torch.tensor([[1] * 8, [1] * 5 + [0] * 3])
    with torch.inference_mode(), _no_telemetry(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of shapes taken for constants; a test compares the outputs
        model = openvino.convert_model(module, example_input=(ids, mask, torch.zeros_like(ids)))
    model.reshape({tensor: [-1, -1] for tensor in model.inputs})
    try:
        openvino.save_model(model, path, compress_to_fp16=False)
    except (OSError, RuntimeError) as error:
        raise _unwritable(path.parent.parent, error) from error


def _precise(path: Path, precision: str, probe: Sequence[Row]) -> "_OpenVINORunner":
    """The converted model in that precision; for "auto" in float32 where the chip's own choice is too coarse."""
    runner = _OpenVINORunner(path, precision)
    if precision not in ("auto", runner.precision):
        raise ModelError(f"this processor has no {precision}: choose the precision auto or f32")
    if precision != "auto" or runner.precision == "f32" or not probe:
        return runner
    kept = path.parent / f"cosine-{runner.precision}.json"
    try:
        cosine = float(json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        cosine = _least_cosine(runner, _OpenVINORunner(path, "f32"), probe)
        with suppress(OSError):  # as in a read-only image: it is found out again at the next start
            kept.write_text(json.dumps(cosine), encoding="utf-8")
    return runner if cosine >= AGREEING else _OpenVINORunner(path, "f32")


def _least_cosine(one: Runner, other: Runner, rows: Sequence[Row]) -> float:
    """Of all rows and outputs the least cosine between what two runners give; 0 where that is not a number."""
    alone = [(np.array([row.ids]), np.ones((1, len(row.ids)), np.int64), np.array([row.types])) for row in rows]
    outputs = ((one(*row), other(*row)) for row in alone)  # without padding, as what comes of that means nothing
    pairs = [(mine.ravel(), theirs.ravel()) for given in outputs for mine, theirs in zip(*given, strict=True)]
    cosines = [float(mine @ theirs / (np.linalg.norm(mine) * np.linalg.norm(theirs))) for mine, theirs in pairs]
    return min(cosine if np.isfinite(cosine) else 0.0 for cosine in cosines)


class _OpenVINORunner:
    batch_tokens, step = SMALL_BATCH_TOKENS, STEP

    def __init__(self, path: Path, precision: str) -> None:
        openvino = _openvino()
        options = {"PERFORMANCE_HINT": "LATENCY"}
        if os.access(path.parent, os.W_OK):  # else, as in a read-only image, it is compiled at each start
            options["CACHE_DIR"] = str(path.parent / "compiled")
        if precision != "auto":
            options["INFERENCE_PRECISION_HINT"] = precision
        if (threads := os.environ.get("OMP_NUM_THREADS", "")).isdecimal():  # the share of one of several processes
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            compiled = openvino.Core().compile_model(path, "CPU", options)
        except RuntimeError as error:
            raise ModelError(f"{path} cannot be compiled ({error}): delete {path.parent} to convert it anew") from error
        self.precision: str = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self.engine = f"openvino {self.precision}"
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()  # one request holds one set of buffers
        first = np.zeros((1, STEP), np.int64)
        self(first, first + 1, first)  # by now it has weights of its own, in the order that its kernels like
        _unload(path.parent.resolve())

    def __call__(self, ids: Array, mask: Array, types: Array) -> list[Array]:
        with self._lock:
            outputs = self._request.infer([ids, mask, types])
            return [np.asarray(outputs[i], np.float32) for i in range(len(outputs))]


def _unload(folder: Path) -> None:
    """Let go of the pages of memory-mapped files in a folder; one that is read again is the system's cache's.

    OpenVINO maps a model's file, weights in float32, for as long as the model lives, though of all that it reads
    only the word vectors once it has begun. Does nothing where the system is not Linux.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    for line in maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        span, rights, _, _, _, *name = line.split(maxsplit=5)
        if "w" not in rights and name and Path(name[0]).is_relative_to(folder):
            start, end = (int(part, 16) for part in span.split("-"))
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


class _TorchRunner:
    batch_tokens, step = BATCH_TOKENS, 1

    def __init__(self, module: "nn.Module", device: str, precision: str) -> None:
        import torch

        self._torch, self._device = torch, torch.device(device)
        half = precision == "bf16" or (precision == "auto" and self._device.type == "cuda")
        self._module = module.eval().to(self._device, torch.bfloat16 if half else torch.float32)
        self.engine = f"torch {device} {'bf16' if half else 'f32'}"

    def __call__(self, ids: Array, mask: Array, types: Array) -> list[Array]:
        with self._torch.inference_mode():
            inputs = (self._torch.from_numpy(array).to(self._device) for array in (ids, mask, types))
            outputs = self._module(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return [output.float().cpu().numpy() for output in outputs]
