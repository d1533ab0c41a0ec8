"""Commands from one node to the handlers of another."""

from __future__ import annotations

import asyncio

from ranvier.mesh.limits import MESSAGE_BYTES
from tests.support.command_parties import NotedCommand
from tests.support.mesh_nodes import (
    WAIT_SECONDS,
    ClientStream,
    MeshNode,
    Roster,
    linked,
    listening,
    running,
)


async def told(*commands: NotedCommand) -> list[bytes | str]:
    """Wait until each command has its outcome; return them, one of each."""
    async with asyncio.timeout(WAIT_SECONDS):
        for command in commands:
            await command.told.wait()
    for command in commands:
        assert len(command.outcomes) == 1
    return [command.outcomes[0] for command in commands]


def nodes(*names: str) -> list[MeshNode]:
    roster = Roster()
    return [MeshNode(name, roster) for name in names]


async def test_a_command_finds_the_handler_on_another_node() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy", permits=1_000)
        await a.heard.until(lambda: a.knows("Buy"))
        commands = [NotedCommand(f"m-{n}", message=b"%d" % n) for n in range(1_000)]
        for command in commands:
            a.dispatch(command)
        assert await told(*commands) == [b"answer to %d" % n for n in range(1_000)]
        assert client.sent == [command.message_id for command in commands]
        assert a.commands.active_count == b.commands.active_count == 0


async def test_what_waits_for_permits_waits_on_the_handlers_node() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy", permits=1)
        await a.heard.until(lambda: a.knows("Buy"))
        ordered = [a.dispatch(NotedCommand(f"m-{n}", priority=n)) for n in range(4)]
        await client.until_sent(1)
        assert await told(ordered[0]) == [b"answer to command"]
        await b.commands.until(lambda: b.commands.queued_count == 3)
        assert a.commands.active_count == 3
        assert client.stream is not None
        b.commands.grant(client.stream, 10)
        await told(*ordered)
        assert client.sent == ["m-0", "m-3", "m-2", "m-1"]


async def test_a_full_mailbox_is_told_as_the_handlers_node_says_axoniq_1900() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        b.handle(1, "Buy", permits=0)
        await a.heard.until(lambda: a.knows("Buy"))
        waiting = [a.dispatch(NotedCommand(f"m-{n}")) for n in range(10_000)]
        one_more = a.dispatch(NotedCommand("m-more"))
        assert await told(one_more) == ["AXONIQ-1900"]
        assert not any(command.outcomes for command in waiting)
        for command in waiting:
            a.commands.cancel(command)


async def test_the_callers_deadline_travels() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy", permits=1)
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        commands = [a.dispatch(NotedCommand(f"m-{n}", timeout_ms=50)) for n in range(2)]
        assert await told(*commands) == ["AXONIQ-4002"] * 2
        await b.commands.until(lambda: not (b.commands.active_count or b.commands.queued_count))
        client.answer("m-0")
        assert b.commands.stray_answers == 1


async def test_of_what_no_handler_was_given_on_another_node_that_is_told_axoniq_4002() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy", permits=1)
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        sent = a.dispatch(NotedCommand("sent", timeout_ms=300))
        await client.until_sent(1)
        waits = a.dispatch(NotedCommand("waits", timeout_ms=300))
        assert await told(sent, waits) == ["AXONIQ-4002"] * 2
        assert "is unknown" in sent.sentence
        assert "never sent to a handler" in waits.sentence


async def test_a_caller_that_goes_takes_its_command_with_it() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy", permits=0)
        await a.heard.until(lambda: a.knows("Buy"))
        gone, stays = (a.dispatch(NotedCommand(f"m-{n}")) for n in range(2))
        a.commands.cancel(gone)
        await b.commands.until(lambda: b.commands.queued_count == 1)
        assert client.stream is not None
        b.commands.grant(client.stream, 2)
        await told(stays)
        assert client.sent == ["m-1"]
        assert gone.outcomes == []


async def test_the_same_key_meets_the_same_handler_from_any_node() -> None:
    a, b, c = nodes("a", "b", "c")
    async with running(a, b, c):
        await linked(a, b, c)
        clients = {
            f"{node.name}-{n}": node.handle(f"{node.name}-{n}", "Buy")
            for n in range(2)
            for node in (c, a, b)
        }
        for node in (a, b, c):
            await node.heard.until(lambda node=node: node.knows("Buy", 6))  # type: ignore[misc]  # bound now
        for n in range(60):
            await told(
                *(
                    node.dispatch(NotedCommand(f"{node.name}-{n}", key=f"key-{n}"))
                    for node in (a, b, c)
                )
            )
        for n in range(60):
            met = {
                name
                for name, client in clients.items()
                for sent in client.sent
                if sent.partition("-")[2] == str(n)
            }
            assert len(met) == 1
        assert len([client for client in clients.values() if client.sent]) > 3


async def test_tags_of_handlers_on_other_nodes_count() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy")
        await a.heard.until(lambda: a.knows("Buy"))
        (registration,) = a.topology.registrations("default")
        assert client.stream is not None
        assert registration.tags == tuple(client.stream.handler.tags.items())
        assert registration.node == "b"


async def test_a_handler_that_leaves_sends_what_it_was_not_given_back_to_its_origin() -> None:
    a, b, c = nodes("a", "b", "c")
    async with running(a, b, c):
        await linked(a, b, c)
        leaving = b.handle(1, "Buy", permits=2)
        leaving.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        commands = [a.dispatch(NotedCommand(f"m-{n}")) for n in range(5)]
        await leaving.until_sent(2)
        await b.commands.until(lambda: b.commands.queued_count == 3)
        other = c.handle(2, "Buy")
        await a.heard.until(lambda: a.knows("Buy", 2))
        leaving.leave()
        outcomes = await told(*commands)
        assert outcomes == ["AXONIQ-4001"] * 2 + [b"answer to command"] * 3
        assert other.sent == ["m-2", "m-3", "m-4"]


