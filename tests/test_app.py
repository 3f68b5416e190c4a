"""The program's options: whom it lets in, where it listens, and what it refuses in one line."""

import io
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import app
from index.errors import InputError
from web import access, server


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    """The program's exit status, what it printed, and its one line of error."""
    monkeypatch.setattr(sys, "argv", ["app", *arguments])
    try:
        app.main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def never_served(monkeypatch):
    """What the program would serve with, instead of serving."""
    served = []
    monkeypatch.setattr(server, "serve", lambda *given: served.append(given))
    return served


def test_a_port_in_use_is_one_line_and_status_2(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, error = run(monkeypatch, capsys, "--port", str(taken.getsockname()[1]))
    assert status == 2 and error.count("\n") == 1 and "choose another with --port" in error


def test_a_folder_that_is_not_there_is_one_line_and_status_2(monkeypatch, capsys, tmp_path):
    status, _, error = run(monkeypatch, capsys, str(tmp_path / "none"), "--index-dir", str(tmp_path / "index"))
    assert status == 2 and error.startswith("app: ") and error.count("\n") == 1
    assert not (tmp_path / "index").exists()


def test_debug_shows_where_an_error_arose(monkeypatch, capsys):
    with pytest.raises(InputError, match="does not exist"):
        run(monkeypatch, capsys, "/nowhere/at/all", "--debug")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--auth", "none"], "cannot be read"),
        (["--auth", "none", "--auth-header", "X-User"], "give one of these"),
        (["--trusted-proxy", "10.0.0.1"], "goes with --auth-header"),
        (["--auth-header", "X-User", "--trusted-proxy", "proxy.lan"], "addresses and networks"),
        (["--auth-header", "X_User"], "no name of a header"),
        (["--add-user", "ada"], "needs --auth"),
    ],
)
def test_options_that_would_let_in_the_wrong_people_are_refused(monkeypatch, capsys, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    status, out, error = run(monkeypatch, capsys, "--index-dir", str(tmp_path / "index"), "--port", "0", *arguments)
    assert (status, out) == (2, "") and said in error and error.count("\n") == 1


def test_users_are_added_from_a_pipe_and_then_asked_for(monkeypatch, capsys, tmp_path, never_served):
    monkeypatch.setattr(access, "LOG_COST", 4)
    users = str(tmp_path / "users")
    for name in ("ada", "grace"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
        assert run(monkeypatch, capsys, "--auth", users, "--add-user", name) == (0, "", "")
    assert not never_served and "horse" not in (tmp_path / "users").read_text()
    run(monkeypatch, capsys, "--auth", users, "--index-dir", str(tmp_path / "index"), "--port", "0")
    ((_, _, _, _, asked_for),) = never_served
    assert isinstance(asked_for, access.Users) and set(access.read_users(tmp_path / "users")) == {"ada", "grace"}


def test_it_listens_to_this_machine_alone_unless_it_is_told_otherwise(monkeypatch, capsys, tmp_path, never_served):
    index = ["--index-dir", str(tmp_path / "index"), "--port", "0"]
    _, out, error = run(monkeypatch, capsys, *index)
    assert "http://127.0.0.1:" in out and error == ""
    _, out, error = run(monkeypatch, capsys, *index, "--host", "0.0.0.0")
    assert "http://0.0.0.0:" in out and "other machines are let in without a password" in error
    for (_, listening, _, hosts, nobody), is_ours in zip(never_served, (False, True), strict=True):
        assert nobody is None and hosts.have("news.example") is is_ours
        listening.close()


def test_the_engine_hears_what_the_options_say(monkeypatch, capsys, tmp_path, never_served):
    run(monkeypatch, capsys, "--index-dir", str(tmp_path / "index"), "--port", "0", "--read-only")
    ((engine, listening, *_),) = never_served
    assert engine.read_only and engine.folder == tmp_path / "index" and engine.state == "loading"
    listening.close()


@pytest.mark.parametrize(("option", "said"), [("--device", "the device none"), ("--precision", "no precision 'none'")])
def test_models_hear_where_and_how_they_are_to_run(monkeypatch, capsys, seed_index, never_served, option, said):
    run(monkeypatch, capsys, "--index-dir", str(seed_index), "--port", "0", option, "none")
    ((engine, listening, *_),) = never_served
    engine.start()
    assert not engine.wait(60) and said in engine.message
    listening.close()


def test_starting_imports_neither_torch_nor_transformers():
    """The first page is to be there in three seconds; these two alone would take longer."""
    names = "import sys, app; print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, cwd=Path(app.__file__).parent)
    assert done.stdout == "[]\n", done.stderr
