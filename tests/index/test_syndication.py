"""Shared text is found whatever was edited around it, and nothing is called shared that only sounds alike."""

import random
import sqlite3
import time
from contextlib import closing

import pytest

from index import syndication
from index.article import Article
from index.build import build
from index.catalog import FILE, Catalog
from index.store import Filter
from index.syndication import SHORTEST, lines_of

VOTE = "The council voted on Monday to close the old bridge over the river for the whole of next year."
COST = "Engineers had warned since spring that its iron girders were rusting faster than anyone had expected."
DETOUR = "Drivers will have to take the long way round through the northern suburbs until the works are done."
SHOPS = "Shopkeepers on both banks said that they feared for their trade and asked the mayor for some relief."
MARKET = "Traders at the fish market complained that ice had become too dear to keep their catch fresh all day."
HARBOUR = "A new crane was lifted into place at the harbour while hundreds of people watched from the sea wall."
SCHOOL = "Pupils of the village school planted two rows of apple trees along the road that leads to the church."
FERRY = "The last ferry of the evening was delayed by fog and reached the island long after it had grown dark."
ORCHARD = "Farmers expect a poor harvest because late frost had killed the blossom in most orchards of the valley."
MUSEUM = "Visitors to the museum may now see the letters that the painter wrote to his sister during the war."
POOL = (VOTE, COST, DETOUR, SHOPS, MARKET, HARBOUR, SCHOOL, FERRY, ORCHARD, MUSEUM)


def line(text):
    (only,) = lines_of(text, [(0, len(text))])
    return only


@pytest.fixture
def shelf(tmp_path):
    """An empty catalog to put texts on."""
    with Catalog(tmp_path, create=True) as catalog:
        yield catalog


def put(catalog, *, size=2, **texts):
    """Put each text under its name, in passages of so many sentences, or take the name away where there is none."""
    known, now = set(catalog.digests().values()), {}
    with catalog.transaction():
        for name, sentences in texts.items():
            if sentences is None:
                now[name] = None
                continue
            article = Article(name, name if sentences else "", " ".join(sentences))
            now[name] = article.digest
            if article.digest not in known:
                spans = passages(article.text, sentences, size)
                catalog.put(article, spans, [b"v"] * len(spans), lines_of(article.text, [(0, len(article.text))]))
                known.add(article.digest)
        catalog.assign(now)


def passages(text, sentences, size):
    starts = [text.index(sentence) for sentence in sentences]
    groups = [range(i, min(i + size, len(sentences))) for i in range(0, len(sentences), size)]
    return [(starts[g[0]], starts[g[-1]] + len(sentences[g[-1]])) for g in groups]


def stories(catalog):
    """The groups of two and more articles."""
    groups = {frozenset({a.id} | catalog.syndicated_with(a.id)) for a in catalog.articles()}
    return {group for group in groups if len(group) > 1}


# ---- lines -------------------------------------------------------------------------------------


def test_lines_hold_every_word():
    text = f"No comment. {VOTE}\n\nA heading\n\n{COST} That is all.\n* * *"
    found = [text[one.start : one.end] for one in lines_of(text, [(0, len(text))])]
    assert found == ["No comment.", VOTE, "A heading", COST, "That is all."]


def test_only_what_is_kept_of_a_text_has_lines():
    text = f"{VOTE} {COST}"
    assert [(one.start, one.end) for one in lines_of(text, [(len(VOTE) + 1, len(text))])] == [
        (len(VOTE) + 1, len(text))
    ]
    assert lines_of(text, []) == []
    assert lines_of(" \n ", [(0, 3)]) == []


@pytest.mark.parametrize("blanks", [" " * 50_000, "\n" + " " * 50_000, "\n" * 50_000, " \n" * 25_000])
def test_blanks_make_no_lines_and_take_no_time(blanks):
    text = f"{blanks}one{blanks}two{blanks}"
    started = time.perf_counter()
    found = " ".join(text[one.start : one.end] for one in lines_of(text, [(7, len(text))]))
    assert time.perf_counter() - started < 2
    assert found.split() == ["one", "two"]


