"""Every file in `deploy/` is read by the program that it is for, or by its schema."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import kubernetes_validate
import pytest
import yaml

from examples.free_port import free_port
from ranvier.balancer.check_workers import check_workers
from ranvier.balancer.node_list import read_nodes
from ranvier.cli.app import main
from ranvier.config.errors import ConfigError
from ranvier.config.load import load_settings
from ranvier.config.settings import Settings
from tests.support.apache_check import MOD_JK_MODULES, check_httpd
from tests.support.foreground_program import foreground_program
from tests.support.haproxy import Haproxy, haproxies
from tests.support.nginx import Nginx, nginxes
from tests.support.played_nodes import PlayedNode, played_nodes
from tests.support.stub_node import StubAnswer, stub_node

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
SETS = [
    ["nodes.yaml", "postgres.yaml", "haproxy.yaml"],
    ["nodes.yaml", "postgres.yaml", "nginx.yaml"],
    ["nodes.yaml", "postgres.yaml", "mod_jk.yaml"],
    ["nodes.yaml", "high-availability.yaml"],
]
"""What is named to Compose together."""


def relative(path: Path) -> str:
    return str(path.relative_to(DEPLOY))


def rendering_commands() -> list[str]:
    text = (DEPLOY / "README.md").read_text()
    return re.findall(r"^ranvier (balancer render .*)$", text, re.MULTILINE)


@pytest.mark.parametrize("command", rendering_commands())
def test_files_of_balancers_are_what_the_commands_make(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    target = Path(words[words.index("--write") + 1])
    words[words.index("--write") + 1] = str(tmp_path / target.name)
    assert main(words) == 0
    for made in tmp_path.iterdir():
        assert (ROOT / target.parent / made.name).read_text() == made.read_text()


def test_each_file_of_a_balancer_comes_from_such_a_command() -> None:
    mark = "Made by `ranvier balancer render"
    marked = {path for path in DEPLOY.rglob("*") if path.is_file() and mark in path.read_text()}
    assert len(marked) == 10
    written = {
        (ROOT / shlex.split(each)[shlex.split(each).index("--write") + 1]).parent
        for each in rendering_commands()
    }
    assert {path.parent for path in marked} == written


@pytest.mark.parametrize("name", ["compose/mod_jk", "tomcat-connector"])
def test_the_files_of_workers_have_no_mistake(name: str) -> None:
    nodes = DEPLOY / ("nodes.json" if name == "compose/mod_jk" else f"{name}/nodes.json")
    data = (DEPLOY / name / "workers.properties").read_bytes()
    assert check_workers(data, read_nodes(json.loads(nodes.read_text()))) == []


def here(text: str) -> str:
    """Put the nodes on this machine, which does not know their names."""
    return re.sub(r"ranvier-[123]:8024", lambda found: f"127.0.0.1:{9000 + int(found[0][8])}", text)


@pytest.mark.parametrize("haproxy", haproxies(), ids=lambda each: each.name)
def test_haproxy_takes_its_file(haproxy: Haproxy) -> None:
    haproxy.check(here((COMPOSE / "haproxy/haproxy.cfg").read_text()))


@pytest.mark.parametrize("nginx", nginxes(), ids=lambda each: each.name)
def test_nginx_takes_its_file(nginx: Nginx) -> None:
    nginx.check(here((COMPOSE / "nginx/ranvier.conf").read_text()))


def test_httpd_takes_its_files(tmp_path: Path) -> None:
    for name in ("compose/mod_jk", "tomcat-connector"):
        text = (DEPLOY / name / "ranvier-jk.conf").read_text()
        workers = str(DEPLOY / name / "workers.properties")
        check_httpd(tmp_path, text.replace("conf/workers.properties", workers), MOD_JK_MODULES)


def program(name: str) -> str:
    """Return a program of the environment of the tests, or of the system; skip without it."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    return found or pytest.skip(f"{name} is not installed")


