"""Two chats on one host: by the Compose specification's own schema, and held against the program and the proxy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from web import door

CHATS = ("chat-1", "chat-2")


@pytest.fixture(scope="module")
def proxy(deploy):
    return "\n".join(line for line in (deploy / "Caddyfile").read_text("utf-8").splitlines() if line[:1] != "#")


def test_it_is_as_the_specification_has_it(deploy):
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", deploy / "compose.yaml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_specification_refuses_what_it_does_not_know(deploy, tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((deploy / "compose.yaml").read_text("utf-8").replace("depends_on:", "depend_on:"), "utf-8")
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", wrong]
    assert subprocess.run(command, capture_output=True).returncode == 1


def test_images_have_fixed_tags(compose):
    images = {service["image"] for service in compose["services"].values()}
    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(-\w+)?", image) for image in images)


def test_what_services_name_is_declared(compose):
    for service in compose["services"].values():
        assert set(service["networks"]) <= compose["networks"].keys()
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
        assert {each["source"] for each in service.get("configs", [])} <= compose["configs"].keys()
        assert set(service.get("depends_on", [])) <= compose["services"].keys()
        named = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        assert {name for name in named if re.match(r"\w", name)} <= compose["volumes"].keys()


def test_what_is_mounted_from_here_is_here(compose, deploy):
    volumes = [volume for service in compose["services"].values() for volume in service.get("volumes", [])]
    sources = [re.sub(r"\$\{\w+:-(.+?)\}", r"\1", volume).partition(":")[0] for volume in volumes]
    assert all((deploy / source).exists() for source in sources if source.startswith("."))
    build = compose["services"]["chat-1"]["build"]
    assert (deploy / build["context"] / build["dockerfile"]).is_file()


@pytest.mark.parametrize("chat", CHATS)
def test_the_program_understands_how_a_chat_is_started(chat, compose, understood):
    service = compose["services"][chat]
    options = understood([re.sub(r"\$\{\w+:-(.+?)\}", r"\1", word) for word in service["command"]])
    assert (options["host"], options["allow_host"]) == ("0.0.0.0", ["localhost"])
    (secret,) = service["secrets"]
    assert options["auth"] == Path("/run/secrets") / secret


def test_the_program_understands_how_the_index_is_made(compose, understood):
    (line,) = compose["services"]["index"]["command"]
    calls = re.findall(r"\bqa ([^|>]+)", line)
    assert len(calls) == 2
    for call in calls:
        understood(call.split())


def test_both_chats_share_a_folder_for_what_is_uploaded(compose, deploy):
    one, other = (compose["services"][chat]["volumes"] for chat in CHATS)
    assert one == other and "work:/data" in one
    assert "QA_WORK_DIR=/data/" in (deploy / "Dockerfile").read_text("utf-8")


def test_only_the_proxy_can_be_reached_and_has_a_way_out(compose):
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]
    outside = {name for name, network in compose["networks"].items() if not (network or {}).get("internal")}
    assert {n for n, s in compose["services"].items() if outside & set(s["networks"])} == {"proxy"}
    assert not set(compose["services"]["milvus"]["networks"]) & set(compose["services"]["proxy"]["networks"])


def test_the_store_is_the_service_of_that_name(compose):
    addresses = {compose["services"][name]["environment"]["QA_STORE"] for name in (*CHATS, "index")}
    (address,) = addresses
    host = re.fullmatch(r"http://([\w-]+):19530/\w+", address)
    assert host and host[1] in compose["services"]


def test_the_proxy_asks_the_chats_that_there_are_and_keeps_a_browser_at_one(proxy, understood):
    upstreams = re.search(r"reverse_proxy (.+) \{", proxy)
    port = understood(["serve"])["port"]
    assert upstreams and upstreams[1].split() == [f"{chat}:{port}" for chat in CHATS]
    assert re.search(r"lb_policy cookie \w+", proxy)


def test_the_proxy_looks_after_the_chats_at_a_path_and_by_a_name_that_they_answer_to(proxy):
    path = re.search(r"health_uri (\S+)", proxy)
    assert path and path[1] in door.OPEN
    name = re.search(r"health_headers \{\s+Host (\S+)", proxy)
    assert name and door.Hosts.of("0.0.0.0", ["articles.example.org"]).have(name[1])


def test_no_secret_is_kept_here(compose, root):
    (users,) = [secret["file"] for secret in compose["secrets"].values()]
    ignored = (root / ".gitignore").read_text("utf-8").splitlines()
    assert str((root / "deploy" / users).relative_to(root)) in ignored
    names = {name for service in compose["services"].values() for name in service.get("environment", {})}
    assert not [name for name in names if re.search("PASSWORD|SECRET|TOKEN|KEY", name)]
