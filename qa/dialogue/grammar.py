"""What a question consists of, as far as closed lists of words tell.

Knows the function words of English and some of its commonest verbs and nouns. Never knows what was said before.

There is no tagger: a phrase is a run of words that none of the lists holds, ended by a function word, a verb, or a
mark. That is right often enough in questions, which are short and built alike.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

ARTICLES = frozenset("the a an some any each every no another my your our".split())
PRONOUNS = frozenset(
    """i you we he she it they me him her us them his hers its their theirs mine this that these those there one ones
    who what which whom whose someone anyone something anything nothing everything everyone people's""".split()
)
ASKING = frozenset("who what which whom whose when where why how".split())
DO = frozenset(
    """do does did can could will would shall should may might must don't doesn't didn't can't couldn't won't wouldn't
    shouldn't""".split()
)
BE = frozenset(
    "is are was were be been being am isn't aren't wasn't weren't has have had hasn't haven't hadn't".split()
)
PREPOSITIONS = frozenset(
    """of in on at for from to by with about after before during since than like near into between against over under
    through without as per around versus vs among within across besides despite behind until via toward towards
    compared above below beyond""".split()
)
LINKS = frozenset("and or but if so because while whether nor not also then when ever never just only".split())
ADVERBS = frozenset(
    """more most much many too very now today still yet again ago away back out up down off long far old often always
    first next instead else once apart together all same enough soon alone well earlier later recently lately maybe
    perhaps""".split()
)
REMARKS = frozenset("okay ok oh hmm wow yes yeah no thanks really please sorry".split())
"""What a question may begin with and does not speak of."""
FUNCTION = ARTICLES | PRONOUNS | ASKING | DO | BE | PREPOSITIONS | LINKS | ADVERBS | REMARKS
_SUBJECTS = frozenset("i you he she it we they who".split())

_BASES = """accept act add admit adopt advise affect afford agree allow announce appear apply approve argue arrest
    arrive ask assume attack attend attract avoid ban bear become begin believe belong bend bind bite bomb borrow
    break breathe bring build bury buy calculate call capture carry carve catch cause celebrate change chew choose
    claim climb collapse collect combine come communicate compare compete complain complete compose condemn conduct
    confirm connect consider consist construct consume contain continue contribute control convert convince cook cost
    cover create cross cure cut damage decide declare decline decrease defeat defend deliver deny depend describe
    deserve design destroy detect determine develop die differ dig discover dismiss dissolve divide drink earn eat
    educate elect eliminate emerge employ enable encourage end engage enjoy ensure enter escape establish evaluate
    evolve examine execute exist expand expect explain explode fail fall feel fight find fix flee fly follow force
    form found freeze generate get give go grow happen hear help hide hire hit hold hurt identify ignore imagine
    impact impose improve include increase indicate influence injure inspire install intend interact introduce invade
    invent investigate involve join keep kick kill know launch lead learn leave lend liberate like listen live locate
    lose love maintain make manage marry mean meet melt mention migrate modify move name need obtain occupy occur
    offer open operate order organize originate overcome own participate pay plan play prefer prepare prescribe
    preserve pretend prevent produce promise protect prove provide publish pull push put qualify reach react read
    realize recapture receive recognize recommend recoup recover reduce reflect refuse regard relate release rely
    remain remember remove replace reply report represent require rescue resign respond restore retake return reverse
    rule run save say see seek seize select sell send separate serve settle shake shift shoot show sign sing sink sit
    sleep solve sound speak spend spoil spread stand start stay steal stop strike suffer suggest supply support
    surrender surround survive swim tackle take talk teach tell think threaten throw train transform translate treat
    try turn understand urge use vary visit vote wait wake walk want warn watch wear weigh win wish withdraw wonder
    work write"""
IRREGULAR = dict(
    pair.split("/")
    for pair in """become/became begin/began break/broke bring/brought build/built buy/bought catch/caught choose/chose
    come/came cost/cost cut/cut drink/drank eat/ate fall/fell feel/felt fight/fought find/found flee/fled fly/flew
    get/got give/gave go/went grow/grew hear/heard hide/hid hit/hit hold/held hurt/hurt keep/kept know/knew lead/led
    leave/left lose/lost make/made mean/meant meet/met pay/paid put/put read/read retake/retook run/ran say/said see/saw
    seek/sought sell/sold send/sent shoot/shot show/showed sink/sank sleep/slept speak/spoke spend/spent spread/spread
    steal/stole strike/struck take/took teach/taught tell/told think/thought understand/understood win/won
    withdraw/withdrew write/wrote""".split()
)
"""Past tenses that no rule gives."""

_PARTICIPLES = frozenset(
    """become begun broken built bought caught chosen come done drunk eaten fallen felt fought found fled
    flown given gone grown heard hidden held hurt kept known led left lost made meant met paid put read run said seen
    sold sent shot shown sunk spoken spent spread stolen struck taken taught told thought understood won withdrawn
    written born based located named""".split()
)