def test_envoy_takes_its_file() -> None:
    checked = subprocess.run(
        [program("envoy"), "--mode", "validate", "-c", DEPLOY / "envoy/envoy.yaml"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert checked.returncode == 0, checked.stderr
    assert "warning" not in checked.stderr


def run_envoy(folder: Path, port: int, nodes: list[PlayedNode]) -> list[str]:
    text = before(nodes, port, (DEPLOY / "envoy/envoy.yaml").read_text())
    (folder / "envoy.yaml").write_text(text)
    quiet = ["--disable-hot-restart", "--concurrency", "1", "-l", "warn"]
    return [program("envoy"), "-c", str(folder / "envoy.yaml"), *quiet]


def run_traefik(folder: Path, port: int, nodes: list[PlayedNode]) -> list[str]:
    for name in ("traefik.yaml", "ranvier.yaml"):
        text = before(nodes, port, (DEPLOY / "traefik" / name).read_text())
        (folder / name).write_text(text)
    return [program("traefik"), f"--configFile={folder / 'traefik.yaml'}"]


def before(nodes: list[PlayedNode], port: int, text: str) -> str:
    """Put an example in front of these nodes, at a port of loopback."""
    for at, node in enumerate(nodes, 1):
        text = text.replace(f"ranvier-{at}:8024", f"127.0.0.1:{node.port}")
        old = f"address: ranvier-{at}, port_value: 8024"
        text = text.replace(old, f"address: 127.0.0.1, port_value: {node.port}")
    text = text.replace(
        "address: 0.0.0.0, port_value: 8080", f"address: 127.0.0.1, port_value: {port}"
    )
    return text.replace('":8080"', f'"127.0.0.1:{port}"')


@pytest.mark.parametrize("command_for", [run_envoy, run_traefik], ids=["envoy", "traefik"])
def test_envoy_and_traefik_keep_users_with_a_node(
    command_for: Callable[[Path, int, list[PlayedNode]], list[str]],
) -> None:
    with (
        played_nodes("ranvier-1", "ranvier-2", "ranvier-3") as nodes,
        foreground_program(lambda folder, port: command_for(folder, port, nodes)) as running,
    ):
        # A node gets nobody before it has been found ready.
        seen: set[str] = set()
        while seen != {each.name for each in nodes}:
            with httpx2.Client(base_url=running.url, timeout=60, trust_env=False) as client:
                first = answered(client)
                assert "RANVIER-NODE" in client.cookies
                assert {answered(client) for _ in range(4)} == {first}
                seen.add(first)


def answered(client: httpx2.Client) -> str:
    """Return which node answers, once the balancer has found out which are ready."""
    for _ in range(3_000):
        answer = client.get("/", headers={"X-Forwarded-For": "192.0.2.66"})
        if answer.status_code == 200:
            return answer.text
        threading.Event().wait(0.01)
    raise AssertionError(answer.text)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("Dockerfile")), ids=relative)
