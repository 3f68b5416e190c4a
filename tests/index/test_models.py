"""A model is found where it is, its weights are known exactly, and nothing that can run code is loaded."""

import hashlib
import shutil
from pathlib import Path

import pytest

from index import models
from index.embedder import installed
from index.errors import ModelError


def test_a_folder_is_taken_as_it_is(tmp_path):
    assert models.find(tmp_path) == models.find(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["./none", "/none/at/all", "~/none", "a/b/c", Path("none"), Path("org/none")])
def test_a_path_that_is_missing_is_an_error_that_names_it(name):
    with pytest.raises(ModelError, match=f"no model folder {name}"):
        models.find(name)


@pytest.mark.parametrize("name", ["surely-nobody/has-this-model", "not a name", "a--b..c"])
def test_a_name_the_hub_cannot_give_is_a_model_error_in_one_line(name):
    with pytest.raises(ModelError, match="neither a folder nor a model the hub gives") as caught:
        models.find(name)
    assert "\n" not in str(caught.value)


def test_a_bare_hub_name_is_asked_for_under_its_owner(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: asked.append(name) or str(tmp_path))
    for name, owner in (("all-mpnet-base-v2", "owner"), ("other/model", "owner"), ("bare", "")):
        assert models.find(name, owner) == tmp_path
    assert asked == ["owner/all-mpnet-base-v2", "other/model", "bare"]


def test_the_digest_of_one_file_is_its_sha256(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert models.weights_digest(tmp_path) == known


def test_the_digest_of_shards_is_that_of_all_in_the_order_of_their_names(tmp_path):
    (tmp_path / "model-2.safetensors").write_bytes(b"bc")
    (tmp_path / "model-1.safetensors").write_bytes(b"a")
    assert models.weights_digest(tmp_path) == hashlib.sha256(b"abc").hexdigest()


def test_the_installed_embedder_has_the_official_weights():
    known = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert models.weights_digest(installed()) == known


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pkl", "model.pt"])
def test_weights_that_can_run_code_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelError, match=r"no \.safetensors"):
        models.weights_digest(tmp_path)


def test_a_tokenizer_neither_pads_nor_truncates_whatever_its_file_says():
    tokenizer = models.tokenizer(installed())
    short, long = tokenizer.encode_batch(["one", "one " * 1000])
    assert (len(short.ids), len(long.ids)) == (3, 1002)


def test_a_missing_or_damaged_tokenizer_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="no tokenizer"):
        models.tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged"):
        models.tokenizer(tmp_path)


def test_a_slow_tokenizer_is_converted_to_the_same_fast_one(tmp_path):
    for name in ("vocab.txt", "config.json", "tokenizer_config.json"):
        shutil.copy(installed() / name, tmp_path)
    text = "General Ali Mayhoub’s Élysée; 17 km"
    assert models.tokenizer(tmp_path).encode(text).ids == models.tokenizer(installed()).encode(text).ids


def test_a_json_file_is_read_missing_ones_are_empty_and_others_an_error(tmp_path):
    assert models.read_json(tmp_path, "none.json") == {}
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert models.read_json(tmp_path, "a.json") == {"a": 1}
    for content, problem in (("{", "is damaged"), ("[1]", "is not a JSON object")):
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(ModelError, match=problem):
            models.read_json(tmp_path, "a.json")
