"""Tiny models and question sets, made on the spot: real ones that know nothing, or one thing."""

import gzip
import json
import os
import string
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from index.build import build
from index.embedder import Embedder

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WORDS = """the a an of in on at to and is was who what when where how many which did army general spokesman city river
town forces fighters percent killed said says captured lost border militia territory stripes animal zoo zebra . , ? ! -
paris london berlin rome madrid vienna prague oslo 1990 1991 1992 1993 1994 1995 1996 1997 1998 1999 capital country
of france england germany italy spain austria czechia norway old large famous small year founded bridge""".split()

KINDS = ["bert", "electra", "distilbert", "roberta", "deberta-v2"]
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "initializer_range": 0.4,
}

MakeSquad = Callable[..., Path]
MakeModel = Callable[[str], Path]
MakeIndex = Callable[[dict[str, str]], Path]


@pytest.fixture
def indexed(tmp_path: Path, words: Embedder) -> MakeIndex:
    """Makes an index of texts by the names of their files; they stand in `tmp_path / "articles"`."""

    def made(texts: dict[str, str]) -> Path:
        (tmp_path / "articles").mkdir()
        for name, text in texts.items():
            (tmp_path / "articles" / name).write_text(text, encoding="utf-8")
        build([tmp_path / "articles"], tmp_path / "index", words)
        return tmp_path / "index"

    return made


@pytest.fixture(autouse=True)
def _models_are_converted_into_a_folder_of_the_test(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiny readers have no business in the user's cache; the embedder, which is slow to convert, has."""
    if request.module.__name__.endswith("test_reader"):
        monkeypatch.setenv("QA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "converted"))


@pytest.fixture
def make_squad() -> MakeSquad:
    """Writes a SQuAD file: `paragraphs` are (title, context, [(question, [answers])]); ids are counted."""

    def write(path: Path, paragraphs: Iterable[tuple[str, str, list[tuple[str, list[str]]]]]) -> Path:
        data: list[dict[str, Any]] = []
        number = 0
        for title, context, asked in paragraphs:
            qas = []
            for question, answers in asked:
                number += 1
                found = [{"text": answer, "answer_start": context.index(answer)} for answer in answers]
                qas.append({"id": f"q{number}", "question": question, "answers": found})
            data.append({"title": title, "paragraphs": [{"context": context, "qas": qas}]})
        content = json.dumps({"version": "2.0", "data": data}).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A BERT encoder with random weights, two layers and 32 dimensions."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "tiny-encoder"
    torch.manual_seed(0)
    tokenizer = wordpiece()
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=128, **SMALL)
    config.initializer_range = 0.1
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> MakeModel:
    """Makes a question-answering model of a kind with random weights; the folder is made once."""
    root = tmp_path_factory.mktemp("random")

    def make(kind: str) -> Path:
        folder = root / kind
        if not folder.exists():
            _save_random(kind, folder)
        return folder

    return make


@pytest.fixture(params=KINDS)
def any_model(request: pytest.FixtureRequest, random_model: MakeModel) -> Path:
    """A random model of each kind in turn."""
    return random_model(request.param)


@pytest.fixture(scope="session")
def zebra_reader(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A reader that answers every question with the word "zebra", and with nothing where there is none.

    Its one layer adds nothing to the word embeddings; theirs is the only direction the head looks
    at. "zebra" lies along it, the first token partly, every other word across.
    """
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    folder = tmp_path_factory.mktemp("models") / "zebra"
    tokenizer = wordpiece()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=512, **(SMALL | {"num_hidden_layers": 1})
    )
    model = BertForQuestionAnswering(config)
    along = torch.tensor([1.0, -1.0] * 16)
    across = torch.tensor([1.0, 1.0, -1.0, -1.0] * 8)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" not in name:
                parameter.zero_()
        words = model.bert.embeddings.word_embeddings.weight
        words[:] = across
        words[tokenizer.token_to_id("zebra")] = along
        words[tokenizer.token_to_id("[CLS]")] = along + 2 * across
        model.qa_outputs.weight[:] = along / 8
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def wordpiece() -> Tokenizer:
    """BERT's tokenizer over the words above, other words letter by letter."""
    letters = string.ascii_lowercase + string.digits
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    entries = [*special, *WORDS, *letters, *string.punctuation, *(f"##{letter}" for letter in letters)]
    vocabulary = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = _template(vocabulary)
    return tokenizer


def _template(vocabulary: Mapping[str, int]) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )


def _byte_pairs() -> Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def _unigram() -> Tokenizer:
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="[UNK]", show_progress=False)
    tokenizer.train_from_iterator([" ".join(WORDS)] * 3, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.post_processor = _template(tokenizer.get_vocab())
    return tokenizer


def _save_random(kind: str, folder: Path) -> None:
    import torch
    import transformers

    names = {"bert": "Bert", "electra": "Electra", "distilbert": "DistilBert", "roberta": "Roberta"}
    name = names.get(kind, "DebertaV2")
    tokenizer = {"roberta": _byte_pairs, "deberta-v2": _unigram}.get(kind, wordpiece)()
    more: dict[str, Any] = {
        "electra": {"embedding_size": 16},
        "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "initializer_range": 0.4},
        "roberta": {"type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
        "deberta-v2": {
            "relative_attention": True,
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "type_vocab_size": 0,
        },
    }.get(kind, {})
    sizes = {} if kind == "distilbert" else SMALL
    positions = 66 if kind == "roberta" else 64
    torch.manual_seed(3)
    config = getattr(transformers, f"{name}Config")(
        vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=positions, **sizes, **more
    )
    getattr(transformers, f"{name}ForQuestionAnswering")(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
