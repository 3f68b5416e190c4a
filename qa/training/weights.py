"""Files of weights, written so that none is ever half there.

Knows tensors and files. Never knows what the weights are of.
"""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from qa.output import written_beside


def write_weights(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write the file whole, or not at all.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    try:
        with written_beside(path) as beside:
            save_file({name: value.contiguous() for name, value in tensors.items()}, beside, metadata)
    except (OSError, SafetensorError) as error:
        raise OSError(f"{path} cannot be written ({error})") from error