def _forms(base: str) -> Iterator[str]:
    stem = base[:-1] if base.endswith("e") else base
    yield from (base, base + ("es" if base.endswith(("s", "sh", "ch", "x", "o")) else "s"), past(base), stem + "ing")
    if base.endswith("y"):
        yield base[:-1] + "ies"


def past(base: str) -> str:
    """The past tense of a verb: "declare" gives "declared", "take" gives "took"."""
    if base in IRREGULAR:
        return IRREGULAR[base]
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ied"
    if base in ("ban", "stop", "plan", "admit", "occur", "control"):
        return base + base[-1] + "ed"
    return base + ("d" if base.endswith("e") else "ed")


VERBS = frozenset(form for base in _BASES.split() for form in _forms(base)) | _PARTICIPLES

ADJECTIVES = frozenset(
    """able afraid available aware bad banned better biggest common cheap considered dangerous dead different difficult
    due easier easy effective ethical expensive famous fast free full good hard harder harmful healthy high important
    interesting involved legal likely made native necessary older popular possible profitable red related responsible
    rich right safe secure serious severe similar small special sure susceptible taught true typical unique useful worth
    wrong younger basic big clear cool efficient great independent intense interesting local new nice old own real small
    smart successful young""".split()
)
"""What may be said of something after "is"."""

EMPTY = frozenset(
    """other others best better worst main major some certain such key several different largest smallest biggest oldest
    youngest easiest fastest longest lot particular place thing way""".split()
)
"""Words that are no thing by themselves."""

RELATIONAL = frozenset(
    """advantage aftermath aim answer application aspect author benefit capital category cause character characteristic
    class component consequence con cost creation definition difference disadvantage drawback effect element evidence
    example fact feature finding founder founding function goal history idea impact implication importance ingredient
    invention kind layer leader level limitation location meaning member model motive name number objective origin
    outcome part population price pro process purpose reason relationship response result risk role root rule sign
    significance similarity size sort source species stage step structure style symptom theme thing toll treatment
    type use variety version way winner""".split()
)
"""Nouns that are of something: who asks for "the causes" asks for the causes of what was talked about."""

PEOPLE = frozenset(
    """actor actress author boss brother captain candidate chief colonel commander daughter director doctor driver
    father founder general girl governor head husband judge king lady lawyer leader lieutenant man mayor minister mother
    officer official owner pilot pirate poet president prince princess prosecutor queen secretary senator sister singer
    soldier son spokesman spokesperson spokeswoman suspect teacher victim wife winner witness woman writer""".split()
)
TITLES = frozenset(
    """mr mrs ms dr gen general lt colonel col captain president king queen prince senator sen sir minister mayor pope
    chancellor ayatollah sheikh sergeant judge""".split()
)
BODIES = frozenset(
    """agency air army association bank brigade board church club college commission committee company congress corps
    council county court department electoral force forces front government group institute league ministry movement
    museum navy office parliament party police senate service society state states system team union university war
    battle front league court federation republic kingdom emirates nations""".split()
)
"""Words that end the name of something that is no person."""

_PLACES = frozenset("in at near from around inside to across within".split())
_MANY = frozenset("people men women children police pros media troops cattle".split())
_WORD = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sgt|St|Sen|Rep|Sgt)\.(?=\s)|(?:[A-Z]\.){2,}|#?\w+(?:[.'’/&:-]\w+)*['’]?(?!\w)"
)
_MARK = re.compile(r"[,;:?!()\"“”—]|\.\s")


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place in the text, and whether a mark stands before it."""

    text: str
    start: int
    end: int
    after_mark: bool = False

    @property
    def low(self) -> str:
        if self.text.isupper() and len(self.text) > 1:
            return self.text  # "the US" is no pronoun
        low = self.text.lower().replace("’", "'")
        return re.sub(r"'(?:s|re|ve|d|ll|m)$", "", low) if low.partition("'")[0] in FUNCTION else low

    @property
    def is_name(self) -> bool:
        return self.text[0].isupper() or self.text[0].isdigit() or self.text.startswith(("al-", "el-", "#"))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase at `text[start:end]`.

    `weight` says how likely one goes on to talk about it: the subject and what one asks to be told about before the
    object, and that before what stands after a preposition (Grosz, Joshi and Weinstein 1995, "Centering").
    `before` is the word it follows, in small letters.
    """

    text: str
    start: int
    end: int
    weight: float
    before: str = ""

    @property
    def head(self) -> str:
        """Its noun, in the singular and in small letters: "type" for "the main types of sharks"."""
        first = re.split(r"\s(?:of|in|for|from)\s", self.text)[0]
        return singular(first.split()[-1].lower())

    @property
    def bare(self) -> str:
        """Without its article."""
        return re.sub(r"^(?:the|a|an|some|any|my|your|our)\s+", "", self.text, flags=re.IGNORECASE)

    @property
    def is_plural(self) -> bool:
        first = re.split(r"\s(?:of|in|for|from)\s", self.text)[0].lower()
        last = first.split()[-1]
        return last in _MANY or " and " in first or singular(last) != last

    @property
    def is_name(self) -> bool:
        return self.bare[:1].isupper()

    @property
    def is_year_or_date(self) -> bool:
        return bool(re.search(r"\b(?:1\d|20)\d\d\b", self.text) or _DATE.search(self.text))

    @property
    def is_place(self) -> bool:
        return self.is_name and self.before in _PLACES and not self.is_year_or_date

    @property
    def is_person(self) -> bool | None:
        """None where a name does not tell."""
        words = self.bare.split()
        if words[0].lower().rstrip(".") in TITLES and len(words) > 1 and self.is_name:
            return True
        if not self.is_name:
            return self.head in PEOPLE or self.head.endswith(("ist", "man"))
        if self.is_plural or self.is_place or self.head in BODIES or re.match(r"the\s|.*['’]s?\s", self.text, re.I):
            return False
        return None


