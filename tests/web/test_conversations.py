"""What was asked is there again after a restart, is its owner's alone, bounded in size, and never in the way."""

import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from index.article import Article
from index.errors import InputError
from qa.answer import Answer, NoAnswer
from qa.evaluation.questions import Question, read_questions, write_questions
from web import conversations as module
from web.conversations import Conversations, StorageError, beside
from web.transcripts import Exchange, Lookup


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "conversations.sqlite"


@pytest.fixture
def store(path: Path) -> Conversations:
    return Conversations(path)


@pytest.fixture
def lookup(harbour: Article, bridge: Article) -> Lookup:
    return {harbour.id: harbour, bridge.id: bridge}.__getitem__


def asked(store: Conversations, *exchanges: Exchange, owner: str = "") -> str:
    """The id of a new conversation with these exchanges."""
    conversation = store.begin()
    for exchange in exchanges:
        store.add(conversation, exchange, owner)
    return conversation


def files(path: Path) -> bytes:
    """All that is on the disk."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_conversation_is_the_same_after_a_restart(
    store: Conversations, path: Path, lookup: Lookup, answer: Answer, refusal: NoAnswer
) -> None:
    said = (Exchange("Who opened it?", answer), Exchange("Who won?", refusal), Exchange("\ud800?", error="no text"))
    conversation = asked(store, *said)
    again = Conversations(path).load(conversation, lookup)
    assert [exchange.result for exchange in again] == [answer, refusal, None]
    assert [exchange.question for exchange in again] == ["Who opened it?", "Who won?", "??"]
    assert again[2].error == "no text"
    assert [exchange.number for exchange in again] == sorted({exchange.number for exchange in again})
    assert all(exchange.asked and exchange.asked.tzinfo for exchange in again)
    (listed,) = Conversations(path).all()
    assert (listed.id, listed.title, listed.exchanges) == (conversation, "Who opened it?", 3)
    assert listed.begun <= listed.latest


def test_nothing_is_kept_of_a_conversation_before_its_first_exchange(store: Conversations) -> None:
    first, second = store.begin(), store.begin()
    assert first != second
    assert len(first) >= 20
    assert store.all() == []
    with pytest.raises(InputError, match="no such conversation"):
        store.get(first)


def test_the_conversation_that_went_on_last_stands_first(store: Conversations, answer: Answer) -> None:
    one, other = asked(store, Exchange("one", answer)), asked(store, Exchange("other", answer))
    assert [listed.id for listed in store.all()] == [other, one]
    store.add(one, Exchange("and?", answer))
    assert [listed.id for listed in store.all()] == [one, other]


def test_what_an_article_said_before_it_changed_is_told_from_what_it_says(
    store: Conversations, answer: Answer, bridge: Article, harbour: Article
) -> None:
    conversation = asked(store, Exchange("Who?", answer))

    def without_harbour(article_id: str) -> Article:
        if article_id == bridge.id:
            return bridge
        raise InputError("it is gone")

    (exchange,) = store.load(conversation, without_harbour)
    assert exchange.outdated == {harbour.id}
    assert exchange.result
    assert exchange.result.citations[0].quote == "Edda Quist"


@pytest.mark.parametrize(
    "trespass",
    [
        lambda store, conversation, number, lookup: store.get(conversation, "eve"),
        lambda store, conversation, number, lookup: store.load(conversation, lookup, "eve"),
        lambda store, conversation, number, lookup: store.add(conversation, Exchange("mine?"), "eve"),
        lambda store, conversation, number, lookup: store.delete(conversation, "eve"),
        lambda store, conversation, number, lookup: store.judge(number, False, "no", "eve"),
        lambda store, conversation, number, lookup: store.load(conversation, lookup, ""),
    ],
)
def test_a_conversation_is_its_owners_alone(
    trespass: Callable[..., object], store: Conversations, lookup: Lookup, answer: Answer
) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who?", answer), "ann").number
    with pytest.raises(InputError, match="no such"):
        trespass(store, conversation, number, lookup)
    assert store.all("eve") == store.all() == []
    (exchange,) = store.load(conversation, lookup, "ann")
    assert (exchange.question, exchange.liked) == ("Who?", None)


@pytest.mark.parametrize("name", ["", "short", "x" * 65, "../../../../etc/passwd", "a" * 19 + "'", "ä" * 24])
def test_an_id_that_was_never_handed_out_is_refused(name: str, store: Conversations) -> None:
    with pytest.raises(InputError, match="no such conversation"):
        store.add(name, Exchange("Who?"))
    assert store.all() == []


def test_what_is_deleted_is_not_on_the_disk_any_more(store: Conversations, path: Path, answer: Answer) -> None:
    other = asked(store, Exchange("What about the bridge?", answer))
    conversation = store.begin()
    number = store.add(conversation, Exchange("Is the vicar bankrupt?", answer)).number
    store.judge(number, False, "the sexton is")
    assert b"vicar" in files(path)
    assert b"sexton" in files(path)
    store.delete(conversation)
    assert [listed.id for listed in store.all()] == [other]
    assert b"vicar" not in files(path)
    assert b"sexton" not in files(path)
    assert store.questions() == []
    with pytest.raises(InputError, match="no such conversation"):
        store.delete(conversation)


def test_a_conversation_keeps_its_latest_exchanges(
    store: Conversations, lookup: Lookup, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EXCHANGES", 3)
    conversation = asked(store, *(Exchange(str(number), answer) for number in range(5)))
    assert [exchange.question for exchange in store.load(conversation, lookup)] == ["2", "3", "4"]
    assert store.get(conversation).title == "0"


def test_an_owner_keeps_the_conversations_that_went_on_last(
    store: Conversations, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CONVERSATIONS", 2)
    others = asked(store, Exchange("mine", answer), owner="eve")
    first, second = asked(store, Exchange("first", answer)), asked(store, Exchange("second", answer))
    store.add(first, Exchange("and then?", answer))
    third = asked(store, Exchange("third", answer))
    assert [listed.id for listed in store.all()] == [third, first]
    assert second not in [listed.id for listed in store.all()]
    assert [listed.id for listed in store.all("eve")] == [others]


def test_whoever_keeps_most_makes_room_for_all(
    store: Conversations, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    modest = asked(store, Exchange("modest", answer), owner="ann")
    greedy = [asked(store, Exchange("x" * 1000, answer), owner="eve") for _ in range(4)]
    monkeypatch.setattr(module, "MOST_BYTES", 8_000)
    latest = asked(store, Exchange("x" * 1000, answer), owner="eve")
    assert [listed.id for listed in store.all("ann")] == [modest]
    left = [listed.id for listed in store.all("eve")]
    assert left[0] == latest
    assert left == [latest, *greedy[::-1]][: len(left)]
    assert 1 < len(left) < 5


def test_one_conversation_over_the_whole_room_stays_and_is_the_only_one(
    store: Conversations, lookup: Lookup, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(store, Exchange("other", answer))
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    conversation = asked(store, Exchange("large", answer))
    assert [listed.id for listed in store.all()] == [conversation]
    assert store.load(conversation, lookup)[0].result == answer


def test_many_threads_keep_and_read_at_once(store: Conversations, lookup: Lookup, answer: Answer) -> None:
    def converse(user: int) -> list[str]:
        conversation = store.begin()
        for turn in range(5):
            number = store.add(conversation, Exchange(f"{user} {turn}", answer), str(user)).number
            store.judge(number, turn % 2 == 0, owner=str(user))
        return [exchange.question for exchange in store.load(conversation, lookup, str(user))]

    with ThreadPoolExecutor(16) as pool:
        for user, questions in enumerate(pool.map(converse, range(16))):
            assert questions == [f"{user} {turn}" for turn in range(5)]
    assert all(len(store.all(str(user))) == 1 for user in range(16))


def test_two_programs_may_use_the_same_file(store: Conversations, path: Path, lookup: Lookup, answer: Answer) -> None:
    other = Conversations(path)
    conversation = asked(store, Exchange("one", answer))
    other.add(conversation, Exchange("two", answer))
    assert [exchange.question for exchange in store.load(conversation, lookup)] == ["one", "two"]


# ---- feedback ------------------------------------------------------------------------------------------


def test_what_users_said_is_a_question_set(
    store: Conversations, tmp_path: Path, answer: Answer, refusal: NoAnswer, harbour: Article
) -> None:
    conversation = store.begin()
    numbers = [store.add(conversation, Exchange("?", result)).number for result in (answer, answer, refusal, refusal)]
    store.judge(numbers[0], True)
    store.judge(numbers[1], False, "  Mayor\nQuist ")
    store.judge(numbers[2], True)
    store.judge(numbers[3], False)
    write_questions(tmp_path / "said.jsonl", store.questions())
    opened, cup = read_questions(tmp_path / "said.jsonl")
    assert opened == Question(opened.id, "Who opened the harbour?", ("Edda Quist", "Mayor Quist"), (harbour.id,))
    assert cup == Question(cup.id, "Who won the cup?", (), ())


def test_what_was_wrong_without_a_word_of_what_is_right_is_no_question(store: Conversations, answer: Answer) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who?", answer)).number
    store.judge(number, False)
    assert store.questions() == []
    store.judge(number, False, "Piet Lund")
    assert [(asked.answers, asked.articles) for asked in store.questions()] == [(("Piet Lund",), ())]


def test_a_judgement_is_seen_again_replaced_and_taken_back(
    store: Conversations, lookup: Lookup, answer: Answer
) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who?", answer)).number

    def judged() -> tuple[bool | None, str]:
        (exchange,) = store.load(conversation, lookup)
        return exchange.liked, exchange.correction

    assert judged() == (None, "")
    store.judge(number, False, "Piet Lund")
    assert judged() == (False, "Piet Lund")
    store.judge(number, True)
    assert judged() == (True, "")
    store.judge(number, None)
    assert judged() == (None, "")
    assert store.questions() == []


def test_feedback_outlives_a_conversation_that_made_room(
    store: Conversations, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = store.begin()
    store.judge(store.add(conversation, Exchange("Who?", answer)).number, True)
    monkeypatch.setattr(module, "MOST_CONVERSATIONS", 1)
    asked(store, Exchange("Another?", answer))
    assert [listed.title for listed in store.all()] == ["Another?"]
    assert [question.question for question in store.questions()] == ["Who opened the harbour?"]


def test_feedback_is_bounded_too(store: Conversations, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FEEDBACK", 2)
    conversation = store.begin()
    for number in range(4):
        understood = Answer("?", answer.text, 0.9, answer.citations, understood=f"Who is {number}?")
        store.judge(store.add(conversation, Exchange("?", understood)).number, True)
    assert [question.question for question in store.questions()] == ["Who is 2?", "Who is 3?"]


def test_what_is_judged_is_the_answer_at_the_threshold_it_was_shown_at(
    store: Conversations, lookup: Lookup, answer: Answer, refusal: NoAnswer
) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who opened it?", refusal)).number
    store.revise(number, answer)
    store.judge(number, True)
    assert [exchange.result for exchange in store.load(conversation, lookup)] == [answer]
    assert [question.answers for question in store.questions()] == [("Edda Quist",)]
    with pytest.raises(InputError, match="no such answer"):
        store.revise(number, refusal, "eve")


def test_what_was_said_of_a_result_is_kept_with_that_alone_and_deleted_with_the_conversation(
    store: Conversations, path: Path, lookup: Lookup, answer: Answer, refusal: NoAnswer
) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who opened it?", refusal)).number
    store.judge(number, False, "the sexton")
    store.revise(number, answer)
    (exchange,) = store.load(conversation, lookup)
    assert (exchange.liked, exchange.correction) == (None, "")
    assert [question.answers for question in store.questions()] == [("the sexton",)]
    store.revise(number, refusal)
    (exchange,) = store.load(conversation, lookup)
    assert (exchange.liked, exchange.correction) == (False, "the sexton")
    store.revise(number, answer)
    store.delete(conversation)
    assert b"sexton" not in files(path)


def test_what_cannot_be_judged_says_so(store: Conversations, answer: Answer) -> None:
    conversation = store.begin()
    number = store.add(conversation, Exchange("Who?", error="busy")).number
    for unknown in (number, number + 1, 0, -1):
        with pytest.raises(InputError, match="no such answer"):
            store.judge(unknown, True)
    number = store.add(conversation, Exchange("Who?", answer)).number
    with pytest.raises(InputError, match="1,001 characters"):
        store.judge(number, False, "x" * 1001)


# ---- the file --------------------------------------------------------------------------------------------


def test_nobody_else_may_read_the_file(store: Conversations, path: Path, answer: Answer) -> None:
    path.chmod(0o644)  # as a copy from elsewhere may be
    asked(store, Exchange("Who?", answer))
    with store._reading():  # while it is open its companions are there too
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert len(modes) > 1
    assert set(modes.values()) == {0o600}


def test_it_lies_beside_the_index_and_not_in_it(tmp_path: Path) -> None:
    assert beside(tmp_path / "data" / "index") == tmp_path / "data" / "index-conversations.sqlite"


def test_it_lies_in_the_index_where_nothing_beside_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.os, "access", lambda path, mode: path != tmp_path)
    assert beside(tmp_path / "index") == tmp_path / "index" / "conversations.sqlite"


@pytest.mark.parametrize("contents", [b"nonsense " * 500, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_said_so_in_one_line(contents: bytes, path: Path, answer: Answer) -> None:
    asked(Conversations(path), Exchange("Who?", answer))
    path.write_bytes(contents)
    store = Conversations(path)
    assert store.all() == []
    assert "is set aside as conversations.sqlite.damaged-" in store.notice
    assert "\n" not in store.notice
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == contents
    assert store.get(asked(store, Exchange("Who?", answer))).exchanges == 1


def test_damage_while_it_is_open_stops_one_request_and_no_other(
    store: Conversations, path: Path, answer: Answer
) -> None:
    conversation = asked(store, Exchange("Who?", answer))
    path.write_bytes(b"nonsense " * 500)
    errors, ready = list[BaseException](), threading.Barrier(8)

    def read() -> None:
        ready.wait(20)
        try:
            store.all()
        except StorageError as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors
    assert all("set aside" in str(error) for error in errors)
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    store.add(conversation, Exchange("Who?", answer))
    assert store.get(conversation).exchanges == 1


def test_one_damaged_result_leaves_the_others_readable(
    store: Conversations, path: Path, lookup: Lookup, answer: Answer
) -> None:
    conversation = asked(store, Exchange("one", answer), Exchange("two", answer), Exchange("three", answer))
    with closing(sqlite3.connect(path)) as sql, sql:
        sql.execute("UPDATE exchanges SET result = substr(result, 2) WHERE question = 'two'")
        sql.execute("UPDATE exchanges SET result = '{}' WHERE question = 'three'")
    one, *damaged = store.load(conversation, lookup)
    assert one.result == answer
    assert [(exchange.result, exchange.error) for exchange in damaged] == [
        (None, "what was answered here can no longer be read")
    ] * 2


def test_a_file_of_a_newer_version_is_left_as_it_is(store: Conversations, path: Path, answer: Answer) -> None:
    asked(store, Exchange("Who?", answer))
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer version"):
        Conversations(path)
    assert not list(path.parent.glob("*.damaged-*"))


def test_where_nothing_can_be_written_it_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "folder" / "c.sqlite").mkdir(parents=True)
    for path in (tmp_path / "file" / "c.sqlite", tmp_path / "folder" / "c.sqlite"):
        with pytest.raises(StorageError, match="cannot be read or written") as caught:
            Conversations(path)
        assert "\n" not in str(caught.value)
