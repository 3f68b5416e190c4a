"""A question and passages in, spans that may answer it out, with scores that compare across passages.

Knows the extractive model. Never knows where passages come from or which answer is given.

Scores are raw logits, start plus end, less a little for each token of the span, and less the sum
at the first token, which stands for "not in this passage". A softmax over one passage would make
its best span look sure even where the passage has nothing to say.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding

from index import embedder, inference, models
from index.errors import ModelError
from qa.answer import Span

if TYPE_CHECKING:
    from torch import nn

SHIPPED = Path(__file__).parent / "models" / "reader"

QUESTION_TOKENS = 64
WINDOW_TOKENS = 320
STRIDE_TOKENS = 96
ANSWER_TOKENS = 30

PER_TOKEN = 0.05
"""Logits that each token after the first costs a span. Where it begins and where it ends are scored apart, so that one
answer's beginning and the next one's end would make a long span of both. Chosen in docs/reader-log.md, entry 8."""

PROBE = ("How far is the town from the border?", "Who spoke of 1997?")
"""Asked of `index.embedder.PROBE`, to see whether a precision agrees with float32."""

NOWHERE = -20.0
"""The score, in logits, of a place that the model never sees: lower than any that it does."""


class Reader:
    """An extractive question-answering model: the project's own unless another is named.

    Making one reads only its tokenizer and the weights' digest; the model itself is loaded
    at the first question.

    Args:
        name: nothing for the one shipped with the project, or a folder or hub name that
            transformers' `AutoModelForQuestionAnswering` loads.
        device, precision: as in `index.inference.load`.

    Raises:
        ModelError: the model is missing, damaged, or of another kind.
    """

    def __init__(self, name: str | Path | None = None, device: str = "auto", precision: str = "auto") -> None:
        if name is None and not SHIPPED.is_dir():
            raise ModelError(
                f"the reader that ships with the project is missing from {SHIPPED}: name one with --reader-model"
            )
        self.folder = models.find(name or SHIPPED)
        self._device, self._precision = device, precision
        self._config = models.read_json(self.folder, "config.json")
        if not any(kind.endswith("ForQuestionAnswering") for kind in self._config.get("architectures") or []):
            raise ModelError(f"{self.folder} is not an extractive question-answering model")
        self.identity = f"{self.folder.name}@{models.weights_digest(self.folder)[:12]}"
        self._tokenizer = models.tokenizer(self.folder)
        positions = int(self._config.get("max_position_embeddings") or 512)
        window = min(WINDOW_TOKENS, positions - 2)  # RoBERTa's kin count two positions more than they read
        self._tokenizer.enable_truncation(window, stride=min(STRIDE_TOKENS, window // 3), strategy="only_second")
        self._question_tokenizer = models.tokenizer(self.folder)
        self._question_tokens = min(QUESTION_TOKENS, window // 3)
        self._pad = self._tokenizer.token_to_id("[PAD]") or self._tokenizer.token_to_id("<pad>") or 0

    @cached_property
    def _runner(self) -> inference.Runner:
        pairs = [(question, passage) for question in PROBE for passage in embedder.PROBE]
        probe = [inference.Row(encoding.ids, encoding.type_ids) for encoding in self._tokenizer.encode_batch(pairs)]
        return inference.load(f"read-{self.identity}", self._module, self._device, self._precision, probe)

    @property
    def engine(self) -> str:
        """What the model runs on, for people."""
        return self._runner.engine

    def read(self, question: str, passages: Sequence[str], most: int = 3) -> list[list[Span]]:
        """For each passage its best spans that do not overlap, at most `most`, best first.

        Offsets are characters of the passage. A passage too long for the model is read in
        overlapping windows. A passage without words has no span.
        """
        return self.read_together([(question, passages)], most)[0]

    def read_together(self, asked: Sequence[tuple[str, Sequence[str]]], most: int = 3) -> list[list[list[Span]]]:
        """For each question with its passages what `read` finds, all of them in batches of like length."""
        pairs = [(self._shortened(question), passage) for question, passages in asked for passage in passages]
        encodings = self._tokenizer.encode_batch(pairs)
        windows = [(n, window) for n, encoding in enumerate(encodings) for window in (encoding, *encoding.overflowing)]
        rows = [inference.Row(window.ids, window.type_ids) for _, window in windows]
        found: list[list[Span]] = [[] for _ in pairs]
        for (number, window), (start, end) in zip(windows, inference.run(self._runner, rows, self._pad), strict=True):
            found[number] += _spans(pairs[number][1], window, start, end, most)
        best = iter(_without_overlaps(spans)[:most] for spans in found)
        return [list(islice(best, len(passages))) for _, passages in asked]

    def weigh(self, asked: Sequence[tuple[str, str, Sequence[tuple[int, int]]]]) -> list[list[float]]:
        """For each question with a text and places in it, the score of each place, characters [start, end).

        It is that of `Span`, of the place as it is. Of a text too long for the model each place counts
        as in the window that likes it best; a place without words in any counts as `NOWHERE`.
        """
        encodings = self._tokenizer.encode_batch([(self._shortened(question), text) for question, text, _ in asked])
        windows = [(n, window) for n, encoding in enumerate(encodings) for window in (encoding, *encoding.overflowing)]
        rows = [inference.Row(window.ids, window.type_ids) for _, window in windows]
        weighed = [[NOWHERE] * len(places) for _, _, places in asked]
        for (number, window), (start, end) in zip(windows, inference.run(self._runner, rows, self._pad), strict=True):
            null = float(start[0] + end[0])
            offsets, sequences = window.offsets, window.sequence_ids  # which are made anew each time
            inside = [(i, offsets[i]) for i, sequence in enumerate(sequences) if sequence == 1]
            for at, place in enumerate(asked[number][2]):
                if tokens := _tokens_of(inside, place):
                    score = float(start[tokens[0]] + end[tokens[1]]) - PER_TOKEN * (tokens[1] - tokens[0]) - null
                    weighed[number][at] = max(weighed[number][at], score)
        return weighed

    def _shortened(self, question: str) -> str:
        offsets = self._question_tokenizer.encode(question, add_special_tokens=False).offsets
        return question if len(offsets) <= self._question_tokens else question[: offsets[self._question_tokens - 1][1]]

    def _module(self) -> "nn.Module":
        models.quiet_transformers()
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForQuestionAnswering

        class SpanHead(torch.nn.Module):
            """Token ids to start and end logits, whatever the model calls its inputs."""

            def __init__(self, model: torch.nn.Module, typed: bool) -> None:
                super().__init__()
                self.model, self.typed = model, typed

            def forward(
                self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor
            ) -> tuple[torch.Tensor, torch.Tensor]:
                # Without types of its own a model must still name the input, or the graph would lose it.
                extra = {"token_type_ids": types} if self.typed else {}
                output = self.model(input_ids=ids, attention_mask=mask + (0 if self.typed else types * 0), **extra)
                return output.start_logits, output.end_logits

        try:
            model = AutoModelForQuestionAnswering.from_pretrained(
                self.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"{self.folder} cannot be loaded as a question-answering model: {error}") from error
        return SpanHead(model, int(self._config.get("type_vocab_size") or 0) > 1).eval()


def _spans(
    passage: str, window: Encoding, start: npt.NDArray[np.float32], end: npt.NDArray[np.float32], most: int
) -> list[Span]:
    """The best spans of one window, in characters of its passage."""
    inside = np.array([i for i, sequence in enumerate(window.sequence_ids) if sequence == 1])
    if not len(inside):
        return []
    null = float(start[0] + end[0])
    ends = np.full(len(inside) + ANSWER_TOKENS - 1, -np.inf, end.dtype)
    ends[: len(inside)] = end[inside]
    lengths = PER_TOKEN * np.arange(ANSWER_TOKENS, dtype=end.dtype)
    scores = start[inside][:, None] + np.lib.stride_tricks.sliding_window_view(ends, ANSWER_TOKENS) - lengths - null
    best = np.sort(np.argpartition(scores, -min(most * 16, scores.size), axis=None)[-most * 16 :])
    spans, offsets = [], window.offsets  # which makes its list anew each time
    for place in best[np.argsort(-scores.flat[best], kind="stable")]:
        first, longer = divmod(int(place), ANSWER_TOKENS)
        score = float(scores[first, longer])
        if np.isfinite(score):
            opening = offsets[inside[first]][0]
            found = passage[opening : offsets[inside[first + longer]][1]]
            begin = opening + len(found) - len(found.lstrip())  # SentencePiece counts the space before
            spans.append(Span(begin, begin + len(found.strip()), score))
    return _without_overlaps(spans)[:most]


def _tokens_of(inside: Sequence[tuple[int, tuple[int, int]]], place: tuple[int, int]) -> tuple[int, int] | None:
    """The first and last token of a place, given a text's tokens with their offsets; None if it is not all there."""
    if not inside or place[0] < inside[0][1][0] or inside[-1][1][1] < place[1]:
        return None
    over = [i for i, (start, end) in inside if start < place[1] and place[0] < end]
    return (over[0], over[-1]) if over else None


def _without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """Best first, each span that overlaps a better one, or only a space apart continues it, left out."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start)):
        if span.end > span.start and all(span.end + 1 < other.start or span.start > other.end + 1 for other in kept):
            kept.append(span)
    return kept
