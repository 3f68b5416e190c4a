"""Builds indexes in children that are killed, or whose writes fail; a process of its own, spoken to in JSON lines.

Warmed once and forked for each build, so that hundreds take seconds. An order names `articles`,
`index`, and what is to happen to the build; the reply says how it ended:

    kill    [stage, seconds]: SIGKILL that long after the build has come to the stage
    limit   no file may grow beyond so many bytes (RLIMIT_FSIZE)
    pages   SQLite finds the disk full at so many pages (PRAGMA max_page_count)
    mortal  the build has no privileges: a superuser's too is stopped by a file's mode
"""

import json
import os
import resource
import signal
import sqlite3
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import WordEmbedder, give_up_privileges

import index.build
import index.workers
from index.errors import QAError

index.workers.EMBED_AT_ONCE = 4  # several commits of cached vectors, as a large build has


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(ordered(json.loads(line))), flush=True)


def ordered(order: dict) -> dict:
    """Fork a build, kill it if that is ordered, and say how it ended and when it came to which stage."""
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        os.close(receive)
        os.write(send, _built(order, send).encode())
        os._exit(0)
    os.close(send)
    started, stages, said = time.perf_counter(), {}, ""
    stage, seconds = order.get("kill") or (None, 0)
    with os.fdopen(receive) as lines:
        for line in lines:
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "end":
                said = json.loads(rest)
            else:
                stages[kind] = time.perf_counter() - started
            if kind == stage:
                time.sleep(seconds)
                os.kill(child, signal.SIGKILL)
                stage = None
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"status": status, "said": said, "stages": stages, "seconds": time.perf_counter() - started}


def _built(order: dict, send: int) -> str:
    """What became of the build: nothing to say, the error as a person sees it, or the trace of one never meant."""
    told = set()

    def progress(stage: str, done: int, total: int) -> None:
        stage = "publishing" if done == total and stage == "embedding" else stage
        if stage not in told:
            told.add(stage)
            os.write(send, f"{stage}\n".encode())

    os.write(send, b"start\n")
    try:
        _hinder(order)
        index.build.build([Path(order["articles"])], Path(order["index"]), WordEmbedder(), progress)
        said = ""
    except QAError as error:
        said = f"{type(error).__name__}: {error}"
    except BaseException:
        said = traceback.format_exc()
    return f"end {json.dumps(said)}\n"


def _hinder(order: dict) -> None:
    if order.get("mortal"):
        give_up_privileges()
    if limit := order.get("limit"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead of the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if pages := order.get("pages"):
        connect = sqlite3.connect

        def small(*arguments, **options):
            connection = connect(*arguments, **options)
            connection.execute(f"PRAGMA max_page_count = {pages}")
            return connection

        sqlite3.connect = small


if __name__ == "__main__":
    main()
