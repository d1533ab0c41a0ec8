"""Links between nodes: made, proven, refused, lost, made again."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.security.secret import Secret
from ranvier.services.peers import NodeCondition, PeerAddress, PeerIdentity
from ranvier.services.topology import Registration
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.methods import unary
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.mesh_nodes import WAIT_SECONDS, MeshNode, Roster, linked, listening, running


async def test_each_node_links_itself_to_each_other_one() -> None:
    roster = Roster()
    nodes = [MeshNode(name, roster) for name in ("a", "b", "c")]
    async with running(*nodes):
        await linked(*nodes)
        for node in nodes:
            assert {peer.name for peer in node.mesh.linked_peers()} == {"a", "b", "c"} - {node.name}
            assert node.mesh.links.lacking() == []


async def test_a_node_that_stops_is_missed_at_once_and_linked_again_when_it_is_back() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    async with running(a):
        await b.start()
        await linked(a, b)
        await b.stop()
        await a.links.until()
        again = MeshNode("b", roster)
        async with running(again):
            await linked(a, again)


class Faulty:
    """Fails whenever it hears of the end of a link."""

    def linked(self, peer: PeerIdentity) -> None:
        """Nothing is wrong yet."""

    def lost(self, peer: PeerIdentity, reason: str) -> None:
        raise ZeroDivisionError(f"{peer.name}: {reason}")


async def test_a_link_is_made_again_after_a_defect_of_who_hears_of_it() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    with listening() as said:
        async with running(a, b):
            await linked(a, b)
            a.mesh.watch(Faulty())
            link = a.mesh.links.link_to("id-b")
            assert link is not None
            link.call.cancel()
            await said.until("internal error: ZeroDivisionError")
            await linked(a, b)


async def test_a_node_with_another_secret_is_refused_and_both_say_so() -> None:
    roster = Roster()
    a, stranger = MeshNode("a", roster), MeshNode("b", roster, secret=Secret("another"))
    with listening() as said:
        async with running(a, stranger):
            differs = "has another cluster secret than this one"
            await said.until(
                "A link from 127.0.0.1",
                f"There is no link to node a at 127.0.0.1:{a.port}",
                f"There is no link to node b at 127.0.0.1:{stranger.port}",
                f"Node 'a' {differs}: set cluster_secret to the same text on both.",
                f"Node 'b' {differs}: set cluster_secret to the same text on both.",
            )
            assert a.mesh.linked_peers() == stranger.mesh.linked_peers() == []
            assert a.mesh.links.lacking() == ["id-b"]
    assert "one text for all" not in "".join(said.lines)


async def test_without_a_secret_links_stay_on_the_machine() -> None:
    roster = Roster()
    a, b = (MeshNode(name, roster, secret=None) for name in ("a", "b"))
    open_node = MeshNode("open", Roster(), secret=None, is_on_loopback=False)
    with listening() as said:
        async with running(a, b, open_node):
            await linked(a, b)
            roster.enter(open_node.address)
            await said.until("There is no cluster secret, and the internal port is not this")
            assert open_node.mesh.linked_peers() == []


async def test_another_node_at_an_address_is_not_taken_for_the_one_that_was_meant() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", Roster())
    with listening() as said:
        async with running(a, b):
            roster.enter(PeerAddress("id-c", "c", "127.0.0.1", b.port))
            await said.until("Where node 'id-c' was dialled, 'b' answers")
            assert a.mesh.linked_peers() == []


async def test_registrations_of_other_nodes_are_told_in_full_and_then_by_difference() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    tags = (("x", "y"),)
    early = [
        Registration(
            "command", "default", f"Name{n}", "c", f"s-{n % 7}", "bank", tags=(("x", "y"),)
        )
        for n in range(1_000)
    ]
    for each in early:
        b.topology.added(each)
    async with running(a, b):
        await linked(a, b)
        heard = a.heard
        await heard.until(lambda: len(heard.registrations) == 1_000)
        late = Registration("query", "default", "Get", "c", "s-q", "bank", result_names=("int",))
        b.topology.added(late)
        b.topology.removed(early[0])
        await heard.until(lambda: len(heard.registrations) == 1_000 and heard.has("Get"))
        assert not heard.has("Name0")
        assert heard.of("Name1").tags == tags
        assert heard.of("Get").result_names == ("int",)
        assert heard.of("Get").node == "b"
        await b.stop()
        await heard.until(lambda: not heard.registrations)


async def test_what_a_node_heard_of_others_it_does_not_tell_on() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    b.topology.added(Registration("command", "default", "Far", "c", "s", "bank", node="c"))
    b.topology.added(Registration("command", "default", "Near", "c", "s", "bank"))
    async with running(a, b):
        await linked(a, b)
        await a.heard.until(lambda: a.heard.has("Near"))
        assert not a.heard.has("Far")


async def test_readers_hear_that_a_context_has_grown_and_look_when_a_link_is_made_or_lost() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    async with running(a, b):
        await linked(a, b)
        looks = a.readers.looks
        assert looks >= 1
        async with asyncio.timeout(WAIT_SECONDS):
            while ("default", 7) not in a.readers.heads:
                b.mesh.reached("default", 7)
                a.readers.changed.clear()
                await a.readers.changed.wait()
        await b.stop()
        await a.links.until()
        assert a.readers.looks > looks


async def test_a_node_knows_how_the_others_are() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)
    first = NodeCondition(is_ready=True)
    then = NodeCondition(3, ("id-c",), is_ready=True, client_count=9, system_identifier=7)
    b.mesh.tell_condition(first)
    b.topology.added(Registration("command", "default", "One", "c", "s", "bank"))
    async with running(a, b):
        await linked(a, b)
        await a.heard.until(lambda: a.heard.has("One"))
        assert a.mesh.condition_of("id-b") == first
        b.mesh.tell_condition(then)
        b.topology.added(Registration("command", "default", "Two", "c", "s", "bank"))
        await a.heard.until(lambda: a.heard.has("Two"))
        assert a.mesh.condition_of("id-b") == then
        assert a.mesh.condition_of("id-c") is None


async def test_other_calls_are_taken_only_where_a_link_stands() -> None:
    roster = Roster()
    a, b = MeshNode("a", roster), MeshNode("b", roster)

    async def who(call: ServerCall, message: bytes) -> bytes:
        return b.mesh.server.peer_of(call).name.encode() + message

    b.mesh.server.add(b.grpc, "Who", unary(who))
    b.mesh.server.add(b.grpc, "Anybody", unary(answer), is_open=True)
    async with running(a, b):
        await linked(a, b)
        link = a.mesh.links.link_to("id-b")
        assert link is not None
        assert await link.channel.unary("/ranvier.mesh.v1.Mesh/Who", b"!") == b"a!"
        stranger = await Channel.connect("127.0.0.1", b.port)
        assert await stranger.unary("/ranvier.mesh.v1.Mesh/Anybody", b"") == b"yes"
        with pytest.raises(GrpcError, match="Calls between nodes need a link") as refusal:
            await stranger.unary("/ranvier.mesh.v1.Mesh/Who", b"")
        assert refusal.value.status is StatusCode.UNAUTHENTICATED
        await stranger.close()


async def answer(call: ServerCall, message: bytes) -> bytes:
    assert call.path
    return message or b"yes"
