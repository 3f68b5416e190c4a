"""Files of weights, written so that none is ever half there.

Knows tensors and files. Never knows what the weights are of.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


def write_weights(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write beside the file and move over it, so that a killed run leaves the old one whole.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        save_file({name: value.contiguous() for name, value in tensors.items()}, beside, metadata)
        os.replace(beside, path)
    except (OSError, SafetensorError) as error:
        if beside.is_file():
            beside.unlink()  # half a file is of no use, and on a full disk it takes the room
        raise OSError(f"{path} cannot be written ({error})") from error