def test_a_long_text_full_of_direct_speech_is_read_in_the_time_of_a_plain_one():
    said = "“We shall see about that when the council has met,” she said. "
    text = f"{said}Nobody had told the mayor of it before the council met again on Friday. " * 6_000
    started = time.process_time()
    found = lines_of(text, [(0, len(text))])
    assert time.process_time() - started < 4
    assert [one.telling for one in found[:2]] == [False, True]
    assert len(found) == 12_000


def test_a_sentence_of_few_words_is_the_same_only_word_for_word():
    few = "The bridge over the river stays closed."
    assert line(few).number == line(few.upper()).number != line(few.replace("stays", "remains")).number
    assert not line(few).stands_in(line(few))
    assert not line(few).telling


def test_case_quotes_and_line_breaks_do_not_make_another_line():
    assert line(VOTE).number == line(VOTE.upper().replace(" ", "\n", 3)).number != line(COST).number


def test_a_sentence_with_two_words_changed_stands_in_the_other_and_one_in_other_words_does_not():
    whole = f"{VOTE[:-1]} once the winter has passed."  # 25 words
    changed = whole.replace("Monday", "Tuesday").replace("whole", "rest")
    assert line(whole).stands_in(line(changed))
    assert line(changed).stands_in(line(whole))
    assert not line(whole).stands_in(line(changed.replace("bridge", "crossing")))
    told = "On Monday the council decided that the old river bridge is to be closed throughout the coming year."
    assert not line(VOTE).stands_in(line(told))
    assert not line(told).stands_in(line(VOTE))


def test_a_sentence_stands_in_a_longer_one_but_not_the_longer_in_it():
    longer = line(f"{VOTE[:-1]} although many of those who live on the far bank had pleaded for one more winter of use")
    assert line(VOTE).stands_in(longer)
    assert not longer.stands_in(line(VOTE))


def test_a_sentence_that_differs_in_a_number_says_something_else():
    closed = "Shares in London closed {} points higher on Friday after a quiet day of trading across the whole market."
    assert not line(closed.format(12)).stands_in(line(closed.format(14)))
    assert line(closed.format(12)).stands_in(line(closed.replace("quiet", "calm").format(12)))


def test_direct_speech_and_a_few_words_tell_nothing_of_where_a_text_comes_from():
    assert line(VOTE).telling
    assert not line(f"“{VOTE[:-1]},” he said.").telling
    assert not line(f'"{VOTE[:-1]}," he said.').telling
    assert line(f"He spoke of “a shame” and said that {VOTE}").telling
    assert not line(" ".join(["word"] * (SHORTEST - 1))).telling


# ---- stories -----------------------------------------------------------------------------------


def test_in_the_seeds_two_articles_from_one_agency_report_are_found_and_no_others(seeds, tmp_path, words):
    build([seeds], tmp_path, words)
    with Catalog(tmp_path) as catalog:
        by_number = {article.id[:3]: article.id for article in catalog.articles()}
        assert stories(catalog) == {frozenset({by_number["002"], by_number["003"]})}
        numbers = catalog.stories(by_number.values())
    assert len(numbers) == 5
    assert len(set(numbers.values())) == 4  # five articles, four independent sources


def test_articles_that_share_two_sentences_are_one_story_and_one_sentence_is_not_enough(shelf):
    put(shelf, a=[VOTE, COST, MARKET], b=[HARBOUR, COST, VOTE], c=[VOTE, FERRY, SCHOOL])
    assert stories(shelf) == {frozenset("ab")}


def test_a_brief_is_of_the_story_that_holds_half_of_it(shelf):
    put(shelf, brief=[VOTE, MARKET], long=[VOTE, HARBOUR, SCHOOL])
    assert stories(shelf) == {frozenset({"brief", "long"})}


def test_edited_copies_are_found(shelf):
    put(shelf, a=[VOTE, COST, MARKET])
    put(shelf, b=[VOTE.replace("old", "rusty"), f"In short, {COST.replace('anyone', 'they')}", FERRY])
    assert stories(shelf) == {frozenset("ab")}