_DATE = re.compile(
    r"\b(?:(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber|(?:Mon|Tues|Wednes|Thurs|Fri"
    r"|Satur|Sun)day)\b"
)


_LY = re.compile(r"^(?!family|assembly|ally|rally|supply|reply|monopoly|butterfly)[a-z]{2,}ly$")


def singular(noun: str) -> str:
    if noun in ("men", "women", "people", "species", "news", "series") or len(noun) < 4:
        return noun.replace("men", "man")
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is", "as", "'s")) else noun


def plural(noun: str) -> str:
    if singular(noun) != noun:
        return noun
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


@lru_cache(maxsize=512)
def words(text: str) -> Sequence[Word]:
    found, last = [], 0
    for match in _WORD.finditer(text):
        found.append(Word(match[0], *match.span(), bool(_MARK.search(text[last : match.start()]))))
        last = match.end()
    return tuple(found)


@lru_cache(maxsize=512)
def phrases(text: str) -> Sequence[Phrase]:
    """The noun phrases of a text in their order; one within another ("sharks" in "types of sharks") comes after it."""
    said, found, run = words(text), list[Phrase](), list[int]()
    verbs = set(_verbs(said))

    def close() -> None:
        while run and said[run[-1]].low in FUNCTION:
            run.pop()
        if len(run) > 2 and said[run[1]].low == "of" and said[run[0]].low in ARTICLES:  # some of the causes
            del run[:2]
        if any(said[place].low not in FUNCTION | ADJECTIVES | EMPTY for place in run):
            found.extend(_phrase(text, said, run[0], run[-1], verbs))
        run.clear()

    for place, word in enumerate(said):
        if word.after_mark:
            close()
        ahead = said[place + 1] if place + 1 < len(said) else None
        goes_on = ahead is not None and not ahead.after_mark
        if word.low in ARTICLES and word.text not in ("A",)[:place]:
            if not (run and said[run[-1]].low == "of"):
                close()
            run.append(place)
        elif place in verbs or _LY.search(word.text):
            close()
        elif word.low == "of" and run and goes_on and ahead and ahead.low not in FUNCTION - ARTICLES:
            run.append(place)
        elif word.low in ("and", "of", "for") and run and goes_on and said[run[-1]].is_name and ahead and ahead.is_name:
            run.append(place) if word.low != "for" else close()
        elif word.low in FUNCTION and not (word.text[0].isupper() and place and run):
            close()
        else:
            run.append(place)
    close()
    return tuple(found)


