"""What was taken out stays out until its file changes or it is asked back, and is found by nothing."""

import pytest

from index.build import build
from index.catalog import Catalog
from index.errors import CorpusError, InputError
from index.exclude import exclude, readmit
from index.local import LocalStore
from index.store import Filter
from index.verify import verify


@pytest.fixture
def articles(articles):
    (articles / "c.txt").write_text("The lake is deep.\n")
    return articles


def held(index):
    with Catalog(index) as catalog:
        return set(catalog.digests())


def test_what_is_taken_out_is_found_no_more_at_once_and_without_the_model(index, words):
    store, asked = LocalStore(index), words.texts
    assert exclude(["a.txt"], index) == ("a.txt",)
    assert words.texts == asked
    with store.snapshot(words.identity) as snapshot:
        assert snapshot.generation == 2
        assert snapshot.catalog.article("a.txt") is None
        assert snapshot.catalog.search_words(["mountain"], 10, Filter()) == []
        nearest = snapshot.vectors().search(words.encode(["The mountain is high."])[0], 10)
        assert {p.article_id for p in snapshot.catalog.passages(n for n, _ in nearest).values()} == {"b.txt", "c.txt"}
        assert len(nearest) == 2
    report = verify(index)
    assert (report.problems, report.notes) == ((), ())


def test_builds_leave_it_out_and_say_so_until_its_file_changes(articles, index, words):
    exclude(["a.txt"], index)
    for _ in range(2):
        report = build([articles], index, words)
        assert (report.excluded, report.added, report.unchanged, report.generation) == (("a.txt",), (), 2, 2)
    (articles / "a.txt").write_text("The mountain is low.\n")
    report = build([articles], index, words)
    assert (report.excluded, report.added) == ((), ("a.txt",))
    (articles / "a.txt").write_text("The mountain is high.\n")  # what it said before is no longer held against it
    assert build([articles], index, words).changed == ("a.txt",)


def test_a_file_that_goes_and_comes_back_as_it_was_stays_out(articles, index, words):
    exclude(["a.txt"], index)
    text = (articles / "a.txt").read_text()
    (articles / "a.txt").unlink()
    (articles / "d.txt").write_text("The forest is dark.\n")
    assert build([articles], index, words).excluded == ()
    (articles / "a.txt").write_text(text)
    assert build([articles], index, words).excluded == ("a.txt",)


def test_what_is_asked_back_is_read_by_the_next_build(articles, index, words):
    exclude(["a.txt", "b.txt"], index)
    assert readmit(["a.txt"], index) == ("a.txt",)
    report = build([articles], index, words)
    assert (report.added, report.excluded) == (("a.txt",), ("b.txt",))
    assert held(index) == {"a.txt", "c.txt"}


def test_what_is_asked_back_is_asked_of_one_build_alone(articles, index, words):
    def called_off(*_):
        raise InterruptedError

    exclude(["a.txt", "b.txt"], index)
    readmit(["a.txt"], index)
    with pytest.raises(InterruptedError):
        build([articles], index, words, called_off)
    with LocalStore(index).snapshot() as snapshot:
        assert snapshot.removed() == ["a.txt", "b.txt"]
    assert build([articles], index, words).excluded == ("a.txt", "b.txt")
    readmit(["a.txt"], index)
    readmit(["b.txt"], index)
    assert build([articles], index, words).added == ("a.txt", "b.txt")


def test_what_is_asked_back_and_not_found_stays_out(articles, index, words):
    text = (articles / "a.txt").read_text()
    exclude(["a.txt"], index)
    (articles / "a.txt").unlink()
    (articles / "d.txt").write_text("The forest is dark.\n")
    readmit(["a.txt"], index)
    assert build([articles], index, words).added == ("d.txt",)
    (articles / "a.txt").write_text(text)
    assert build([articles], index, words).excluded == ("a.txt",)


def test_exact_copies_go_and_come_together(articles, index, words):
    (articles / "copies").mkdir()
    (articles / "copies" / "a.txt").write_text((articles / "a.txt").read_text())
    build([articles], index, words)
    assert exclude(["copies/a.txt"], index) == ("a.txt", "copies/a.txt")
    assert build([articles], index, words).excluded == ("a.txt", "copies/a.txt")
    assert held(index) == {"b.txt", "c.txt"}
    assert readmit(["a.txt"], index) == ("a.txt", "copies/a.txt")


def test_everything_may_be_taken_out(articles, index, words):
    exclude(["a.txt", "b.txt", "c.txt"], index)
    assert build([articles], index, words).excluded == ("a.txt", "b.txt", "c.txt")
    assert held(index) == set()
    assert verify(index).problems == ()


def test_an_unknown_article_is_refused_and_nothing_is_changed(index, tmp_path):
    with pytest.raises(InputError, match=r"no article x\.txt, y\.txt"):
        exclude(["x.txt", "a.txt", "y.txt"], index)
    with pytest.raises(InputError, match=r"a\.txt was not removed"):
        readmit(["a.txt"], index)
    assert held(index) == {"a.txt", "b.txt", "c.txt"}
    with pytest.raises(CorpusError, match="there is no index"):
        exclude(["a.txt"], tmp_path / "none")
