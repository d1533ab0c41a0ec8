"""Commands without a handler that wait for one on its way."""

from __future__ import annotations

import pytest

from ranvier.messages.moved_handlers import HOLD_SECONDS
from ranvier.services import held_commands
from tests.support.command_parties import CommandHub, NotedCommand, NotedLink


def left_alone(*, is_moving: bool = True) -> CommandHub:
    """A hub whose only handler has just left."""
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    if is_moving:
        hub.commands.held.moving()
    hub.commands.closed(link)
    return hub


async def turned(hub: CommandHub, seconds: float) -> None:
    hub.now += seconds
    hub.commands._look()


async def test_a_command_goes_to_the_handler_that_comes_in_time() -> None:
    hub, link = left_alone(), NotedLink()
    command = hub.dispatch(NotedCommand("id"))
    assert command.outcomes == []
    await turned(hub, HOLD_SECONDS / 2)
    stream = hub.join(2, "Buy", permits=1, link=link)
    assert link.sent == [b"command"]
    hub.commands.answer(stream, "id", b"done")
    assert command.outcomes == [b"done"]
    assert len(hub.commands.held) == 0


async def test_it_is_refused_where_none_has_come_by_then() -> None:
    hub = left_alone()
    command = hub.dispatch(NotedCommand("id"))
    await turned(hub, HOLD_SECONDS - 0.01)
    assert command.outcomes == []
    await turned(hub, 0.02)
    assert command.outcomes == ["AXONIQ-4000"]


async def test_it_waits_no_longer_than_its_caller() -> None:
    hub = left_alone()
    command = hub.dispatch(NotedCommand("id", timeout_ms=500))
    await turned(hub, 0.6)
    assert command.outcomes == ["AXONIQ-4002"]


async def test_what_waited_for_a_permit_waits_for_the_next_handler() -> None:
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    hub.dispatch(NotedCommand("sent"))
    waits = hub.dispatch(NotedCommand("waits"))
    hub.commands.held.moving()
    hub.commands.closed(link)
    assert waits.outcomes == []
    stream = hub.join(2, "Buy", permits=1)
    hub.commands.answer(stream, "waits", b"done")
    assert waits.outcomes == [b"done"]


async def test_nothing_waits_where_no_handler_is_on_its_way() -> None:
    assert left_alone(is_moving=False).dispatch(NotedCommand("id")).outcomes == ["AXONIQ-4000"]
    assert left_alone().dispatch(NotedCommand("id", "Sell")).outcomes == ["AXONIQ-4000"]


async def test_a_caller_that_goes_is_forgotten() -> None:
    hub = left_alone()
    command = hub.dispatch(NotedCommand("id"))
    hub.commands.cancel(command)
    assert len(hub.commands.held) == 0
    await turned(hub, HOLD_SECONDS)
    assert command.outcomes == []


async def test_a_node_that_stops_lets_nobody_wait() -> None:
    hub = left_alone()
    command = hub.dispatch(NotedCommand("id"))
    await hub.commands.stop()
    assert command.outcomes == ["RANVIER-STOPPING"]


async def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_commands, "HELD_MAX", 1)
    hub = left_alone()
    first, second = hub.dispatch(NotedCommand("a")), hub.dispatch(NotedCommand("b"))
    assert (first.outcomes, second.outcomes) == ([], ["AXONIQ-4000"])
    await hub.commands.stop()
