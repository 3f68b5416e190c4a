"""The manifests: by Kubernetes's own schemas, and held against each other, the program and the image."""

import re
from collections import Counter

import kubernetes_validate
import pytest
import yaml

from index.local import LocalStore
from web import api, door
from web.engine import Engine

VERSIONS = ("1.30", "1.37")
"""The oldest that has all that is used, and the newest whose schemas are at hand."""


@pytest.fixture(scope="module")
def of_kind(manifests):
    return lambda kind: [each for each in manifests if each["kind"] == kind]


@pytest.fixture(scope="module")
def pods(of_kind):
    """The pod templates, by the names of what makes them."""
    jobs = {each["metadata"]["name"]: each["spec"]["jobTemplate"]["spec"]["template"] for each in of_kind("CronJob")}
    return {each["metadata"]["name"]: each["spec"]["template"] for each in of_kind("Deployment")} | jobs


@pytest.fixture(scope="module")
def containers(pods):
    return [container for pod in pods.values() for container in pod["spec"]["containers"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_as_kubernetes_has_them(manifests, version):
    assert len(manifests) >= 9
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_kubernetes_refuses_what_it_does_not_know(manifests):
    wrong = next(each for each in manifests if each["kind"] == "Deployment") | {"specification": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_no_two_are_one_and_all_are_listed(manifests, deploy):
    assert max(Counter((each["kind"], each["metadata"]["name"]) for each in manifests).values()) == 1
    folder = deploy / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted(listed) == sorted(path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")


def test_the_image_is_the_one_that_compose_builds(containers, compose):
    assert {container["image"] for container in containers} == {compose["services"]["chat-1"]["image"]}


def test_the_program_understands_how_it_is_started(containers, understood, of_kind):
    values = of_kind("ConfigMap")[0]["data"]
    for container in containers:
        words = [re.sub(r"\$\((\w+)\)", lambda name: values[name[1]], word) for word in container["args"]]
        options = understood(words)
        if words[0] == "serve":
            assert (options["host"], options["allow_host"]) == ("0.0.0.0", [values["QA_HOST"]])
            folders = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert str(options["auth"].parent) in folders
            assert options["read_only"]  # they share no folder in which something could be added


def test_probes_ask_what_is_served_and_what_anybody_may_ask(containers, tmp_path):
    served = {route.path for route in api.router(Engine(LocalStore(tmp_path), lambda _: None)).routes}
    probes = [container[name] for container in containers for name in container if name.endswith("Probe")]
    assert {probe["httpGet"]["path"] for probe in probes} == door.OPEN
    assert served >= door.OPEN


def test_ports_agree(pods, of_kind, understood):
    (chat,) = pods["chat"]["spec"]["containers"]
    assert [port["containerPort"] for port in chat["ports"]] == [understood(["serve"])["port"]]
    names = {port["name"] for port in chat["ports"]}
    asked = {chat[name]["httpGet"]["port"] for name in chat if name.endswith("Probe")}
    (service,) = of_kind("Service")
    asked |= {port["targetPort"] for port in service["spec"]["ports"]}
    asked |= {
        port["port"] for p in of_kind("NetworkPolicy") for r in p["spec"].get("ingress", []) for port in r["ports"]
    }
    assert asked == names


def test_what_selects_pods_finds_them(pods, of_kind):
    labels = [pod["metadata"]["labels"] for pod in pods.values()]
    for each in (*of_kind("Deployment"), *of_kind("PodDisruptionBudget")):
        assert any(each["spec"]["selector"]["matchLabels"].items() <= own.items() for own in labels)
    for service in of_kind("Service"):
        assert any(service["spec"]["selector"].items() <= own.items() for own in labels)
    for policy in of_kind("NetworkPolicy"):
        assert any(policy["spec"]["podSelector"]["matchLabels"].items() <= own.items() for own in labels)


def test_every_pod_is_cut_off_from_the_world(pods, of_kind):
    (policy,) = [each for each in of_kind("NetworkPolicy") if "Egress" in each["spec"]["policyTypes"]]
    for pod in pods.values():
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    (store,) = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"] if port["port"] != 53]
    assert f":{store}/" in of_kind("ConfigMap")[0]["data"]["QA_STORE"]


def test_the_ingress_leads_to_the_service_by_the_name_that_the_chat_goes_by(of_kind):
    (ingress,), (service,), (config,) = (of_kind(kind) for kind in ("Ingress", "Service", "ConfigMap"))
    (rule,) = ingress["spec"]["rules"]
    assert [rule["host"]] == ingress["spec"]["tls"][0]["hosts"] == [config["data"]["QA_HOST"]]
    (path,) = rule["http"]["paths"]
    backend = path["backend"]["service"]
    assert backend["name"] == service["metadata"]["name"]
    assert backend["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}
    assert service["metadata"]["annotations"]["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"


def test_what_pods_mount_is_there_or_said_to_be_made(pods, of_kind, root):
    claims = {claim["metadata"]["name"] for claim in of_kind("PersistentVolumeClaim")}
    page = (root / "docs" / "deploy.md").read_text("utf-8")
    for pod in pods.values():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for container in pod["spec"]["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
        for volume in volumes.values():
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in claims
            if secret := volume.get("secret"):
                assert f"create secret generic {secret['secretName']} " in page


def test_nobody_is_root_and_nothing_of_the_image_can_be_written(pods, deploy):
    user = re.search(r"^USER (\d+):", (deploy / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    for pod in pods.values():
        security = pod["spec"]["securityContext"]
        assert security["runAsNonRoot"] and security["runAsUser"] == int(user[1])
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert {"/data", "/tmp"} <= {mount["mountPath"] for mount in container["volumeMounts"]}


def test_the_chat_can_lose_a_machine(of_kind):
    (chat,), (budget,) = of_kind("Deployment"), of_kind("PodDisruptionBudget")
    assert chat["spec"]["replicas"] > budget["spec"]["minAvailable"] >= 1


def test_no_secret_is_kept_here(of_kind):
    assert not of_kind("Secret")
    assert not re.search(r"//[^/\s]*@", str(of_kind("ConfigMap")))
