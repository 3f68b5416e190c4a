"""What comes back from a question: an answer with its citations, or an honest refusal.

Knows what they hold and how they look as JSON. Never knows how they were found.
"""

from dataclasses import dataclass
from typing import Any, Literal

from index.article import Article


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate answer inside one text: characters [start, end) and how much it is believed.

    `score` is in logits: start plus end, a little less for a longer span, minus the same sum at the null
    position, so above zero means "rather this than nothing" and spans of different passages compare.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer stands: `article.text[start:end] == quote`, always.

    `sentence` is the sentence around the quote, verbatim too.
    """

    article: Article
    start: int
    end: int
    sentence: str

    @property
    def quote(self) -> str:
        return self.article.text[self.start : self.end]

    @property
    def page(self) -> int | None:
        """The page it stands on, counted from one; None in an article without pages."""
        return self.article.page(self.start)

    def as_dict(self) -> dict[str, Any]:
        """The citation as the JSON object of the command line."""
        return {
            "article_id": self.article.id,
            "title": self.article.title,
            "source": self.article.source,
            "url": self.article.url,
            "published": self.article.published.isoformat() if self.article.published else None,
            "author": self.article.author,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the question that the articles support, or one thing of several that were asked for."""

    text: str
    confidence: float
    citations: tuple[Citation, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "citations": [c.as_dict() for c in self.citations],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A verbatim answer. `citations` is never empty; the first one's quote is `text`.

    `confidence` is the fitted probability, 0 to 1, that the answer is right. `sources` counts the
    independent ones among the cited articles: those that share text are one. `disagreements` are
    clearly different answers that other articles give and that are believed nearly as much.
    `parts` are the things that answer it together where several were asked for and stand apart,
    each believed and cited by itself, the first of them what `text` and `citations` hold; else empty.
    `understood` is the question as it was put to the articles, made to stand alone if it was a follow-up.
    """

    question: str
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...] = ()
    disagreements: tuple[Alternative, ...] = ()
    understood: str = ""
    seconds: float = 0.0
    sources: int = 1
    parts: tuple[Alternative, ...] = ()
    found: Literal[True] = True

    @property
    def articles(self) -> int:
        """How many articles are cited."""
        return len({citation.article.id for citation in self.citations})

    def as_dict(self) -> dict[str, Any]:
        return _as_dict(self)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The articles do not say, as far as the reader can tell.

    `confidence` is the probability, 0 to 1, that the best candidate would have been right; it
    stands first among the `alternatives` where there was one. `closest` are the passages
    nearest to the question, whole, for a person to judge.
    """

    question: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    closest: tuple[Citation, ...] = ()
    understood: str = ""
    seconds: float = 0.0
    found: Literal[False] = False

    @property
    def text(self) -> None:
        """There is none: an answer is never text that stands in no article."""
        return None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """None, as nothing is claimed."""
        return ()

    @property
    def sources(self) -> int:
        """None, as nothing is claimed."""
        return 0

    @property
    def disagreements(self) -> tuple[Alternative, ...]:
        """None, as nothing is claimed."""
        return ()

    @property
    def parts(self) -> tuple[Alternative, ...]:
        """None, as nothing is claimed."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        return _as_dict(self) | {"closest": [c.as_dict() for c in self.closest]}


def support(answer: Answer) -> str:
    """How much an answer rests on, in words: "3 articles, 2 independent sources"."""
    articles = "1 article" if answer.articles == 1 else f"{answer.articles:,} articles"
    if answer.articles == 1:
        return articles
    return f"{articles}, {answer.sources:,} independent source{'s' if answer.sources != 1 else ''}"


def _as_dict(result: Answer | NoAnswer) -> dict[str, Any]:
    return {
        "question": result.question,
        "understood": result.understood,
        "found": result.found,
        "text": result.text,
        "confidence": round(result.confidence, 4),
        "citations": [c.as_dict() for c in result.citations],
        "sources": result.sources,
        "parts": [part.as_dict() for part in result.parts],
        "alternatives": [a.as_dict() for a in result.alternatives],
        "disagreements": [d.as_dict() for d in result.disagreements],
        "seconds": round(result.seconds, 4),
    }
