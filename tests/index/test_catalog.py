"""The SQLite file: what is put in is found, what is taken out is not, and a reader sees one generation."""

import sqlite3
from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pytest

from index import connection
from index.article import Article, Passage
from index.catalog import FILE, SCHEMA, Catalog, is_published
from index.embedder import Embedding
from index.errors import CorpusError
from index.store import Filter, Heading
from index.syndication import lines_of

EVERYTHING = Filter()
DIGEST = b"d" * 32

FALL = Article("fall.txt", "City falls", "The army liberated the city. Nobody spoke.", "Herald", "", date(2017, 11, 3))
GAME = Article("game.txt", "A match", "The Élysée team won a match. It was naïve.", "Post", "", date(2018, 1, 2))
NOTE = Article("note.txt", "Untitled", "An undated note about the army.")


@pytest.fixture
def catalog(tmp_path):
    with Catalog(tmp_path, create=True) as opened:
        put(opened, FALL, GAME, NOTE)
        yield opened


def put(catalog, *articles):
    """Each article as one passage a sentence."""
    with catalog.transaction():
        for article in articles:
            ends = [i + 1 for i, letter in enumerate(article.text) if letter == "."]
            spans = list(zip([0, *(end + 1 for end in ends)], ends, strict=False))
            lines = lines_of(article.text, [(0, len(article.text))])
            catalog.put(article, spans, [DIGEST] * len(spans), lines)
        catalog.assign({article.id: article.digest for article in articles})


def found(catalog, *words, allowed=EVERYTHING):
    """The texts that a search for words finds, best first."""
    passages = catalog.passages(number for number, _ in catalog.search_words(words, 10, allowed))
    return [catalog.article(p.article_id).text[p.start : p.end] for p in passages.values()]


def check_full_text(catalog):
    """FTS5's own comparison of its index with the rows it was made from."""
    with sqlite3.connect(catalog.folder / FILE) as connection:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    connection.close()
    assert catalog.problems() == []


def test_a_list_shows_all_but_the_text_a_page_at_a_time(catalog):
    with catalog.transaction():
        catalog.assign({"copy.txt": FALL.digest, "another.txt": FALL.digest})
    # An article goes by the first of its ids.
    first, game, note = catalog.headings()
    assert first == Heading("another.txt", "City falls", "Herald", "", FALL.published, "", 2, ("copy.txt", "fall.txt"))
    assert (game.id, game.passages, game.copies, note.published) == ("game.txt", 2, (), None)
    assert catalog.headings(offset=1, limit=1) == [game] and catalog.headings(offset=9) == []
    assert catalog.headings(Filter(("Post",))) == [game] and catalog.count_articles(Filter(("Post",))) == 1
    assert catalog.headings_of(["note.txt", "none.txt", "game.txt"]) == [note, game]


def test_articles_come_back_as_they_were_put(catalog):
    assert catalog.articles() == [FALL, GAME, NOTE]
    assert catalog.article("game.txt") == GAME
    assert catalog.article("none.txt") is None
    assert catalog.digests() == {article.id: article.digest for article in (FALL, GAME, NOTE)}
    assert catalog.sources() == ["Herald", "Post"]
    assert catalog.count() == (3, 5)


def test_a_search_finds_the_passage_and_best_first(catalog):
    assert found(catalog, "spoke") == ["Nobody spoke."]
    assert found(catalog, "army", "city")[0] == "The army liberated the city."
    assert set(found(catalog, "army", "city")[1:]) == {"Nobody spoke.", "An undated note about the army."}
    scores = [score for _, score in catalog.search_words(["army", "city"], 10, EVERYTHING)]
    assert scores == sorted(scores, reverse=True)


def test_a_title_is_searched_for_each_of_its_passages(catalog):
    assert sorted(found(catalog, "falls")) == ["Nobody spoke.", "The army liberated the city."]


