"""Cut a text into passages: runs of whole sentences that fit a model's window.

Knows sentences and token counts. Never knows what a passage is used for. Everything here is
offsets into the text that was given; nothing is copied or cleaned.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import pysbd
from pysbd.utils import TextSpan

Offsets = tuple[int, int]
Tokenize = Callable[[list[str]], list[list[Offsets]]]
"""Texts in, for each the character offsets of its tokens out."""

CAPACITY = 200
"""Most tokens a passage holds, where a model reads 256 with a title or a question before it."""

LONGEST_TOKEN = 20
"""Most characters that count as one token: a tokenizer may make one of a hex dump, or of a line without a space, and
a passage of such would be of any length. The default model knows no word of more than 18."""

LONGEST_BLOCK = 4000
"""Most characters given to pySBD at once; its time grows with their square."""

OVERLAP = 48
"""A passage repeats the last sentences of the one before it, up to this many tokens, so that a
sentence and the one it refers to stand together at least once."""

TOKENIZED = 1000
"""Sentences tokenized at once: what a tokenizer says of a text takes forty times the text's own memory."""

_PARAGRAPH_END = re.compile(r"(?<!\s)(?:\s*\n\s*\n\s*|\s*\n(?=[^\w\n]*(\w)))")
_WRAP = re.compile(r"\s")


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Offsets]:
    """The sentences in `text[start:end]` as offsets into `text`, trimmed of outer white space.

    A blank line ends a sentence, and so does a line break before a capital or a digit; a line
    that goes on in lower case is taken for a wrapped one. Within that, pySBD's rules decide
    (Sadvilkar and Neumann 2020, arXiv:2010.09657), which know abbreviations such as "Gen.".
    """
    end = len(text) if end is None else end
    found: list[Offsets] = []
    for first, last in _blocks(text, start, end):
        unwrapped = _WRAP.sub(" ", text[first:last])
        spans = [(piece.start, piece.end) for piece in _Segmenter(language="en", char_span=True).segment(unwrapped)]
        if not _tiles(spans, len(unwrapped)):
            spans = [(0, len(unwrapped))]  # pySBD lost its place on a repeated sentence
        found += [trimmed for s, e in spans if (trimmed := _trim(text, first + s, first + e))]
    return found


def cut(text: str, kept: Sequence[Offsets], tokenize: Tokenize, capacity: int = CAPACITY) -> list[Offsets]:
    """Passages that cover the `kept` ranges of a text and nothing outside them.

    Args:
        text: the article's text.
        kept: character ranges that may be quoted, in order.
        tokenize: the model's tokenizer, without special tokens.
        capacity: most tokens in a passage. A sentence that is longer by itself is cut between words.
    """
    return [(run[0][0], run[-1][1]) for run in runs(text, kept, tokenize, capacity)]


def runs(text: str, kept: Sequence[Offsets], tokenize: Tokenize, capacity: int = CAPACITY) -> list[list[Offsets]]:
    """The same passages as the sentences that each is made of; of one that is cut, its pieces."""
    return [run for start, end in kept for run in _cut_range(text, start, end, tokenize, capacity)]


class _Segmenter(pysbd.Segmenter):  # type: ignore[misc]
    """pySBD, its sentences looked up in the text one after the other.

    Its own way, a regular expression made of each sentence, takes two fifths of all its time.
    """

    def sentences_with_char_spans(self, sentences: list[str]) -> list[TextSpan]:
        text, spans, end = self.original_text, [], 0
        for sentence in sentences:
            start = text.find(sentence, end)
            if start >= 0:
                end = start + len(sentence)
                end += len(text[end:]) - len(text[end:].lstrip())
                spans.append(TextSpan(text[start:end], start, end))
        return spans


def _cut_range(text: str, start: int, end: int, tokenize: Tokenize, capacity: int) -> Iterator[list[Offsets]]:
    units = _units(text, sentences(text, start, end), tokenize, capacity)
    first = 0
    while first < len(units):
        last, used = first, 0
        while last < len(units) and used + units[last][2] <= capacity:
            used += units[last][2]
            last += 1
        yield [(start, end) for start, end, _ in units[first:last]]
        if last == len(units):
            return
        shared, most = 0, min(OVERLAP, capacity - units[last][2])
        while last - 1 > first and (shared := shared + units[last - 1][2]) <= most:
            last -= 1
        first = last


def _units(text: str, found: Sequence[Offsets], tokenize: Tokenize, capacity: int) -> list[tuple[int, int, int]]:
    """Sentences with their token counts, the overlong ones in pieces."""
    units = []
    for (start, end), tokens in _tokenized(text, found, tokenize):
        if len(tokens) <= capacity:
            units.append((start, end, len(tokens)))
            continue
        for (first, last), count in _pieces(text[start:end], tokens, capacity):
            if trimmed := _trim(text, start + first, start + last):
                units.append((*trimmed, count))
    return units


def _tokenized(text: str, found: Sequence[Offsets], tokenize: Tokenize) -> Iterator[tuple[Offsets, list[Offsets]]]:
    """Each sentence with its tokens."""
    for first in range(0, len(found), TOKENIZED):
        some = found[first : first + TOKENIZED]
        for sentence, tokens in zip(some, tokenize([text[start:end] for start, end in some]), strict=True):
            yield sentence, [part for token in tokens for part in _parts(*token)]


def _parts(start: int, end: int) -> Iterator[Offsets]:
    """A token as it is, or one that is too long to be one as several in a row."""
    for at in range(start, max(end, start + 1), LONGEST_TOKEN):
        yield at, min(at + LONGEST_TOKEN, end)


def _pieces(sentence: str, tokens: Sequence[Offsets], capacity: int) -> Iterator[tuple[Offsets, int]]:
    """An overlong sentence as ranges in a row, each with its token count; cut between words wherever there are any."""
    first = 0
    while first < len(tokens):
        full = min(first + capacity, len(tokens))
        word_starts = (i for i in range(full, first, -1) if i == len(tokens) or sentence[tokens[i][0] - 1].isspace())
        last = next(word_starts, full)
        yield (tokens[first][0] if first else 0, tokens[last][0] if last < len(tokens) else len(sentence)), last - first
        first = last


def _blocks(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Paragraphs, those over LONGEST_BLOCK in parts that end after a full stop, or else at a space."""
    for first, last in _paragraphs(text, start, end):
        while last - first > LONGEST_BLOCK:
            limit = first + LONGEST_BLOCK
            stop = next((at for mark in (". ", " ") if (at := text.rfind(mark, first + 1, limit)) > 0), limit - 1) + 1
            if trimmed := _trim(text, first, stop):
                yield trimmed
            first = stop
        if trimmed := _trim(text, first, last):
            yield trimmed


def _paragraphs(text: str, start: int, end: int) -> Iterator[Offsets]:
    for match in _PARAGRAPH_END.finditer(text, start, end):
        first = match[1]  # after a single line break; asked here, as `re` knows the capitals of ASCII alone
        if first and not (first.isupper() or first.istitle() or first.isdigit()):
            continue
        if trimmed := _trim(text, start, match.start()):
            yield trimmed
        start = match.end()
    if trimmed := _trim(text, start, end):
        yield trimmed


def _trim(text: str, start: int, end: int) -> Offsets | None:
    piece = text[start:end]
    if not piece.strip():
        return None
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _tiles(spans: Sequence[Offsets], length: int) -> bool:
    """Whether the spans follow one another from the first character to the last."""
    edges = [0, *(edge for span in spans for edge in span), length]
    return all(edges[i] == edges[i + 1] for i in range(0, len(edges), 2))
