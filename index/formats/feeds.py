"""RSS and Atom feeds: each entry is an article.

Knows the names that RSS 0.9 to 2.0, RSS 1.0 and Atom have for the same things. Never follows a
link, loads a file, or expands an entity that the feed declares.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from index.errors import InputError
from index.formats.record import Record, guarded
from index.formats.web import fragment

_FEEDS = {"rss", "RDF", "feed"}
_ENTRIES = {"item", "entry"}
_TEXT = ("encoded", "content", "description", "summary")
_PUBLISHED = ("pubDate", "published", "issued", "date")
"""Not Atom's `updated`: what was changed last says nothing of when it was first there."""
_SHARED = {
    "http://www.w3.org/2005/Atom",
    "http://purl.org/rss/1.0/modules/content/",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "http://www.itunes.com/dtds/podcast-1.0.dtd",
}
"""Namespaces whose names mean in a feed of any format what the format's own do. A title of Media RSS is a picture's."""

_MARKUP = re.compile(r"<[A-Za-z/!][^<>]*>|&#?\w{1,32};")
_IN_BRACKETS = re.compile(r"\S+@\S+ \((.+)\)")


def feed(file: BinaryIO) -> Iterator[Record | str]:
    """The entries of a feed, read one by one; the feed's own title is their outlet.

    Raises:
        InputError: it is no feed, declares entities, or is damaged; the entries above the damage are given.
    """
    from lxml import etree

    outlet = ""
    with guarded("an RSS or Atom feed"):
        events = etree.iterparse(file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False)
        for event, element in events:
            name = _name(element)
            if event == "start":
                if element.getparent() is None:
                    _check(element)
            elif name in _ENTRIES:
                try:
                    yield _entry(element, outlet)
                except InputError as error:
                    yield str(error)
                _forget(element)
            elif name == "title" and _name(element.getparent()) in ("channel", "feed") and _speaks_of_parent(element):
                outlet = _text(element)


def _name(element: Any) -> str:
    """An element's name without its namespace; empty for a comment and the like."""
    return _full_name(element)[1]


def _full_name(element: Any) -> tuple[str, str]:
    """An element's namespace and its name in that; either is empty where there is none."""
    tag = element.tag if element is not None else ""
    namespace, _, name = tag.rpartition("}") if isinstance(tag, str) else ("", "", "")
    return namespace.removeprefix("{"), name


def _speaks_of_parent(element: Any) -> bool:
    """Whether its name is one of the format, rather than of a vocabulary that has the same name for something else."""
    return _full_name(element)[0] in (_full_name(element.getparent())[0], *_SHARED)


def _check(root: Any) -> None:
    if _name(root) not in _FEEDS:
        raise InputError("it is neither an RSS nor an Atom feed")
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError("it declares XML entities, which are not expanded")


def _forget(element: Any) -> None:
    """Let go of an entry and of all before it, so that a long feed never stands in memory."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _entry(entry: Any, outlet: str) -> Record:
    parts: dict[str, list[Any]] = {}
    for child in filter(_speaks_of_parent, entry):
        parts.setdefault(_name(child), []).append(child)

    def said(*names: str) -> str:
        found = (_text(element) for name in names for element in parts.get(name, ()))
        return next(filter(None, found), "")

    return Record(
        text=said(*_TEXT),
        title=" ".join(said("title").split()),
        source=next(map(_source, parts.get("source", [])), "") or outlet,
        url=_link(parts.get("link", [])),
        published=said(*_PUBLISHED),
        author=_authors([*parts.get("author", []), *parts.get("creator", [])]),
    )


def _text(element: Any) -> str:
    """What an element says; where it holds markup, as elements or in quotes, the text of that."""
    from lxml import etree

    said = "".join(element.itertext())
    if len(element):
        inner = "".join(etree.tostring(child, encoding="unicode") for child in element)
        return fragment((element.text or "") + inner)
    return fragment(said) if _MARKUP.search(said) else said.strip()


def _source(element: Any) -> str:
    """The outlet that an entry was taken from: RSS writes its name, Atom a feed within the entry."""
    return next((_text(child) for child in element if _name(child) == "title"), "") if len(element) else _text(element)


def _link(links: list[Any]) -> str:
    """The address of the entry's page: RSS writes it as text, Atom as an attribute, one link among others."""
    for link in links:
        if link.get("rel", "alternate") == "alternate" and (address := link.get("href") or link.text):
            return str(address).strip()
    return ""


def _authors(elements: list[Any]) -> str:
    names = []
    for element in elements:
        name = next((_text(child) for child in element if _name(child) == "name"), "") or _text(element)
        names.append(" ".join(_IN_BRACKETS.sub(r"\1", name).split()))
    return ", ".join(dict.fromkeys(filter(None, names)))
