"""Commands among three nodes, with messages on links delivered in every order that can happen.

Whatever comes first, each command has one outcome, none is given to two handlers, and none with an
id in flight to the same one twice.
"""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from ranvier.mesh import frame_batch
from tests.support.command_parties import NotedCommand
from tests.support.mesh_model import Deliveries, ModelHandler, ModelLink, ModelNode
from tests.support.scale import scaled

STEPS = (
    ["dispatch"] * 4
    + ["there", "back"] * 6
    + ["answer"] * 3
    + ["grant", "join", "leave", "unsubscribe", "subscribe", "cut", "dial", "cancel", "time"]
)

Step = tuple[str, int, int]

ROUNDS = scaled(20_000, suite=300)


def test_each_command_has_one_outcome_whatever_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame_batch, "FULL_BYTES", 0)  # nothing waits for the end of a pass
    for seed in range(ROUNDS):
        chance = Random(seed)
        played: list[Step] = [
            (chance.choice(STEPS), chance.randrange(6), chance.randrange(4))
            for _ in range(chance.randrange(120))
        ]
        try:
            asyncio.run(Play().run(played))
        except BaseException:
            print(f"seed {seed}: {played}")
            raise


class Play:
    """Three nodes, a link from each to each, and a place for one handler on each."""

    def __init__(self) -> None:
        self.deliveries = Deliveries()
        self.nodes = [ModelNode(name, self.deliveries) for name in "abc"]
        self.pairs = [(one, other) for one in self.nodes for other in self.nodes if one != other]
        self.links: list[ModelLink] = []
        self.handlers: list[ModelHandler] = []
        self.commands: list[NotedCommand] = []
        self.origins: dict[NotedCommand, ModelNode] = {}
        self.cancelled: set[NotedCommand] = set()
        self.count = 0

    async def run(self, played: list[Step]) -> None:
        self.links = [ModelLink(one, other) for one, other in self.pairs]
        self.handlers = [self._new_handler(node) for node in self.nodes]
        self._settle()
        for step, which, other in played:
            self._act(step, which, other)
            for command in self.commands:
                assert len(command.outcomes) <= 1
        await self._end()

    def _act(self, step: str, which: int, other: int) -> None:
        link, party, node = self.links[which], self.handlers[which % 3], self.nodes[which % 3]
        match step:
            case "dispatch":
                self._dispatch(node, other)
            case "there":
                link.deliver_there()
            case "back":
                link.deliver_back()
            case "cut":
                link.cut(dialler_first=other % 2 == 0)
            case "dial" if link.is_cut:
                self.links[which] = ModelLink(*self.pairs[which])
            case "cancel" if self.commands:
                self._cancel(self.commands[-1 - other % len(self.commands)])
            case "time":
                node.hub.now += 0.05 * other
            case "join" if not party.is_open:
                self.handlers[which % 3] = self._new_handler(node)
            case _ if party.is_open:
                self._act_as_handler(party, step, other)

    def _act_as_handler(self, party: ModelHandler, step: str, other: int) -> None:
        commands = party.node.hub.commands
        match step:
            case "answer":
                party.answer()
            case "grant":
                commands.grant(party.stream, other + 1)
            case "leave":
                party.leave()
            case "unsubscribe":
                commands.unsubscribe(party.stream, "Buy")
            case "subscribe":
                commands.subscribe(party.stream, "Buy", other)

    def _dispatch(self, node: ModelNode, other: int) -> None:
        self.count += 1
        message = b"%d" % self.count
        command = NotedCommand(f"id-{other}", key=f"{self.count}", message=message)
        self.origins[command] = node
        self.commands.append(command)
        node.hub.dispatch(command)

    def _cancel(self, command: NotedCommand) -> None:
        if not command.outcomes and command not in self.cancelled:
            self.cancelled.add(command)
            self.origins[command].hub.commands.cancel(command)

    def _new_handler(self, node: ModelNode) -> ModelHandler:
        self.count += 1
        party = ModelHandler(node, f"{node.name}-{self.count}")
        node.hub.commands.subscribe(party.stream, "Buy", 100)
        node.hub.commands.grant(party.stream, 2)
        return party

    def _settle(self) -> None:
        """Deliver all that is under way, and what that causes."""
        while any(link.deliver_there() or link.deliver_back() for link in self.links):
            continue

    async def _end(self) -> None:
        """Let every handler finish and go; then nothing may be left anywhere."""
        for _ in range(len(self.commands) + 4):
            self._settle()
            for party in self.handlers:
                if party.is_open:
                    party.node.hub.commands.grant(party.stream, 100)
                    while party.in_hand:
                        party.answer()
        for party in self.handlers:
            party.leave()
        self._settle()
        for command in self.commands:
            assert len(command.outcomes) == (command not in self.cancelled), command.outcomes
        for node in self.nodes:
            commands = node.hub.commands
            assert (commands.active_count, commands.queued_count) == (0, 0)
        for link in self.links:
            link.cut()
        for node in self.nodes:
            assert not node.hub.commands.streams()
            await node.hub.commands.stop()