def test_a_search_gives_no_more_than_asked(catalog):
    assert len(catalog.search_words(["the", "a", "an", "it"], 2, EVERYTHING)) == 2
    assert catalog.search_words([], 10, EVERYTHING) == []


def test_a_removed_article_is_not_found_and_leaves_nothing(catalog):
    with catalog.transaction():
        catalog.assign({"fall.txt": None, "never-was.txt": None})
    assert found(catalog, "liberated", "spoke", "falls") == []
    assert catalog.article("fall.txt") is None
    assert catalog.count() == (2, 3)
    check_full_text(catalog)


def test_a_replaced_article_is_found_by_its_new_words_only(catalog):
    put(catalog, Article("fall.txt", "Quiet day", "Nothing happened."))
    assert found(catalog, "liberated", "falls", "city") == []
    assert found(catalog, "happened", "quiet") == ["Nothing happened."]
    check_full_text(catalog)


def named(article, article_id):
    return replace(article, id=article_id)


@pytest.mark.parametrize("order", list(permutations(("b.txt", "a.txt", "c.txt"))))
def test_what_is_read_under_several_ids_is_one_article_named_by_the_first(tmp_path, order):
    with Catalog(tmp_path, create=True) as catalog:
        put(catalog, named(FALL, order[0]))
        for article_id in order[1:]:
            with catalog.transaction():
                catalog.assign({article_id: FALL.digest})
        assert catalog.articles() == [named(FALL, "a.txt")]
        assert (catalog.count(), catalog.count_copies()) == ((1, 2), 2)
        for article_id in order:
            assert catalog.article(article_id) == named(FALL, "a.txt")
            assert catalog.origins(article_id) == ("a.txt", "b.txt", "c.txt")
        assert catalog.digests() == dict.fromkeys(order, FALL.digest)
        assert {p.article_id for p in catalog.passages([1, 2]).values()} == {"a.txt"}
        assert catalog.problems() == []


def test_an_article_stays_as_long_as_one_of_its_origins_does(catalog):
    numbers = catalog.passage_numbers(EVERYTHING).tolist()
    with catalog.transaction():
        catalog.assign({"a.txt": FALL.digest, "z.txt": FALL.digest})
    assert catalog.articles()[0] == named(FALL, "a.txt")
    with catalog.transaction():
        catalog.assign({"a.txt": None, "fall.txt": None})
    assert catalog.article("z.txt") == named(FALL, "z.txt")
    assert catalog.article("fall.txt") is None
    assert catalog.origins("fall.txt") == ()
    assert found(catalog, "spoke") == ["Nobody spoke."]
    assert catalog.passage_numbers(EVERYTHING).tolist() == numbers  # nothing of it was written anew
    with catalog.transaction():
        catalog.assign({"z.txt": None})
    assert found(catalog, "spoke") == []
    assert catalog.count() == (2, 3)
    check_full_text(catalog)


def test_two_articles_may_change_places(catalog):
    with catalog.transaction():
        catalog.assign({"fall.txt": GAME.digest, "game.txt": FALL.digest})
    assert catalog.article("fall.txt") == named(GAME, "fall.txt")
    assert catalog.article("game.txt") == named(FALL, "game.txt")
    assert catalog.count() == (3, 5)
    check_full_text(catalog)


def test_an_article_without_the_name_of_its_first_origin_is_a_problem(catalog):
    with sqlite3.connect(catalog.folder / FILE) as connection:
        connection.execute("UPDATE origins SET id = 'other.txt' WHERE id = 'fall.txt'")
    connection.close()
    assert catalog.problems() == ["1 articles do not bear the name of their first origin"]


def test_passage_numbers_are_never_used_again(catalog):
    before = catalog.passage_numbers(EVERYTHING)
    with catalog.transaction():
        catalog.assign(dict.fromkeys(catalog.digests()))
    put(catalog, FALL)
    after = catalog.passage_numbers(EVERYTHING)
    assert min(after) > max(before)
    assert catalog.passages(int(number) for number in before) == {}


