from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ranvier.cluster.joining.admission import Asked, Candidate, HeldContext, KnownNode
from ranvier.cluster.joining.budget import JOINS_AT_ONCE
from ranvier.cluster.joining.errors import (
    AnswerNotUnderstood,
    ClusterUnproven,
    InOtherCluster,
    JoinRefused,
    JoinsItself,
    JoinUnderWay,
    NameTaken,
    NobodyAnswers,
    NodeInUse,
    NodeOnSqlite,
    ProofMissing,
    ProofWrong,
    TokenExpired,
    TokenUsed,
    TooManyJoins,
)
from ranvier.mesh import join_server
from ranvier.mesh.join_client import MeshDoors
from ranvier.mesh.join_server import JOIN_PATH, JOIN_SERVICE, JoinServer, open_to_joiners
from ranvier.proto.ranvier import join_pb2
from ranvier.security.secret import Secret
from ranvier.services.join_cluster import JoinProof
from ranvier.services.join_messages import Challenge, Greeting, Place, Welcome
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.joining import KEYS, SECRET, ClusterSide, cluster_side, joiner_side

DOORS = MeshDoors(None, GrpcLimits())
BY_SECRET = JoinProof(secret=SECRET)


def deny(call: ServerCall) -> None:
    raise GrpcError(StatusCode.PERMISSION_DENIED, call.path)


@asynccontextmanager
async def listening(side: ClusterSide, *, is_on_loopback: bool = True) -> AsyncIterator[Place]:
    server = GrpcServer(admit=open_to_joiners(deny))
    methods = JoinServer(side.admit, is_on_loopback=is_on_loopback).methods()
    server.add_service(JOIN_SERVICE, methods)
    try:
        yield Place("127.0.0.1", await server.listen("127.0.0.1", 0))
    finally:
        await server.stop(0.0)


async def refused(side: ClusterSide, proof: JoinProof, node_id: str = "id-b") -> JoinRefused:
    async with listening(side, is_on_loopback=False) as place:
        joiner = joiner_side(DOORS, node_id=node_id)
        with pytest.raises(JoinRefused) as refusal:
            await joiner.join.join(place, proof)
        assert joiner.adopted == []
        assert "planted" not in str(refusal.value)
        return refusal.value


async def test_a_node_with_the_secret_is_given_what_all_share() -> None:
    side = await cluster_side()
    async with listening(side, is_on_loopback=False) as place:
        joiner = joiner_side(DOORS)
        await joiner.join.join(place, BY_SECRET)
    (joined,) = joiner.adopted
    assert joined.keys == KEYS
    assert joined.cluster_id == side.cluster.identity.cluster_id
    assert "planted" not in repr(joined)


async def test_a_token_serves_one_node_and_again_the_same_one() -> None:
    side = await cluster_side()
    proof = JoinProof(token=Secret(await side.cluster.new_token()), secret=Secret("unused"))
    async with listening(side, is_on_loopback=False) as place:
        joiner = joiner_side(DOORS)
        for _ in range(2):
            await joiner.join.join(place, proof)
    assert len(joiner.adopted) == 2
    assert isinstance(await refused(side, proof, "id-c"), TokenUsed)


async def test_without_a_right_proof_nothing_is_handed_over() -> None:
    side = await cluster_side()
    assert isinstance(await refused(side, JoinProof()), ProofMissing)
    assert isinstance(await refused(side, JoinProof(secret=Secret("wrong"))), ProofWrong)
    assert isinstance(await refused(side, JoinProof(token=Secret("no token"))), ProofWrong)
    never = Secret("0" * 12 + "." + "0" * 48)
    assert isinstance(await refused(side, JoinProof(token=never)), ProofWrong)
    text = await side.cluster.new_token()
    altered = Secret(text[:-1] + ("0" if text[-1] != "0" else "1"))
    assert isinstance(await refused(side, JoinProof(token=altered)), ProofWrong)
    side.identities.expire()
    assert isinstance(await refused(side, JoinProof(token=Secret(text))), TokenExpired)


async def test_only_on_one_machine_no_proof_is_needed() -> None:
    side = await cluster_side()
    async with listening(side) as place:
        joiner = joiner_side(DOORS, is_on_loopback=True)
        await joiner.join.join(place, JoinProof())
        assert len(joiner.adopted) == 1
        with pytest.raises(ProofMissing):
            await joiner_side(DOORS).join.join(place, JoinProof())
    async with listening(side, is_on_loopback=False) as place:
        with pytest.raises(ProofMissing):
            await joiner_side(DOORS, is_on_loopback=True).join.join(place, JoinProof())


async def test_whoever_does_not_fit_is_told_so() -> None:
    side = await cluster_side()
    assert isinstance(await refused(side, BY_SECRET, "id-a"), JoinsItself)
    side.asked = Asked("id-a", "a", None, (KnownNode("id-old", "b", is_alive=True),))
    assert isinstance(await refused(side, BY_SECRET), NameTaken)
    side.asked = Asked("id-a", "a", "/var/lib/ranvier")
    assert isinstance(await refused(side, BY_SECRET), NodeOnSqlite)


async def test_a_node_that_holds_something_does_not_even_ask() -> None:
    held = Candidate("b", (HeldContext("default", is_empty=False),), None)
    joiner = joiner_side(DOORS, candidate=held)
    with pytest.raises(NodeInUse):
        await joiner.join.join(Place("127.0.0.1", 1), BY_SECRET)


