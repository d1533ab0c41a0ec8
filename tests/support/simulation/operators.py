"""Operators of the simulated cluster: they drain and resume nodes, and change the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ranvier.cluster.node_wish import NodeWish
from tests.support.checkers.configuration import ChangeNote
from tests.support.checkers.history import Told
from tests.support.simulation.clients import Asker
from tests.support.simulation.database_link import LOST
from tests.support.simulation.node import SimulatedNode
from tests.support.simulation.world import Connection, World

DRAIN_SHARE: Final = 0.3
RESUME_SHARE: Final = 0.1
SPICY_SHARE: Final = 0.2
"""Of the changes, those that some node cannot live with."""


class Operator(Asker):
    """Asks any node for anything, whatever others ask for at the same time."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name, nodes)
        self.notes: list[ChangeNote] = []

    def ask(self, connection: Connection, name: str) -> None:
        """Ask for one thing."""
        random, node = self.world.random, self.node
        kind = random.random()
        if kind < DRAIN_SHARE + RESUME_SHARE:
            wish = NodeWish.DRAIN if kind < DRAIN_SHARE else NodeWish.RESUME
            name = random.choice(self.nodes).name

            def drain() -> None:
                node.draining.ask(name, wish)

            connection.send(self, drain)
            return
        taste = random.choice(self.nodes).name if random.random() < SPICY_SHARE else "none"
        rows = node.database.configuration

        def done(number: int | None, told: Told) -> None:
            connection.send(node, self._answered, number, told)

        def seen(revision: Any) -> None:
            if revision is not LOST:
                node.configuration.change(taste, revision, done)

        connection.send(self, lambda: node.link.ask(lambda: rows.in_force, seen))

    def _answered(self, number: int | None, told: Told) -> None:
        self.world.note(f"{self.name} {number} {told.value}")
        self.notes.append(ChangeNote(number, told))
