"""A conversation in other forms: as it is kept, as JSON, and as Markdown in which whatever was said is only text.

Knows results, citations and how each looks written down. Never knows where that is kept.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from index.article import Article
from index.errors import QAError
from qa.answer import Alternative, Answer, Citation, NoAnswer, support

Lookup = Callable[[str], Article]
"""The article of an id, as it is now; raises a QAError if it is not there any more."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9/._~%=&?+,;:@#-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation and what came of it: a result, or the one line that says why not.

    While the engine is still reading, both are empty. `number` is given to it when it is kept, `asked` is when that
    was. `outdated` are the ids of cited articles that have changed since, or are gone: their quotes are as they were.
    `liked` is what the user said of it, if anything, and `correction` the answer that should have been given.
    """

    question: str
    result: Answer | NoAnswer | None = None
    error: str = ""
    number: int = 0
    asked: datetime | None = None
    outdated: frozenset[str] = frozenset()
    liked: bool | None = None
    correction: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a list shows of a conversation: its first question, and when it began and went on."""

    id: str
    title: str
    begun: datetime
    latest: datetime
    exchanges: int


# ---- as it is kept --------------------------------------------------------------------------------


def kept(result: Answer | NoAnswer) -> dict[str, Any]:
    """A result as JSON that `restored` reads: `as_dict`, with each citation's article told by its digest too."""
    cited = {c.article.id: c.article for c in _all_citations(result)}
    digests = {article_id: article.digest for article_id, article in cited.items()}
    return result.as_dict() | {"digests": digests}


def restored(stored: dict[str, Any], article: Lookup) -> tuple[Answer | NoAnswer, frozenset[str]]:
    """A result as it was given, and the ids of the articles that are not any more what they were then.

    A citation of an article that is unchanged is exact. One of another article is of a stand-in whose whole text is
    the sentence around the quote: it reads the same, and its digest is not that of any article.
    """
    same = dict[str, Article]()
    for article_id, digest in stored["digests"].items():
        with suppress(QAError):
            if (found := article(article_id)).digest == digest:
                same[article_id] = found

    def cited(citations: Iterable[dict[str, Any]]) -> tuple[Citation, ...]:
        return tuple(_citation(c, same.get(c["article_id"])) for c in citations)

    def readings(name: str) -> tuple[Alternative, ...]:
        return tuple(Alternative(r["text"], r["confidence"], cited(r["citations"])) for r in stored.get(name, ()))

    question, understood, seconds = stored["question"], stored["understood"], stored["seconds"]
    outdated = frozenset(stored["digests"]) - frozenset(same)
    if not stored["found"]:
        closest = cited(stored["closest"])
        refusal = NoAnswer(question, stored["confidence"], readings("alternatives"), closest, understood, seconds)
        return refusal, outdated
    answer = Answer(
        question,
        stored["text"],
        stored["confidence"],
        cited(stored["citations"]),
        readings("alternatives"),
        readings("disagreements"),
        understood,
        seconds,
        stored["sources"],
        readings("parts"),
    )
    return answer, outdated


def _citation(stored: dict[str, Any], unchanged: Article | None) -> Citation:
    quote, sentence = stored["quote"], stored["sentence"]
    if unchanged:
        return Citation(unchanged, stored["start"], stored["end"], sentence)
    published = date.fromisoformat(stored["published"]) if stored["published"] else None
    around = sentence if quote in sentence else quote
    about = (stored["source"], stored["url"], published, stored["author"])
    start = around.index(quote)
    return Citation(Article(stored["article_id"], stored["title"], around, *about), start, start + len(quote), around)


def _all_citations(result: Answer | NoAnswer) -> Iterator[Citation]:
    yield from result.citations
    for reading in (*result.parts, *result.alternatives, *result.disagreements):
        yield from reading.citations
    if isinstance(result, NoAnswer):
        yield from result.closest


# ---- for people and programs ------------------------------------------------------------------------


