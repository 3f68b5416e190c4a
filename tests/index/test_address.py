"""What a user calls an index leads to the store that keeps it."""

import sys
from pathlib import Path

import pytest

from index.address import chosen_store, default_index, store_at
from index.errors import InputError
from index.local import LocalStore


@pytest.mark.parametrize("address", ["some/folder", "~/x", "C:/index", "db", "http", Path("some/folder")])
def test_a_folder_is_a_store_of_this_machine(address):
    store = store_at(address)
    assert isinstance(store, LocalStore)
    assert store.folder == Path(address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:19530/news", "https://milvus.example/news", "news.db"])
def test_milvus_without_what_speaks_with_it_is_refused_in_one_line_that_names_the_extra(address, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)  # so Python is told that there is no such module
    with pytest.raises(InputError, match=r"pip install 'qa-articles\[cluster\]'") as caught:
        store_at(address)
    assert address in str(caught.value) and "\n" not in str(caught.value)


def test_an_index_is_named_once(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="give one of --index-dir and --store"):
        chosen_store(tmp_path, "http://127.0.0.1:19530/news")
    monkeypatch.setenv("QA_INDEX_DIR", str(tmp_path / "default"))
    assert chosen_store().folder == default_index() == tmp_path / "default"
    monkeypatch.setenv("QA_STORE", str(tmp_path / "stored"))
    assert chosen_store().folder == tmp_path / "stored"
    assert chosen_store(store=str(tmp_path / "other")).folder == tmp_path / "other"
    assert chosen_store(tmp_path / "index.db").folder == tmp_path / "index.db"  # a folder, whatever it is called


def test_a_password_in_an_address_is_not_told(monkeypatch, tmp_path):
    monkeypatch.setenv("QA_WORK_DIR", str(tmp_path))
    store = store_at("http://reader:secret@127.0.0.1:19530/news")
    assert store.address == "http://127.0.0.1:19530/news"
