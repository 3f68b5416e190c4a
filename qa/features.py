"""Training examples as a model sees them: tokens in windows, batches of like length, padded tensors.

Knows token ids and offsets. Never knows losses or weights.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from qa.reader import QUESTION_TOKENS
from qa.squad import Example


@dataclass(frozen=True, slots=True)
class Feature:
    """An example as the model sees it: token ids, where the passage begins, and its gold tokens."""

    ids: list[int]
    passage_start: int
    starts: list[int]
    ends: list[int]


def encode(examples: Sequence[Example], tokenizer: Tokenizer, max_tokens: int) -> list[Feature]:
    """Tokenize each example into one window: the one that holds an answer, else the first.

    Examples whose answers no window holds whole are left out.
    """
    questions = [
        encoding.ids[:QUESTION_TOKENS]
        for encoding in tokenizer.encode_batch([e.question for e in examples], add_special_tokens=False)
    ]
    passages = tokenizer.encode_batch([e.context for e in examples], add_special_tokens=False)
    cls, sep = tokenizer.encode("").ids  # what this model puts around a text
    features = []
    for example, question, passage in zip(examples, questions, passages, strict=True):
        room = max_tokens - len(question) - 3
        gold = [_token_span(passage.offsets, start, end) for start, end in example.spans]
        first = max(0, min(max((e for _, e in gold), default=0) - room * 2 // 3, len(passage.ids) - room))
        if gold and first > 0:
            first = min(first, min(s for s, _ in gold))
        offset = len(question) + 2
        inside = [(s - first + offset, e - first + offset) for s, e in gold if first <= s and e < first + room]
        if gold and not inside:
            continue
        starts, ends = (sorted({span[side] for span in inside}) or [0] for side in (0, 1))
        ids = [cls, *question, sep, *passage.ids[first : first + room], sep]
        features.append(Feature(ids, offset, starts, ends))
    return features


def _token_span(offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """First and last token that overlap the characters [start, end)."""
    inside = [i for i, (s, e) in enumerate(offsets) if s < end and e > start]
    return (inside[0], inside[-1]) if inside else (len(offsets), len(offsets))


def batches(features: Sequence[Feature], passes: float, batch_size: int, seed: int) -> list[list[int]]:
    """The whole run as lists of feature numbers: batches of similar length in random order."""
    rng = random.Random(seed)
    wanted = int(len(features) * passes)
    order: list[int] = []
    while len(order) < wanted:
        order += rng.sample(range(len(features)), len(features))
    order = order[:wanted]
    pool = batch_size * 64
    made = []
    for begin in range(0, len(order), pool):
        part = sorted(order[begin : begin + pool], key=lambda i: len(features[i].ids))
        chunk = [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
        made += rng.sample(chunk, len(chunk))
    return made


def collate(features: Sequence[Feature], pad: int) -> dict[str, Tensor]:
    """Pad to the longest: ids, mask and types for the model; which tokens may be chosen, and which are gold."""
    shape = (len(features), max(len(f.ids) for f in features))
    ids, mask, types = np.full(shape, pad), np.zeros(shape, int), np.zeros(shape, int)
    allowed, starts, ends = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    for row, feature in enumerate(features):
        length = len(feature.ids)
        ids[row, :length], mask[row, :length] = feature.ids, 1
        types[row, feature.passage_start : length] = 1
        allowed[row, feature.passage_start : length - 1] = allowed[row, 0] = True
        starts[row, feature.starts], ends[row, feature.ends] = True, True
    named = {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": types,
        "allowed": allowed,
        "starts": starts,
        "ends": ends,
    }
    return {name: torch.from_numpy(values) for name, values in named.items()}
