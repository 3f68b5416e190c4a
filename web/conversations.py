"""What is kept of conversations, in one SQLite file: questions, their results, and what users said of them.

Knows SQL, owners and limits. Never knows the page, nor how an answer is found.

    conversations  id, owner, title (the first question), when it began, its size
    exchanges      a question with its result as JSON, or the one line that says why there is none
    feedback       what a user said of a result, with all that a question set needs of it

Every operation has a connection of its own, so that any thread may call. What a user deletes is
overwritten in the file. Without users each browser is an owner; whoever cannot be told apart is the one of empty name.
"""

import json
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from index.errors import InputError, QAError
from qa.answer import Answer, NoAnswer
from qa.evaluation.questions import Question
from web.transcripts import Conversation, Exchange, Lookup, kept, restored

SCHEMA = 1
FILE = "conversations.sqlite"

MOST_EXCHANGES = 500
"""Of one conversation; the oldest make room."""

MOST_CONVERSATIONS = 500
"""Of one owner; those that nobody went on with for longest make room."""

MOST_BYTES = 256 << 20
"""Of all results; the conversations of whoever keeps most make room, the longest untouched first."""

MOST_FEEDBACK = 50_000

LONGEST_CORRECTION = 1000
TITLE = 120
"""Most characters of a title."""

_TABLES = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, begun TEXT NOT NULL, latest TEXT NOT NULL,
    turn INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX conversations_of_owner ON conversations(owner, turn);
CREATE TABLE exchanges (
    number INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    asked TEXT NOT NULL, question TEXT NOT NULL, error TEXT NOT NULL, size INTEGER NOT NULL, result TEXT);
CREATE INDEX exchanges_of_conversation ON exchanges(conversation);
CREATE TABLE feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT, exchange INTEGER UNIQUE REFERENCES exchanges ON DELETE SET NULL,
    owner TEXT NOT NULL, said TEXT NOT NULL, liked INTEGER NOT NULL, correction TEXT NOT NULL,
    question TEXT NOT NULL, answer TEXT, articles TEXT NOT NULL);
