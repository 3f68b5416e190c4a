"""Articles and results that try everything, and a way to see HTML as a browser would."""

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from index.article import Article
from qa.answer import Alternative, Answer, Citation, NoAnswer

HOSTILE = (
    "</mark><script>alert(1)</script><img src=x onerror='alert(1)'><svg onload=alert(1)> **bold** _it_ "
    "[a](javascript:alert(1)) ![i](http://evil.example/i.png) $$x^2$$ \\(y\\) `c` ${1+1} {{value}} "
    "@children &amp; | # \n\n- x"
)
PLAIN = Article(
    "a.txt", "Rain in Oslo", "It rained. The mayor, Kari Nordmann, opened an umbrella. It rained on.", "Wire"
)
WEB = Article(
    "b.txt", "Umbrellas", "Kari Nordmann owns two umbrellas.", "", "https://b.example/?a=1&b=2", date(2017, 11, 3)
)
TRAP = Article(HOSTILE, HOSTILE, f"Start. {HOSTILE} End.", HOSTILE, 'https://evil.example/"><script>alert(1)</script>')


def _cite(article: Article, quote: str) -> Citation:
    start = article.text.index(quote)
    return Citation(article, start, start + len(quote), article.text)


ANSWER = Answer(
    question="Who opened an umbrella?",
    text="Kari Nordmann",
    confidence=0.93,
    citations=(_cite(PLAIN, "Kari Nordmann"), _cite(WEB, "Kari Nordmann"), _cite(PLAIN, "The mayor")),
    alternatives=(Alternative("It", 0.3, (_cite(PLAIN, "It"),)),),
    disagreements=(Alternative("two", 0.4, (_cite(WEB, "two"),)),),
    sources=2,
)
LIST = replace(
    ANSWER,
    parts=(
        Alternative("Kari Nordmann", 0.93, ANSWER.citations),
        Alternative("umbrella", 0.8, (_cite(PLAIN, "umbrella"),)),
    ),
)
REFUSAL = NoAnswer("Who won?", 0.2, (Alternative("two", 0.2, (_cite(WEB, "two"),)),), (_cite(PLAIN, "It rained on."),))
HOPELESS = replace(REFUSAL, alternatives=(replace(REFUSAL.alternatives[0], confidence=0.005),))
TRAPPED = Answer(
    HOSTILE,
    HOSTILE,
    0.9,
    (_cite(TRAP, HOSTILE),),
    (Alternative(HOSTILE, 0.1, ()),),
    (Alternative(HOSTILE, 0.8, (_cite(TRAP, HOSTILE),)),),
    understood=HOSTILE + "?",
    parts=(Alternative(HOSTILE, 0.9, (_cite(TRAP, HOSTILE),)), Alternative(HOSTILE, 0.9, (_cite(TRAP, HOSTILE),))),
)


class Elements(HTMLParser):
    """The tags, attributes and text of some HTML, as a browser would see them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


class Harmless:
    """Says of some HTML whether hostile text in it stayed text."""

    OURS = frozenset(
        """a article bdi button dd details div dl dt fieldset h2 h3 input kbd label legend li mark meter ol output p
        path progress section span strong summary svg table tbody td th thead time tr ul""".split()
    )

    def __call__(self, markup: str) -> bool:
        seen = Elements(markup)
        return (
            set(seen.tags) <= self.OURS
            and not [name for name, _ in seen.attributes if name.startswith("on")]
            and "href" not in dict(seen.attributes)  # its address is not one that may be followed
            and "<script>alert(1)</script>" in seen.text + "".join(value or "" for _, value in seen.attributes)
            and "\n" not in markup
        )


@pytest.fixture(scope="session")
def elements() -> type[Elements]:
    return Elements


@pytest.fixture(scope="session")
def harmless() -> Harmless:
    return Harmless()


@pytest.fixture(scope="session")
def hostile() -> str:
    return HOSTILE


@pytest.fixture(scope="session")
def plain() -> Article:
    return PLAIN


@pytest.fixture(scope="session")
def web() -> Article:
    return WEB


@pytest.fixture(scope="session")
def trap() -> Article:
    return TRAP


@pytest.fixture(scope="session")
def umbrella() -> Answer:
    return ANSWER


@pytest.fixture(scope="session")
def listed() -> Answer:
    """An answer of two parts."""
    return LIST


@pytest.fixture(scope="session")
def unsure() -> NoAnswer:
    """A refusal with a guess that is worth a look."""
    return REFUSAL


@pytest.fixture(scope="session")
def hopeless() -> NoAnswer:
    """A refusal with a guess that is not."""
    return HOPELESS


@pytest.fixture(scope="session")
def trapped() -> Answer:
    """An answer made of nothing but hostile text."""
    return TRAPPED
