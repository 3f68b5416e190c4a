"""Words as the local full text takes them: the same stems without accents, by the very same tokenizer.

Knows FTS5's tokenizer. Never knows Milvus.

What a Milvus server makes of a text depends on the server: `milvus-lite` neither stems nor folds
accents. So texts and questions are analysed here, and the server only splits at the spaces.
"""

import sqlite3
import threading
from collections.abc import Sequence

TOKENIZER = "porter unicode61 remove_diacritics 2"

Words = tuple[str, ...]


class Analyzer:
    """A full-text table in memory that holds texts only as long as it takes to look at their words."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sql = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._sql.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize='{TOKENIZER}')")
        self._sql.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts, instance)")

    def words(self, texts: Sequence[str]) -> list[Words]:
        """The words of each text, in their order."""
        found: list[list[str]] = [[] for _ in texts]
        with self._lock:
            self._sql.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts, start=1))
            for text, word in self._sql.execute("SELECT doc, term FROM terms ORDER BY doc, offset"):
                found[text - 1].append(word)
            self._sql.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
        return [tuple(words) for words in found]

    def close(self) -> None:
        self._sql.close()
