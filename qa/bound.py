"""Which passages are still worth reading for a question: those that could change its answer.

Knows how well passages were found, and what was read in the first of them. Never knows the model that reads.

What reading will bring can be foretold from above: of a thousand passages found equally well, all but one are read with
a score under a line over the fused score, which is a quantile regression (Koenker and Bassett 1978). A passage whose
line, with what its fused score is worth, stays under the best answer already found would not have won.
"""

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.answer import Span
from qa.fitted import read_fitted, write_fitted

FILE = "reading.json"

FIRST = 3
"""Passages that are read in any case; a refusal shows as many."""

LEVEL = 0.999
"""Share of passages that are read with a score under the line."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The line, in logits of the reader, and how many passages are read before it is asked."""

    intercept: float
    slope: float
    first: int = FIRST

    def worth_reading(
        self, fused: Sequence[float], texts: Sequence[str], read: Sequence[Sequence[Span]], retrieval_weight: float
    ) -> list[int]:
        """The places of the passages after the first that may hold a better answer, or the best so far once more.

        Args:
            fused: each passage's fused retrieval score, best first.
            texts: what stands in each.
            read: the spans of each, best first; none yet of those after the first.
            retrieval_weight: what a fused score of 1 is worth in logits, as in `Calibration`.
        """
        if len(fused) <= self.first:
            return []
        scores = [
            (spans[0].score + retrieval_weight * fused[place], place) for place, spans in enumerate(read) if spans
        ]
        if not scores:
            return list(range(self.first, len(fused)))
        best, at = max(scores, key=lambda found: (found[0], -found[1]))
        same = _telling(texts[at][read[at][0].start : read[at][0].end])
        return [
            place
            for place in range(self.first, len(fused))
            if self.intercept + (self.slope + retrieval_weight) * fused[place] > best or same.match(texts[place])
        ]

    @classmethod
    def of_reader(cls, folder: Path) -> "Bound":
        """What was fitted for the reader in `folder`; for one that has none, everything is worth reading.

        Raises:
            ModelError: the file is damaged.
        """
        return cls.load(folder / FILE) if (folder / FILE).exists() else ALL

    @classmethod
    def load(cls, path: Path) -> "Bound":
        """Raises: ModelError: the file is missing or damaged."""
        return read_fitted(path, cls._of)

    def save(self, path: Path, **notes: object) -> None:
        """Write the numbers, and beside them how they were found."""
        write_fitted(path, asdict(self), **notes)

    @classmethod
    def _of(cls, stored: Mapping[str, Any]) -> "Bound":
        bound = cls(float(stored["intercept"]), float(stored["slope"]), int(stored["first"]))
        if bound.first < 1 or not all(map(math.isfinite, (bound.intercept, bound.slope))):
            raise ValueError("its numbers are out of their range")
        return bound


ALL = Bound(math.inf, 0.0, sys.maxsize)
"""Reads everything at once."""


def _telling(quote: str) -> re.Pattern[str]:
    """Matches a text that may say the same as a quote: all its numbers stand there, or else its last name or its words.

    "90 per cent" may be "more than 90 percent", and "Mayhoub" the "General Ali Mayhoub" of another article.
    """
    names: list[str] = re.findall(r"\b[A-Z][\w’'-]+", quote)
    telling: list[str] = re.findall(r"\d(?:[\d,.]*\d)?", quote) or names[-1:] or [quote]
    held = "".join(rf"(?=.*(?<!\w){re.escape(word)}(?!\w))" for word in telling)
    return re.compile(held, re.IGNORECASE | re.DOTALL)


def fit_bound(fused: Sequence[float], scores: Sequence[float]) -> Bound:
    """The line that `LEVEL` of the passages, with these fused scores, are read with a score under."""
    import numpy as np
    from sklearn.linear_model import QuantileRegressor

    line = QuantileRegressor(quantile=LEVEL, alpha=0.0).fit(np.array(fused)[:, None], np.array(scores))
    return Bound(float(line.intercept_), float(line.coef_[0]))
