"""Whoever cannot prove himself is turned away in a sentence, however often he comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from ranvier.mesh import link_session
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.peers import PeerAddress
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.tls import TlsFiles
from tests.support.command_parties import NotedCommand
from tests.support.mesh_nodes import (
    WAIT_SECONDS,
    MeshNode,
    Roster,
    linked,
    listening,
    running,
)
from tests.support.scale import scaled

LINK = "/ranvier.mesh.v1.Mesh/Link"
AT_A_TIME = 20


def hello(meant: str = "id-a") -> mesh_pb2.LinkRequest:
    return mesh_pb2.LinkRequest(
        hello=mesh_pb2.Hello(
            protocol=1, node_id="id-s", name="stranger", nonce=bytes(32), meant_node_id=meant
        )
    )


async def refusal(port: int, *requests: bytes) -> GrpcError:
    """Send these messages as the first words on a connection; return how the call ended."""
    channel = await Channel.connect("127.0.0.1", port)
    try:
        call = channel.stream(LINK)
        for request in requests:
            await call.write(request)
        async with asyncio.timeout(WAIT_SECONDS):
            while await call.read() is not None:
                continue
        raise AssertionError("the call ended by OK")
    except GrpcError as error:
        return error
    finally:
        await channel.close()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([hello(), mesh_pb2.LinkRequest(proof=mesh_pb2.Proof(digest=bytes(32)))], "secret than"),
        ([hello(), mesh_pb2.LinkRequest(proof=mesh_pb2.Proof())], "another cluster secret"),
        ([mesh_pb2.LinkRequest(proof=mesh_pb2.Proof())], "something else than its first words"),
        ([hello(), hello()], "something else than its first words"),
        ([mesh_pb2.LinkRequest(cancel=mesh_pb2.Cancel(number=1))], "something else than"),
        ([mesh_pb2.LinkRequest(hello=mesh_pb2.Hello(nonce=b"x"))], "no usable hello"),
        ([hello("id-b")], "'id-b' was dialled, 'a' answers"),
    ],
)
async def test_first_words_that_prove_nothing_are_refused_in_a_sentence(
    words: list[mesh_pb2.LinkRequest], reason: str
) -> None:
    a = MeshNode("a", Roster())
    async with running(a):
        error = await refusal(a.port, *(each.SerializeToString() for each in words))
        assert error.status is StatusCode.UNAUTHENTICATED
        assert reason in error.message


@pytest.mark.parametrize(
    ("message", "reason"), [(b"\xff\xff", "no message of a link"), (bytes(5_000), "too long")]
)
async def test_first_words_that_are_no_message_are_refused(message: bytes, reason: str) -> None:
    a = MeshNode("a", Roster())
    async with running(a):
        assert reason in (await refusal(a.port, message)).message


async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_session, "HANDSHAKE_SECONDS", 0.05)
    a = MeshNode("a", Roster())
    async with running(a):
        assert "no proof in time" in (await refusal(a.port)).message


async def test_a_thousand_bad_attempts_a_minute_harm_nobody() -> None:
    attempts = scaled(1_000, suite=200)
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    wrong = mesh_pb2.LinkRequest(proof=mesh_pb2.Proof(digest=bytes(32)))
    words = [hello().SerializeToString(), wrong.SerializeToString()]
    with listening() as said:
        async with running(a, b):
            await linked(a, b)
            b.handle(1, "Buy")
            await a.heard.until(lambda: a.knows("Buy"))
            for start in range(0, attempts, AT_A_TIME):
                errors = await asyncio.gather(*(refusal(a.port, *words) for _ in range(AT_A_TIME)))
                assert {error.status for error in errors} == {StatusCode.UNAUTHENTICATED}
                command = a.dispatch(NotedCommand(f"m-{start}"))
                async with asyncio.timeout(WAIT_SECONDS):
                    await command.told.wait()
                assert command.outcomes == [b"answer to command"]
            assert {peer.name for peer in a.mesh.linked_peers()} == {"b"}
            assert len([line for line in said.lines if "was refused" in line]) == 1


class Certificates:
    """An authority and a certificate of this machine by it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        self.files = TlsFiles(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
        authority.cert_pem.write_to_path(str(self.files.authority))
        issued.private_key_pem.write_to_path(str(self.files.key))
        issued.cert_chain_pems[0].write_to_path(str(self.files.certificate))


async def test_with_certificates_both_sides_show_one_and_strangers_have_none(
    tmp_path: Path,
) -> None:
    ours, theirs = Certificates(tmp_path / "ours"), Certificates(tmp_path / "theirs")
    roster = Roster()
    a, b = (MeshNode(name, roster, tls=ours.files) for name in ("a", "b"))
    stranger = MeshNode("s", Roster(), tls=theirs.files)
    in_the_clear = MeshNode("c", Roster())
    with listening() as said:
        async with running(a, b, stranger, in_the_clear):
            await linked(a, b)
            client = b.handle(1, "Buy")
            await a.heard.until(lambda: a.knows("Buy"))
            command = a.dispatch(NotedCommand("m"))
            async with asyncio.timeout(WAIT_SECONDS):
                await command.told.wait()
            assert client.sent == ["m"]
            for other in (stranger, in_the_clear):
                said.lines.clear()
                other.roster.enter(PeerAddress("id-a", "a", "127.0.0.1", a.port))
                await said.until("There is no link to node a")
                assert other.mesh.linked_peers() == []
