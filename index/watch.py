"""Follow folders of articles: build again whenever something in them has changed, until told to stop.

Knows when to build. Never knows how, or what becomes of it.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import watchfiles

from index.errors import QAError
from index.sources import SIDECAR

QUIET_MS, LATEST_MS = 300, 3000
"""A build begins once nothing has changed for so long, or so long after the first of changes that do not end."""

TICK_MS = 500
"""How long until it is seen that a folder itself has come, gone or been replaced, or that watching is to stop."""

RETRY_SECONDS = 10.0
"""How long until a build that failed is tried again though nothing has changed: the disk may have room now."""

# Hidden files, and what editors, office programs and downloads keep beside the file for a while.
TEMPORARY = re.compile(r"\..*|.*~|~\$.*|#.*#|.*\.(sw[a-z]|tmp|temp|part|crdownload)|4913", re.IGNORECASE)


def watch(
    paths: Sequence[Path],
    folder: Path,
    build: Callable[[], object],
    failed: Callable[[QAError], object],
    stop: threading.Event,
) -> None:
    """Call `build` at once and again after each change of what is under `paths`, until `stop` is set.

    Changes close together make one build, and those during a build are followed by another. An
    error of a later build is told to `failed`, once while it stays the same, and the build is tried
    again. Changes in the index folder, of hidden files and of temporary ones are passed over.

    Raises:
        QAError: what the first build raises; it is most likely the paths or the index that are wrong.
    """
    is_first, is_due, not_before, told = True, True, 0.0, ""
    for has_changed in _changes([path.resolve() for path in paths], folder.resolve(), stop):
        if has_changed:
            is_due, not_before = True, 0.0
        if not is_due or time.monotonic() < not_before:
            continue
        try:
            build()
            is_due, told = False, ""
        except QAError as error:
            if is_first:
                raise
            if str(error) != told:
                failed(error)
            told, not_before = str(error), time.monotonic() + RETRY_SECONDS
        is_first = False


def is_followed(path: Path, roots: Sequence[Path], folder: Path) -> bool:
    """Whether a build could read another text now that a path has changed; all of them are absolute."""
    if path.is_relative_to(folder):
        return False
    for root in roots:
        if path in (root, root.parent / SIDECAR):
            return True
        if path.is_relative_to(root) and not any(TEMPORARY.fullmatch(part) for part in path.relative_to(root).parts):
            return True
    return False


def _changes(roots: Sequence[Path], folder: Path, stop: threading.Event) -> Iterator[bool]:
    """Whether something has changed, again and again; first when the watch is on, so that nothing escapes it."""
    seen: _Identities | None = None
    while not stop.is_set():
        # A file is watched by its folder, as programs replace a file rather than write into it.
        present = [place for root in roots if (place := root if root.is_dir() else root.parent).is_dir()]
        before, seen = seen, _identities(roots)
        if not present:
            yield seen != before
            stop.wait(TICK_MS / 1000)
            continue
        is_another = seen != before
        for changed in watchfiles.watch(
            *present,
            watch_filter=lambda _, path: is_followed(Path(path), roots, folder),
            debounce=LATEST_MS,
            step=QUIET_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            recursive=any(root.is_dir() for root in roots),
            ignore_permission_denied=True,
        ):
            yield bool(changed) or is_another
            is_another = False
            if _identities(roots) != seen:  # what is watched may not be what bears the name now
                break


_Identities = list[tuple[int, int] | None]


def _identities(roots: Sequence[Path]) -> _Identities:
    """What stands at each folder's name, if anything does; a file may be replaced at any time."""
    found: _Identities = []
    for root in roots:
        try:
            facts = root.stat()
        except OSError:
            found.append(None)
            continue
        found.append((facts.st_dev, facts.st_ino) if root.is_dir() else (0, 0))
    return found
