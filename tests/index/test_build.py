"""A build does what the articles ask for and no more, and is whole whenever it is killed."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from index.boilerplate import kept_spans
from index.build import build, roots
from index.catalog import FILE, Catalog
from index.errors import CorpusError, InputError
from index.local import LocalStore
from index.passages import CAPACITY
from index.pieces import SPARE_TOKENS
from index.store import Filter
from index.vector_files import vector_file
from index.vectors import Vectors
from index.verify import verify

TESTS = Path(__file__).parents[1]
SIDECAR = "file,title,source\nb.txt,Rivers,{outlet}\n"


@pytest.fixture
def articles(articles):
    (articles / "a.txt").write_text("The mountain is high. Nobody has climbed it in winter.\n")
    (articles / "b.txt").write_text("The river is long. It ends in the northern sea.\n")
    (articles / "articles.csv").write_text(SIDECAR.format(outlet="Herald"))
    return articles


@pytest.fixture
def index(tmp_path):
    return tmp_path / "index"


def searched(folder, words, question):
    """The article ids that the words find, and the text of the passage nearest in meaning."""
    with LocalStore(folder).snapshot(words.identity) as snapshot:
        hits = snapshot.catalog.search_words(question.split(), 10, Filter())
        near = [number for number, _ in snapshot.vectors().search(words.encode([question])[0], 10)]
        by_number = snapshot.catalog.passages([number for number, _ in hits] + near)
        assert all(number in by_number for number in near)  # no vector without its passage
        return {by_number[number].article_id for number, _ in hits}, {by_number[number].article_id for number in near}


def left_over(folder):
    return {path.name for path in folder.iterdir()} - {"catalog.sqlite", "build.lock"}


def test_a_first_build_adds_everything(articles, index, words):
    report = build([articles], index, words)
    assert (report.added, report.changed, report.removed) == (("a.txt", "b.txt"), (), ())
    assert (report.unchanged, report.passages, report.embedded, report.generation) == (0, 2, 2, 1)
    assert searched(index, words, "mountain") == ({"a.txt"}, {"a.txt", "b.txt"})
    assert verify(index).problems == ()


def test_added_changed_and_removed_articles_are_told_apart(articles, index, words):
    (articles / "c.txt").write_text("The lake is deep.\n")
    build([articles], index, words)
    (articles / "a.txt").write_text("The mountain is low.\n")
    (articles / "c.txt").unlink()
    (articles / "d.txt").write_text("The forest is dark.\n")
    report = build([articles], index, words)
    assert (report.added, report.changed, report.removed) == (("d.txt",), ("a.txt",), ("c.txt",))
    assert (report.unchanged, report.embedded, report.generation) == (1, 2, 2)


def test_an_unchanged_corpus_calls_the_model_zero_times_and_publishes_nothing(articles, index, words):
    first = build([articles], index, words)
    asked = words.texts
    second = build([articles], index, words)
    assert words.texts == asked
    assert (second.embedded, second.unchanged, second.generation) == (0, 2, first.generation)


def test_a_changed_article_embeds_only_its_new_passages(articles, index, words):
    paragraphs = [" ".join([f"A sentence of paragraph {number} is about nothing."] * 20) for number in range(8)]
    (articles / "long.txt").write_text("\n\n".join(paragraphs))
    before = build([articles], index, words)
    (articles / "long.txt").write_text("\n\n".join([*paragraphs, "A last word is added."]))
    after = build([articles], index, words)
    assert after.changed == ("long.txt",)
    assert 1 <= after.embedded <= 2 < before.embedded


def test_a_change_of_outlet_alone_embeds_nothing(articles, index, words):
    build([articles], index, words)
    (articles / "articles.csv").write_text(SIDECAR.format(outlet="Post"))
    report = build([articles], index, words)
    assert (report.changed, report.embedded, report.generation) == (("b.txt",), 0, 2)
    with Catalog(index) as catalog:
        assert catalog.sources() == ["Post"]
    assert searched(index, words, "river")[0] == {"b.txt"}


def test_a_change_of_title_is_embedded_since_the_title_stands_before_each_passage(articles, index, words):
    build([articles], index, words)
    (articles / "articles.csv").write_text("file,title,source\nb.txt,Streams,Herald\n")
    assert build([articles], index, words).embedded == 1


def test_a_passage_in_two_articles_is_embedded_once(articles, index, words):
    (articles / "articles.csv").write_text("file,title,source\na.txt,Same,Herald\nb.txt,Same,Post\n")
    shutil.copy(articles / "a.txt", articles / "b.txt")
    report = build([articles], index, words)
    assert (report.passages, report.embedded, report.copies) == (2, 1, 0)


def test_an_exact_copy_is_stored_embedded_and_found_once_with_all_its_origins(articles, index, words):
    (articles / "articles.csv").write_text("file,title\na.txt,Same\nb.txt,Same\n")
    shutil.copy(articles / "a.txt", articles / "b.txt")
    report = build([articles], index, words)
    assert (report.added, report.passages, report.embedded, report.copies) == (("a.txt", "b.txt"), 1, 1, 1)
    assert searched(index, words, "mountain") == ({"a.txt"}, {"a.txt"})
    with Catalog(index) as catalog:
        assert catalog.origins("b.txt") == ("a.txt", "b.txt")
    second = build([articles], index, words)
    assert (second.unchanged, second.copies, second.generation) == (2, 1, 1)
    (articles / "a.txt").unlink()
    third = build([articles], index, words)
    assert (third.removed, third.copies, third.embedded) == (("a.txt",), 0, 0)
    assert searched(index, words, "mountain") == ({"b.txt"}, {"b.txt"})
    assert verify(index).problems == ()


def test_the_id_of_copies_is_the_same_whatever_order_they_are_read_in(articles, tmp_path, words):
    (articles / "articles.csv").unlink()
    for folder in ("x", "y"):
        (articles / folder).mkdir()
        (articles / folder / "same.txt").write_text("A headline\n\nThe lake is deep.\n")
    for number, paths in enumerate(([articles], [articles / "y", articles / "a.txt"])):
        build(paths, tmp_path / str(number), words)
    build([articles], tmp_path / "1", words)
    for number in range(2):
        with Catalog(tmp_path / str(number)) as catalog:
            assert [article.id for article in catalog.articles()] == ["a.txt", "b.txt", "x/same.txt"]


def test_a_renamed_article_is_written_anew_under_its_name_alone(articles, index, words):
    build([articles], index, words)
    asked = words.texts
    (articles / "articles.csv").write_text("file,title,source\nc.txt,Rivers,Herald\n")
    (articles / "b.txt").rename(articles / "c.txt")
    report = build([articles], index, words)
    assert (report.added, report.removed, report.embedded) == (("c.txt",), ("b.txt",), 0)
    assert words.texts == asked
    assert searched(index, words, "river")[0] == {"c.txt"}


def test_a_removed_article_is_found_by_neither_search(articles, index, words):
    build([articles], index, words)
    (articles / "a.txt").unlink()
    build([articles], index, words)
    assert searched(index, words, "mountain climbed winter") == (set(), {"b.txt"})


def test_what_a_changed_article_said_is_found_no_more(articles, index, words):
    build([articles], index, words)
    (articles / "a.txt").write_text("Something else.\n")
    build([articles], index, words)
    assert searched(index, words, "mountain climbed winter")[0] == set()
    with Catalog(index) as catalog:
        assert "mountain" not in "".join(article.text for article in catalog.articles())


def test_vectors_of_what_is_gone_are_forgotten(articles, index, words):
    build([articles], index, words)
    text = (articles / "a.txt").read_text()
    (articles / "a.txt").unlink()
    build([articles], index, words)
    (articles / "a.txt").write_text(text)
    assert build([articles], index, words).embedded == 1


def test_page_furniture_is_never_in_a_passage(seeds, index, words):
    build([seeds], index, words)
    with Catalog(index) as catalog:
        for passage in catalog.passages(int(number) for number in catalog.passage_numbers(Filter())).values():
            kept = kept_spans(catalog.article(passage.article_id).text)
            assert any(start <= passage.start and passage.end <= end for start, end in kept)


def test_what_cannot_be_read_is_reported_and_stops_nothing(articles, index, words):
    (articles / "empty.txt").write_text("\n")
    (articles / "scan.pdf").write_bytes(b"%PDF-1.4")
    report = build([articles], index, words)
    assert [item.path for item in report.skipped] == ["empty.txt", "scan.pdf"]
    assert all(item.reason for item in report.skipped)
    assert len(report.added) == 2


def test_strictly_nothing_is_published_while_something_cannot_be_read_and_all_of_it_is_named(articles, index, words):
    build([articles], index, words, strict=True)
    (articles / "empty.txt").write_text("\n")
    (articles / "rows.jsonl").write_text('{"text": "The lake is deep."}\nno row\n')
    (articles / "a.txt").unlink()
    for _ in range(2):
        with pytest.raises(InputError, match=r"as 2 cannot be read: empty\.txt: it holds no text; rows\.jsonl#2: not"):
            build([articles], index, words, strict=True)
        assert (verify(index).generation, verify(index).articles) == (1, 2)
    (articles / "empty.txt").write_text("The forest is dark.\n")
    (articles / "rows.jsonl").write_text('{"text": "The lake is deep."}\n')
    report = build([articles], index, words, strict=True)
    assert (report.added, report.removed, report.skipped) == (("empty.txt", "rows.jsonl#1"), ("a.txt",), ())


def test_strictness_is_about_articles_and_not_about_what_a_sidecar_says_of_none(articles, index, words):
    (articles / "articles.csv").write_text("file,title\nnone.txt,Nothing\n")
    report = build([articles], index, words, strict=True)
    assert (report.added, [item.path for item in report.skipped]) == (("a.txt", "b.txt"), ["articles.csv#1"])


def test_progress_ends_with_all_that_was_to_be_done(articles, index, words):
    told = {}
    build([articles], index, words, lambda what, done, all_of_it: told.update({what: (done, all_of_it)}))
    assert told == {"comparing": (2, 2), "reading": (2, 0), "cutting": (2, 0), "embedding": (2, 2)}


def test_another_embedder_is_refused_by_an_error_that_names_both(articles, index, word_embedder):
    build([articles], index, word_embedder("words@1"))
    other = word_embedder("others@2")
    with pytest.raises(CorpusError, match=r"words@1.*others@2"):
        build([articles], index, other)
    assert other.texts == 0


def test_a_first_build_without_articles_is_an_input_error(index, words, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no article to read in .*empty"):
        build([tmp_path / "empty"], index, words)


def test_a_path_that_does_not_exist_leaves_nothing_behind(index, words, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        build([tmp_path / "missing"], index, words)
    assert not index.exists()


def test_where_every_article_was_deleted_an_empty_generation_is_published(articles, index, words):
    build([articles], index, words)
    for name in ("a.txt", "b.txt"):
        (articles / name).unlink()
    report = build([articles], index, words)  # the sidecar still names b.txt, which is reported
    assert (report.removed, report.generation, report.passages) == (("a.txt", "b.txt"), 2, 0)
    assert [item.path for item in report.skipped] == ["articles.csv#1"]
    assert searched(index, words, "mountain") == (set(), set())
    assert (verify(index).articles, verify(index).problems) == (0, ())
    assert build([articles], index, words).generation == 2
    (articles / "a.txt").write_text("The mountain is back.\n")
    assert build([articles], index, words).added == ("a.txt",)
    assert searched(index, words, "mountain") == ({"a.txt"}, {"a.txt"})


def test_where_only_what_cannot_be_read_is_left_what_was_deleted_is_gone(articles, index, words):
    build([articles], index, words)
    for name in ("a.txt", "b.txt", "articles.csv"):
        (articles / name).unlink()
    (articles / "scan.txt").write_bytes(b"\0")
    report = build([articles], index, words)
    assert (report.removed, report.generation) == (("a.txt", "b.txt"), 2)
    assert [item.path for item in report.skipped] == ["scan.txt"]
    assert searched(index, words, "mountain river") == (set(), set())


def test_where_there_is_nothing_to_read_in_another_place_the_index_stays(articles, index, words, tmp_path):
    build([articles], index, words)
    (tmp_path / "empty").mkdir()
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "scan.txt").write_bytes(b"\0")
    for paths in ([tmp_path / "empty"], [tmp_path / "scans"], [tmp_path / "missing"], []):
        with pytest.raises(InputError):
            build(paths, index, words)
    assert verify(index).articles == 2


def test_where_the_folder_cannot_be_listed_the_index_stays(articles, index, words, as_mortal):
    build([articles], index, words)
    articles.chmod(0)
    try:
        with pytest.raises(InputError, match="cannot be listed"):
            as_mortal(build, [articles], index, words)
    finally:
        articles.chmod(0o700)
    assert verify(index).articles == 2


def test_where_the_only_file_given_can_be_read_no_more_the_index_stays(articles, index, words):
    build([articles / "a.txt"], index, words)
    (articles / "a.txt").write_bytes(b"\0")
    with pytest.raises(InputError, match="no article to read"):
        build([articles / "a.txt"], index, words)
    assert verify(index).articles == 1


def test_an_index_folder_that_is_a_file_is_an_input_error(articles, tmp_path, words):
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "build.lock").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "taken", tmp_path / ("x" * 300)):
        with pytest.raises(InputError, match="cannot be written"):
            build([articles], folder, words)


def test_an_error_during_the_build_is_not_blamed_on_the_index_folder(articles, index, words):
    def refuse(*_):
        raise PermissionError("of something else")

    with pytest.raises(PermissionError, match="of something else"):
        build([articles], index, words, refuse)
    assert build([articles], index, words).generation == 1  # the lock was given back


def test_a_full_disk_is_told_in_one_line_and_the_old_generation_is_whole(articles, index, words, monkeypatch):
    build([articles], index, words)
    (articles / "a.txt").write_text("The mountain is low.\n\n" * 400)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Vectors, "save", full)
        with pytest.raises(CorpusError, match=r"No space left on device.*what was there before is whole"):
            build([articles], index, words)
    (articles / "a.txt").write_text("The mountain is lower.\n\n" * 2000)
    connect = sqlite3.connect

    def small(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes what the file has now
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", small)
        with pytest.raises(CorpusError, match=r"disk is full.*what was there before is whole"):
            build([articles], index, words)
    assert (verify(index).generation, verify(index).problems) == (1, ())
    assert searched(index, words, "high")[0] == {"a.txt"}


def test_vectors_that_a_killed_build_of_another_embedder_left_are_not_published(
    articles, index, word_embedder, monkeypatch
):
    def stop_at_the_second(what, done, _):
        if (what, done) == ("embedding", 2):
            raise Interrupted

    def cached():
        with closing(sqlite3.connect(index / FILE)) as connection:
            return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]

    monkeypatch.setattr("index.workers.EMBED_AT_ONCE", 1)
    with pytest.raises(Interrupted):
        build([articles], index, word_embedder("words@1"), stop_at_the_second)
    assert cached() == 1
    other = word_embedder("others@2")
    assert build([articles], index, other).embedded == other.texts == 2
    assert cached() == 2


@pytest.mark.parametrize("window", [16, 48, 128, 256])
def test_what_is_embedded_fits_the_window_with_its_title(articles, index, words, window):
    words.max_tokens = window
    asked = []
    encode = words.encode
    words.encode = lambda texts, done=None: asked.extend(texts) or encode(texts, done)
    (articles / "articles.csv").write_text(f"file,title\nb.txt,{'Endless ' * 100}\n")
    for name in ("a.txt", "b.txt"):
        (articles / name).write_text("\n\n".join(f"The text of number {number} is short." for number in range(100)))
    build([articles], index, words)
    sizes = [len(offsets) for offsets in words.token_offsets(asked)]
    assert max(sizes) <= window - SPARE_TOKENS + 1  # the line break is no token here
    assert max(sizes) > window // 2


def test_with_a_usual_window_and_title_a_passage_keeps_its_whole_capacity(articles, index, words):
    (articles / "articles.csv").write_text(f"file,title\na.txt,{'Word ' * 40}\n")
    (articles / "a.txt").write_text("One two three four.\n\n" * 400)
    build([articles], index, words)
    with Catalog(index) as catalog:
        found = catalog.passages(catalog.passage_numbers(Filter()).tolist()).values()
        text = catalog.article("a.txt").text
    texts = [text[p.start : p.end] for p in found if p.article_id == "a.txt"]
    assert max(map(len, words.token_offsets(texts))) == CAPACITY


@pytest.mark.parametrize("harm", ["missing", "damaged", "another checksum"])
def test_a_build_writes_a_harmed_vector_file_again_without_the_model(articles, index, words, harm):
    build([articles], index, words)
    path, asked = vector_file(index, 1), words.texts
    if harm == "missing":
        path.unlink()
    elif harm == "damaged":
        path.write_bytes(b"damaged")
    else:
        with Catalog(index) as catalog:
            catalog.set_meta(checksum="0" * 64)
    assert verify(index).problems != ()
    report = build([articles], index, words)
    assert (report.generation, report.embedded, words.texts) == (1, 0, asked)
    assert verify(index).problems == ()


def test_the_paths_are_remembered_also_where_nothing_else_changed(articles, index, words, tmp_path):
    build([articles], index, words)
    assert roots(index) == [articles]
    moved = articles.rename(tmp_path / "moved")
    assert build([moved], index, words).generation == 1
    assert roots(index) == [moved]


def test_an_index_that_was_never_finished_has_no_roots(index, tmp_path):
    index.mkdir()
    with Catalog(index, create=True), pytest.raises(CorpusError, match="never finished"):
        roots(index)
    with pytest.raises(CorpusError, match="there is no index"):
        roots(tmp_path / "none")


def test_a_second_builder_is_refused_with_the_first_one_named_and_does_no_harm(articles, index, words):
    refused = []

    def build_another(*_):
        with pytest.raises(CorpusError, match=rf"another build of .* \(process {os.getpid()} on .*, since \d{{4}}-"):
            build([articles], index, words)
        refused.append(True)

    build([articles], index, words, build_another)
    assert refused
    assert build([articles], index, words).unchanged == 2
    assert verify(index).problems == ()


def test_a_builder_that_waits_goes_on_when_the_first_one_ends_with_what_is_there_then(articles, index, word_embedder):
    begun, reports = threading.Event(), {}

    def start(name, progress, wait):
        reports[name] = build([articles], index, word_embedder(), progress, wait=wait)

    def hold(what, *_):
        if what == "embedding" and not begun.is_set():
            (articles / "late.txt").write_text("The lake is deep.\n")  # not listed by the first builder
            begun.set()
            second.start()
            second.join(0.3)
            assert second.is_alive()

    second = threading.Thread(target=start, args=("second", lambda *_: None, 60))
    start("first", hold, 0)
    second.join()
    assert (reports["first"].added, reports["second"].added) == (("a.txt", "b.txt"), ("late.txt",))
    assert reports["second"].generation == 2


def test_waiting_ends_after_the_time_given(articles, index, words):
    def build_another(what, *_):
        if what == "cutting":
            started = time.monotonic()
            with pytest.raises(CorpusError, match="another build"):
                build([articles], index, words, wait=0.2)
            waited.append(time.monotonic() - started)

    waited = []
    build([articles], index, words, build_another)
    assert all(0.2 <= seconds < 5 for seconds in waited)
    assert len(waited) == 2


def test_what_a_killed_builder_left_of_its_lock_holds_nobody_up(articles, index, words):
    index.mkdir()
    (index / "build.lock").touch()
    (index / "build.holder").write_text("process 1 on nowhere")
    assert build([articles], index, words).generation == 1
    assert left_over(index) == {vector_file(index, 1).name}


def test_an_index_of_an_older_format_is_built_anew(articles, index, words):
    build([articles], index, words)
    with Catalog(index) as catalog:
        catalog.set_meta(schema="2", generation="7", embedder="others@2")
    report = build([articles], index, words)
    assert (report.added, report.generation) == (("a.txt", "b.txt"), 1)
    assert verify(index).problems == ()


def test_old_and_half_written_vector_files_are_removed(articles, index, words):
    build([articles], index, words)
    (index / "vectors-2.faiss.new").write_bytes(b"half")
    (index / "vectors-9.faiss").write_bytes(b"of a build that was killed")
    (articles / "a.txt").unlink()
    build([articles], index, words)
    assert left_over(index) == {vector_file(index, 2).name}


class Interrupted(Exception):
    pass


def test_a_build_cut_short_leaves_the_old_generation_and_its_vectors_are_used_by_the_next(articles, index, words):
    build([articles], index, words)
    (articles / "c.txt").write_text("The lake is deep.\n")

    def stop_at_embedding(what, *_):
        if what == "embedding":
            raise Interrupted

    with pytest.raises(Interrupted):
        build([articles], index, words, stop_at_embedding)
    (index / "vectors-2.faiss.new").mkdir()  # the publication fails, as the vector file cannot be written
    with pytest.raises(CorpusError, match="cannot be written"):
        build([articles], index, words)
    assert (verify(index).articles, verify(index).generation, verify(index).problems) == (2, 1, ())
    (index / "vectors-2.faiss.new").rmdir()
    report = build([articles], index, words)
    assert (report.added, report.embedded, report.generation) == (("c.txt",), 0, 2)


# A child counts the calls and returns in index/, those into SQLite and the file system too, and kills itself
# at one of them. All are forked from one process, so that the imports are paid for once.
KILLED_BUILDS = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import WordEmbedder
from index.build import build

watched = str(Path(build.__code__.co_filename).parent)

def run(articles, folder, instant):
    seen = 0
    def count(frame, event, argument):
        nonlocal seen
        if frame.f_code.co_filename.startswith(watched):
            if seen == instant:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
    sys.setprofile(count)
    build([articles], folder, WordEmbedder())
    sys.setprofile(None)
    (folder / "instants").write_text(str(seen))

for line in sys.stdin:
    instant, folder = line.rstrip().split(" ", 1)
    child = os.fork()
    if not child:
        run(Path(sys.argv[2]), Path(folder), int(instant))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_build_killed_at_any_instant_leaves_an_index_whole_and_the_next_build_succeeds(
    articles, index, words, tmp_path
):
    build([articles], index, words)
    old = read_digests(index)
    (articles / "a.txt").write_text("The mountain is low.\n")
    (articles / "b.txt").unlink()
    (articles / "c.txt").write_text("The lake is deep.\n")
    command = [sys.executable, "-c", KILLED_BUILDS, str(TESTS), str(articles)]
    with subprocess.Popen(command, cwd=TESTS.parent, stdin=-1, stdout=-1, text=True) as process:

        def start(instant, name):
            shutil.copytree(index, tmp_path / name)
            process.stdin.write(f"{instant} {tmp_path / name}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        assert start(-1, "not-killed") == 0
        new, total = read_digests(tmp_path / "not-killed"), int((tmp_path / "not-killed" / "instants").read_text())
        chance = random.Random(total)
        publication = range(total - 90, total)  # where there is most to go wrong
        instants = {0, total - 1, *chance.sample(range(total), 4), *chance.sample(publication, 8)}
        for instant in instants:
            assert start(instant, str(instant)) == -signal.SIGKILL
        process.stdin.close()
    generations = set()
    for folder in (tmp_path / str(instant) for instant in instants):
        report = verify(folder)
        assert report.problems == ()
        assert read_digests(folder) == {1: old, 2: new}[report.generation]
        generations.add(report.generation)
        assert build([articles], folder, words).generation == 2
        assert (read_digests(folder), verify(folder).problems) == (new, ())
    assert generations == {1, 2}


def read_digests(folder):
    with Catalog(folder) as catalog:
        return catalog.digests()


def test_a_row_without_a_title_is_embedded_by_its_text_alone(articles, index, words, monkeypatch):
    heard = []
    encode = words.encode
    monkeypatch.setattr(words, "encode", lambda texts, done=None: heard.extend(texts) or encode(texts, done))
    rows = '{"text": "The river rose."}\n{"title": "Zoo", "text": "A zebra left."}\n'
    (articles / "rows.jsonl").write_text(rows, encoding="utf-8")
    build([articles], index, words)
    assert "The river rose." in heard
    assert "Zoo\nA zebra left." in heard
