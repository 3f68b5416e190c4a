"""The entries of a feed are articles, whichever of the formats it is in, and a hostile feed is only refused."""

import io
from itertools import islice

import pytest

from index.errors import InputError
from index.formats.feeds import feed
from index.formats.record import Record

RSS = """<?xml version="1.0" encoding="{encoding}"?><!-- saved -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>The Daily Planet</title><link>https://planet.example/</link><image><title>Logo</title></image>
<item><title>Café &amp;amp; council</title><link> https://planet.example/1 </link>
<pubDate>Fri, 03 Nov 2017 10:00:00 GMT</pubDate><dc:creator>Ada Wright</dc:creator><description>Short.</description>
<content:encoded><![CDATA[<p>First&nbsp;line,
<b>bold</b>.</p><script>no()</script><p>Second:<br/>third &lt; 4.</p>]]></content:encoded>
</item>
<item><title>Two</title><author>ada@planet.example (Ada Wright)</author>
<source url="https://w.example/">The Wire</source>
<description>Only 3 &lt; 4, said nobody.</description></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">The Daily Planet</title>
<updated>2018-01-01</updated>
<entry><title type="html">Council &lt;i&gt;votes&lt;/i&gt;</title><link rel="self" href="https://planet.example/feed"/>
<link href="https://planet.example/1"/><published>2017-11-03T10:00:00Z</published><updated>2018-01-01T00:00:00Z</updated>
<author><name>Ada Wright</name><email>ada@planet.example</email></author><author><name>Bob Roe</name></author>
<summary>Short.</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One.</p><p>Two <i>it</i>
three.</p></div></content></entry>
<entry><title>Old</title><updated>2018-01-01T00:00:00Z</updated><summary>Summary.</summary>
<source><title>The Wire</title><id>w</id></source></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>The Daily Planet</title></channel>
<item><title>One</title><link>https://planet.example/1</link><description>Text.</description><dc:date>2017-11-03</dc:date>
</item></rdf:RDF>"""


MEDIA = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"
xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><media:title>A logo</media:title>
<title>The Daily Planet</title><media:title>Its small logo</media:title>
<item><media:title>A bridge</media:title><media:description>Photo: Bob Roe</media:description>
<title>Council votes</title><media:content url="https://planet.example/1.jpg"><media:credit>Bob Roe</media:credit>
</media:content><atom:link href="https://planet.example/1"/><itunes:author>Ada Wright</itunes:author>
<description>The council voted on Monday.</description></item>
<item><title>A picture</title><media:content url="https://planet.example/2.jpg">Photo: Bob Roe</media:content></item>
</channel></rss>"""


def read(text: str | bytes) -> list[Record | str]:
    return list(feed(io.BytesIO(text.encode() if isinstance(text, str) else text)))


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_rss_gives_its_entries_in_full(encoding: str) -> None:
    first, second = read(RSS.format(encoding=encoding).encode(encoding))
    assert first == Record(
        "First line, bold.\nSecond:\nthird < 4.",
        title="Café & council",
        source="The Daily Planet",
        url="https://planet.example/1",
        published="Fri, 03 Nov 2017 10:00:00 GMT",
        author="Ada Wright",
    )
    assert second == Record("Only 3 < 4, said nobody.", title="Two", source="The Wire", author="Ada Wright")


def test_atom_gives_its_entries_in_full() -> None:
    first, second = read(ATOM)
    assert first == Record(
        "One.\nTwo it three.",
        title="Council votes",
        source="The Daily Planet",
        url="https://planet.example/1",
        published="2017-11-03T10:00:00Z",
        author="Ada Wright, Bob Roe",
    )
    assert second == Record("Summary.", title="Old", source="The Wire")  # when it was changed is not when it was new


def test_rss_1_is_read_too() -> None:
    (record,) = read(RDF)
    assert record == Record(
        "Text.", title="One", source="The Daily Planet", url="https://planet.example/1", published="2017-11-03"
    )


def test_what_is_said_of_a_picture_is_not_said_by_the_article() -> None:
    first, second = read(MEDIA)
    assert first == Record(
        "The council voted on Monday.",
        title="Council votes",
        source="The Daily Planet",
        url="https://planet.example/1",
        author="Ada Wright",
    )
    assert second == Record("", title="A picture", source="The Daily Planet")


def test_media_in_an_atom_feed_are_pictures_too() -> None:
    feed = ATOM.replace("<feed ", '<feed xmlns:media="http://search.yahoo.com/mrss/" ')
    assert read(feed.replace("<entry>", "<entry><media:content>Photo: Bob Roe</media:content>")) == read(ATOM)


def test_a_feed_is_read_entry_by_entry() -> None:
    entry = "<item><description>" + "Text. " * 1_000 + "</description></item>"
    file = io.BytesIO(f"<rss><channel>{entry * 1_000}</channel></rss>".encode())
    assert len(list(islice(feed(file), 10))) == 10
    assert file.tell() < 1_000_000


def test_entries_above_the_damage_are_given_before_it_is_said() -> None:
    found = feed(io.BytesIO(RSS.format(encoding="utf-8").encode().partition(b"<item><title>Two")[0]))
    assert isinstance(next(found), Record)
    with pytest.raises(InputError, match="not an RSS or Atom feed that can be read"):
        next(found)


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(10))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]><rss><item><title>&l10;</title></item></rss>',
    "a file": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><title>&x;</title></item></rss>',
    "a parameter": '<!DOCTYPE rss [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]><rss/>',
    "another vocabulary": "<html><body><p>Text.</p></body></html>",
    "deep": "<rss>" * 100_000,
    "an attribute without end": f'<rss a="{"x" * 11_000_000}"/>',
    "no XML": "once upon a time",
    "nothing": "",
    "zeros": "\0" * 1_000,
    "an unknown entity": "<rss><item><title>&nbsp;</title></item></rss>",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_feed_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as error:
        read(text)
    assert "\n" not in str(error.value) and "root:" not in str(error.value)


def test_a_doctype_without_entities_does_no_harm_and_loads_nothing() -> None:
    doctype = '<!DOCTYPE rss SYSTEM "file:///nowhere/rss.dtd">'
    assert read(f"{doctype}<rss><channel><item><description>Text.</description></item></channel></rss>") == [
        Record("Text.")
    ]
