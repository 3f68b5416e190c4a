"""Numbers that were fitted for a reader and lie beside it, as plain JSON.

Knows files. Never knows what the numbers mean.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from index.errors import InputError, ModelError
from qa.output import written_beside

Made = TypeVar("Made")


def read_fitted(path: Path, make: Callable[[Mapping[str, Any]], Made]) -> Made:
    """What `make` makes of the numbers.

    Raises:
        ModelError: the file is missing, or `make` finds no use for what is in it.
    """
    try:
        return make(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the fitted numbers in {path} cannot be used ({error}): write them with `qa calibrate`"
        ) from error


def write_fitted(path: Path, numbers: Mapping[str, Any], **notes: object) -> None:
    """Write the numbers, and beside them how they were found.

    Raises:
        InputError: the file cannot be written; the old one is as it was.
    """
    try:
        with written_beside(path) as beside:
            beside.write_text(json.dumps({**numbers, **notes}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
