"""Commands that other nodes do not give to their handlers: how often they are routed anew."""

from __future__ import annotations

from ranvier.messages.errors import NoCommandHandler
from ranvier.services.dispatch_across_nodes import DETOURS_MAX
from tests.support.command_parties import CommandHub, NotedCommand


async def test_a_command_is_routed_anew_three_times_then_axoniq_4000() -> None:
    hub = CommandHub()
    streams = [hub.join(number, "Buy", permits=10) for number in range(6)]
    command = hub.dispatch(NotedCommand("id"))
    missing = NoCommandHandler("Buy", "default")
    chosen = []
    for _ in range(3):
        assert command.outcomes == []
        chosen.append(command.stream)
        hub.commands.route_again(command, b"command", missing)
        assert command.stream not in (None, chosen[-1])
    hub.commands.route_again(command, b"command", missing)
    assert command.outcomes == ["AXONIQ-4000"]
    assert command.detours == DETOURS_MAX + 1 == 4
    assert not any(stream.sent for stream in streams)
