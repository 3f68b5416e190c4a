"""The questions there are to train on: those of a folder's data sets, and our own about their paragraphs.

Knows where they lie. Never knows which of them are read, or how.
"""

from pathlib import Path

from index.errors import InputError
from qa.squad import Example, read_squad
from qa.training.written import written


def read_questions(data: Path) -> tuple[list[Example], list[Example]]:
    """The questions of the `*.json[.gz]` files in `data` or `data/train`, and our own about their paragraphs.

    Raises:
        InputError: there is no such folder, no question set in it, or a damaged one.
    """
    folder = data / "train" if (data / "train").is_dir() else data
    files = sorted(f for f in folder.glob("*.json*") if f.name.endswith((".json", ".json.gz")))
    if not files:
        raise InputError(f"{folder} holds no .json or .json.gz question set in the SQuAD format")
    examples = [example for file in files for example in read_squad(file, every_place=True)]
    return examples, written(examples)
