"""The files that we render are taken by the programs that they are for, without a warning."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import httpx2
import kubernetes_validate
import pytest
import trustme
import yaml

from ranvier.balancer.options import Protocol, RenderOptions, Stickiness, read_listen
from ranvier.balancer.render_haproxy import render_haproxy
from ranvier.balancer.render_kubernetes import render_kubernetes
from ranvier.balancer.render_mod_jk import render_mod_jk
from ranvier.balancer.render_mod_proxy import render_mod_proxy
from ranvier.balancer.render_nginx import render_nginx
from tests.support.apache import MOD_JK, running_apache
from tests.support.apache_check import MOD_JK_MODULES, MOD_PROXY_MODULES, check_httpd
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of, on_loopback
from tests.support.haproxy import Haproxy, haproxies
from tests.support.nginx import Nginx, nginxes

NODES = nodes_of(
    *on_loopback([*IVY_NODES, listed_node("default", state="draining"), listed_node("-")]),
    listed_node("six", host="::1", weight=256),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("tls") / "site.pem"
    issued = trustme.CA().issue_cert("edge.example.org")
    path.write_bytes(
        issued.private_key_pem.bytes() + b"".join(each.bytes() for each in issued.cert_chain_pems)
    )
    return str(path)


def ways(certificate: str) -> list[RenderOptions]:
    """Return every way of a file that both have."""
    listen = read_listen("127.0.0.1:18080")
    return [
        RenderOptions("ranvier", Stickiness.COOKIE, listen),
        RenderOptions("http", Stickiness.ADDRESS, listen),
        RenderOptions("Axon-Ivy_Engine", Stickiness.COOKIE, listen, certificate),
    ]


@pytest.mark.parametrize("haproxy", haproxies(), ids=lambda each: each.name)
def test_haproxy_takes_its_file(haproxy: Haproxy, certificate: str) -> None:
    for options in ways(certificate):
        haproxy.check(render_haproxy(NODES, options)[0].text)


@pytest.mark.parametrize("nginx", nginxes(), ids=lambda each: each.name)
def test_nginx_takes_its_file(nginx: Nginx, certificate: str) -> None:
    for options in ways(certificate):
        nginx.check(render_nginx(NODES, options)[0].text)


@pytest.mark.parametrize(
    "nginx", [each for each in nginxes() if each.knows_sticky], ids=lambda each: each.name
)
def test_a_newer_nginx_takes_its_modern_file(nginx: Nginx, certificate: str) -> None:
    for each in ways(certificate):
        modern = RenderOptions(each.name, each.sticky, each.listen, each.tls, is_modern=True)
        nginx.check(render_nginx(NODES, modern)[0].text)


@pytest.mark.parametrize("protocol", Protocol)
def test_httpd_takes_the_file_of_mod_proxy(
    protocol: Protocol, certificate: str, tmp_path: Path
) -> None:
    # It knows no weights as far from each other as HAProxy does.
    nodes = [each for each in NODES if each.weight < 100]
    for each in ways(certificate):
        options = RenderOptions(each.name, listen=each.listen, tls=each.tls, protocol=protocol)
        check_httpd(tmp_path, render_mod_proxy(nodes, options)[0].text, MOD_PROXY_MODULES)


def test_httpd_takes_the_file_of_mod_jk(certificate: str, tmp_path: Path) -> None:
    for each in ways(certificate):
        place = str(tmp_path / "workers.properties")
        options = RenderOptions(each.name, listen=each.listen, tls=each.tls, workers_file=place)
        workers, snippet = render_mod_jk(NODES, options)
        (tmp_path / workers.name).write_text(workers.text)
        check_httpd(tmp_path, snippet.text, MOD_JK_MODULES)


def test_mod_jk_sends_the_secret_that_its_file_only_refers_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANVIER_AJP_SECRET", "known-to-the-environment")
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        node = listed_node("node1", ajpPort=listener.getsockname()[1])
        workers, snippet = render_mod_jk(
            nodes_of(node), RenderOptions(workers_file=str(tmp_path / "workers.properties"))
        )
        (tmp_path / workers.name).write_text(workers.text)
        answering = threading.Thread(target=answer_by_ajp, args=(listener, received), daemon=True)
        answering.start()
        mounts = snippet.text.replace("<VirtualHost *:80>", "").replace("</VirtualHost>", "")
        logs = "JkLogFile {directory}/mod_jk.log\nJkShmFile {directory}/jk.shm\n"
        with running_apache(tmp_path, logs + mounts, MOD_JK) as apache:
            assert httpx2.get(f"{apache.url}/a", timeout=30).status_code == 204, apache.log
        answering.join()
    assert b"known-to-the-environment" in received[0]


def answer_by_ajp(listener: socket.socket, received: list[bytes]) -> None:
    """Answer probes until a request comes, keep that one, and answer it by 204."""
    listener.settimeout(60)
    while not received:
        peer, _ = listener.accept()
        peer.settimeout(60)
        with peer:
            while packet := peer.recv(65536):
                if packet[4:5] == b"\x0a":
                    peer.sendall(b"AB\x00\x01\x09")
                    continue
                received.append(packet)
                peer.sendall(b"AB\x00\x0a\x04\x00\xcc\x00\x02OK\x00\x00\x00")
                peer.sendall(b"AB\x00\x02\x05\x00")
                break


@pytest.mark.parametrize("sticky", Stickiness)
def test_kubernetes_knows_the_objects(sticky: Stickiness) -> None:
    (file,) = render_kubernetes(nodes_of(listed_node("a")), RenderOptions(sticky=sticky))
    validated = []
    for each in yaml.safe_load_all(file.text):
        # The Gateway API is an extension, whose schema comes with it.
        if not each["apiVersion"].startswith("gateway."):
            kubernetes_validate.validate(each, "1.31", strict=True)
            validated.append(each["kind"])
    assert validated == ["Service", "PodDisruptionBudget"]
