"""The two things an index is made of: an article, and a passage of it.

Knows what they are. Never knows where they come from or what is done with them.
"""

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

YEARS = range(1000, 3000)
"""In which an article can have been published: programs export 0001-01-01 and 9999-12-31 for "unknown"."""

Fields = tuple[str, str, str, str, str, str | None, str, str]
"""Id, title, text, source, URL, ISO date, author, pages with spaces between: what tables and JSON can hold."""


@dataclass(frozen=True, slots=True)
class Article:
    """One document, its text exactly as it was read.

    `id` is its path below the folder it was read from, with forward slashes, so that it is the
    same on every machine; a row of a table adds `#` and the row's number, counted from one.
    `source` is the outlet. What is not known is an empty string, or None for the date. `pages`
    are the offsets in `text` at which the pages of a paged document begin, the first of them 0.
    """

    id: str
    title: str
    text: str
    source: str = ""
    url: str = ""
    published: date | None = None
    author: str = ""
    pages: tuple[int, ...] = ()

    @classmethod
    def of_fields(
        cls, id: str, title: str, text: str, source: str, url: str, published: str | None, author: str, pages: str
    ) -> "Article":
        """The article that has these `fields`. Raises: ValueError: its date or its pages are damaged."""
        day = date.fromisoformat(published) if published else None
        return cls(id, title, text, source, url, day, author, tuple(map(int, pages.split())))

    @property
    def fields(self) -> Fields:
        """All there is to it, so that it can be kept; `of_fields` makes the same article of it."""
        day = self.published.isoformat() if self.published else None
        return self.id, self.title, self.text, self.source, self.url, day, self.author, " ".join(map(str, self.pages))

    @property
    def is_untitled(self) -> bool:
        """Whether its title is only its file's name with the number of its row, which say nothing about it."""
        of_file, _, number = self.id.rpartition("#")
        words = self.title.split()
        return bool(of_file) and words[-1:] == [number] and set(words) <= set(re.findall(r"[^\W_]+", self.id))

    def page(self, offset: int) -> int | None:
        """The number, from one, of the page that holds a character; None where there are no pages."""
        return bisect_right(self.pages, offset) or None

    @property
    def digest(self) -> str:
        """SHA-256 of everything that is indexed: two articles of one digest are the same."""
        about = (self.title, self.source, self.url, str(self.published or ""), self.author)
        parts = (*about, " ".join(map(str, self.pages)), self.text)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Passage:
    """The characters [start, end) of an article's text: what is searched and read as one piece."""

    article_id: str
    start: int
    end: int
