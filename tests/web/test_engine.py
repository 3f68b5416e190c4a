"""The engine behind page and programs: its states, its answers, and every change that it allows or refuses."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.errors import CorpusError, InputError
from index.store import ADDED, Filter
from qa.batching import Busy
from web.engine import Engine, NotReady

OPENER = "Who opened the harbour of Tallow Bay?"
MASTER = "Who is the harbour master of Oddville?"


@pytest.fixture
def oddville(tmp_path):
    """A file that somebody hands in."""
    path = tmp_path / "oddville.txt"
    path.write_text("Oddville\n\nThe harbour master of Oddville is Mara Quillfeather.\n", encoding="utf-8")
    return path


# ---- states ------------------------------------------------------------------------------------


def test_it_says_what_it_is_doing_until_it_is_ready(small_qa):
    held, begun = threading.Event(), threading.Event()

    def opened(progress):
        progress("embedding", 3, 1200)
        begun.set()
        held.wait(10)
        return small_qa

    engine = Engine(small_qa.store, opened)
    engine.start()
    assert begun.wait(10) and not engine.wait(0)
    assert (engine.state, engine.message) == ("loading", "Embedding: 3 of 1,200.")
    with pytest.raises(NotReady, match="still being loaded"):
        engine.ask(OPENER)
    assert engine.articles().total == 2 and engine.sources() == []  # what needs no model need not wait
    held.set()
    assert engine.wait(10) and (engine.state, engine.message) == ("ready", "")
    engine.close()


def test_what_went_wrong_is_said_to_everyone_who_asks(capsys, failed):
    assert (failed.state, failed.message) == ("failed", "there is no index here")
    with pytest.raises(NotReady, match="there is no index here"):
        failed.ask(OPENER)
    assert capsys.readouterr().err == "app: there is no index here\n"


def test_an_index_that_could_not_be_opened_is_tried_again(small_qa, capsys, eventually):
    tries = iter([CorpusError("the server does not answer"), CorpusError("the server does not answer")])

    def opened(_):
        if error := next(tries, None):
            raise error
        return small_qa

    engine = Engine(small_qa.store, opened, retry=0.05)
    engine.start()
    assert not engine.wait(10) and engine.state == "failed"
    assert eventually(lambda: engine.state == "ready") and engine.wait(0) and engine.ask(OPENER)
    assert capsys.readouterr().err == "app: the server does not answer\n"
    engine.close()


def test_a_fault_of_ours_is_no_endless_loading(tmp_path, capsys):
    engine = Engine(tmp_path, lambda _: {}["nothing"])
    engine.start()
    assert not engine.wait(10)
    assert engine.state == "failed" and "KeyError" in engine.message


def test_it_is_ready_before_the_folders_are_read_again_and_reads_them(small_qa, shelf, eventually):
    (shelf / "bridge.txt").unlink()
    engine = Engine(small_qa.store, lambda _: small_qa, refreshed=True)
    engine.start()
    assert engine.wait(10)
    assert eventually(lambda: engine.articles().total == 1 and engine.message == "")
    engine.close()


def test_folders_that_are_gone_leave_the_index_served_as_it_is(small_qa, shelf, capsys, eventually):
    shelf.rename(shelf.with_name("elsewhere"))
    engine = Engine(small_qa.store, lambda _: small_qa, refreshed=True)
    engine.start()
    assert engine.wait(10) and engine.ask(OPENER).text == "Edda Quist"
    assert eventually(lambda: "serving the index as it is" in capsys.readouterr().err)
    engine.close()


def test_an_index_is_opened_once_and_its_models_run_as_they_were_asked_to(seed_index):
    engine = Engine.at(seed_index, read_only=True, device="cpu", precision="f32")
    engine.start()
    assert engine.wait(60), engine.message
    qa = engine._ready()
    assert qa.store is engine.store  # a second one of Milvus would be a second client
    assert {qa.reader.engine, qa._embedder.engine} == {"torch cpu f32"}
    engine.close()


def test_the_default_index_is_made_of_the_seed_articles_where_there_is_none(monkeypatch, tmp_path, seeds):
    monkeypatch.setenv("QA_INDEX_DIR", str(tmp_path / "index"))
    engine = Engine.at(read_only=True)
    engine.start()
    assert engine.wait(60), engine.message
    assert engine.articles().total == len(list(seeds.glob("*.txt"))) and engine.folder == tmp_path / "index"
    engine.close()


# ---- questions ---------------------------------------------------------------------------------


def test_it_answers_tells_its_steps_and_decides_again_at_another_threshold(engine):
    told = []
    found = engine.examine(OPENER, told=told.append)
    assert told == ["searching", "reading"]
    assert engine.decide(found, 0.0).text == "Edda Quist" and not engine.decide(found, 1.0).found


def test_a_filter_holds(engine):
    assert not engine.ask(OPENER, allowed=Filter(("Nobody’s Gazette",)), min_confidence=0.0).found


def test_questions_that_were_put_in_the_queue_are_answered_by_other_threads(engine):
    pending = [engine.submit(OPENER) for _ in range(20)]
    assert {engine.decide(engine.result(each)).text for each in pending} == {"Edda Quist"}
    assert engine.waiting == 0


def test_a_closed_engine_takes_no_more(engine):
    engine.close()
    with pytest.raises(Busy):
        engine.ask(OPENER)


def test_a_search_gives_whole_passages_with_their_places(engine):
    (first, score), *_ = engine.search("harbour", 5)
    assert first.article.id == "harbour.txt" and 0 < score <= 1
    assert first.article.text[first.start : first.end] == first.quote and "Edda Quist" in first.quote
    with pytest.raises(InputError):
        engine.search("  ", 5)


def test_the_log_holds_no_question_unless_it_is_asked_to(small_qa, caplog):
    caplog.set_level(logging.INFO)
    for wanted in (False, True):
        engine = Engine(small_qa.store, lambda _: small_qa, log_questions=wanted)
        engine.start()
        engine.wait(10)
        engine.ask(OPENER)
        engine.close()
        assert ("answered in" in caplog.text, OPENER in caplog.text) == (True, wanted)
        caplog.clear()


def test_what_it_does_is_counted(engine):
    engine.ask(OPENER)
    with pytest.raises(InputError):
        engine.ask("")
    counted = engine.metrics.text().decode()
    for line in (
        "qa_question_seconds_count 1.0",
        'qa_decisions_total{result="answered"} 1.0',
        'qa_decisions_total{result="declined"} 0.0',
        'qa_refusals_total{kind="InputError"} 1.0',
    ):
        assert line in counted.splitlines()
    assert 'qa_step_seconds_total{step="reading"}' in counted and "Tallow" not in counted


def test_examples_are_found_once_a_generation(engine, small_qa, shelf, monkeypatch):
    asked = []
    monkeypatch.setattr(small_qa, "examples", lambda count: asked.append(count) or [OPENER])
    assert engine.examples() == engine.examples() == [OPENER] and len(asked) == 1
    (shelf / "bridge.txt").unlink()
    engine.rebuild()
    engine.examples()
    assert len(asked) == 2


def test_examples_that_many_pages_ask_for_at_once_are_found_once(engine, small_qa, monkeypatch):
    asked = []
    monkeypatch.setattr(small_qa, "examples", lambda count: asked.append(count) or time.sleep(0.2) or [OPENER])
    with ThreadPoolExecutor(4) as pages:
        assert list(pages.map(engine.examples, [4] * 4)) == [[OPENER]] * 4
    assert len(asked) == 1


# ---- articles ----------------------------------------------------------------------------------


def test_the_shelf_is_listed_in_pages(engine):
    assert [heading.id for heading in engine.articles().headings] == ["bridge.txt", "harbour.txt"]
    page = engine.articles(offset=1, limit=1)
    assert [heading.id for heading in page.headings] == ["harbour.txt"] and page.total == 2
    assert engine.articles(offset=7, limit=1).headings == ()


def test_a_heading_counts_passages_and_names_copies(engine, shelf):
    (shelf / "again.txt").write_bytes((shelf / "bridge.txt").read_bytes())
    engine.rebuild()
    heading = engine.articles(search="bridge").headings[0]
    assert (heading.id, heading.copies, heading.passages) == ("again.txt", ("bridge.txt",), 1)


def test_a_search_lists_the_articles_that_hold_the_words(engine):
    assert [heading.id for heading in engine.articles(search="Edda").headings] == ["harbour.txt"]
    assert engine.articles(search="zeppelin").total == 0
    assert engine.articles(search="  ").total == 2


def test_an_article_that_is_not_there_is_refused(engine):
    assert "412 metres" in engine.article("bridge.txt").text
    with pytest.raises(InputError, match="no article"):
        engine.article("../bridge.txt")


# ---- changes -----------------------------------------------------------------------------------


def test_what_is_added_is_asked_about_at_once_removed_and_restored(engine, oddville):
    report = engine.add([oddville])
    (name,) = report.added
    assert name.endswith("/oddville.txt") and engine.ask(MASTER).text == "Mara Quillfeather"
    assert engine.remove([name]) == (name,) and engine.removed() == [name]
    assert engine.ask(MASTER).text != "Mara Quillfeather"
    assert engine.restore([name]) == (name,) and engine.ask(MASTER).text == "Mara Quillfeather"
    assert engine.rebuild().unchanged == 3  # what was added is part of the index from now on


def test_an_added_file_outlives_the_one_that_was_handed_in(engine, oddville):
    engine.add([oddville])
    oddville.unlink()
    engine.rebuild()
    assert engine.ask(MASTER).found


def test_files_of_one_name_are_two_articles(engine, oddville):
    engine.add([oddville])
    oddville.write_text("Oddville\n\nThe mayor of Oddville is Ada Finch.\n", encoding="utf-8")
    engine.add([oddville])
    assert engine.articles().total == 4 and engine.ask(MASTER).text == "Mara Quillfeather"


def test_a_sidecar_speaks_of_what_comes_with_it_alone(engine, oddville, tmp_path):
    engine.add([oddville])
    sidecar = tmp_path / "articles.csv"
    sidecar.write_text("file,title\noddville.txt,Forged\n", encoding="utf-8")
    other = tmp_path / "other.txt"
    other.write_text("Other\n\nNothing to see.\n", encoding="utf-8")
    engine.add([sidecar, other])
    assert "Forged" not in [heading.title for heading in engine.articles().headings]


def test_a_file_without_an_article_is_reported_and_not_kept(engine, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    report = engine.add([empty])
    assert [skipped.reason for skipped in report.skipped] == ["it holds no text"] and not report.added
    assert list((engine.folder / ADDED).iterdir()) == []


def test_a_change_that_is_called_off_changes_nothing_and_keeps_nothing(engine, oddville):
    class CalledOff(Exception):
        pass

    def progress(stage, done, total):
        raise CalledOff

    for change in (lambda: engine.add([oddville], progress), lambda: engine.rebuild(progress)):
        generation = engine.generation()
        with pytest.raises(CalledOff):
            change()
        assert engine.generation() == generation and engine.articles().total == 2
    assert list((engine.folder / ADDED).iterdir()) == []
    assert engine.add([oddville]).added


def test_a_restore_that_is_called_off_leaves_the_article_removed(engine):
    def progress(stage, done, total):
        raise InterruptedError

    engine.remove(["bridge.txt"])
    with pytest.raises(InterruptedError):
        engine.restore(["bridge.txt"], progress)
    assert engine.removed() == ["bridge.txt"] and engine.rebuild().excluded == ("bridge.txt",)
    assert engine.restore(["bridge.txt"]) == ("bridge.txt",) and engine.removed() == []


def test_what_is_not_found_is_not_restored(engine, shelf):
    engine.remove(["bridge.txt", "harbour.txt"])
    (shelf / "bridge.txt").unlink()
    assert engine.restore(["bridge.txt", "harbour.txt"]) == ("harbour.txt",) and engine.removed() == ["bridge.txt"]


def test_changes_come_one_after_another(engine, oddville, tmp_path, eventually):
    held, entered, told = threading.Event(), threading.Event(), []

    def slowly(stage, done, total):
        entered.set()
        held.wait(10)

    first = threading.Thread(target=engine.rebuild, args=[slowly])
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=engine.add, args=[[oddville], lambda *said: told.append(said[0])])
    second.start()
    assert eventually(lambda: "waiting for another build" in told)
    assert engine.ask(OPENER).found  # questions are answered meanwhile
    held.set()
    first.join(10)
    second.join(10)
    assert engine.ask(MASTER).found


def test_read_only_refuses_every_change_and_answers(small_qa, oddville):
    engine = Engine(small_qa.store, lambda _: small_qa, read_only=True)
    engine.start()
    assert engine.wait(10) and engine.ask(OPENER).found
    before = sorted(path.name for path in engine.folder.iterdir())
    changes = (
        engine.rebuild,
        lambda: engine.add([oddville]),
        lambda: engine.remove(["bridge.txt"]),
        lambda: engine.restore(["bridge.txt"]),
    )
    for change in changes:
        with pytest.raises(InputError, match="read-only"):
            change()
    assert sorted(path.name for path in engine.folder.iterdir()) == before and engine.articles().total == 2
    engine.close()
