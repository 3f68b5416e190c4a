"""The command as people and programs call it: a process of its own, its output and its exit status."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from qa import QuestionAnswerer

FIELDS = {"question", "found", "text", "confidence", "citations", "alternatives", "disagreements", "seconds"}
CITED = {"article_id", "title", "source", "url", "published", "author", "page", "start", "end", "quote", "sentence"}


def run(*arguments: object, given: str = "", encoding: str = "utf-8") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "qa", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding=encoding, input=given, timeout=120)


def test_json_is_one_object_with_the_promised_fields(seed_index: Path) -> None:
    done = run("ask", "How far is al Qaim from Baghdad?", "--index-dir", seed_index, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result.keys() >= FIELDS
    assert result["citations"][0].keys() == CITED
    assert done.stdout.count("\n") == 1


def test_a_folder_is_a_store_too(seed_index: Path) -> None:
    done = run("articles", "--store", seed_index, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("articles", "--index-dir", seed_index, "--json").stdout
    assert len(json.loads(done.stdout)["articles"]) > 1


def test_a_refusal_is_a_success_and_says_so(seed_index: Path) -> None:
    done = run("ask", "Who won the 2018 FIFA World Cup?", "--index-dir", seed_index)
    assert done.returncode == 0
    assert done.stdout.startswith("I could not find this in the articles.")
    done = run("ask", "-", "--index-dir", seed_index, "--json", given="Who won the 2018 FIFA World Cup?\n")
    assert json.loads(done.stdout)["text"] is None


def test_an_answer_is_printed_with_its_source(seed_index: Path) -> None:
    done = run("ask", "Who is the Syrian army spokesman?", "--index-dir", seed_index)
    assert "Ali Mayhoub" in done.stdout
    assert "[1]" in done.stdout
    assert "003_820ed5a3dd7f2756.txt" in done.stdout


def test_index_then_ask_then_list_then_verify(tmp_path: Path) -> None:
    folder, index = tmp_path / "articles", tmp_path / "[red]" / "index"  # markup to rich, a name to us
    folder.mkdir()
    (folder / "wharf.txt").write_text(
        "Wharf reopens\n\nThe wharf of Tallow Bay was reopened by Edda Quist.", encoding="utf-8"
    )
    (folder / "broken.txt").write_bytes(b"\x00\x01\x02\x00 binary")
    done = run("index", folder, "--index-dir", index, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["added"] == ["wharf.txt"]
    assert report["skipped"][0]["path"] == "broken.txt"
    assert "broken.txt" in done.stderr
    again = run("index", folder, "--index-dir", index)
    assert "1 unchanged" in again.stdout and again.stdout.endswith(f" s ({index})\n")
    assert "Edda Quist" in run("ask", "Who reopened the wharf?", "--index-dir", index).stdout
    assert [a["id"] for a in json.loads(run("articles", "--index-dir", index, "--json").stdout)["articles"]] == [
        "wharf.txt"
    ]
    assert json.loads(run("verify", "--index-dir", index, "--json").stdout)["problems"] == []


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "wharf.txt").write_text("Wharf reopens\n\nThe wharf of Tallow Bay was reopened by Edda Quist.\n")
    (folder / "mill.txt").write_text("Mill sold\n\nThe old mill of Norholm was sold to Tomas Varn.\n")
    (folder / "articles.csv").write_text("file,source\nwharf.txt,Herald\nmill.txt,Post\n")
    return folder


def listed(index: Path, *arguments: str) -> list[str]:
    done = run("articles", *arguments, "--index-dir", index, "--json")
    return [article["id"] for article in json.loads(done.stdout)["articles"]]


def test_articles_are_searched_removed_and_restored(harbour: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    run("index", harbour, "--index-dir", index)
    assert listed(index, "--search", "old mill") == ["mill.txt"]
    assert listed(index, "--source", "Herald") == ["wharf.txt"]
    assert listed(index, "--search", "mill", "--source", "Herald") == []
    assert json.loads(run("articles", "--remove", "mill.txt", "--index-dir", index, "--json").stdout) == {
        "removed": ["mill.txt"]
    }
    assert "1 left out as they were removed" in run("index", harbour, "--index-dir", index).stdout
    assert listed(index) == ["wharf.txt"]
    assert run("articles", "--removed", "--index-dir", index).stdout == "removed mill.txt\n"
    assert run("articles", "--restore", "mill.txt", "--index-dir", index).stdout == "restored mill.txt\n"
    assert listed(index) == ["mill.txt", "wharf.txt"]
    refused = run("articles", "--remove", "none.txt", "--index-dir", index)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert run("articles", "--remove", "mill.txt", "--removed", "--index-dir", index).returncode == 2


def test_what_cannot_be_restored_is_not_said_to_be(harbour: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    run("index", harbour, "--index-dir", index)
    run("articles", "--remove", "mill.txt", "--remove", "wharf.txt", "--index-dir", index)
    (harbour / "mill.txt").unlink()
    done = run("articles", "--restore", "mill.txt", "--restore", "wharf.txt", "--index-dir", index)
    assert (done.returncode, done.stdout) == (2, "restored wharf.txt\n")
    assert done.stderr == "qa: mill.txt stays removed, as it is no longer among the articles\n"
    assert run("articles", "--removed", "--index-dir", index).stdout == "removed mill.txt\n"


def test_what_was_added_in_the_chat_stays_unless_it_is_said_to_go(harbour: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    assert run("index", harbour, "--index-dir", index).stderr == ""
    (index / "added" / "added-1").mkdir(parents=True)
    (index / "added" / "added-1" / "zoo.txt").write_text("Zoo\n\nThe zebra of the zoo is called Bartholomew.\n")
    done = run("index", harbour, "--index-dir", index, "--json")
    assert json.loads(done.stdout)["added"] == ["added-1/zoo.txt"] and json.loads(done.stdout)["unchanged"] == 2
    assert "with 1 file that was added in the chat" in done.stderr and "--without-added" in done.stderr
    done = run("index", harbour, "--index-dir", index, "--without-added", "--json")
    assert json.loads(done.stdout)["removed"] == ["added-1/zoo.txt"] and "without 1 file" in done.stderr
    done = run("index", harbour, index / "added", "--index-dir", index, "--json")
    assert json.loads(done.stdout)["added"] == ["added-1/zoo.txt"] and done.stderr == ""


def test_strict_publishes_nothing_and_names_all_that_cannot_be_read(harbour: Path, tmp_path: Path) -> None:
    (harbour / "articles.csv").write_text("file,source\nnone.txt,Herald\n")  # this leaves out no article
    assert run("index", harbour, "--index-dir", tmp_path / "index", "--strict").returncode == 0
    for name in ("one.txt", "two.txt"):
        (harbour / name).write_bytes(b"\x00\x01\x02\x00 binary")
    (harbour / "new.txt").write_text("News\n\nThis is new.\n")
    done = run("index", harbour, "--index-dir", tmp_path / "index", "--strict")
    assert (done.returncode, done.stdout) == (2, "")
    assert "one.txt" in done.stderr and "two.txt" in done.stderr
    assert listed(tmp_path / "index") == ["mill.txt", "wharf.txt"]


def test_verify_repairs_what_is_derived_and_ends_with_one_where_problems_remain(harbour: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    run("index", harbour, "--index-dir", index)
    (file,) = index.glob("vectors-*")
    file.write_bytes(b"damaged")
    (harbour / "mill.txt").unlink()
    done = run("verify", "--index-dir", index, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["problems"] == [f"{file.name} is missing or damaged"]
    assert "1 gone" in report["notes"][0]
    done = run("verify", "--repair", "--index-dir", index, "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert (report["problems"], len(report["repaired"]), report["vector_index"]) == ([], 1, "exact")


def test_a_watched_folder_is_followed_and_an_open_engine_answers_from_what_it_holds_now(
    harbour: Path, tmp_path: Path
) -> None:
    wharf = (harbour / "wharf.txt").read_text()
    (harbour / "wharf.txt").unlink()
    command = [sys.executable, "-m", "qa", "index", str(harbour), "--index-dir", str(tmp_path / "index"), "--watch"]
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=interruptible, **pipes) as process:
        assert process.stdout
        try:
            assert process.stdout.readline().startswith("1 added: ")
            engine = QuestionAnswerer.open(tmp_path / "index")
            assert engine.ask("Who reopened the wharf?").text != "Edda Quist"
            (harbour / "wharf.txt").write_text(wharf)
            assert process.stdout.readline().startswith("1 added, 1 unchanged: ")
            assert engine.ask("Who reopened the wharf?").text == "Edda Quist"
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_evaluate_prints_the_figures_of_a_question_set(seed_index: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        '{"id": "a", "question": "Who is the prime minister of Iraq?", "answers": ["Haider al-Abadi"]}\n'
        '{"id": "b", "question": "Who won the 2018 FIFA World Cup?", "answers": []}\n',
        encoding="utf-8",
    )
    figures = json.loads(run("evaluate", questions, "--index-dir", seed_index, "--json").stdout)
    assert (figures["right"], figures["declined"], figures["citations_exact"]) == (1, 1, 1.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask", ""], "the question is empty"),
        (["ask", "x" * 10_000], "10,000 characters"),
        (["ask", "Who?", "--index-dir", "/nowhere/at/all"], "there is no index"),
        (["ask", "Who?", "--index-dir", "here", "--store", "there"], "give one of --index-dir and --store"),
        (["ask", "Who?", "--reader-model", "/nowhere/at/all"], "no model folder"),
        (["ask", "Who?", "--min-confidence", "7"], "between 0 and 1"),
        (["index", "/nowhere/at/all"], "does not exist"),
        (["evaluate", "/nowhere/at/all.jsonl"], "cannot be read"),
        (["evaluate", "--reader", "/nowhere/at/all.json"], "cannot be read"),
        (["evaluate"], "name one of these"),
        (["calibrate", "/none.json", "--output", "/nowhere/at/all.json"], "at/all.json cannot be written"),
        (["lineups", "/none", "/nowhere/at/all.json.gz"], "at/all.json.gz cannot be written"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_two(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("how", ["utf-8:strict", "utf-8:surrogateescape"])  # as a locale, or none, has it read
def test_a_question_that_is_no_text_is_one_line_and_status_two(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", how)
    done = run("ask", "-", given="Wo liegt Köln?\n", encoding="latin-1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("qa: the question is not a text that can be read")


def test_an_empty_folder_is_one_line_and_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("index", tmp_path / "empty", "--index-dir", tmp_path / "index")
    assert done.returncode == 2
    assert done.stderr.startswith("qa: no article to read in ")


def test_debug_shows_where_an_error_arose() -> None:
    assert "Traceback" in run("--debug", "ask", "").stderr
    assert "Traceback" in run("--debug", "serve", "/nowhere/at/all").stderr


def test_an_unknown_command_is_bad_usage() -> None:
    assert run("frobnicate").returncode == 2


def test_serving_runs_our_program_wherever_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print('somebody else')", encoding="utf-8")
    command = [sys.executable, "-m", "qa", "serve", "/nowhere/at/all", "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("app: /nowhere/at/all does not exist")
