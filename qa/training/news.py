"""News of our own: short passages about events that never happened, and questions about them.

Written for this project with a large language model, as agencies, newspapers and broadcasters write: two accounts of
each event, by different outlets, in other words, with other spellings and now and then another figure. Wikipedia,
of which nearly all questions to train on are, has no such text. As in `qa.training.written` the questions avoid the
words of what answers them, or are about the passage's own matters and are not answered by it, and many ask from the
other side of what is told: who lost a town that somebody retook.

Knows that file. Never knows what is trained on it.
"""

import gzip
import json
from pathlib import Path

from qa.squad import Example

FILE = Path(__file__).with_name("news.jsonl.gz")


def news(file: Path = FILE) -> list[Example]:
    """All questions, in the order of the file; both accounts of an event have its title."""
    made = []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for place, line in enumerate(lines):
            account = json.loads(line)
            for number, (question, *spans) in enumerate(account["questions"]):
                places = tuple((start, end) for start, end in spans)
                made.append(Example(f"news-{place}-{number}", question, account["text"], places, account["title"]))
    return made