"""

_ID = re.compile(r"[A-Za-z0-9_-]{20,64}")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class StorageError(QAError):
    """The file of conversations cannot be read or written; answering goes on without it."""


def beside(index: Path) -> Path:
    """Where the conversations about an index are kept: next to its folder, as that may be thrown away.

    They are in the folder where nothing next to it can be written, as in a container with a volume for the index.
    """
    folder = index.absolute()
    above = next(parent for parent in folder.parents if parent.exists())
    return folder.with_name(f"{folder.name}-{FILE}") if os.access(above, os.W_OK) else folder / FILE


class Conversations:
    """The conversations in one file, which is made if there is none, and readable for this user alone.

    A damaged file is set aside under another name and a new one begun; `notice` says so.

    Raises:
        StorageError: the file cannot be read or written, or a newer version of this program made it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.notice = path, ""
        self._writing = threading.Lock()
        self._opening = threading.Lock()  # nobody makes a new file while a damaged one is moved away
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror) from error
        with suppress(_SetAside), self._reading():
            pass
        with self._reading():
            pass

    # ---- conversations ---------------------------------------------------------------------

    @staticmethod
    def begin() -> str:
        """The id of a new conversation, which nobody can guess; nothing is kept before its first exchange."""
        return secrets.token_urlsafe(18)

    def add(self, conversation: str, exchange: Exchange, owner: str = "", begins: bool = True) -> Exchange:
        """Keep an exchange as the conversation's last; returns it with its number.

        Where there is no such conversation it begins with this, unless it may not.

        Raises:
            InputError: the conversation is another owner's, or may not begin.
            StorageError: it could not be kept.
        """
        if not _ID.fullmatch(conversation):
            raise _unknown()
        now = datetime.now(UTC).replace(microsecond=0)
        result = json.dumps(kept(exchange.result), ensure_ascii=True) if exchange.result else None
        size = len(result or "") + len(exchange.question) + len(exchange.error)
        with self._changing() as sql:
            title = " ".join(exchange.question.split())[:TITLE]
            new = (conversation, owner, _encodable(title), now.isoformat(), now.isoformat())
            insert = "INSERT OR IGNORE INTO conversations (id, owner, title, begun, latest) VALUES (?,?,?,?,?)"
            if begins:
                sql.execute(insert, new)
            _check_owner(sql, conversation, owner)
            said = (conversation, now.isoformat(), _encodable(exchange.question), _encodable(exchange.error))
            query = "INSERT INTO exchanges (conversation, asked, question, error, size, result) VALUES (?,?,?,?,?,?)"
            number = sql.execute(query, (*said, size, result)).lastrowid or 0
            _make_room(sql, conversation, owner, number, now)
        return Exchange(exchange.question, exchange.result, exchange.error, number, now)

    def all(self, owner: str = "") -> list[Conversation]:
        """The owner's conversations, the one that went on last first."""
        query = """SELECT id, title, begun, latest, (SELECT count(*) FROM exchanges WHERE conversation = id)
                   FROM conversations WHERE owner = ? ORDER BY turn DESC"""
        with self._reading() as sql:
            return [_conversation(row) for row in sql.execute(query, (owner,))]

    def get(self, conversation: str, owner: str = "") -> Conversation:
        """Raises: InputError: there is no such conversation, or it is another owner's."""
        query = """SELECT id, title, begun, latest, (SELECT count(*) FROM exchanges WHERE conversation = id)
                   FROM conversations WHERE id = ? AND owner = ?"""
        with self._reading() as sql:
            row = sql.execute(query, (conversation, owner)).fetchone()
        if row is None:
            raise _unknown()
        return _conversation(row)

    def load(self, conversation: str, article: Lookup, owner: str = "") -> list[Exchange]:
        """The exchanges of a conversation, oldest first, citing what `article` finds where that is unchanged.

        Raises:
            InputError: there is no such conversation, or it is another owner's.
        """
        query = """SELECT e.number, e.asked, e.question, e.error, e.result, f.liked, f.correction, f.answer
                   FROM exchanges e LEFT JOIN feedback f ON f.exchange = e.number WHERE e.conversation = ?
                   ORDER BY e.number"""
        with self._reading() as sql:
            _check_owner(sql, conversation, owner)
            rows = sql.execute(query, (conversation,)).fetchall()
        known = cache(article)  # an article is often cited again and again
        return [_exchange(row, known) for row in rows]

    def delete(self, conversation: str, owner: str = "") -> None:
        """Forget a conversation and what was said of its answers.

        Raises:
            InputError: there is no such conversation, or it is another owner's.
        """
        with self._changing() as sql:
            _check_owner(sql, conversation, owner)
            exchanges = "SELECT number FROM exchanges WHERE conversation = ?"
            sql.execute(f"DELETE FROM feedback WHERE exchange IN ({exchanges})", (conversation,))
            sql.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    # ---- feedback --------------------------------------------------------------------------

    def revise(self, number: int, result: Answer | NoAnswer, owner: str = "") -> None:
        """Keep another result in place of an exchange's own: the same question, decided at another threshold.

        What was said of the one stays said of it, and is no judgement of the other.

        Raises:
            InputError: there is no such exchange, or it is another owner's, or it has no result.
        """
        with self._changing() as sql:
            _result(sql, number, owner)
            changed = json.dumps(kept(result), ensure_ascii=True)
            sql.execute("UPDATE exchanges SET result = ?, size = ? WHERE number = ?", (changed, len(changed), number))

    def judge(self, number: int, liked: bool | None, correction: str = "", owner: str = "") -> None:
        """Keep whether a user found the result of an exchange right, and what it should have been; None takes it back.

        Raises:
            InputError: there is no such exchange, or it is another owner's, or it has no result; or the correction
                is too long.
        """
        correction = _encodable(" ".join(correction.split()))
        if len(correction) > LONGEST_CORRECTION:
            raise InputError(f"the correction has {len(correction):,} characters: at most {LONGEST_CORRECTION:,} fit")
        with self._changing() as sql:
            result = _result(sql, number, owner)
            sql.execute("DELETE FROM feedback WHERE exchange = ?", (number,))
            if liked is not None:
                _keep_feedback(sql, number, result, owner, liked, correction)

    def questions(self) -> list[Question]:
        """A question set of what users said, each question as it stands alone, oldest first.

        An answer that was found right is accepted, and so is every correction. A question whose refusal was found
        right has none. What was found wrong without a word of what would be right says too little, and is left out.
        """
        asked: dict[str, Question] = {}
        query = "SELECT number, liked, correction, question, answer, articles FROM feedback ORDER BY number"
        with self._reading() as sql:
            rows = sql.execute(query).fetchall()
        for number, liked, correction, question, answer, articles in rows:
            accepted = [text for text in (answer if liked else None, correction) if text]
            if not accepted and not liked:
                continue
            before = asked.setdefault(question.casefold(), Question(f"feedback-{number}", question, (), ()))
            answers = dict.fromkeys((*before.answers, *accepted))
            named = dict.fromkeys((*before.articles, *(json.loads(articles) if liked else ())))
            asked[question.casefold()] = replace(before, answers=tuple(answers), articles=tuple(named))
        return list(asked.values())

    # ---- the file --------------------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is kept at its end, or nothing of it."""
        with self._writing, self._reading() as sql:
            sql.execute("BEGIN IMMEDIATE")
            with sql:
                yield sql

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._opening:
                opened = self._connected()
            with closing(opened) as sql:
                yield sql
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise self._set_aside(error) from error
            raise self._unusable(error) from error
        except OSError as error:
            raise self._unusable(error.strerror) from error

    def _connected(self) -> sqlite3.Connection:
        is_new = not self.path.exists()
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
        if not is_new:
            os.chmod(self.path, 0o600)
        sql = sqlite3.connect(self.path, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            self._prepare(sql)
        except BaseException:
            sql.close()
            raise
        return sql

    def _prepare(self, sql: sqlite3.Connection) -> None:
        sql.execute("PRAGMA foreign_keys = ON")
        sql.execute("PRAGMA secure_delete = ON")
        sql.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last exchange, never the file
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            return
        if version > SCHEMA:
            raise StorageError(f"{self.path} was made by a newer version of this program: use that, or move the file")
        sql.execute("PRAGMA auto_vacuum = FULL")
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute("BEGIN IMMEDIATE")
        with sql:
            if sql.execute("PRAGMA user_version").fetchone()[0] == 0:  # no other thread was quicker
                for statement in filter(str.strip, _TABLES.split(";\n")):
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {SCHEMA}")

    def _set_aside(self, error: Exception) -> "_SetAside":
        """Move a damaged file out of the way, unless another thread has done so already."""
        name = f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        with self._opening:
            if not _is_whole(self.path):
                for suffix in ("", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        self.path.with_name(self.path.name + suffix).rename(self.path.with_name(name + suffix))
                self.notice = f"{self.path} was damaged ({error}) and is set aside as {name}: conversations begin anew"
        return _SetAside(self.notice or f"{self.path} was damaged: try again")

    def _unusable(self, reason: object) -> StorageError:
        return StorageError(f"the conversations in {self.path} cannot be read or written: {reason}")


class _SetAside(StorageError):
    """The file was damaged, and there is a new one now."""


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=10)) as sql:
            return bool(sql.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        return not _is_damage(error)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGED


def _check_owner(sql: sqlite3.Connection, conversation: str, owner: str) -> None:
    if not sql.execute("SELECT 1 FROM conversations WHERE id = ? AND owner = ?", (conversation, owner)).fetchone():
        raise _unknown()


def _result(sql: sqlite3.Connection, number: int, owner: str) -> dict[str, Any]:
    """What is kept of the result of an exchange; raises InputError where the owner has none."""
    query = """SELECT e.result FROM exchanges e JOIN conversations c ON c.id = e.conversation
               WHERE e.number = ? AND c.owner = ? AND e.result IS NOT NULL"""
    row = sql.execute(query, (number, owner)).fetchone()
    if row is None:
        raise InputError("there is no such answer to judge (any more)")
    return dict(json.loads(row[0]))


def _unknown() -> InputError:
    return InputError("there is no such conversation (any more)")


def _make_room(sql: sqlite3.Connection, conversation: str, owner: str, turn: int, now: datetime) -> None:
    """Hold the limits after an exchange was added; the conversation it was added to stays, if shortened."""
    oldest = "SELECT number FROM exchanges WHERE conversation = ? ORDER BY number DESC LIMIT -1 OFFSET ?"
    sql.execute(f"DELETE FROM exchanges WHERE number IN ({oldest})", (conversation, MOST_EXCHANGES))
    size = "(SELECT total(size) FROM exchanges WHERE conversation = id)"
    changed = (turn, now.isoformat(), conversation)
    sql.execute(f"UPDATE conversations SET turn = ?, latest = ?, size = {size} WHERE id = ?", changed)
    mine = "SELECT id FROM conversations WHERE owner = ? ORDER BY turn DESC LIMIT -1 OFFSET ?"
    sql.execute(f"DELETE FROM conversations WHERE id IN ({mine})", (owner, MOST_CONVERSATIONS))
    greatest = """DELETE FROM conversations WHERE id = (
        SELECT c.id FROM conversations c JOIN (SELECT owner, sum(size) AS kept FROM conversations GROUP BY owner) o
        ON o.owner = c.owner WHERE c.id <> ? ORDER BY o.kept DESC, c.turn LIMIT 1)"""
    while sql.execute("SELECT total(size) FROM conversations").fetchone()[0] > MOST_BYTES:
        if not sql.execute(greatest, (conversation,)).rowcount:
            break


def _keep_feedback(
    sql: sqlite3.Connection, number: int, result: dict[str, Any], owner: str, liked: bool, correction: str
) -> None:
    articles = list(dict.fromkeys(citation["article_id"] for citation in result["citations"]))
    question = result["understood"] or result["question"]
    about = (number, owner, datetime.now(UTC).isoformat(timespec="seconds"), liked, correction)
    sql.execute(
        "INSERT INTO feedback (exchange, owner, said, liked, correction, question, answer, articles)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*about, question, result["text"], json.dumps(articles)),
    )
    sql.execute(
        "DELETE FROM feedback WHERE number IN (SELECT number FROM feedback ORDER BY number DESC LIMIT -1 OFFSET ?)",
        (MOST_FEEDBACK,),
    )


def _conversation(row: tuple[Any, ...]) -> Conversation:
    conversation, title, begun, latest, exchanges = row
    return Conversation(conversation, title, datetime.fromisoformat(begun), datetime.fromisoformat(latest), exchanges)


def _exchange(row: tuple[Any, ...], article: Lookup) -> Exchange:
    number, asked, question, error, stored, liked, correction, about = row
    result: Answer | NoAnswer | None = None
    outdated: frozenset[str] = frozenset()
    if stored is not None:
        try:
            result, outdated = restored(json.loads(stored), article)
        except (ValueError, KeyError, TypeError, AttributeError):
            error = "what was answered here can no longer be read"
    when = datetime.fromisoformat(asked)
    exchange = Exchange(question, result, error, number, when, outdated)
    if liked is None or result is None or result.text != about:  # it was said of what stood there at another threshold
        return exchange
    return replace(exchange, liked=bool(liked), correction=correction)


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which SQLite cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