def test_shared_quotations_alone_make_no_story(shelf):
    speech = [f"“{sentence}” he said." for sentence in (VOTE, COST, DETOUR)]
    put(shelf, a=[*speech, MARKET, HARBOUR, SHOPS], b=[*speech, FERRY, SCHOOL, ORCHARD])
    assert stories(shelf) == set()


def test_page_furniture_makes_no_story(tmp_path, words):
    folder = tmp_path / "articles"
    folder.mkdir()
    notice = "This material may not be published, broadcast, rewritten or redistributed without our permission."
    cookies = "By continuing to browse the site you are agreeing to our use of cookies and to our terms of use."
    for name, sentences in {"a": (VOTE, COST), "b": (MARKET, FERRY)}.items():
        (folder / f"{name}.txt").write_text("\n\n".join((*sentences, notice, cookies)))
    build([folder], tmp_path / "index", words)
    with Catalog(tmp_path / "index") as catalog:
        assert stories(catalog) == set()


def test_articles_that_took_different_parts_of_a_report_are_one_story_only_as_long_as_it_is_there(shelf):
    put(shelf, a=[VOTE, COST, MARKET], report=[VOTE, COST, DETOUR, SHOPS], c=[DETOUR, SHOPS, FERRY])
    assert stories(shelf) == {frozenset({"a", "report", "c"})}
    put(shelf, report=None)
    assert stories(shelf) == set()
    put(shelf, report=[VOTE, COST, DETOUR, SHOPS])
    assert stories(shelf) == {frozenset({"a", "report", "c"})}


def test_a_formula_met_in_many_articles_ties_none_and_does_again_when_it_is_rare(shelf, monkeypatch):
    monkeypatch.setattr(syndication, "COMMON", 3)
    put(shelf, a=[VOTE, COST, MARKET], b=[VOTE, COST, FERRY], c=[VOTE, COST, SCHOOL])
    assert stories(shelf) == {frozenset("abc")}
    put(shelf, d=[VOTE, HARBOUR, ORCHARD])
    assert stories(shelf) == set()  # one line alone is left
    put(shelf, a=None)
    assert stories(shelf) == {frozenset("bc")}


def test_stories_are_the_same_whatever_order_articles_came_and_went_in(tmp_path):
    chance = random.Random(7)
    for turn in range(6):
        wanted = {str(n): chance.sample(POOL, chance.randint(2, 4)) for n in range(chance.randint(4, 9))}
        (tmp_path / f"fresh-{turn}").mkdir()
        (tmp_path / f"moved-{turn}").mkdir()
        with Catalog(tmp_path / f"fresh-{turn}", create=True) as fresh:
            put(fresh, **wanted)
            with Catalog(tmp_path / f"moved-{turn}", create=True) as moved:
                for _ in range(5):
                    names = chance.sample(range(12), 6)
                    put(moved, **{str(n): chance.choice([None, chance.sample(POOL, 3)]) for n in names})
                put(moved, **{str(n): wanted.get(str(n)) for n in range(12)})
                assert moved.digests() == fresh.digests()
                assert stories(moved) == stories(fresh)
                assert {a.id: a for a in moved.articles()} == {a.id: a for a in fresh.articles()}
        assert table_sizes(tmp_path / f"moved-{turn}") == table_sizes(tmp_path / f"fresh-{turn}")


def test_nothing_is_remembered_of_articles_that_are_gone(shelf):
    put(shelf, a=[VOTE, COST, MARKET], b=[VOTE, COST.replace("anyone", "they"), FERRY])
    assert all(table_sizes(shelf.folder).values())
    put(shelf, a=None, b=None)
    assert not any(table_sizes(shelf.folder).values())


