"""English names and their spellings: folding, short forms, transliteration.

Knows when two spellings are near enough to be of one name. Never knows where names stand, or what is asked of them.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps

from rapidfuzz.distance import Indel, LCSseq

TITLES = frozenset(
    """mr mrs ms miss dr prof professor sir dame lord lady sheikh president vice prime minister chancellor king queen
    prince princess pope senator sen representative rep congressman congresswoman governor gov mayor general gen
    colonel col major maj captain capt lieutenant lt brigadier brig admiral adm commander sergeant sgt judge justice
    secretary ambassador chief former then""".split()
)

FUNCTION_WORDS = frozenset(
    """a about after again all also although among an and another any are as at be because before both but by can could
    did do does each either even every few for from had has have he her here his how however if in into is it its
    just last like many may meanwhile more most much my neither never no nor not now of on once one only or other
    our over own so some still such than that the their them then there these they this those though through thus to
    too under until upon was we were what when where whether which while who whom whose why will with within without
    would yes yet you your""".split()
)

ARTICLE = re.compile(r"\b(?:[aeu]l[- ](?=\w)|[aeu](dh|sh|th|[dlnrstz])-(?=\1)|[ae](dh|sh|th|[dlnrstz]) (?=\2))")
"""The Arabic article before a name, its l as it is or taken on the sound that follows: el-Zour, ez-Zor, ash-Sham."""

_FUSED = re.compile(r"^al(?=[^aeiouy\W])")
"""The same, written as one word with what follows: Albukamal."""

_ONE_KIND = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2010: "-", 0x2011: "-", 0x2013: "-"}
_VOWELS = (
    (r"aw(?![aeiouy])", "u"), (r"ph", "f"), (r"[ou]+w?", "u"), (r"[aeiy]*[eiy]+[aeiy]*", "i"), (r"a+", "a"),
    (r"(.)\1+", r"\1"),
)  # fmt: skip

_ALIKE = 0.85
"""Share of letters, vowels already brought together, that two spellings of one word have in common at least."""

CONNECTING = frozenset(
    """a an and as at but by for from he her his if in into is it its of on or she that the their they this to was we
    were with""".split()
)
"""Words with which no long form begins, and whose initials a short form may leave out."""

UNMATCHED = 2
"""Words of a long form, function words aside, whose initials its short form may lack."""

LONG_NAME = 6
"""Letters from which on a name of one word may be spelled in several ways: in shorter ones every letter counts."""


LONGEST_REMEMBERED = 1_000
"""Characters of a text over which it is not kept in memory: whole articles are folded too, and some are books."""


def _remembering(most: int) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Keep what a function makes of the texts it was last given, as many as that, but for long ones."""

    def keeping(make: Callable[[str], str]) -> Callable[[str], str]:
        remembered = lru_cache(most)(make)
        return wraps(make)(lambda text: (remembered if len(text) <= LONGEST_REMEMBERED else make)(text))

    return keeping


