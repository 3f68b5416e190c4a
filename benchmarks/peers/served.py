"""The chat as it is served: a server of an index, what it answers, and what it takes of memory meanwhile.

Knows the program and its addresses. Never knows what it is compared with.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

APP = Path(__file__).parents[2] / "app.py"


@contextmanager
def serving(index: Path) -> Iterator[tuple[str, int]]:
    """The address of a server of an index that has loaded its models, and the number of its process.

    Raises:
        RuntimeError: it could not load its models.
    """
    command = [sys.executable, str(APP), "--index-dir", str(index), "--port", "0", "--read-only"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
            _wait_until_ready(address)
            yield address, server.pid
        finally:
            server.terminate()


def answered(address: str, question: str) -> dict[str, Any]:
    """What a server answers, as its JSON says it."""
    body = json.dumps({"question": question}).encode()
    request = Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=600) as response:
        said: dict[str, Any] = json.load(response)
    return said


def peak_memory(index: Path, questions: Sequence[str]) -> int:
    """Bytes that a server of an index has taken at most, once it has given its page and answered all questions."""
    with serving(index) as (address, process):
        urlopen(address, timeout=60).read()
        for question in questions:
            answered(address, question)
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _wait_until_ready(address: str) -> None:
    while True:
        try:
            urlopen(f"{address}/readyz", timeout=60).close()
            return
        except HTTPError as answer:
            said = json.load(answer)
        if said["state"] == "failed":
            raise RuntimeError(said["message"])
        time.sleep(0.5)