async def test_a_node_that_is_in_the_cluster_stays_as_it_is() -> None:
    side = await cluster_side()
    contexts = (HeldContext("default", is_empty=False),)
    async with listening(side) as place:
        inside = Candidate("b", contexts, side.cluster.identity.cluster_id)
        joiner = joiner_side(DOORS, candidate=inside)
        await joiner.join.join(place, BY_SECRET)
        assert joiner.adopted == []
        elsewhere = Candidate("b", contexts, "cluster-2")
        with pytest.raises(InOtherCluster):
            await joiner_side(DOORS, candidate=elsewhere).join.join(place, BY_SECRET)


async def test_where_nobody_answers_is_said() -> None:
    with pytest.raises(NobodyAnswers, match=r"127\.0\.0\.1:1 \("):
        await joiner_side(DOORS).join.join(Place("127.0.0.1", 1), BY_SECRET)
    server = GrpcServer()
    port = await server.listen("127.0.0.1", 0)
    with pytest.raises(AnswerNotUnderstood):
        await joiner_side(DOORS).join.join(Place("127.0.0.1", port), BY_SECRET)
    await server.stop(0.0)


class Impostor:
    """Knows no secret, and gives what it likes."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.was_greeted = asyncio.Event()

    async def knock(self, _: Place) -> Impostor:
        return self

    async def greet(self, _: Greeting) -> Challenge:
        self.was_greeted.set()
        await self.may_answer.wait()
        return Challenge("of an impostor", b"0" * 32)

    async def prove(self, proof: bytes) -> Welcome:
        return Welcome(proof, KEYS)

    async def close(self) -> None:
        pass


async def test_an_impostor_is_not_believed() -> None:
    impostor = Impostor()
    impostor.may_answer.set()
    joiner = joiner_side(impostor)
    with pytest.raises(ClusterUnproven):
        await joiner.join.join(Place("node", 8224), BY_SECRET)
    assert joiner.adopted == []


async def test_a_node_joins_one_cluster_at_a_time() -> None:
    impostor = Impostor()
    joiner = joiner_side(impostor)
    first = asyncio.create_task(joiner.join.join(Place("node", 8224), JoinProof()))
    await impostor.was_greeted.wait()
    with pytest.raises(JoinUnderWay):
        await joiner.join.join(Place("node", 8224), JoinProof())
    impostor.may_answer.set()
    await first
    assert len(joiner.adopted) == 1


async def test_who_answers_too_late_has_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.services.join_cluster.HANDSHAKE_SECONDS", 0.01)
    with pytest.raises(NobodyAnswers, match="in time"):
        await joiner_side(Impostor()).join.join(Place("node", 8224), JoinProof())


async def test_a_flood_of_joins_is_turned_away_and_passes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    side = await cluster_side()
    async with listening(side) as place:

        async def stranger(number: int) -> bool:
            joiner = joiner_side(DOORS, node_id=f"id-{number}")
            with pytest.raises((TooManyJoins, ProofWrong)) as refusal:
                await joiner.join.join(place, JoinProof(secret=Secret("guessed")))
            return isinstance(refusal.value, ProofWrong)

        looked_at = 0
        for start in range(0, 200, 20):
            looked_at += sum(await asyncio.gather(*map(stranger, range(start, start + 20))))
        assert looked_at == JOINS_AT_ONCE
        assert len(caplog.records) < looked_at
        assert "A node at 127.0.0.1 was refused to join: " in caplog.text
        side.now += 1.0
        await joiner_side(DOORS).join.join(place, BY_SECRET)


async def test_what_is_no_word_of_a_join_is_refused() -> None:
    side = await cluster_side()
    async with listening(side) as place:
        channel = await Channel.connect(place.host, place.port)
        short = join_pb2.Greeting(node_id="id-b", name="b", nonce=b"short")
        long = join_pb2.Greeting(node_id="id-b", name="b" * 256, nonce=b"0" * 32)
        broken = join_pb2.Greeting(node_id="id-b", name="b\nb", nonce=b"0" * 32)
        for said in (
            b"\xff",
            b"",
            join_pb2.JoinRequest(proof=b"first").SerializeToString(),
            join_pb2.JoinRequest(greeting=short).SerializeToString(),
            join_pb2.JoinRequest(greeting=long).SerializeToString(),
            join_pb2.JoinRequest(greeting=broken).SerializeToString(),
            join_pb2.JoinRequest(greeting=join_pb2.Greeting(nonce=b"0" * 32)).SerializeToString(),
        ):
            call = channel.stream(JOIN_PATH)
            await call.write(said)
            with pytest.raises(GrpcError) as refusal:
                await call.read()
            assert refusal.value.status is StatusCode.INVALID_ARGUMENT
        with pytest.raises(GrpcError) as refusal:
            await channel.unary("/other.Service/Method", b"")
        assert refusal.value.status is StatusCode.UNIMPLEMENTED
        with pytest.raises(GrpcError) as refusal:
            await channel.unary("/grpc.health.v1.Health/Check", b"")
        assert refusal.value.status is StatusCode.PERMISSION_DENIED
        await channel.close()


async def test_conversations_are_bounded_in_number_and_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side = await cluster_side()
    monkeypatch.setattr(join_server, "TALKS_MOST", 0)
    async with listening(side) as place:
        with pytest.raises(TooManyJoins):
            await joiner_side(DOORS).join.join(place, BY_SECRET)
        monkeypatch.setattr(join_server, "TALKS_MOST", 1)
        monkeypatch.setattr(join_server, "TALK_SECONDS", 0.01)
        channel = await Channel.connect(place.host, place.port)
        with pytest.raises(GrpcError) as refusal:
            await channel.stream(JOIN_PATH).read()
        assert refusal.value.status is StatusCode.DEADLINE_EXCEEDED
        await channel.close()
    assert open_to_joiners(None) is None
