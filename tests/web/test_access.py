"""Who may come in: hashed passwords, a file of users, a proxy's word."""

import base64
import os
import stat
import threading

import anyio
import pytest

from index.errors import InputError
from web import access
from web.access import Hashed, Proxy, TooMany, Users, line, put_user, read_users


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    """What takes a fifth of a second on purpose need not in every test."""
    monkeypatch.setattr(access, "LOG_COST", 4)


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    put_user(path, "ada", "correct horse")
    put_user(path, "Grace Hopper", "battery staple")
    return path


def signed(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def let_in(door: access.Access, headers: dict[str, str], peer: str = "127.0.0.1") -> str | None:
    return anyio.run(door.user, headers, peer)


# ---- passwords ---------------------------------------------------------------------------------


def test_a_password_is_stored_as_salted_scrypt_at_the_cost_that_is_recommended(monkeypatch):
    monkeypatch.undo()
    stored = str(Hashed.of("correct horse"))
    assert stored.startswith("scrypt$16$8$2$") and "correct" not in stored
    assert Hashed.parse(stored).matches("correct horse")


def test_the_same_password_is_never_stored_twice_alike():
    assert str(Hashed.of("correct horse")) != str(Hashed.of("correct horse"))


@pytest.mark.parametrize("wrong", ["", "correct hors", "correct horse ", "Correct horse", "x" * 1000])
def test_no_other_password_matches(wrong):
    assert not Hashed.parse(str(Hashed.of("correct horse"))).matches(wrong)


@pytest.mark.parametrize(
    "line",
    [
        "ada:correct horse",
        "ada",
        "ada:",
        "ada:md5$4$8$1$AAAA$AAAA",
        "ada:scrypt$4$8$1$AAAA$!!!",
        "ada:scrypt$4$8$1$AAAAAAAAAAAAAAAAAAAAAA==$",
        "ada:scrypt$24$1000$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
)
def test_a_line_that_is_none_is_named_by_its_number_and_not_repeated(tmp_path, line):
    path = tmp_path / "users"
    path.write_text(f"# our users\n\n{line}\n")
    with pytest.raises(InputError, match="line 3 of the users file") as error:
        read_users(path)
    assert "horse" not in str(error.value)


def test_a_file_that_names_nobody_lets_nobody_in_by_mistake(tmp_path):
    path = tmp_path / "users"
    path.write_text("# none yet\n")
    with pytest.raises(InputError, match="names nobody"):
        Users(path)
    with pytest.raises(InputError, match="cannot be read"):
        Users(tmp_path / "missing")


def test_a_user_who_is_written_again_has_the_new_password_alone(users):
    put_user(users, "ada", "another one")
    assert not read_users(users)["ada"].matches("correct horse")
    assert read_users(users)["ada"].matches("another one")
    assert set(read_users(users)) == {"ada", "Grace Hopper"}


def test_a_users_file_that_is_made_can_be_read_by_its_owner_alone(users):
    assert stat.S_IMODE(users.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "password"),
    [("a:b", "long enough"), ("", "long enough"), ("#a", "long enough"), ("a\nb", "long enough"), ("ada", "short")],
)
def test_names_and_passwords_that_cannot_be_used_are_refused(name, password):
    with pytest.raises(InputError):
        line(name, password)


# ---- users of a file ---------------------------------------------------------------------------


def test_who_knows_the_password_comes_in_under_their_name(users):
    door = Users(users)
    assert let_in(door, signed("ada", "correct horse")) == "ada"
    assert let_in(door, signed("Grace Hopper", "battery staple")) == "Grace Hopper"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed("ada", "battery staple"),
        signed("nobody", "correct horse"),
        signed("", "correct horse"),
        signed("ada", ""),
        signed("ada", "x" * 100_000),
        {"authorization": "Bearer correct horse"},
        {"authorization": "Basic"},
        {"authorization": "Basic ????"},
        {"authorization": "Basic /////w=="},
        {"remote-user": "ada"},
    ],
)
def test_nobody_else_does(users, headers):
    assert let_in(Users(users), headers) is None