async def test_nobody_is_left_to_handle_what_was_not_given_axoniq_4000() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        leaving = b.handle(1, "Buy", permits=0)
        await a.heard.until(lambda: a.knows("Buy"))
        command = a.dispatch(NotedCommand("m"))
        await b.commands.until(lambda: b.commands.queued_count == 1)
        leaving.leave()
        assert await told(command) == ["AXONIQ-4000"]


async def test_a_removed_name_takes_nothing_new_and_what_was_sent_is_answered() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy")
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        sent = a.dispatch(NotedCommand("m-0"))
        await client.until_sent(1)
        assert client.stream is not None
        b.commands.unsubscribe(client.stream, "Buy")
        await a.heard.until(lambda: a.knows("Buy", 0))
        assert await told(a.dispatch(NotedCommand("m-1"))) == ["AXONIQ-4000"]
        client.answer("m-0", b"late but true")
        assert await told(sent) == [b"late but true"]
        assert not a.commands.streams()


async def test_an_id_in_flight_goes_to_another_handler_or_is_refused_axoniq_4005() -> None:
    a, b, c = nodes("a", "b", "c")
    async with running(a, b, c):
        await linked(a, b, c)
        first = b.handle(1, "Buy")
        first.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        await c.heard.until(lambda: c.knows("Buy"))
        one = a.dispatch(NotedCommand("same"))
        await first.until_sent(1)
        assert await told(c.dispatch(NotedCommand("same"))) == ["AXONIQ-4005"]
        second = a.handle(2, "Buy")
        await c.heard.until(lambda: c.knows("Buy", 2))
        assert await told(c.dispatch(NotedCommand("same"))) == [b"answer to command"]
        assert second.sent == ["same"]
        first.answer("same")
        assert await told(one) == [b"answer"]


async def test_a_lost_node_takes_what_it_was_sent_axoniq_4001() -> None:
    a, b, c = nodes("a", "b", "c")
    async with running(a, c):
        await b.start()
        await linked(a, b, c)
        client = b.handle(1, "Buy")
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        commands = [a.dispatch(NotedCommand(f"m-{n}")) for n in range(10)]
        await client.until_sent(10)
        link = a.mesh.links.link_to("id-b")
        assert link is not None
        b.roster.leave("id-b")
        link.call.cancel()
        assert await told(*commands) == ["AXONIQ-4001"] * 10
        assert await told(a.dispatch(NotedCommand("later"))) == ["AXONIQ-4000"]
        await b.commands.until(lambda: not b.commands.active_count)
        await b.stop()


async def test_what_waited_for_a_link_that_is_lost_is_not_taken_for_sent_axoniq_4000() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        for number in range(3):
            b.handle(number, "Buy")
        await a.heard.until(lambda: a.knows("Buy", 3))
        for stream in a.commands.streams():
            stream.is_held = True  # as when too much waits for the link
        commands = [a.dispatch(NotedCommand(f"m-{n}")) for n in range(20)]
        a.commands.streams()[-1].is_held = False  # it was sent nothing since
        link = a.mesh.links.link_to("id-b")
        assert link is not None
        link.call.cancel()
        assert await told(*commands) == ["AXONIQ-4000"] * 20


async def test_a_node_that_stops_sends_back_what_it_did_not_give() -> None:
    a, b, c = nodes("a", "b", "c")
    async with running(a, c):
        await b.start()
        await linked(a, b, c)
        client = b.handle(1, "Buy", permits=1)
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        commands = [a.dispatch(NotedCommand(f"m-{n}")) for n in range(3)]
        await client.until_sent(1)
        other: ClientStream = c.handle(2, "Buy")
        await a.heard.until(lambda: a.knows("Buy", 2))
        stopping = asyncio.create_task(b.stop())
        assert await told(*commands[1:]) == [b"answer to command"] * 2
        client.answer("m-0")
        assert await told(commands[0]) == [b"answer"]
        await stopping
        assert other.sent == ["m-1", "m-2"]


async def test_a_command_over_the_limit_between_nodes_harms_no_other() -> None:
    a, b = nodes("a", "b")
    with listening() as said:
        async with running(a, b):
            await linked(a, b)
            b.handle(1, "Buy")
            await a.heard.until(lambda: a.knows("Buy"))
            large = NotedCommand("large", message=bytes(MESSAGE_BYTES), timeout_ms=100)
            a.dispatch(large)
            beside = a.dispatch(NotedCommand("beside"))
            assert await told(large, beside) == ["AXONIQ-4002", b"answer to command"]
            assert {peer.name for peer in a.mesh.linked_peers()} == {"b"}
            await said.until("Node a sent it, and it was dropped")


async def test_an_answer_far_over_the_limit_of_the_callers_node_crosses() -> None:
    a, b = nodes("a", "b")
    async with running(a, b):
        await linked(a, b)
        client = b.handle(1, "Buy")
        client.answers = False
        await a.heard.until(lambda: a.knows("Buy"))
        large, beside = (a.dispatch(NotedCommand(each)) for each in ("large", "beside"))
        await client.until_sent(2)
        client.answer("large", bytes(20 * 1024 * 1024))
        client.answer("beside")
        assert await told(large, beside) == [bytes(20 * 1024 * 1024), b"answer"]
        assert a.links.reasons == []