def test_passages_come_in_the_order_asked_for(catalog):
    numbers = catalog.passage_numbers(EVERYTHING)[::-1]
    assert list(catalog.passages(numbers)) == numbers.tolist()


def test_passages_are_named_by_number(catalog):
    first = int(catalog.passage_numbers(EVERYTHING)[0])
    assert catalog.passages([first, 10**9]) == {first: Passage("fall.txt", 0, 28)}


@pytest.mark.parametrize("word", ["liberation", "liberates", "LIBERATING"])
def test_words_match_by_their_stem(catalog, word):
    assert found(catalog, word) == ["The army liberated the city."]


@pytest.mark.parametrize("word", ["elysee", "ÉLYSÉE", "Élysée"])
def test_words_match_without_their_accents(catalog, word):
    assert found(catalog, word) == ["The Élysée team won a match."]


@pytest.mark.parametrize(
    "word",
    [
        '"',
        '""',
        "*",
        "arm*",
        "NEAR",
        "OR",
        "AND",
        "NOT",
        "NEAR(army city)",
        "title:army",
        "-",
        "^army",
        "'",
        "(",
        ";",
        "\0",
    ],
)
def test_quotes_and_operators_are_words_like_others(catalog, word):
    assert set(found(catalog, word)) <= {"The army liberated the city.", "An undated note about the army."}
    assert "Nobody spoke." in found(catalog, word, "spoke")


def test_a_star_does_not_widen_a_word(catalog):
    assert found(catalog, "liber") == found(catalog, "liber*")
    assert found(catalog, "arm*") == []


@pytest.mark.parametrize(
    ("allowed", "articles"),
    [
        (EVERYTHING, {"fall.txt", "game.txt", "note.txt"}),
        (Filter(sources=("Herald",)), {"fall.txt"}),
        (Filter(sources=("Herald", "Post")), {"fall.txt", "game.txt"}),
        (Filter(sources=("Nobody's",)), set()),
        (Filter(published_after=date(2017, 11, 3)), {"fall.txt", "game.txt"}),
        (Filter(published_after=date(2017, 11, 4)), {"game.txt"}),
        (Filter(published_before=date(2017, 11, 3)), {"fall.txt"}),
        (Filter(published_before=date(2017, 11, 2)), set()),
        (Filter(("Post",), date(2018, 1, 2), date(2018, 1, 2)), {"game.txt"}),
    ],
)
def test_a_filter_lets_through_exactly_its_articles_in_both_searches(catalog, allowed, articles):
    numbers = [int(number) for number in catalog.passage_numbers(allowed)]
    assert {passage.article_id for passage in catalog.passages(numbers).values()} == articles
    hits = catalog.search_words(["the", "it", "note", "nobody"], 10, allowed)
    assert {passage.article_id for passage in catalog.passages(number for number, _ in hits).values()} == articles


def test_a_failed_transaction_leaves_everything_as_it_was(catalog):
    with pytest.raises(KeyError), catalog.transaction():
        catalog.assign({"fall.txt": None})
        catalog.set_meta(generation="7")
        raise KeyError
    assert found(catalog, "spoke") == ["Nobody spoke."]
    assert catalog.generation == 0
    check_full_text(catalog)


def test_a_passage_without_its_vector_is_refused_and_nothing_is_written(catalog):
    with pytest.raises(ValueError, match="shorter"), catalog.transaction():
        catalog.put(Article("new.txt", "New", "New words."), [(0, 3), (4, 10)], [DIGEST], [])
    assert catalog.article("new.txt") is None


def test_a_snapshot_keeps_its_generation_whatever_another_connection_publishes(catalog):
    with Catalog(catalog.folder) as reader:
        with reader.snapshot():
            before = reader.count(), reader.generation
            with catalog.transaction():
                catalog.assign({"fall.txt": None})
                catalog.set_meta(generation="1")
            assert found(reader, "spoke") == ["Nobody spoke."]
            assert (reader.count(), reader.generation) == before
        assert found(reader, "spoke") == []
        assert reader.generation == 1