def table_sizes(folder):
    with closing(sqlite3.connect(folder / FILE)) as sql:
        tables = ("lines", "sentences", "minima", "contained", "syndicated")
        return {table: sql.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_lines_of_a_transaction_that_failed_are_forgotten(shelf):
    put(shelf, a=[VOTE, COST, MARKET])
    with pytest.raises(KeyError), shelf.transaction():
        text = " ".join([VOTE, COST, FERRY])
        shelf.put(Article("b", "b", text), [(0, len(text))], [b"v"], lines_of(text, [(0, len(text))]))
        raise KeyError
    before = table_sizes(shelf.folder)
    put(shelf, c=[SCHOOL, HARBOUR])
    assert stories(shelf) == set()
    put(shelf, c=None)
    assert table_sizes(shelf.folder) == before


def test_what_was_added_is_compared_when_the_transaction_ends(shelf):
    with shelf.transaction():
        shelf.put(Article("a", "a", VOTE), [(0, len(VOTE))], [b"v"], [line(VOTE)])
    assert table_sizes(shelf.folder)["lines"] == 1


def test_no_more_lines_are_held_than_may_wait(shelf, monkeypatch):
    monkeypatch.setattr(syndication, "LINES_WAITING", 3)
    texts = [" ".join(POOL[place : place + 2]) for place in range(4)]
    with shelf.transaction():
        for name, text in enumerate(texts):
            shelf.put(Article(str(name), "", text), [], [], lines_of(text, [(0, len(text))]))
        compared = shelf._sql.execute("SELECT count(*) FROM lines").fetchone()[0]
        assert compared > 0, "all of them would wait for the transaction's end"
        shelf.assign({str(name): Article(str(name), "", text).digest for name, text in enumerate(texts)})


def test_an_article_added_leaves_the_lines_of_the_others_alone(shelf, monkeypatch):
    put(shelf, a=[VOTE, COST, MARKET], b=[FERRY, SCHOOL, HARBOUR])
    hashed = []
    minima = syndication._minima
    monkeypatch.setattr(syndication, "_minima", lambda sets: hashed.extend(sets) or minima(sets))
    put(shelf, c=[VOTE, COST, ORCHARD])
    assert hashed == [line(ORCHARD).shingles]


# ---- copies ------------------------------------------------------------------------------------


def copies(catalog, *articles):
    """Which passages are copies where those of the articles named are ranked in that order; as (article, place)."""
    every = catalog.passages(catalog.passage_numbers(Filter()).tolist())
    places = {n: (p.article_id, i) for a in articles for i, (n, p) in enumerate(
        (n, p) for n, p in every.items() if p.article_id == a)}  # fmt: skip
    return {places[copy]: places[original] for copy, original in catalog.copies(list(places)).items()}


def test_a_passage_that_stands_in_a_better_one_of_another_article_is_its_copy(shelf):
    put(shelf, a=[VOTE, COST, MARKET], b=[VOTE, COST, FERRY])
    assert copies(shelf, "a", "b") == {("b", 0): ("a", 0)}
    assert copies(shelf, "b", "a") == {("a", 0): ("b", 0)}


def test_a_passage_of_which_the_better_ones_hold_only_a_part_is_no_copy(shelf):
    put(shelf, a=[VOTE, COST], b=[VOTE, FERRY])
    assert copies(shelf, "a", "b") == {}


def test_a_passage_may_be_a_copy_of_two_better_ones_where_they_are_cut_elsewhere(shelf):
    put(shelf, a=[MARKET, VOTE, COST, DETOUR, SHOPS, HARBOUR], b=[VOTE, COST, DETOUR, SHOPS], size=3)
    assert copies(shelf, "a", "b") == {("b", 0): ("a", 0), ("b", 1): ("a", 1)}


def test_passages_of_one_article_are_not_copies_of_each_other(shelf):
    put(shelf, a=[VOTE, COST, VOTE.replace("old", "very old"), COST.replace("iron", "old iron")])
    assert copies(shelf, "a") == {}


def test_nothing_is_a_copy_of_a_copy_so_the_best_of_many_stands_for_all(shelf):
    put(
        shelf,
        **{name: [VOTE, COST, other] for name, other in zip("abcd", (MARKET, FERRY, SCHOOL, MUSEUM), strict=True)},
    )
    assert copies(shelf, *"abcd") == {("b", 0): ("a", 0), ("c", 0): ("a", 0), ("d", 0): ("a", 0)}


def test_a_passage_that_differs_in_a_number_is_no_copy(shelf):
    closed = "Shares in London closed {} points higher on Friday after a quiet day of trading across the whole market."
    put(shelf, a=[closed.format(12), VOTE], b=[closed.format(14), VOTE], size=1)
    assert copies(shelf, "a", "b") == {("b", 1): ("a", 1)}


def test_passages_without_lines_or_that_are_gone_are_no_copies(shelf):
    put(shelf, a=["Yes."], b=["Yes, yes."])
    assert shelf.copies([1, 2, 99]) == {}
    assert shelf.copies([]) == {}


# ---- MinHash -----------------------------------------------------------------------------------


def test_hardly_a_pair_that_shares_half_of_its_shingles_is_overlooked():
    """Of so many pairs one in 250 is expected to be; the hash functions are fixed, so this is no matter of luck."""
    met = 0
    for pair in range(300):
        shared = [f"{pair}-{n}" for n in range(20)]
        one, other = (frozenset(map(hash32, [*shared, *(f"{side}{pair}-{n}" for n in range(10))])) for side in "ab")
        first, second = syndication._minima([one, other])
        met += bool(set(first) & set(second))
    assert met >= 295


def test_minima_are_met_about_as_often_as_shingles_are_shared():
    """What MinHash promises, for pairs that share a tenth, a third and two thirds of all their shingles."""
    for shared, own in ((4, 18), (10, 10), (20, 5)):
        equal = 0
        for pair in range(500):
            common = [f"{pair}-{n}" for n in range(shared)]
            sets = [frozenset(map(hash32, [*common, *(f"{side}{pair}-{n}" for n in range(own))])) for side in "ab"]
            first, second = syndication._minima(sets)
            equal += sum(a == b for a, b in zip(first, second, strict=True))
        assert equal / (500 * syndication.MINIMA) == pytest.approx(shared / (shared + 2 * own), abs=0.03)


def test_minima_do_not_depend_on_what_else_is_asked_for():
    sets = [frozenset(map(hash32, POOL[:n])) for n in (3, 0, 1, 7, 0)]
    together = syndication._minima(sets)
    assert together == [syndication._minima([own])[0] for own in sets]
    assert list(map(len, together)) == [8, 0, 8, 8, 0]
    assert syndication._minima([]) == syndication._minima([frozenset()])[1:] == []


def test_what_is_found_does_not_depend_on_how_many_lines_are_held_or_compared_at_once(tmp_path, monkeypatch):
    chance, found = random.Random(3), []
    texts = {str(n): [*chance.sample(POOL, 3), f"{VOTE[:-1]} {n % 3} times over."] for n in range(20)}
    usual = syndication.LINES_WAITING, syndication.LINES_AT_ONCE
    for waiting, at_once in ((usual[0], 1), (5, 3), usual):
        monkeypatch.setattr(syndication, "LINES_WAITING", waiting)
        monkeypatch.setattr(syndication, "LINES_AT_ONCE", at_once)
        folder = tmp_path / str(at_once)
        folder.mkdir()
        with Catalog(folder, create=True) as catalog:
            put(catalog, **texts)
            found.append((stories(catalog), contained(folder)))
    assert found[0] == found[1] == found[2]
    assert found[0][1]


def contained(folder):
    with closing(sqlite3.connect(folder / FILE)) as sql:
        return sql.execute("SELECT line, other FROM contained ORDER BY 1, 2").fetchall()


def test_a_formula_with_ever_other_words_is_compared_with_a_bounded_number_of_others(shelf, monkeypatch):
    monkeypatch.setattr(syndication, "CANDIDATES", 5)
    compared = []
    stands_in = syndication._stands_in
    monkeypatch.setattr(syndication, "_stands_in", lambda *said: compared.append(said) or stands_in(*said))
    formula = "Shares in the company {} closed a little higher on the exchange today after a quiet day of trading."
    for turn in "xy":
        put(shelf, **{f"{turn}{n}": [formula.format(f"{turn}{n}")] for n in range(40)})
    assert len(compared) <= 2 * 5 * 80


def hash32(word):
    return syndication.zlib.crc32(word.encode())
