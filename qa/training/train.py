"""Train a reader: an extractive head on a sentence encoder, in one resumable pass on a CPU.

The recipe is the ordinary one (Devlin et al. 2019, arXiv:1810.04805, section 4.3): question
and passage in one sequence, a score for every token to be the answer's start and another to
be its end, and the first token standing for "not in this passage". Five things are ours to
choose:

* an example may have several accepted spans; the loss is the marginal likelihood of them all;
* the passages of one question share one softmax, in which every span counts by its score less
  its own passage's null score, so that this difference means the same in every passage (the
  shared normalisation of Clark and Gardner 2018, arXiv:1710.10723, section 3, with a null);
* two in five of the questions are not answered by their passage (`qa.training.written`,
  `qa.training.negatives`);
* some passages are what the reader itself found, side by side (`qa.training.lineups`);
* the shipped weights are an exponential moving average of the trained ones.

Knows how weights are made. Never knows how they are used.
"""

import ctypes
import hashlib
import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import AutoModelForQuestionAnswering

from index import models
from index.embedder import Embedder, installed
from index.errors import InputError, ModelError
from index.models import quiet_transformers
from qa.squad import Example, read_squad
from qa.training.features import batches, collate, encode
from qa.training.negatives import Embed, contested, retrieved, swapped
from qa.training.news import news
from qa.training.questions import read_questions
from qa.training.weights import write_weights

CHECKPOINT = "checkpoint.safetensors"

