"""The image: checked by a linter, and held against what it copies, installs and starts."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shlex import split

import pytest
from dockerfile_parse import DockerfileParser

from web import door


@pytest.fixture(scope="module")
def instructions(deploy, tmp_path_factory):
    """Names and values, in their order; the parser gets a copy, as it may write."""
    copy = tmp_path_factory.mktemp("docker") / "Dockerfile"
    copy.write_text((deploy / "Dockerfile").read_text("utf-8"), "utf-8")
    return [(each["instruction"], each["value"]) for each in DockerfileParser(path=str(copy)).structure]


@pytest.fixture(scope="module")
def last_stage(instructions):
    start = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[start:]


def test_a_linter_finds_nothing(deploy):
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, deploy / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_built_of_images_with_fixed_tags(instructions):
    images = [value.split()[0] for name, value in instructions if name == "FROM"]
    assert len(images) == 2
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", image) for image in images)
    assert len(set(images)) == 1  # what is copied from one runs in the other


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder(instructions, root):
    copied = {
        source
        for name, value in instructions
        if name == "COPY" and "--from" not in value
        for source in value.split()[:-1]
    }
    assert all((root / source).exists() for source in copied)
    ignored, *exceptions = [line for line in read_lines(root / ".dockerignore") if not line.startswith("**/")]
    assert ignored == "*"
    assert {line.removeprefix("!") for line in exceptions} == copied


def test_all_that_is_imported_is_copied(instructions, root):
    copied = {value.split()[0] for name, value in instructions if name == "COPY"}
    rooms = {path.parent.name for path in root.glob("*/__init__.py")} - {"build", "tests", "benchmarks"}
    assert rooms and rooms <= copied


def test_every_package_that_is_named_is_pinned(instructions, root):
    pinned = {line.partition("==")[0].lower() for line in read_lines(root / "constraints.txt")}
    installs = [run for name, run in instructions if name == "RUN" for run in run.split("&&") if "pip install" in run]
    assert installs
    for install in installs:
        words = split(install)[2:]
        assert words[:2] == ["-c", "constraints.txt"]
        named = [word for word in words[2:] if re.fullmatch(r"[a-z][\w-]*", word)]
        assert {name for name in named} <= pinned


def test_nobody_is_root_and_the_number_is_said_as_kubernetes_asks_for_it(last_stage):
    users = [value for name, value in last_stage if name == "USER"]
    assert users
    assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)


def test_it_answers_without_a_network_before_it_is_an_image(last_stage):
    (check,) = [value for name, value in last_stage if name == "RUN" and "--network=none" in value]
    user = [name for name, _ in last_stage].index("USER")
    assert "qa ask" in check and last_stage.index(("RUN", check)) > user


def test_the_health_check_asks_what_anybody_may_ask_at_the_port_that_is_served(last_stage, understood):
    (check,) = [value for name, value in last_stage if name == "HEALTHCHECK"]
    path = re.search(r"http://127\.0\.0\.1:%s(/\w+)'", check)
    assert path and path[1] in door.OPEN
    port = dict(re.findall(r"(\w+)=(\S+)", next(value for name, value in last_stage if name == "ENV")))["PORT"]
    assert [value for name, value in last_stage if name == "EXPOSE"] == [port]
    assert understood(["serve"])["port"] == int(port)


def test_it_serves_other_machines_and_lets_in_whom_a_file_names(last_stage, understood):
    said = {name: json.loads(value) for name, value in last_stage if name in ("ENTRYPOINT", "CMD")}
    assert said["ENTRYPOINT"] == ["qa"]
    options = understood(said["CMD"])
    assert (options["host"], str(options["auth"])) == ("0.0.0.0", "/run/secrets/qa_users")


def test_the_environment_is_one_that_the_program_reads(instructions, root):
    said = {name for _, value in instructions for name in re.findall(r"\b(QA_\w+)=", value)}
    sources = "".join(
        path.read_text("utf-8") for room in ("index", "qa", "web") for path in (root / room).rglob("*.py")
    )
    assert said and {name for name in said if f'environ.get("{name}")' in sources} == said


def read_lines(path):
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
