"""Vectors are of unit length, the same on every engine, and named by the weights they come from."""

import re
import shutil
from itertools import pairwise

import numpy as np
import pytest

from index.embedder import Embedder, installed
from index.errors import ModelError

TEXTS = [
    "Who is the spokesman of the Syrian army?",
    "City.",
    "General Ali Mayhoub said on Friday that the city of Deir el-Zour was liberated.",
    "The Élysée; naïve, 東京 and \u200b emoji 🙂",
    "The river was crossed by night, and the border was closed. " * 12,
    "word " * 600,
    "",
]


def test_vectors_are_float32_rows_of_unit_length_in_order(embedder):
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert embedder.encode([text])[0] @ vector > 0.999


def test_texts_of_one_meaning_are_nearer_than_others(embedder):
    army, troops, cake = embedder.encode(["The army took the city.", "Troops captured the town.", "Bake the cake."])
    assert army @ troops > army @ cake + 0.3


def test_the_identity_names_the_model_and_its_weights(embedder):
    assert embedder.identity == "all-MiniLM-L6-v2@53aa51172d14"
    assert embedder.max_tokens == 256


def test_another_copy_of_the_model_is_known_by_its_own_name_and_the_same_weights(tmp_path):
    copy = tmp_path / "my-model"
    copy.symlink_to(installed())
    assert Embedder(copy).identity == "my-model@53aa51172d14"


def test_the_folder_one_is_in_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "my-model").symlink_to(installed())
    monkeypatch.chdir(installed())
    assert Embedder(".").identity == f"{installed().name}@53aa51172d14"
    monkeypatch.chdir(tmp_path)
    assert Embedder("./my-model/").identity == "my-model@53aa51172d14"


def test_a_bare_hub_name_is_a_sentence_transformers_model(monkeypatch):
    asked = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: asked.append(name) or str(installed()))
    assert Embedder("all-mpnet-base-v2").identity == "all-mpnet-base-v2@53aa51172d14"
    assert asked == ["sentence-transformers/all-mpnet-base-v2"]


def test_what_is_over_the_window_is_left_out_and_what_is_within_is_not(embedder):
    window = "word " * (embedder.max_tokens - 2)  # two special tokens
    full, over, short = embedder.encode([window, window + "Something else stands here.", "word " * 100 + "else"])
    assert full @ over > 0.9999
    assert full @ short < 0.9999


def test_the_converted_model_agrees_with_torch_whatever_the_batch_and_length():
    converted, torch = Embedder(device="openvino"), Embedder(device="cpu")
    texts = TEXTS + [" ".join(TEXTS[2].split()[:count]) for count in range(1, 14)]
    wanted = torch.encode(texts)
    for size in (1, 3, len(texts)):
        found = np.concatenate([converted.encode(texts[i : i + size]) for i in range(0, len(texts), size)])
        assert (found * wanted).sum(1).min() >= 0.999
    assert converted.engine.startswith("openvino")
    assert torch.engine == "torch cpu f32"


def test_the_precision_chosen_here_finds_the_neighbours_that_float32_finds(seeds):
    sentences = [line for path in sorted(seeds.glob("*.txt")) for line in re.split(r"(?<=[.!?])\s+", path.read_text())]
    exact, chosen = Embedder(device="openvino", precision="f32").encode(sentences), Embedder().encode(sentences)
    assert (exact * chosen).sum(1).min() >= 0.9999

    def neighbours(vectors):
        return [set(row.tolist()) for row in np.argsort(-(vectors @ vectors.T), axis=1)[:, :10]]

    shared = [len(one & other) / 10 for one, other in zip(neighbours(exact), neighbours(chosen), strict=True)]
    assert len(shared) > 100
    assert np.mean(shared) >= 0.99


def test_token_offsets_are_places_in_the_text_not_cut_off_and_without_special_tokens(embedder):
    text = "Brig. Gen. Rasool’s naïve plan " * 100
    (offsets,) = embedder.token_offsets([text])
    assert len(offsets) > embedder.max_tokens
    assert "".join(text[start:end] for start, end in offsets) == "".join(text.split())
    assert all(end <= start for (_, end), (start, _) in pairwise(offsets))
    assert embedder.token_offsets([]) == []
    assert embedder.token_offsets([""]) == [[]]


def test_progress_counts_every_text_once(embedder):
    told = []
    embedder.encode(TEXTS, told.append)
    assert sum(told) == len(TEXTS)


def test_a_folder_that_is_missing_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="no model folder"):
        Embedder(tmp_path / "none")


def test_a_folder_without_safetensors_is_a_model_error(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelError, match=r"no \.safetensors"):
        Embedder(tmp_path)


def test_a_folder_with_weights_but_no_model_is_a_model_error(tmp_path):
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(installed() / name, tmp_path)
    with pytest.raises(ModelError, match="is not a sentence-transformers model"):
        Embedder(tmp_path, device="cpu").encode(["text"])


def test_damaged_weights_are_a_model_error(tmp_path):
    shutil.copytree(installed(), tmp_path / "damaged")
    content = (tmp_path / "damaged" / "model.safetensors").read_bytes()
    (tmp_path / "damaged" / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="is not a sentence-transformers model"):
        Embedder(tmp_path / "damaged", device="cpu").encode(["text"])


def test_weights_of_another_shape_are_a_model_error(tmp_path):
    shutil.copytree(installed(), tmp_path / "other")
    config = (installed() / "config.json").read_text()
    (tmp_path / "other" / "config.json").write_text(
        config.replace('"intermediate_size": 1536', '"intermediate_size": 768')
    )
    with pytest.raises(ModelError, match="is not a sentence-transformers model"):
        Embedder(tmp_path / "other", device="cpu").encode(["text"])
