"""Questions asked from an event loop: a thread waits for each, and whoever goes takes the question along.

Knows threads and tasks. Never knows who asks, or in what language of the wire.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio
import anyio.to_thread
from anyio.lowlevel import EventLoopToken, current_token

from index.errors import QAError
from index.store import EVERYTHING, Filter
from qa.answer import Answer, NoAnswer
from qa.dialogue import Turn
from web.engine import Engine

Done = TypeVar("Done")

THREADS = 512
"""More than questions may wait: one that is too many is to be told so, not to wait here for a thread."""

_threads: "WeakKeyDictionary[EventLoopToken, anyio.CapacityLimiter]" = WeakKeyDictionary()


class Gone(QAError):
    """Whoever asked does not wait for the answer any more."""


async def ask(
    engine: Engine,
    question: str,
    history: Sequence[Turn] = (),
    allowed: Filter = EVERYTHING,
    min_confidence: float | None = None,
) -> Answer | NoAnswer:
    """What `Engine.ask` says; a full queue is told at once, and a cancelled question is not read.

    Raises:
        QAError: as `Engine.ask`.
    """
    pending = engine.submit(question, history, allowed)
    try:
        return await apart(lambda: engine.decide(engine.result(pending), min_confidence))
    except anyio.get_cancelled_exc_class():
        pending.give_up()
        pending.ends_with(Gone("whoever asked has gone"))  # for the thread that waits
        raise


async def apart(work: Callable[[], Done]) -> Done:
    """Do work in a thread; not one of the page's, so that neither keeps the other from being told that it is busy."""
    limiter = _threads.setdefault(current_token(), anyio.CapacityLimiter(THREADS))
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)
