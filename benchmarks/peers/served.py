"""The chat as it is served: what it takes of memory while it answers.

Knows the program and its addresses. Never knows what it is compared with.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

APP = Path(__file__).parents[2] / "app.py"


def peak_memory(index: Path, questions: Sequence[str]) -> int:
    """Bytes that a server of an index has taken at most, once it has given its page and answered all questions.

    Raises:
        RuntimeError: it could not load its models.
    """
    command = [sys.executable, str(APP), "--index-dir", str(index), "--port", "0", "--read-only"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
            _wait_until_ready(address)
            urlopen(address, timeout=60).read()
            for question in questions:
                body = json.dumps({"question": question}).encode()
                request = Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
                urlopen(request, timeout=600).read()
            lines = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8").splitlines()
        finally:
            server.terminate()
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
