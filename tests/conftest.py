"""What the tests share: the seed articles, the real embedder, and a small one that needs no model."""

import ctypes
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub, which reads it once

from index.build import build
from index.embedder import Embedder, Embedding, Parted, Vectors, directions
from qa import QuestionAnswerer

ROOT = Path(__file__).parents[1]


class WordEmbedder:
    """An embedder whose vectors are bags of words: texts that share words are near each other.

    The same on every machine, and fast. `texts` counts what it was asked to embed.
    """

    DIMENSION = 256

    def __init__(self, identity: str = "words@1") -> None:
        self.identity = identity
        self.max_tokens = 256
        self.texts = 0

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        self.texts += len(texts)
        vectors = np.zeros((len(texts), self.DIMENSION), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                vectors[row, zlib.crc32(word.encode("utf-8")) % self.DIMENSION] += 1
        if done:
            done(len(texts))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed(self, texts: Sequence[Parted], done: Callable[[int], None] | None = None) -> list[Embedding]:
        vectors = self.encode([parted.text for parted in texts], done)
        before = self.texts
        sentences = [[parted.text[s:e] for s, e in parted.sentences] for parted in texts]
        made = [directions(self.encode(each).reshape(-1, self.DIMENSION)) for each in sentences]
        self.texts = before
        return list(map(Embedding, vectors, made))

    def token_offsets(self, texts: list[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in re.finditer(r"\w+|[^\w\s]", text)] for text in texts]


def give_up_privileges() -> None:
    """Give up Linux capabilities, above all CAP_DAC_OVERRIDE; who had none loses none (capset(2), version 3).

    It holds for the thread that calls it and what that starts: a superuser's too is stopped by a file's mode then.
    """
    if sys.platform == "linux":
        header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
            raise OSError(ctypes.get_errno(), "capset")


@pytest.fixture(scope="session")
def without_privileges() -> Callable[[], None]:
    """`give_up_privileges`; the test must not be the thread that calls it."""
    return give_up_privileges


@pytest.fixture(scope="session", autouse=True)
def _apart_from_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test touches the user's index; converted models are taken from the cache as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QA_INDEX_DIR", str(tmp_path_factory.mktemp("default-index")))
        patch.delenv("QA_STORE", raising=False)
        yield


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(scope="session")
def word_embedder() -> type[WordEmbedder]:
    """The class itself, for a test that needs several."""
    return WordEmbedder


@pytest.fixture(scope="session")
def seeds() -> Path:
    return ROOT / "seeds" / "articles"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="session")
def seed_index(seeds: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the index of the seed articles; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("seed-index")
    build([seeds], folder, embedder)
    return folder


@pytest.fixture(scope="session")
def seed_qa(seed_index: Path) -> QuestionAnswerer:
    """The real engine over the seed articles, its models loaded and so in the cache."""
    engine = QuestionAnswerer.open(seed_index)
    engine.warm()
    return engine