NOTHING = -1e9
"""The logit of what may not be chosen."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out; stored with each checkpoint and in the model card.

    contested: answerable questions that face a rival passage. uncontested: how many of the data sets' other
    answerable ones are read; None means all. ours: how many of our own (`qa.training.written`); None means all.
    unanswerable: how many of those that people or we wrote to have no answer are read; None means all.
    news: how many questions about news of our own are read (`qa.training.news`); None means all.
    retrieved, swapped: questions made unanswerable (`qa.training.negatives`).
    """

    passes: float = 1.25
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    average: float = 0.999
    max_tokens: int = 288
    contested: int = 14_000
    uncontested: int | None = 45_000
    ours: int | None = None
    unanswerable: int | None = 32_000
    news: int | None = None
    retrieved: int = 2_000
    swapped: int = 3_000
    seed: int = 13

    def digest(self, encoder: str, examples: Sequence[Example]) -> str:
        """Identity of a run: a checkpoint of another recipe, encoder or other data is not resumed."""
        digest = hashlib.sha256(f"{asdict(self)}\n{encoder}\n".encode())
        for example in examples:
            digest.update(repr(example).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def load_examples(data: Path, recipe: Recipe, embed: Embed, lineups: Path | None = None) -> list[Example]:
    """The examples that a recipe makes of the questions there are, and all of a file of lineups.

    That is: the questions with their paragraphs, rivals, and negatives made from all answerable ones; and news, where
    nothing is made of them: what one account of an event lacks, the other may tell in other words.

    Raises:
        InputError: a question set is missing or damaged.
    """
    examples, ours = read_questions(data)
    examples += ours
    rng = random.Random(recipe.seed)
    answerable = [example for example in examples if example.spans]
    unanswerable = _some([example for example in examples if not example.spans], recipe.unanswerable, rng)
    contest = contested(answerable, recipe.contested + recipe.retrieved, recipe.seed, embed)
    alone, together = contest[: recipe.retrieved], contest[recipe.retrieved :]
    faced = {(example.id, example.context) for example in together}
    plain = [example for example in answerable if (example.id, example.context) not in faced]
    names = {example.id for example in ours}
    kept, others = ([e for e in plain if (e.id in names) == is_ours] for is_ours in (True, False))
    return [
        *unanswerable,
        *together,
        *_some(kept, recipe.ours, rng),
        *_some(others, recipe.uncontested, rng),
        *_some(news(), recipe.news, rng),
        *retrieved(alone),
        *swapped(answerable, recipe.swapped, recipe.seed),
        *(read_squad(lineups) if lineups else ()),
    ]


def _some(examples: list[Example], most: int | None, rng: random.Random) -> list[Example]:
    return examples if most is None or len(examples) <= most else rng.sample(examples, most)


def span_loss(logits: Tensor, allowed: Tensor, gold: Tensor, together: Tensor) -> Tensor:
    """Mean negative log of the probability that falls on gold tokens, over all passages of a question.

    A token scores its logit less that of the first token of its own row. The softmax runs over
    the allowed tokens of all rows of one question and one more outcome, of score 0: that no
    passage holds the answer. That outcome is the gold one where no token is.

    Args:
        logits, allowed, gold: shape (rows, tokens).
        together: which rows are of one question, shape (questions, rows).
    """
    scores = logits.float()
    scores = scores - scores[:, :1]
    none = scores.new_zeros(len(together))

    def mass(chosen: Tensor) -> Tensor:
        rows = scores.masked_fill(~chosen, NOTHING).logsumexp(-1)
        return rows[None, :].masked_fill(~together, NOTHING).logsumexp(-1)

    answered = (together & gold.any(-1)[None, :]).any(-1)
    return (torch.logaddexp(mass(allowed), none) - torch.where(answered, mass(gold), none)).mean()


class Trainer:
    """One training run in a folder: its model, its moving average, its optimizer, its position."""

    def __init__(self, encoder: Path, output: Path, recipe: Recipe, device: str | None = None) -> None:
        self.recipe, self.output, self.encoder = recipe, output, models.weights_digest(encoder)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        # A processor that must imitate bfloat16 computes four times slower in it than in float32.
        self.half = self.device.type != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
        torch.manual_seed(recipe.seed)
        self.model = _model(encoder, self.device).to(self.device)
        self.tokenizer = models.tokenizer(encoder)
        self.trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        self.average = {n: p.detach().clone() for n, p in self.trained.items()}
        decayed = [p for p in self.trained.values() if p.ndim > 1]
        plain = [p for p in self.trained.values() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
        self.step = 0

    def run(self, examples: Sequence[Example], save_every: int, console: Console) -> None:
        """Train to the end of the recipe, from the last checkpoint if there is one of this run.

        Writes a checkpoint and the averaged reader every `save_every` steps and at the end.
        """
        _keep_freed_memory()
        digest = self.recipe.digest(self.encoder, examples)
        with console.status(f"tokenizing {len(examples):,} examples"):
            features = encode(examples, self.tokenizer, self.recipe.max_tokens)
        order = batches(features, self.recipe.passes, self.recipe.batch_size, self.recipe.seed)
        self._resume(digest, console)
        pad = self.tokenizer.token_to_id("[PAD]") or 0
        columns = (
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("training", total=len(order), completed=self.step, loss=math.nan)
            loss = math.nan
            for numbers in order[self.step :]:
                now = self._train_step(collate([features[i] for i in numbers], pad), len(order))
                loss = now if math.isnan(loss) else 0.98 * loss + 0.02 * now
                self.step += 1
                progress.update(task, completed=self.step, loss=loss)
                if self.step % save_every == 0 or self.step == len(order):
                    self._checkpoint(digest)
                    self.export()
                    console.print(
                        f"step {self.step} of {len(order)}: loss {loss:.3f}, saved to {self.output}", markup=False
                    )

    def _train_step(self, batch: dict[str, Tensor], steps: int) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * schedule(self.step / steps, self.recipe.warmup)
        batch = {name: values.to(self.device) for name, values in batch.items()}
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            output = self.model(**inputs)
        loss = (
            span_loss(output.start_logits, batch["allowed"], batch["starts"], batch["together"])
            + span_loss(output.end_logits, batch["allowed"], batch["ends"], batch["together"])
        ) / 2
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.trained.values(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [p.detach() for p in self.trained.values()], 1 - decay)
        return float(loss.detach())

    def _checkpoint(self, digest: str) -> None:
        tensors = {f"model.{n}": p.detach() for n, p in self.trained.items()}
        tensors |= {f"average.{n}": p for n, p in self.average.items()}
        for name, parameter in self.trained.items():
            state = self.optimizer.state[parameter]
            tensors |= {f"first.{name}": state["exp_avg"], f"second.{name}": state["exp_avg_sq"]}
        write_weights(tensors, self.output / CHECKPOINT, {"step": str(self.step), "run": digest})

    def _resume(self, digest: str, console: Console) -> None:
        path = self.output / CHECKPOINT
        if not path.exists():
            return
        try:
            with safe_open(path, "pt", device=str(self.device)) as file:
                if (file.metadata() or {}).get("run") != digest:
                    raise InputError(
                        f"{path} belongs to another recipe or other data: move it away or name another --output"
                    )
                step = int(file.metadata()["step"])
                for name, parameter in self.trained.items():
                    parameter.data.copy_(file.get_tensor(f"model.{name}"))
                    self.average[name].copy_(file.get_tensor(f"average.{name}"))
                    moments = {
                        "exp_avg": file.get_tensor(f"first.{name}"),
                        "exp_avg_sq": file.get_tensor(f"second.{name}"),
                    }
                    self.optimizer.state[parameter] = {"step": torch.tensor(float(step), device=self.device), **moments}
        except SafetensorError as error:
            raise ModelError(f"{path} is damaged ({error}): delete it to start anew") from error
        self.step = step
        console.print(f"going on from step {step} of {path}", markup=False)

    def export(self) -> None:
        """Write the averaged weights as float16, with config and tokenizer: a folder `AutoModel` loads."""
        weights = {name: value.detach() for name, value in self.model.state_dict().items()} | self.average
        half = {
            name: value.half().cpu().contiguous() if value.is_floating_point() else value.cpu()
            for name, value in weights.items()
        }
        write_weights(half, self.output / "model.safetensors", {"format": "pt"})
        config = self.model.config.to_dict() | {"architectures": [type(self.model).__name__], "dtype": "float16"}
        for name in ("transformers_version", "_name_or_path"):
            config.pop(name, None)
        (self.output / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        self.tokenizer.save(str(self.output / "tokenizer.json"))
        tokenizer_config = {
            "tokenizer_class": "BertTokenizer",
            "model_max_length": config["max_position_embeddings"],
            "do_lower_case": True,
        }
        (self.output / "tokenizer_config.json").write_text(
            json.dumps(tokenizer_config, indent=2) + "\n", encoding="utf-8"
        )
        (self.output / "recipe.json").write_text(
            json.dumps(asdict(self.recipe) | {"steps": self.step}, indent=2) + "\n", encoding="utf-8"
        )


def schedule(done: float, warmup: float) -> float:
    """Learning rate over its peak at a share `done` of the run: linear up, then linear down."""
    return done / warmup if done < warmup else max(0.0, (1 - done) / (1 - warmup))


def train(
    data: Path,
    encoder: Path | None,
    output: Path,
    recipe: Recipe,
    save_every: int = 250,
    device: str | None = None,
    console: Console | None = None,
    lineups: Path | None = None,
) -> None:
    """Train a reader on the question sets of `data`, into `output`; a run cut short goes on where it was.

    It starts from `encoder`, or from the project's embedding model where none is named. `lineups` is a
    question set that `qa.training.lineups` made, all of which is read as well.

    Raises:
        InputError: no usable question set, or `output` holds a checkpoint of another run, or
            the run was interrupted or could not write.
        ModelError: the encoder, or the checkpoint, cannot be read.
    """
    console = console or Console(stderr=True)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output} cannot be made: {error.strerror or error}") from error
    with console.status("reading question sets and making negatives"):
        examples = load_examples(data, recipe, Embedder().encode, lineups)
    console.print(
        f"{len(examples):,} examples, {sum(not e.spans for e in examples):,} of them not answered by their passage"
    )
    try:
        Trainer(encoder or installed(), output, recipe, device).run(examples, save_every, console)
    except (OSError, KeyboardInterrupt) as error:
        why = "it was interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        raise InputError(
            f"training stopped: {why}; the last finished checkpoint in {output} is whole, and the same command goes on "
            "from it"
        ) from error


def _model(encoder: Path, device: torch.device) -> Any:
    """The encoder under a new span head, without dropout and with its word embeddings frozen.

    Dropout draws its random numbers on one thread and halves the speed on a CPU; the word
    embeddings are half of all weights and gain nothing from one pass. With heads as narrow as
    these, plain attention trains a quarter faster on a CPU than the fused kernel.
    """
    quiet_transformers()
    attention = "eager" if device.type == "cpu" else "sdpa"
    try:
        model = AutoModelForQuestionAnswering.from_pretrained(
            encoder,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=attention,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the encoder {encoder} cannot be loaded: {error}") from error
    model.get_input_embeddings().weight.requires_grad_(False)
    return model.train()


def _keep_freed_memory() -> None:
    """Ask glibc to keep what is freed: fresh pages cost more than the arithmetic done on them."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, top_pad, mmap_threshold = -1, -2, -3
    mallopt(mmap_threshold, 2**30)
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(top_pad, 2**28)