def as_dict(conversation: Conversation, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """The conversation as one JSON object, each result as the command line prints it."""
    return {
        "title": conversation.title,
        "begun": conversation.begun.isoformat(),
        "exchanges": [
            {
                "asked": exchange.asked.isoformat() if exchange.asked else None,
                "question": exchange.question,
                "result": exchange.result.as_dict() if exchange.result else None,
                "error": exchange.error,
                "outdated": sorted(exchange.outdated),
                "liked": exchange.liked,
                "correction": exchange.correction,
            }
            for exchange in exchanges
        ],
    }


def as_markdown(conversation: Conversation, exchanges: Sequence[Exchange]) -> str:
    """The conversation as CommonMark in which only its headings, quotes and lists are markup.

    Whatever was asked or quoted stands there as text: every ASCII punctuation mark of it is escaped.
    """
    blocks = [f"# {plain(conversation.title)}", f"{conversation.begun:%d %B %Y, %H:%M} UTC".lstrip("0")]
    for number, exchange in enumerate(exchanges, start=1):
        blocks.append(f"## {number}\\. {plain(exchange.question)}")
        blocks += _written(exchange)
    return "\n\n".join(blocks) + "\n"


def plain(text: str) -> str:
    """`text` on one line of Markdown that can only ever be text."""
    shown = _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))
    return _PUNCTUATION.sub(lambda match: f"\\{match[0]}", shown)


def around(citation: Citation) -> tuple[str, str]:
    """What stands before and after a quote in its sentence; nothing where they are not found in one another."""
    text, length = citation.article.text, len(citation.sentence)
    at = text.rfind(citation.sentence, max(0, citation.end - length), citation.start + length)
    return ("", "") if at < 0 else (text[at : citation.start], text[citation.end : at + length])


def _written(exchange: Exchange) -> Iterator[str]:
    result = exchange.result
    if result is None:
        yield plain(exchange.error)
        return
    if result.understood.split() not in ([], result.question.split()):
        yield f"*Understood as:* {plain(result.understood)}"
    if isinstance(result, Answer):
        yield f"**{plain(result.text)}**"
        yield f"{result.confidence:.0%} likely; {support(result)}"
        yield from _listed(result.citations, exchange.outdated)
        for part in result.parts[1:]:  # the first is what stands above
            yield f"and **{plain(part.text)}**"
            yield from _listed(part.citations, exchange.outdated)
    else:
        yield "I could not find this in the articles\\."
        yield from _titled("The closest passages:", _listed(result.closest, exchange.outdated))
    for reading in result.disagreements:
        yield f"The articles differ: **{plain(reading.text)}** \\({reading.confidence:.0%} likely\\)"
        yield from _listed(reading.citations, exchange.outdated)
    if exchange.liked is not None:
        said = "Marked as right" if exchange.liked else "Marked as wrong"
        yield f"*{said}{': ' + plain(exchange.correction) if exchange.correction else ''}*"


def _titled(title: str, blocks: Iterator[str]) -> Iterator[str]:
    for first in blocks:
        yield title
        yield first
        yield from blocks


def _listed(citations: Sequence[Citation], outdated: frozenset[str]) -> Iterator[str]:
    """One numbered list of what is cited, as one block; nothing if nothing is."""
    items = []
    for number, citation in enumerate(citations, start=1):
        items.append(f"{number}. {_sentence(citation)}\n   — {_where(citation, citation.article.id in outdated)}")
    if items:
        yield "\n".join(items)


def _sentence(citation: Citation) -> str:
    """The sentence with its quote in bold; where they are not found in one another, the quote alone."""
    before, after = around(citation)
    left, right = " " * before[-1:].isspace(), " " * after[:1].isspace()
    return f"“{plain(before)}{left}**{plain(citation.quote)}**{right}{plain(after)}”"


def _where(citation: Citation, is_outdated: bool) -> str:
    article = citation.article
    day = f"{article.published.day} {article.published:%B %Y}" if article.published else ""
    page = f"page {citation.page}" if citation.page else ""
    place = "" if is_outdated else f"characters {citation.start}–{citation.end}"
    known = (article.title.strip() or article.id, article.author, article.source, day, article.id, page, place)
    link = f" <{article.url}>" if _WEB_ADDRESS.fullmatch(article.url) else ""
    note = " *This article has changed or is gone since\\.*" if is_outdated else ""
    return f"{', '.join(plain(part) for part in known if part.strip())}{link}{note}"