@_remembering(1024)
def plain(text: str) -> str:
    """A text in lower case without accents, on one line, with one kind of quote and dash."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_ONE_KIND)
        text = "".join(character for character in text if not unicodedata.combining(character))
    return " ".join(text.strip(" \"'()[]").split())


@_remembering(4096)
def folded_name(name: str) -> str:
    """A name's words in lower case without accents, hyphens and apostrophes: two that fold alike are written alike.

    The points of S.D.F. go, and so does a genitive's s.
    """
    text = re.sub(r"'s(?!\w)|(?<=\b\w)\.(?=\w\b)|(?<=\b\w)\.(?!\w)", "", plain(name))
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"(?<=\w)['ʻʼʿʾ`](?=\w)", "", text)))


def spoken(folded: str) -> tuple[str, ...]:
    """The words of a folded name without the Arabic article."""
    return tuple(ARTICLE.sub("", folded).split())


def spelled_alike(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """They are one name in two transliterations: word by word, or all in one, as "Abu Kamal" is Bukamal."""
    if mine == theirs:
        return True
    joined = "".join(mine), "".join(theirs)
    if min(map(len, joined)) < LONG_NAME:
        return False
    if len(mine) == len(theirs) and all(word_alike(*pair) for pair in zip(mine, theirs, strict=True)):
        return True
    return len(mine) != len(theirs) and word_alike(*joined)


def word_alike(one: str, other: str) -> bool:
    """The same consonants in the same order, nearly the same vowels, and a vowel at the end of both or of neither."""
    one, other = sound(one), sound(other)
    if _consonants(one) != _consonants(other) or (one[-1:] in "aiu") != (other[-1:] in "aiu"):
        return False
    return float(Indel.normalized_similarity(one, other)) >= _ALIKE


@_remembering(4096)
def sound(word: str) -> str:
    """A word with its vowels brought together as transliterations mix them, and without doubled letters."""
    word = re.sub(r"(?<=[aeiou])h$", "", word)
    for pattern, replacement in _VOWELS:
        word = re.sub(pattern, replacement, word)
    return word


def skeleton(words: tuple[str, ...]) -> str:
    """The consonants of a name: what two spellings of one have in common, so that they can be looked up by it."""
    return re.sub(r"(.)\1+", r"\1", "".join(_consonants(sound(word)) for word in words))


def unfused(words: tuple[str, ...]) -> tuple[str, ...]:
    """A name that may have the Arabic article written into its first word, without it; otherwise as it is."""
    short = (_FUSED.sub("", words[0]), *words[1:]) if words else words
    return short if len("".join(short)) >= LONG_NAME else words


def is_short_form(text: str) -> bool:
    """Two to eight letters, capitals nearly all, perhaps after an article: S.D.F., ISIS, the PMF."""
    letters = _letters(text)
    return (
        2 <= len(letters) <= 8 and letters.isalpha() and sum(letter.isupper() for letter in letters) * 2 > len(letters)
    )


def long_form(short: str, before: str) -> str | None:
    """The shortest run of words at the end of `before` that holds a short form's letters in order, the first at
    a word's start; None if there is none (Schwartz and Hearst 2003, "A simple algorithm for identifying
    abbreviation definitions in biomedical text").
    """
    letters = _letters(short).casefold()
    words = min(len(letters) + 5, 2 * len(letters))
    window = " ".join(re.split(r"[.;:!?]\s|[()\n]", before)[-1].rstrip(" ,").split()[-words:])
    place = len(window)
    for number in range(len(letters) - 1, -1, -1):
        place -= 1
        while place >= 0 and not (window[place].lower() == letters[number] and (number or _begins(window, place))):
            place -= 1
        if place < 0:
            return None
    found = window[place:]
    return found if len(found) > len(letters) and len(found.split()) <= words and _initials(letters, found) else None


def _begins(window: str, place: int) -> bool:
    """A word begins there, and not one like "of", with which no name begins."""
    if place and window[place - 1].isalnum():
        return False
    word = re.match(r"\w+", window[place:])
    return bool(word) and word[0].casefold() not in CONNECTING  # type: ignore[index]


def _initials(letters: str, long: str) -> bool:
    """Half of the letters are initials, and all but a few words have theirs among the letters."""
    words = [w for w in re.findall(r"[^\W_]+?(?=[A-Z][a-z]|[\W_]|$)", long) if w.casefold() not in CONNECTING]
    shared = LCSseq.similarity(letters, "".join(word[0] for word in words).casefold())
    return shared * 2 >= len(letters) and len(words) - shared <= UNMATCHED


def _letters(short: str) -> str:
    return re.sub(r"\W", "", re.sub(r"^(?:the|an?) ", "", short.strip(), flags=re.IGNORECASE))


def _consonants(sounded: str) -> str:
    return re.sub("[aiu]", "", sounded)
