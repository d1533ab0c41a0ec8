"""The AJP port of a node: off without a secret, told where it is, the same resources behind it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx2

from bench.ajp_packets import Forwarded
from examples.node_process import NodeProcess
from tests.support.ajp_peer import SECRET, ajp_connected
from tests.support.node_program import is_one_sentence, ranvier, running_node

AJP = ("--ajp-port", "0", "--ajp-secret", SECRET.replace(" ", "-"))


def ajp_port(node: NodeProcess) -> int:
    return int(str(node.ready["ajp"]))


def own_ajp_port(node: NodeProcess) -> object:
    return httpx2.get(f"{node.http_address}/api/cluster/nodes").json()[0]["ajpPort"]


def test_it_is_off_without_a_secret(tmp_path: Path) -> None:
    with running_node(tmp_path / "data") as node:
        assert node.ready["ajp"] is None
        assert own_ajp_port(node) is None


async def test_the_same_resources_are_behind_it(tmp_path: Path) -> None:
    with running_node(tmp_path / "data", *AJP) as node:
        assert own_ajp_port(node) == ajp_port(node)
        async with ajp_connected(ajp_port(node)) as peer:
            request = Forwarded(uri=b"/health/live")
            answer = await peer.ask(request, secret=AJP[3])
            assert (answer.status, json.loads(answer.body)) == (200, {"status": "UP"})
            assert answer.header(b"content-security-policy")
            refused = await peer.ask(request, secret="another")
            assert refused.status == 403
            assert json.loads(refused.body)["code"] == "RANVIER-AJP-REFUSED"
            assert refused.header(b"content-type") == b"application/problem+json"
            assert await peer.rest() == b""


def test_a_port_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = ("--http-port", "0", "--grpc-port", "0", "--internal-port", "0")
        flags = ("--ajp-secret", "s", "--ajp-port", str(taken.getsockname()[1]))
        said = ranvier("start", *ports, *flags, "--data", str(tmp_path / "data"))
    assert said.code == 1
    assert is_one_sentence(said.err.splitlines()[-1])
    assert "ajp_port" in said.err