def test_hadolint_has_nothing_to_say(path: Path) -> None:
    checked = subprocess.run(
        [program("hadolint"), path], capture_output=True, text=True, timeout=60
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_image_is_not_root_and_its_node_is_the_first_process() -> None:
    text = (DEPLOY / "docker/Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["ranvier"\]$', text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_of_the_image(status: int | None, exit_code: int) -> None:
    with stub_node() as node:
        node.will_answer(StubAnswer(status or 200))
        port = node.url.rpartition(":")[2] if status else str(free_port())
        checked = subprocess.run(
            [sys.executable, DEPLOY / "docker/healthcheck.py"],
            env={**os.environ, "RANVIER_HTTP_PORT": port},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert [each.path for each in node.seen] == (["/health/live"] if status else [])
    assert checked.returncode == exit_code
    assert len(checked.stderr.splitlines()) == exit_code


@functools.cache
def compose_schema() -> Any:
    """Return the schema of Compose files as another package carries it."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    place = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(place.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def composed(names: list[str]) -> dict[str, Any]:
    """Merge files as Compose does, as far as these use it."""
    merged: dict[str, Any] = {}
    for name in names:
        merge(merged, yaml.safe_load((COMPOSE / name).read_text()))
    return merged


def merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        elif key == "depends_on" and key in into:
            raise AssertionError("lists and maps of depends_on are not merged here")
        else:
            into[key] = json.loads(json.dumps(value))


@pytest.mark.parametrize("path", sorted(COMPOSE.glob("*.yaml")), ids=relative)
def test_the_schema_of_compose_fits(path: Path) -> None:
    compose_schema().validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_what_services_refer_to_is_there(names: list[str]) -> None:
    whole = composed(names)
    compose_schema().validate(whole)
    services = whole["services"]
    addresses = []
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)
        assert set(service.get("networks", {})) <= set(whole["networks"])
        shared = service.get("network_mode", "").removeprefix("service:")
        assert not shared or shared in services
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            named = source in whole.get("volumes", {})
            assert named or (COMPOSE / source).is_file(), volume
        if "build" in service:
            assert (COMPOSE / service["build"] / "Dockerfile").is_file()
        addresses += [each["ipv4_address"] for each in service.get("networks", {}).values()]
    assert len(set(addresses)) == len(addresses)
    assert {"ranvier-1", "ranvier-2", "ranvier-3"} <= set(services)


def test_secrets_are_asked_for_and_told_nowhere() -> None:
    asked = set()
    for path in COMPOSE.glob("*.yaml"):
        asked |= set(re.findall(r"\$\{(\w+):\?\}", path.read_text()))
    examples = dict(
        line.split("=")
        for line in (COMPOSE / ".env.example").read_text().splitlines()
        if not line.startswith("#")
    )
    assert asked == set(examples)
    assert set(examples.values()) == {""}


def kubernetes_objects() -> Iterator[Any]:
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for found in yaml.safe_load_all(path.read_text()):
            # The Gateway API is an extension, whose schema is not at hand.
            if not found["apiVersion"].startswith("gateway."):
                yield pytest.param(found, id=f"{path.stem}-{found['kind']}")


@pytest.mark.parametrize("found", list(kubernetes_objects()))
@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_kubernetes_knows_the_object(found: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(found, version, strict=True)


def kubernetes_by_kind() -> dict[str, Any]:
    text = (DEPLOY / "kubernetes/ranvier.yaml").read_text()
    return {found["kind"]: found for found in yaml.safe_load_all(text)}


def test_pods_have_time_to_drain_and_are_found_by_the_service() -> None:
    by_kind = kubernetes_by_kind()
    pods = by_kind["StatefulSet"]["spec"]
    settings = yaml.safe_load((DEPLOY / "example/ranvier.yaml").read_text())
    grace = pods["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > 60 + 10 + settings["shutdown_grace_seconds"]
    labels = pods["template"]["metadata"]["labels"]
    for name in ("balancer-by-cookie", "balancer-by-address"):
        text = (DEPLOY / f"kubernetes/{name}.yaml").read_text()
        service, *_ = yaml.safe_load_all(text)
        assert service["spec"]["selector"].items() <= labels.items()
    assert by_kind["Service"]["spec"]["clusterIP"] == "None"
    assert pods["serviceName"] == by_kind["Service"]["metadata"]["name"]


def settings_in(environment: dict[str, str], machine: str) -> Settings:
    """Load what a node in a container of the example would be told; raises where it is refused."""
    own = {key: value for key, value in environment.items() if key.startswith("RANVIER_")}
    loaded = load_settings({}, own, DEPLOY / "example", machine=machine)
    assert not [each for each in loaded.notices if "insecure" in str(each)]
    return loaded.settings


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_nodes_take_what_compose_tells_them(names: list[str]) -> None:
    services = composed(names)["services"]
    listed = json.loads((DEPLOY / "nodes.json").read_text())
    for each in listed:
        service = services[each["name"]]
        told = {
            key: re.sub(r"\$\{\w+:\?\}", "a-secret-of-this-test", value)
            for key, value in service["environment"].items()
        }
        settings = settings_in(told, service["hostname"])
        assert settings.access_control
        assert settings.access_token is not None
        assert settings.cluster_secret is not None
        assert settings.database.dsn is not None
        assert (settings.name, settings.route) == (each["name"], each["jvmRoute"])
        assert (settings.advertised_host, settings.http_port) == (each["host"], each["httpPort"])
        assert (settings.ajp_secret is not None) == ("mod_jk.yaml" in names)
        balancers = {"haproxy", "nginx", "apache", "haproxy-1", "haproxy-2"} & set(services)
        assert balancers
        for balancer in balancers:
            address = ip_address(services[balancer]["networks"]["ranvier"]["ipv4_address"])
            assert any(address in network for network in settings.trusted_balancers)


def test_pods_take_what_kubernetes_tells_them() -> None:
    pods = kubernetes_by_kind()["StatefulSet"]["spec"]
    listed = json.loads((DEPLOY / "kubernetes/nodes.json").read_text())
    assert len(listed) == pods["replicas"]
    for each in listed:
        told: dict[str, str] = {}
        for variable in pods["template"]["spec"]["containers"][0]["env"]:
            value = variable.get("value") or of_the_pod(variable["valueFrom"], each["name"])
            told[variable["name"]] = re.sub(r"\$\((\w+)\)", functools.partial(named, told), value)
        settings = settings_in(told, each["name"])
        assert settings.route == each["jvmRoute"]
        assert settings.advertised_host == f"{each['host']}.here.svc.cluster.local"


def named(told: dict[str, str], variable: re.Match[str]) -> str:
    return told[variable[1]]


def of_the_pod(source: dict[str, Any], name: str) -> str:
    """Return what Kubernetes would fill in."""
    if "fieldRef" in source:
        return {"metadata.name": name, "metadata.namespace": "here"}[
            source["fieldRef"]["fieldPath"]
        ]
    key: str = source["secretKeyRef"]["key"]
    return "postgresql://ranvier@db/ranvier" if key == "database" else "a-secret"


def test_the_example_says_aloud_who_may_come_in() -> None:
    settings = yaml.safe_load((DEPLOY / "example/ranvier.yaml").read_text())
    assert settings["access_control"] is True
    assert "insecure" not in settings
    with pytest.raises(ConfigError, match="insecure: true"):
        settings_in({"RANVIER_ACCESS_CONTROL": "false"}, "ranvier-1")
