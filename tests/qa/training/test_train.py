import io
import json
import math
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from index.errors import InputError, ModelError
from qa.reader import Reader
from qa.squad import Example
from qa.training.train import CHECKPOINT, Recipe, Trainer, load_examples, schedule, span_loss, train

MakeSquad = Callable[..., Path]

CAPITALS = [("france", "paris"), ("england", "london"), ("germany", "berlin"), ("italy", "rome"), ("spain", "madrid"),
            ("austria", "vienna"), ("czechia", "prague"), ("norway", "oslo")]  # fmt: skip
OVERFITTING = Recipe(
    passes=200, batch_size=8, learning_rate=5e-3, average=0.9, max_tokens=64, weight_decay=0.0,
    contested=0, retrieved=0, swapped=0, news=0,
)  # fmt: skip
SHORT = replace(OVERFITTING, passes=4)


@pytest.fixture
def data(make_squad: MakeSquad, tmp_path: Path) -> Path:
    """A folder with a question set: what is the capital of each of eight countries?"""
    folder = tmp_path / "data"
    folder.mkdir()
    make_squad(
        folder / "capitals.json",
        [
            ("Capitals", f"{city} is the capital of {country} .", [(f"what is the capital of {country} ?", [city])])
            for country, city in CAPITALS
        ],
    )
    return folder


def example(context: str, *answers: str, question: str = "who is it ?") -> Example:
    spans = tuple((context.index(answer), context.index(answer) + len(answer)) for answer in answers)
    return Example("1", question, context, spans, "T")


def same(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    return np.ones((len(texts), 1), np.float32)


@pytest.mark.parametrize(
    ("contested", "retrieved", "uncontested", "examples", "facing", "unanswered"),
    [(0, 0, None, 8, 0, 0), (0, 3, None, 11, 0, 3), (3, 2, None, 10, 3, 2), (3, 2, 1, 6, 3, 2), (3, 0, 99, 8, 3, 0)],
)
def test_the_recipe_says_how_many_questions_of_each_kind_are_read(
    contested: int, retrieved: int, uncontested: int | None, examples: int, facing: int, unanswered: int, data: Path
) -> None:
    recipe = replace(OVERFITTING, contested=contested, retrieved=retrieved, uncontested=uncontested)
    made = load_examples(data, recipe, same)
    assert [len(made), sum(bool(e.rivals) for e in made), sum(not e.spans for e in made)] == [
        examples, facing, unanswered,
    ]  # fmt: skip
    answered = [(e.id, e.context) for e in made if e.spans]
    assert len(set(answered)) == len(answered)


@pytest.mark.parametrize(("ours", "read"), [(None, 5), (3, 3), (0, 0)])
def test_the_recipe_says_how_many_of_our_own_are_read(
    ours: int | None, read: int, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [replace(example("Rome is old.", "Rome"), id=f"ours-{number}") for number in range(5)]
    monkeypatch.setattr("qa.training.train.read_questions", lambda _: ([], written))
    made = load_examples(data, replace(OVERFITTING, ours=ours), same)
    assert [of.id[:5] for of in made] == ["ours-"] * read


def test_question_sets_in_a_train_folder_are_preferred(data: Path) -> None:
    (data / "train").mkdir()
    with pytest.raises(InputError, match=r"holds no \.json or \.json\.gz"):
        load_examples(data, OVERFITTING, same)
    shutil.copy(data / "capitals.json", data / "train")
    (data / "capitals.json").write_text("{", encoding="utf-8")
    assert len(load_examples(data, OVERFITTING, same)) == 8


def test_news_of_our_own_is_read_too(data: Path) -> None:
    plain = load_examples(data, OVERFITTING, same)
    with_news = load_examples(data, replace(OVERFITTING, news=5), same)
    assert with_news[: len(plain)] == plain
    assert {example.id.split("-")[0] for example in with_news[len(plain) :]} == {"news"}
    assert len(with_news) == len(plain) + 5


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_folder_without_question_sets_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"):
        load_examples(tmp_path / name, OVERFITTING, same)


# One row: nothing weighs 1, the tokens after it 2 and 3 times as much, and the last is not allowed.
ROW = torch.tensor([[0.0, math.log(2), math.log(3), 99.0]])
PASSAGE = torch.tensor([[False, True, True, False]])
NO_GOLD = torch.tensor([[False, False, False, False]])
FIRST = torch.tensor([[False, True, False, False]])
ALONE = torch.tensor([[True]])


@pytest.mark.parametrize(("gold", "share"), [(FIRST, 2 / 6), (PASSAGE, 5 / 6), (NO_GOLD, 1 / 6)])
def test_the_loss_is_the_negative_log_of_the_probability_on_gold_tokens(gold: torch.Tensor, share: float) -> None:
    assert float(span_loss(ROW, PASSAGE, gold, ALONE)) == pytest.approx(-math.log(share), abs=1e-5)


def test_passages_of_one_question_share_one_softmax_and_one_null() -> None:
    """Each passage's tokens weigh in multiples of its own first token, whatever that one's logit is."""
    rows, allowed = torch.cat([ROW, ROW + 7]), torch.cat([PASSAGE, PASSAGE])
    together = torch.tensor([[True, True]])
    for gold, share in ((torch.cat([FIRST, NO_GOLD]), 2 / 11), (torch.cat([NO_GOLD, NO_GOLD]), 1 / 11)):
        assert float(span_loss(rows, allowed, gold, together)) == pytest.approx(-math.log(share), abs=1e-5)


def test_questions_of_a_batch_do_not_touch_one_another() -> None:
    rows, allowed = torch.cat([ROW, ROW + 7, ROW]), torch.cat([PASSAGE] * 3)
    gold = torch.cat([NO_GOLD, FIRST, NO_GOLD])
    together = torch.tensor([[True, True, False], [False, False, True]])
    expected = (-math.log(2 / 11) - math.log(1 / 6)) / 2
    assert float(span_loss(rows, allowed, gold, together)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("done", "rate"), [(0.0, 0.0), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0), (1.1, 0.0)])
def test_the_learning_rate_rises_and_falls_in_straight_lines(done: float, rate: float) -> None:
    assert schedule(done, 0.1) == pytest.approx(rate)


def test_without_warmup_it_starts_at_its_peak() -> None:
    assert schedule(0.0, 0.0) == 1.0


def test_a_run_s_identity_changes_with_recipe_encoder_and_data() -> None:
    one, two = example("a zebra", "zebra"), replace(example("a zebra", "zebra"), id="2")
    made = [
        SHORT.digest("e", [one]),
        SHORT.digest("e", [one, two]),
        SHORT.digest("e", [two]),
        SHORT.digest("f", [one]),
        replace(SHORT, seed=1).digest("e", [one]),
        SHORT.digest("e", [replace(one, context="the zebra")]),
    ]
    assert len(set(made)) == len(made)
    assert SHORT.digest("e", [one]) == replace(SHORT).digest("e", [one])


# ---- whole runs ----------------------------------------------------------------------------------


def run(data: Path, encoder: Path, output: Path, recipe: Recipe = SHORT, save_every: int = 1000) -> str:
    """Train on the CPU; returns what was told."""
    told = io.StringIO()
    train(data, encoder, output, recipe, save_every, "cpu", Console(file=told, width=200))
    return told.getvalue()


def test_a_handful_of_examples_is_learned_by_heart(data: Path, encoder: Path, tmp_path: Path) -> None:
    told = run(data, encoder, tmp_path / "reader", OVERFITTING, save_every=50)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+), saved", told)]
    assert losses[-1] < losses[0] / 3
    reader = Reader(tmp_path / "reader", device="cpu")
    for country, city in CAPITALS:
        passages = [f"{city} is the capital of {country} ."]
        best = reader.read(f"what is the capital of {country} ?", passages)[0][0]
        assert passages[0][best.start : best.end] == city
        assert best.score > 0


