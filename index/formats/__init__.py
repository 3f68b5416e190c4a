"""What one file holds: its bytes in, records of named text fields out; one module a family.

Knows which reader a name calls for. Never knows where the file lies or what an article is.
"""

from collections.abc import Mapping

from index.formats.documents import docx, pdf
from index.formats.feeds import feed
from index.formats.record import Reader
from index.formats.tables import json_lines, json_values, parquet, separated
from index.formats.text import plain
from index.formats.web import html, mhtml, warc

SINGLE: Mapping[str, Reader] = {
    ".txt": plain,
    ".md": plain,
    ".markdown": plain,
    ".html": html,
    ".htm": html,
    ".xhtml": html,
    ".mhtml": mhtml,
    ".mht": mhtml,
    ".pdf": pdf,
    ".docx": docx,
}
"""What reads a file of one article, by its ending."""

MANY: Mapping[str, Reader] = {
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".json": json_values,
    ".csv": separated,
    ".tsv": separated,
    ".parquet": parquet,
    ".xml": feed,
    ".rss": feed,
    ".atom": feed,
    ".warc": warc,
}
"""What reads a file of many articles, by its ending."""

READERS: Mapping[str, Reader] = {**SINGLE, **MANY}

PACKED = (".gz", ".zip")
"""The endings of files that hold other files."""

OUT_OF_ORDER = frozenset({".parquet", ".zip"})
"""The endings of files that are not read from their beginning to their end."""