def test_a_password_is_checked_slowly_once_and_then_remembered(users, monkeypatch):
    checked = []
    monkeypatch.setattr(Hashed, "matches", lambda self, password: checked.append(password) or True)
    door = Users(users)
    assert [let_in(door, signed("ada", "correct horse")) for _ in range(3)] == ["ada"] * 3
    assert checked == ["correct horse"]


def test_a_wrong_password_is_never_remembered(users, monkeypatch):
    door = Users(users)
    assert let_in(door, signed("ada", "wrong")) is None
    put_user(users, "ada", "wrong one")
    assert let_in(door, signed("ada", "wrong one")) == "ada"


def test_a_name_that_is_not_there_is_checked_like_one_that_is(users, monkeypatch):
    checked = []
    monkeypatch.setattr(Hashed, "matches", lambda self, password: bool(checked.append(self.log_cost)))
    door = Users(users)
    let_in(door, signed("ada", "wrong"))
    let_in(door, signed("nobody", "wrong"))
    assert len(checked) == 2 and checked[0] == checked[1]


def test_who_is_taken_out_of_the_file_is_out_at_once(users):
    door = Users(users)
    assert let_in(door, signed("ada", "correct horse")) == "ada"
    users.write_text("\n".join(each for each in users.read_text().splitlines() if not each.startswith("ada:")))
    assert let_in(door, signed("ada", "correct horse")) is None
    assert let_in(door, signed("Grace Hopper", "battery staple")) == "Grace Hopper"


def test_a_file_that_is_half_written_changes_nothing(users):
    door = Users(users)
    users.write_text("ada:scr")
    assert let_in(door, signed("ada", "correct horse")) == "ada"


def test_passwords_are_checked_one_by_one_and_only_so_many_wait(users, monkeypatch):
    monkeypatch.setattr(access, "WAITING", 2)
    held, at_once, most = threading.Event(), [0], []

    def matches(self: Hashed, password: str) -> bool:
        at_once[0] += 1
        most.append(at_once[0])
        held.wait(10)
        at_once[0] -= 1
        return True

    monkeypatch.setattr(Hashed, "matches", matches)
    door, came = Users(users), []

    async def come(number: int) -> None:
        try:
            came.append(await door.user(signed("ada", f"password {number}"), ""))
        except TooMany:
            came.append("too many")
            held.set()

    async def all_come() -> None:
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(come, number)

    anyio.run(all_come)
    assert sorted(came) == ["ada", "ada", "too many"] and max(most) == 1


# ---- users of a proxy --------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_on_this_machine_is_believed(peer):
    assert let_in(Proxy("X-Remote-User"), {"x-remote-user": "ada"}, peer) == "ada"


@pytest.mark.parametrize("peer", ["10.0.0.7", "128.0.0.1", "::2", "", "unix"])
def test_nobody_else_is_whatever_their_header_says(peer):
    assert let_in(Proxy("X-Remote-User"), {"x-remote-user": "ada"}, peer) is None


def test_proxies_elsewhere_are_believed_once_they_are_named():
    door = Proxy("X-Remote-User", ["10.0.0.0/8", "2001:db8::1"])
    assert let_in(door, {"x-remote-user": "ada"}, "10.9.8.7") == "ada"
    assert let_in(door, {"x-remote-user": "ada"}, "2001:db8::1") == "ada"
    assert let_in(door, {"x-remote-user": "ada"}, "127.0.0.1") is None


@pytest.mark.parametrize("headers", [{}, {"x-remote-user": ""}, {"x-remote-user": "  "}, {"x-other": "ada"}])
def test_a_proxy_that_names_nobody_lets_nobody_in(headers):
    assert let_in(Proxy("X-Remote-User"), headers) is None


@pytest.mark.parametrize(
    ("header", "trusted"), [("X_User", ["127.0.0.1"]), ("", ["127.0.0.1"]), ("X-User", ["localhost"]), ("a b", [])]
)
def test_a_proxy_that_could_be_forged_or_is_no_address_is_refused(header, trusted):
    with pytest.raises(InputError):
        Proxy(header, trusted)


def test_no_other_file_is_left_beside_a_users_file(users):
    assert os.listdir(users.parent) == ["users"]