def _phrase(text: str, said: Sequence[Word], first: int, last: int, verbs: set[int]) -> Iterator[Phrase]:
    """The phrase from one word to another, and those within it that may be talked about by themselves."""
    before = said[first - 1].low if first else ""
    asked = said[0].low if said else ""
    if before in ("about",) or (first and said[first - 1].low in ("describe", "explain")) or before in BE | DO:
        weight = 3.0
    elif first and first - 1 in verbs:
        gerund = first > 1 and said[first - 2].low in PREPOSITIONS
        weight = 2.5 if gerund or (asked in ("who", "what", "which") and first <= 3) else 2.0
    elif before in PREPOSITIONS and first > 1 and first - 2 in verbs and asked in ("who", "what", "which"):
        weight = 2.5
    elif before in PREPOSITIONS:
        weight = 1.5
    elif before in ASKING | {"many", "much"}:
        weight = 0.5
    else:
        weight = 2.0
    whole = text[said[first].start : said[last].end]
    whole = re.sub(r"\s*['’]s?$", "", whole)
    phrase = Phrase(whole, said[first].start, said[first].start + len(whole), weight, before)
    if re.fullmatch(r"the [a-z]+|(?:\w+ )?people", whole):  # these say little by themselves
        weight -= 1.0
    elif re.fullmatch(r"[a-z]+(?:ing|ed)", whole):
        weight -= 2.0
    if phrase.is_name:
        weight += 0.5
    split = next((place for place in range(last, first, -1) if said[place].low == "of"), None)
    owner = next((place for place in range(first, last) if re.search(r"(?:['’]s|s['’])$", said[place].text)), None)
    if split is not None:
        inner = text[said[split + 1].start : said[last].end]
        vague = phrase.head in RELATIONAL
        yield Phrase(whole, phrase.start, phrase.end, weight - 1.0 * vague, before)
        yield Phrase(inner, said[split + 1].start, phrase.end, weight - 1.0 * (not vague), "of")
    elif owner is not None:
        inner = re.sub(r"['’]s?$", "", text[said[first].start : said[owner].end])
        vague = phrase.head in RELATIONAL
        yield Phrase(whole, phrase.start, phrase.end, weight - 1.0 * vague, before)
        yield Phrase(inner, phrase.start, phrase.start + len(inner), weight - 1.0 * (not vague), before)
    else:
        yield Phrase(whole, phrase.start, phrase.end, weight - 1.5 * (phrase.head in RELATIONAL), before)


def _verbs(said: Sequence[Word]) -> Iterator[int]:
    """The places of the words that are verbs, or adjectives that say something of a subject."""
    auxiliary = -1
    inverted = False
    for place, word in enumerate(said):
        low, before = word.low, said[place - 1].low if place else ""
        if word.after_mark or low in LINKS or low == "that":
            inverted, auxiliary = False, -1
        if low in DO | BE:
            inverted, auxiliary = low in DO, place
            continue
        if low in FUNCTION or (word.is_name and place and not word.after_mark):
            continue
        if before in _SUBJECTS and place and not word.after_mark:
            yield place  # "it sounds", "is it safe"
            continue
        if not place or (word.is_name and word.after_mark):
            if low in VERBS or low == "tell":
                yield place
            continue
        follows = said[place + 1] if place + 1 < len(said) and not said[place + 1].after_mark else None
        if before == "to" and follows and follows.low in ARTICLES | PRONOUNS:
            yield place  # "to recoup the investment"
        elif auxiliary > 0 and place == auxiliary + 1 and low.endswith("ing") and not inverted:
            if said[auxiliary - 1].low not in ASKING:
                yield place  # "the door is going bad"
        elif before in PREPOSITIONS - {"to"} and low.endswith("ing") and follows and follows.low not in FUNCTION:
            yield place  # "of consuming energy drinks"
        elif before in ARTICLES | ADJECTIVES | EMPTY or (before in PREPOSITIONS and before != "to"):
            continue
        elif inverted:
            if place > auxiliary + 1 and _ends_subject(said, place, auxiliary):
                inverted = False
                yield place
        elif auxiliary >= 0 and before != "to":
            if place > auxiliary + 1 and _is_said_of(said, place, follows):
                auxiliary = -1
                yield place
        elif low in VERBS:
            yield place


def _is_said_of(said: Sequence[Word], place: int, follows: Word | None) -> bool:
    """Whether a word after "is" and its subject is a participle or an adjective and belongs to neither."""
    low, alone = said[place].low, follows is None or follows.low in FUNCTION
    if low.endswith("ing"):
        return said[place - 1].is_name and not alone
    if low in _PARTICIPLES or re.search(r"[^e]ed$", low):
        return True
    return alone and (low in ADJECTIVES or bool(re.search(r"(?:able|ible|ful|ous)$", low)))


def _ends_subject(said: Sequence[Word], place: int, auxiliary: int) -> bool:
    """Whether a word is the verb after "did" and its subject: in its base form, and no other such word comes later."""
    low = said[place].low
    if _LY.search(low) or low.endswith(("ing", "ed")):
        return False
    clause = []
    for word in said[place + 1 :]:
        if word.after_mark or word.low in LINKS:
            break
        clause.append(word)
    stretch = 0
    while stretch < len(clause) and clause[stretch].low not in FUNCTION and not clause[stretch].is_name:
        stretch += 1
    if low in VERBS:
        return not any(word.low in VERBS and not word.low.endswith(("s", "ing", "ed")) for word in clause[:stretch])
    later = [clause[i] for i in range(len(clause)) if not i or clause[i - 1].low not in ARTICLES | PREPOSITIONS]
    if any(word.low in VERBS | DO | {"have", "be"} and not word.low.endswith("ing") for word in later):
        return False
    return not stretch or said[auxiliary + 1].is_name
