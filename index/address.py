"""What a user calls an index, and the store that keeps it: a folder of this machine, or Milvus.

Knows how an address looks. Never knows what a store does.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from index.errors import InputError
from index.local import LocalStore
from index.store import Store

CHECKOUT = Path(__file__).parents[1]

SERVERS = ("http://", "https://")
EMBEDDED = ".db"


def default_index() -> Path:
    """Where the index is unless one is named: `$QA_INDEX_DIR`, `.index` in a clone, else the user's data folder."""
    if named := os.environ.get("QA_INDEX_DIR"):
        return Path(named)
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".index"
    return platformdirs.user_data_path("qa-articles") / "index"


def store_at(address: str | Path) -> Store:
    """The store of that address; nothing is asked of it yet.

    Args:
        address: a folder; or `http://HOST:PORT/COLLECTION` of a Milvus server, `https://` likewise, or a path that
            ends in `.db`, for Milvus inside this process.

    Raises:
        InputError: it is Milvus, and what speaks with it is not installed.
    """
    if not is_milvus(address):
        return LocalStore(Path(address))
    if find_spec("pymilvus") is None:
        raise InputError(f"{address} is kept by Milvus, which needs: pip install 'qa-articles[cluster]'")
    from index.milvus import MilvusStore

    found: Store = MilvusStore(str(address))
    return found


def chosen_store(index_dir: str | Path | None = None, store: str | None = None) -> Store:
    """The store at `chosen_address`; an `index_dir` is a folder whatever it is called. Raises as both of these."""
    address = chosen_address(index_dir, store)
    return LocalStore(Path(index_dir)) if index_dir else store_at(address)


def chosen_address(index_dir: str | Path | None = None, store: str | None = None) -> str:
    """What a user names in one of two ways; by default `$QA_STORE`, else the default index.

    Raises:
        InputError: both are given.
    """
    if index_dir and store:
        raise InputError(f"the index is said to be in {index_dir} and in {store}: give one of --index-dir and --store")
    return str(index_dir or store or os.environ.get("QA_STORE") or default_index())


def is_milvus(address: str | Path) -> bool:
    """Whether that names a server, or the files of one inside this process, rather than a folder of ours."""
    return str(address).startswith(SERVERS) or str(address).endswith(EMBEDDED)
