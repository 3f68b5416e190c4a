"""Training examples as a model sees them: windows of tokens, batches of like length, padded tensors.

Knows token ids and offsets. Never knows losses or weights.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from qa.reader import QUESTION_TOKENS
from qa.squad import Example


@dataclass(frozen=True, slots=True)
class Window:
    """A question and a passage as the model sees them: token ids, where the passage begins, its gold tokens.

    No gold tokens: the passage does not hold the answer.
    """

    ids: list[int]
    passage_start: int
    starts: list[int]
    ends: list[int]


Feature = tuple[Window, ...]
"""An example as the model sees it: the window of its own passage, and one of each rival."""


def encode(examples: Sequence[Example], tokenizer: Tokenizer, max_tokens: int) -> list[Feature]:
    """Tokenize each passage into one window: the one that holds an answer, else the first.

    Examples whose answers no window holds whole are left out.
    """
    questions = [
        encoding.ids[:QUESTION_TOKENS]
        for encoding in tokenizer.encode_batch([e.question for e in examples], add_special_tokens=False)
    ]
    texts = list(dict.fromkeys(text for e in examples for text in (e.context, *e.rivals)))
    passages = dict(zip(texts, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True))
    cls, sep = tokenizer.encode("").ids  # what this model puts around a text

    def window(question: list[int], passage: Encoding, spans: Sequence[tuple[int, int]]) -> Window | None:
        room = max_tokens - len(question) - 3
        gold = [_token_span(passage.offsets, start, end) for start, end in spans]
        first = max(0, min(max((e for _, e in gold), default=0) - room * 2 // 3, len(passage.ids) - room))
        if gold and first > 0:
            first = min(first, min(s for s, _ in gold))
        offset = len(question) + 2
        inside = [(s - first + offset, e - first + offset) for s, e in gold if first <= s and e < first + room]
        starts, ends = (sorted({span[side] for span in inside}) for side in (0, 1))
        ids = [cls, *question, sep, *passage.ids[first : first + room], sep]
        return Window(ids, offset, starts, ends) if inside or not gold else None

    features = []
    for example, question in zip(examples, questions, strict=True):
        own = window(question, passages[example.context], example.spans)
        rivals = (window(question, passages[rival], ()) for rival in example.rivals)
        if own is not None:
            features.append((own, *filter(None, rivals)))
    return features


def _token_span(offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """First and last token that overlap the characters [start, end)."""
    inside = [i for i, (s, e) in enumerate(offsets) if s < end and e > start]
    return (inside[0], inside[-1]) if inside else (len(offsets), len(offsets))


def batches(features: Sequence[Feature], passes: float, batch_size: int, seed: int) -> list[list[int]]:
    """The whole run as lists of feature numbers: batches of similar length in random order.

    A batch has `batch_size` windows; fewer where the next feature would not fit whole.
    """
    rng = random.Random(seed)
    wanted = int(len(features) * passes)
    order: list[int] = []
    while len(order) < wanted:
        order += rng.sample(range(len(features)), len(features))
    order = order[:wanted]
    pool = batch_size * 64
    made = []
    for begin in range(0, len(order), pool):
        part = sorted(order[begin : begin + pool], key=lambda i: max(len(window.ids) for window in features[i]))
        chunk: list[list[int]] = []
        room = 0
        for number in part:
            if room < len(features[number]):
                chunk.append([])
                room = batch_size
            chunk[-1].append(number)
            room -= len(features[number])
        made += rng.sample(chunk, len(chunk))
    return made


def collate(features: Sequence[Feature], pad: int) -> dict[str, Tensor]:
    """Every window of a batch as a row, padded to the longest.

    Ids, mask and types for the model; which tokens of the passage may be chosen and which are
    gold, shape (windows, tokens); and which windows are of one question, shape (features, windows).
    """
    windows = [window for feature in features for window in feature]
    shape = (len(windows), max(len(w.ids) for w in windows))
    ids, mask, types = np.full(shape, pad), np.zeros(shape, int), np.zeros(shape, int)
    allowed, starts, ends = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length], mask[row, :length] = window.ids, 1
        types[row, window.passage_start : length] = 1
        allowed[row, window.passage_start : length - 1] = True
        starts[row, window.starts], ends[row, window.ends] = True, True
    question = np.repeat(np.arange(len(features)), [len(feature) for feature in features])
    named = {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": types,
        "allowed": allowed,
        "starts": starts,
        "ends": ends,
        "together": question[None, :] == np.arange(len(features))[:, None],
    }
    return {name: torch.from_numpy(values) for name, values in named.items()}
