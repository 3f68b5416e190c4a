"""The page's own files: what is uploaded to it, in a folder that is gone with the server.

Knows their sizes and ages. Never knows what a file holds, nor who sent it.

Gradio would delete what it took to the end, and forgets what a client broke off; so what is old goes, whatever it is.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

SWEEP, KEPT = 3600.0, 2 * 3600.0
"""Seconds between looks at the files, and until one that is old is deleted."""


def held(folder: Path) -> int:
    """How many bytes the files of the folder have; one that goes meanwhile has none."""
    total = 0
    for path in _below(folder):
        with suppress(OSError):
            total += 0 if path.is_dir() else path.lstat().st_size
    return total


def sweep(folder: Path, kept: float) -> None:
    """Delete what nothing has happened to for `kept` seconds; a folder goes once it has been empty for so long."""
    oldest = time.time() - kept
    for path in _below(folder):
        with suppress(OSError):  # it went by itself, or is a folder that is in use
            if path.lstat().st_ctime < oldest:
                path.rmdir() if path.is_dir() else path.unlink()


@asynccontextmanager
async def swept(folder: Path, forget: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    """Every now and then inside, what is old is deleted, and whoever remembers files may `forget` them."""
    sweeping = asyncio.create_task(_sweep_on(folder, forget))
    try:
        yield
    finally:
        sweeping.cancel()


async def _sweep_on(folder: Path, forget: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(SWEEP)
        await asyncio.to_thread(sweep, folder, KEPT)
        forget()


def _below(folder: Path) -> Iterator[Path]:
    """All that is in a folder before the folder itself; not by `Path.rglob`, which fails where one goes meanwhile."""
    for place, folders, files in os.walk(folder, topdown=False):
        yield from (Path(place, name) for name in (*files, *folders))
