"""Vectors are of unit length, the same on every engine, and named by the weights they come from."""

import json
import re
import shutil
from itertools import pairwise

import numpy as np
import pytest

from index.embedder import Embedder, Parted, directions, installed, nearest, read_directions
from index.errors import ModelError
from index.passages import sentences

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


ARTICLE = (
    "Weather\nRain fell on the coast all week. City. The mayor of Split, Ana Horvat, opened a new library in March. "
    "Ferries to the islands will run twice a day. Tickets cost nine euros."
)


def parted(text):
    return Parted(text, tuple(sentences(text, text.index("\n") + 1)))


def test_a_text_and_its_sentences_are_embedded_in_one_pass(embedder):
    texts = [parted(ARTICLE), Parted("No sentence is named."), parted("\n" + TEXTS[4] * 30)]
    one, other, long = embedder.embed(texts)
    assert (np.stack([one.vector, other.vector, long.vector]) == embedder.encode([t.text for t in texts])).all()
    said = [ARTICLE[s:e] for s, e in texts[0].sentences]
    assert len(said) == 5 and "City." in said
    assert one.sentences.shape == (4, 384) and one.sentences.dtype == np.int8
    assert other.sentences.shape == (0, 384)
    assert 0 < len(long.sentences) < len(texts[2].sentences)  # the rest is over the window
    assert (np.abs(one.sentences).max(1) == 127).all()


def test_a_question_is_nearest_to_the_sentence_that_answers_it(embedder):
    (embedded,) = embedder.embed([parted(ARTICLE)])
    questions = ("Did it rain on the coast?", "Who opened the library?", "How often do the ferries run?")
    for place, vector in enumerate(embedder.encode(questions)):
        cosines = nearest(vector, {i: embedded.sentences[i : i + 1] for i in range(len(embedded.sentences))})
        assert max(cosines, key=cosines.__getitem__) == place and len(cosines) == len(embedded.sentences)
        whole = nearest(vector, {7: embedded.sentences, 8: embedded.sentences[:0]})
        assert whole == {7: pytest.approx(max(cosines.values()))}
        assert whole[7] > embedded.vector @ vector


def test_directions_are_kept_at_one_byte_a_component_and_hardly_turned():
    vectors = np.random.default_rng(3).normal(size=(50, 384)) * np.linspace(0.01, 9, 50)[:, None]
    kept = directions(vectors)
    cosines = (kept * vectors).sum(1) / np.linalg.norm(kept.astype(float), axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > 0.9997
    assert (read_directions(kept.tobytes(), 384) == kept).all()
    assert directions(np.zeros((1, 3))).tolist() == [[0, 0, 0]] and directions(np.zeros((0, 3))).shape == (0, 3)


def test_a_model_that_takes_no_mean_gives_no_vectors_of_sentences(tmp_path):
    folder = tmp_path / "first-token"
    shutil.copytree(installed(), folder)
    pooling = folder / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    config |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(config))
    (embedded,) = Embedder(folder, device="cpu").embed([parted(ARTICLE)])
    assert embedded.sentences.shape == (0, 384)
