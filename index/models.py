"""Find a model's folder by path or hub name, and say exactly which weights it holds.

Knows folders, file digests and the hub. Never knows what a model computes. The hub is asked
only for a name that the user gave; only safetensors weights are taken.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from index.errors import ModelError

_WANTED = ["*.safetensors", "*.json", "*.txt", "*.model"]


def find(name: str | Path, owner: str = "") -> Path:
    """The folder of a model: a local path as it is, otherwise the hub's copy of that name.

    Args:
        name: a folder or a hub name.
        owner: whose model a hub name without an owner is.

    Raises:
        ModelError: there is no such folder and the hub does not have it or is not in reach.
    """
    if Path(name).is_dir():
        return Path(name)
    if isinstance(name, Path) or str(name).startswith((".", "/", "~")) or str(name).count("/") > 1:
        raise ModelError(f"there is no model folder {name}")
    import huggingface_hub

    if owner and "/" not in name:
        name = f"{owner}/{name}"
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=_WANTED))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{name} is neither a folder nor a model the hub gives ({reason})") from error


def weights_digest(folder: Path) -> str:
    """SHA-256 of the safetensors weights, of all shards in the order of their names.

    Raises:
        ModelError: the folder holds none.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no .safetensors weights (other formats are not loaded, as they can run code)")
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def tokenizer(folder: Path) -> Tokenizer:
    """The model's fast tokenizer, without padding or truncation.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    path = folder / "tokenizer.json"
    if path.exists():
        try:
            found = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelError(f"{path} is damaged: {error}") from error
    else:
        found = _converted_tokenizer(folder)
    found.no_padding()
    found.no_truncation()
    return found


def _converted_tokenizer(folder: Path) -> Tokenizer:
    from transformers import AutoTokenizer

    try:
        # said, as left unset it asks on the terminal
        slow_or_fast = AutoTokenizer.from_pretrained(
            folder, use_fast=True, local_files_only=True, trust_remote_code=False
        )
        found = Tokenizer.from_str(slow_or_fast.backend_tokenizer.to_str())
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder} holds no tokenizer that can be used: {error}") from error
    if found.get_vocab_size() < 20:  # without a vocabulary transformers makes one of its special tokens alone
        raise ModelError(f"{folder} holds no tokenizer: there is neither a tokenizer.json nor a vocabulary")
    return found


def quiet_transformers() -> None:
    """Import transformers without its bars and remarks: what a user must know is said by our own errors."""
    from transformers.utils import logging as remarks

    logging: Any = remarks
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """A model's JSON file as a dictionary; empty where there is none.

    Raises:
        ModelError: it is not a JSON object.
    """
    path = folder / name
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a JSON object")
    return content