def test_vectors_are_kept_by_digest_until_no_passage_has_them(catalog):
    one, two = np.float32([1, 0, 0.5]), np.float32([0, 1, 0])
    sentences = np.int8([[127, 0, 64], [0, -127, 1]])
    made = {DIGEST: Embedding(one, sentences), b"unused": Embedding(two, sentences[:0])}
    catalog.cache_vectors(made)
    assert catalog.missing_vectors([DIGEST, b"new", b"unused", b"new"]) == [b"new"]
    numbers, matrix = catalog.passage_vectors()
    assert matrix.shape == (5, 3)
    assert matrix.dtype == np.float32
    assert (matrix == one).all()
    assert numbers.tolist() == catalog.passage_numbers(EVERYTHING).tolist()
    found = catalog.sentences_of([*numbers[:2], 999])
    assert list(found) == numbers[:2].tolist() and all((matrix == sentences).all() for matrix in found.values())
    assert catalog.without_sentences() == []
    catalog.forget_unused_vectors()
    assert catalog.missing_vectors([DIGEST, b"unused"]) == [b"unused"]
    with catalog.transaction():
        catalog.assign({"fall.txt": None, "game.txt": None})
    catalog.forget_unused_vectors()
    assert catalog.missing_vectors([DIGEST]) == []  # the note has it still
    with catalog.transaction():
        catalog.assign({"note.txt": None})
    catalog.forget_unused_vectors()
    assert catalog.missing_vectors([DIGEST]) == [DIGEST]
    assert not catalog._sql.execute("SELECT 1 FROM directions").fetchall()


@pytest.mark.parametrize("harm", ["DELETE FROM directions", "UPDATE directions SET matrix = substr(matrix, 2)"])
def test_lost_or_damaged_vectors_of_sentences_are_told_of_and_not_used(catalog, harm):
    catalog.cache_vectors({DIGEST: Embedding(np.float32([1, 0, 0.5]), np.int8([[127, 0, 64]]))})
    catalog._sql.execute(harm)
    numbers = catalog.passage_numbers(EVERYTHING).tolist()
    assert catalog.without_sentences() == numbers
    assert catalog.sentences_of(numbers) == {}


def test_an_empty_catalog_has_no_vectors(tmp_path):
    with Catalog(tmp_path, create=True) as catalog:
        numbers, matrix = catalog.passage_vectors()
    assert len(numbers) == len(matrix) == 0


def test_where_there_is_no_index_the_error_says_how_to_build_one(tmp_path):
    with pytest.raises(CorpusError, match="qa index PATH"):
        Catalog(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_format_is_refused_with_both_named(tmp_path):
    with Catalog(tmp_path, create=True) as catalog, catalog.transaction():
        catalog.set_meta(schema="99")
    for create in (False, True):
        with pytest.raises(CorpusError, match=f"format 99, this version reads {SCHEMA}"):
            Catalog(tmp_path, create)
    with pytest.raises(CorpusError, match="format 99"):
        is_published(tmp_path)


def test_a_file_that_is_not_sqlite_is_refused(tmp_path):
    (tmp_path / FILE).write_text("These are not the articles you are looking for. " * 100)
    with pytest.raises(CorpusError, match="cannot be read as an index"):
        Catalog(tmp_path)
    with pytest.raises(CorpusError, match="cannot be read as an index"):
        Catalog(tmp_path, create=True)


def test_a_file_in_which_nothing_was_made_yet_is_an_index_that_was_never_finished(tmp_path):
    (tmp_path / FILE).touch()
    assert not is_published(tmp_path)
    with pytest.raises(CorpusError, match=r"never finished.*qa index PATH"):
        Catalog(tmp_path)
    with Catalog(tmp_path, create=True) as catalog:
        put(catalog, FALL)
        assert not is_published(tmp_path)
        catalog.set_meta(generation="1")
    assert is_published(tmp_path)


def test_an_older_format_is_refused_for_reading_and_thrown_away_for_building(tmp_path):
    with Catalog(tmp_path, create=True) as catalog:
        put(catalog, FALL)
        catalog.set_meta(generation="1", schema="2", embedder="words@1")
    assert not is_published(tmp_path)
    with pytest.raises(CorpusError, match=f"format 2, this version reads {SCHEMA}.*qa index PATH"):
        Catalog(tmp_path)
    with Catalog(tmp_path, create=True) as catalog:
        assert (catalog.generation, catalog.count(), catalog.meta("embedder")) == (0, (0, 0), None)
        put(catalog, FALL, GAME)
        assert found(catalog, "spoke") == ["Nobody spoke."]
        check_full_text(catalog)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.9])
