"""Nodes whose internal ports have certificates, and one whose is of another authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import trustme

from examples.until import until
from tests.support.cluster import Cluster, cluster
from tests.support.command_client import Caller, LiveHandler, command

HOSTS = ("127.0.0.1", "127.0.0.11", "127.0.0.12", "127.0.0.13")
"""Where the nodes of a cluster dial each other."""


def certificates(folder: Path, authority: trustme.CA) -> tuple[str, ...]:
    """Return the flags of a node with a certificate by this authority."""
    folder.mkdir()
    issued = authority.issue_cert(*HOSTS)
    cert, key, ca = (folder / name for name in ("cert.pem", "key.pem", "ca.pem"))
    authority.cert_pem.write_to_path(str(ca))
    issued.private_key_pem.write_to_path(str(key))
    issued.cert_chain_pems[0].write_to_path(str(cert))
    files = {"cert": cert, "key": key, "ca": ca}
    return tuple(f"--internal-tls.{name}={path}" for name, path in files.items())


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder) as started:
        authority = trustme.CA()
        for name in ("one", "two"):
            started.start(name, *certificates(folder / f"tls-{name}", authority))
        started.until_linked("one", "two")
        yield started


def communication(nodes: Cluster, observer: str, name: str) -> object:
    """Return how a node says that its link to another one does; None before it knows that one."""
    known = {each["name"]: each["communication"] for each in nodes.members(observer)}
    return known.get(name)


def are_linked(nodes: Cluster) -> bool:
    return all(
        communication(nodes, observer, name) == "up"
        for observer, name in (("one", "two"), ("two", "one"))
    )


def expect_answers(nodes: Cluster, name: str) -> None:
    """Have a handler at one node answer a caller at the other."""
    with (
        grpc.insecure_channel(nodes["one"].grpc_address) as here,
        grpc.insecure_channel(nodes["two"].grpc_address) as there,
        LiveHandler(there, "handler").subscribe(name).grant(5) as handler,
    ):
        until(lambda: name in str(nodes.get("one", "/v1/commands")), "one knows the handler")
        waiting = Caller(here).dispatch(command("id-1", name))
        handler.respond(handler.next().message_identifier, b"by TLS")
        assert waiting.result(30).payload.data == b"by TLS"


def test_nodes_with_certificates_of_one_authority_are_linked(nodes: Cluster) -> None:
    expect_answers(nodes, "Buy")


def test_without_a_certificate_nobody_gets_a_word_in(nodes: Cluster) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{nodes.ports['one'].internal}") as plain:
        link = plain.stream_stream("/ranvier.mesh.v1.Mesh/Link")
        with pytest.raises(grpc.RpcError) as refused:
            list(link(iter([b""]), timeout=30))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_node_with_a_certificate_of_another_authority_gets_no_link(
    nodes: Cluster, tmp_path: Path
) -> None:
    nodes.start("three", *certificates(tmp_path / "tls", trustme.CA()))
    nodes.until_all_see("running", "one", "two", "three")
    until(lambda: "certificate" in nodes.log("three").lower(), "three says what is wrong")
    for name in ("one", "two"):
        assert communication(nodes, name, "three") != "up"
        assert communication(nodes, "three", name) != "up"
    assert are_linked(nodes)
    nodes["three"].stop()
    expect_answers(nodes, "Sell")