def test_the_exported_folder_is_a_model_of_transformers_without_pickles(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    folder = tmp_path / "reader"
    run(data, encoder, folder)
    assert {path.name for path in folder.iterdir()} == {
        "checkpoint.safetensors", "config.json", "model.safetensors", "recipe.json", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    weights = load_file(folder / "model.safetensors")
    assert {str(values.dtype) for values in weights.values()} == {"torch.float16"}
    loaded = AutoModelForQuestionAnswering.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    for name, values in loaded.state_dict().items():
        assert torch.equal(values, weights[name].float())
    text = "Paris is the capital of France ."
    expected = Tokenizer.from_file(str(encoder / "tokenizer.json")).encode(text).ids
    assert AutoTokenizer.from_pretrained(folder, local_files_only=True)(text)["input_ids"] == expected
    assert Reader(folder, device="cpu").read("what ?", [text])[0]
    stored = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    assert stored["steps"] == 4
    assert Recipe(**{name: value for name, value in stored.items() if name != "steps"}) == SHORT


def test_word_embeddings_stay_as_they_were(data: Path, encoder: Path, tmp_path: Path) -> None:
    run(data, encoder, tmp_path / "reader")
    before = load_file(encoder / "model.safetensors")["embeddings.word_embeddings.weight"]
    after = load_file(tmp_path / "reader" / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    assert torch.equal(before.half(), after)


def weights(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    for name in (CHECKPOINT, "model.safetensors"):
        yield from ((f"{name} {key}", values.float()) for key, values in load_file(folder / name).items())


def step(folder: Path) -> int:
    with safe_open(folder / CHECKPOINT, "pt") as file:
        return int(file.metadata()["step"])


def test_a_killed_run_goes_on_to_the_same_weights(data: Path, encoder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    recipe = replace(SHORT, passes=40)
    program = (
        "import torch; torch.set_num_threads(1); from pathlib import Path; from qa.training.train import Recipe, train;"
        f"train(Path({str(data)!r}), Path({str(encoder)!r}), Path({str(killed)!r}), {recipe!r}, 1, 'cpu')"
    )
    root = Path(__file__).parents[3]
    child = subprocess.Popen([sys.executable, "-c", program], cwd=root, stderr=subprocess.DEVNULL)
    run(data, encoder, whole, recipe)  # meanwhile
    deadline = time.monotonic() + 60
    while not (killed / CHECKPOINT).exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert 0 < step(killed) < step(whole)
    assert f"going on from step {step(killed)}" in run(data, encoder, killed, recipe)
    assert step(killed) == step(whole)
    for (name, one), (_, other) in zip(weights(whole), weights(killed), strict=True):
        assert torch.allclose(one, other, atol=1e-6), name


def test_the_optimizer_goes_on_where_the_parameters_are(data: Path, encoder: Path, tmp_path: Path) -> None:
    """Fused, it wants its count of steps there too; `meta` is where a tensor goes here that is not told where to."""
    run(data, encoder, tmp_path / "reader")
    with safe_open(tmp_path / "reader" / CHECKPOINT, "pt") as file:
        digest = file.metadata()["run"]
    trainer = Trainer(encoder, tmp_path / "reader", SHORT, "cpu")
    with torch.device("meta"):
        trainer._resume(digest, Console(quiet=True))
    states = trainer.optimizer.state
    assert {value.device.type for state in states.values() for value in state.values()} == {"cpu"}
    assert {float(state["step"]) for state in states.values()} == {4.0}


def test_a_finished_run_is_not_trained_further(data: Path, encoder: Path, tmp_path: Path) -> None:
    run(data, encoder, tmp_path / "reader")
    before = (tmp_path / "reader" / CHECKPOINT).read_bytes()
    run(data, encoder, tmp_path / "reader")
    assert (tmp_path / "reader" / CHECKPOINT).read_bytes() == before


def test_a_checkpoint_of_another_recipe_is_refused(data: Path, encoder: Path, tmp_path: Path) -> None:
    run(data, encoder, tmp_path / "reader")
    with pytest.raises(InputError, match="another recipe or other data"):
        run(data, encoder, tmp_path / "reader", replace(SHORT, learning_rate=1e-3))


def test_a_checkpoint_that_does_not_say_whose_it_is_is_refused(data: Path, encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "reader").mkdir()
    save_file({"x": torch.zeros(2)}, tmp_path / "reader" / CHECKPOINT)
    with pytest.raises(InputError, match="another recipe or other data"):
        run(data, encoder, tmp_path / "reader")


@pytest.mark.parametrize("keep", [0, 100, -50])
def test_a_damaged_checkpoint_is_refused(keep: int, data: Path, encoder: Path, tmp_path: Path) -> None:
    run(data, encoder, tmp_path / "reader", replace(SHORT, passes=1))
    path = tmp_path / "reader" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"is damaged .*: delete it to start anew"):
        run(data, encoder, tmp_path / "reader", replace(SHORT, passes=1))


@pytest.mark.parametrize("damage", ["missing", "no tokenizer", "no weights", "pickled", "cut"])
def test_an_encoder_that_cannot_be_read_is_refused(damage: str, data: Path, encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    if damage != "missing":
        shutil.copytree(encoder, folder)
    weights = folder / "model.safetensors"
    if damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif damage == "no weights":
        weights.unlink()
    elif damage == "pickled":
        torch.save(load_file(weights), folder / "pytorch_model.bin")
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError):
        run(data, folder, tmp_path / "reader")


FULL = """
import resource, torch; torch.set_num_threads(1)
from pathlib import Path
from rich.console import Console
from index.errors import InputError
from qa.training.train import CHECKPOINT, Recipe, train
data, encoder, output = map(Path, {paths!r})
class Full(Console):
    "Lets no file grow beyond a few bytes from the first checkpoint on."
    def print(self, *what, **how):
        if "saved to" in str(what):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    train(data, encoder, output, {recipe!r}, 2, "cpu", Full(quiet=True))
except InputError as error:
    print(error)
"""


def test_a_full_disk_ends_in_one_line_and_the_checkpoint_before_stays(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("resource", reason="file size limits are a thing of Unix")
    output = tmp_path / "reader"
    program = FULL.format(paths=[str(path) for path in (data, encoder, output)], recipe=SHORT)
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert re.fullmatch(r"training stopped: .*cannot be written.*the same command goes on from it\n", done.stdout)
    assert step(output) == 2
    assert not list(output.glob("*.new"))
    assert "going on from step 2" in run(data, encoder, output, save_every=2)


def test_an_interrupted_run_ends_in_one_line(data: Path, encoder: Path, tmp_path: Path) -> None:
    class Impatient(Console):
        def print(self, *what: object, **how: object) -> None:  # type: ignore[override]
            if "saved to" in str(what):
                raise KeyboardInterrupt

    with pytest.raises(InputError, match="it was interrupted; the last finished checkpoint"):
        train(data, encoder, tmp_path / "reader", SHORT, 2, "cpu", Impatient(quiet=True))
    assert step(tmp_path / "reader") == 2


def test_an_output_that_is_a_file_is_refused(data: Path, encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "reader").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be made"):
        run(data, encoder, tmp_path / "reader")
