"""What the spans that were read amount to: which say the same, which sources are independent, which differ.

Knows candidates and what they say. Never knows the model that found them.
"""

from qa.evidence.context import supporting
from qa.evidence.differences import differing
from qa.evidence.groups import Candidate, Group, echoes, group, sentence_of
from qa.evidence.names import folded
from qa.evidence.rivals import Lineup, compared, lineups
from qa.evidence.shapes import parts, shaped

__all__ = [
    "Candidate",
    "Group",
    "Lineup",
    "compared",
    "differing",
    "echoes",
    "folded",
    "group",
    "lineups",
    "parts",
    "sentence_of",
    "shaped",
    "supporting",
]