def test_a_truncated_file_is_refused(seed_index, tmp_path, part):
    whole = (seed_index / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(CorpusError, match="cannot be read as an index"):
        Catalog(tmp_path)


def test_damage_anywhere_inside_is_a_corpus_error_or_harmless_never_another(seed_index, tmp_path):
    whole, page, met = (seed_index / FILE).read_bytes(), 4096, 0
    for begin in range(0, len(whole), page):
        (tmp_path / FILE).write_bytes(whole[:begin] + b"\xa5" * page + whole[begin + page :])
        try:
            with Catalog(tmp_path) as catalog:
                catalog.articles(), catalog.passage_vectors(), found(catalog, "city", "army")
        except CorpusError:
            met += 1
    assert met > 10


@pytest.mark.parametrize(
    "allowed", [EVERYTHING, Filter(sources=("Herald",)), Filter(published_after=date(2017, 11, 4))]
)
def test_the_set_of_a_filter_holds_the_same_passages_as_its_numbers(catalog, allowed):
    assert set_numbers(catalog.passage_set(allowed)) == sorted(catalog.passage_numbers(allowed).tolist())
    catalog._sql.execute("UPDATE passages SET number = number + 100 WHERE number % 2")  # not in a row any more
    assert set_numbers(catalog.passage_set(allowed)) == sorted(catalog.passage_numbers(allowed).tolist())


def set_numbers(found):
    contains = found.contains()
    return [number for number in range(500) if contains(number)]


def test_a_number_that_no_passage_can_have_is_a_corpus_error_and_takes_no_memory(catalog):
    catalog._sql.execute("UPDATE passages SET number = 1 << 60 WHERE number = 1")
    with pytest.raises(CorpusError, match="cannot be read as an index"):
        catalog.passage_set(Filter(published_before=date(2030, 1, 1)))


def test_damaged_text_in_what_sqlite_says_is_told_in_one_short_line(catalog):
    folder = catalog.folder
    catalog._sql.execute("UPDATE articles SET text = CAST(x'0a0a41ff0a' || CAST(text AS BLOB) AS TEXT)")
    with pytest.raises(CorpusError, match="cannot be read as an index") as told, Catalog(folder) as damaged:
        damaged.articles()
    assert "\n" not in str(told.value)
    catalog._sql.execute("PRAGMA writable_schema = ON")
    catalog._sql.execute("UPDATE sqlite_master SET name = CAST(x'6d0aff' AS TEXT), sql = 'CREATE' WHERE name = 'meta'")
    with pytest.raises(CorpusError, match="cannot be read as an index") as told:
        Catalog(folder)
    assert "\n" not in str(told.value)


def test_who_waits_too_long_for_another_to_write_is_not_told_to_delete_the_index(catalog, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", "PRAGMA busy_timeout = 0")
    with catalog.transaction(), pytest.raises(CorpusError) as caught, Catalog(catalog.folder) as other:
        put(other, NOTE)
    assert "is in use by another process" in str(caught.value)
    assert str(caught.value).endswith("try again")
