"""Nodes that join the simulated cluster while it works: with tokens, and under names of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.support.simulation.admitting import Wanted
from tests.support.simulation.clients import Client
from tests.support.simulation.configuration import SharedConfiguration
from tests.support.simulation.database_link import DatabaseLink
from tests.support.simulation.membership import Membership
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.node import SimulatedNode
from tests.support.simulation.world import Connection, World

BEGIN_SECONDS: Final = 8.0
AT_ONCE_SECONDS: Final = 0.002
AGAIN_SECONDS: Final = 0.3

NEWCOMERS: Final = (
    Wanted("new-0", "guest", "token-0"),
    Wanted("new-1", "visitor", "token-0"),
    Wanted("new-2", "guest", "token-1"),
    Wanted("new-3", "guest", "token-2"),
)
"""Two bring one token, three want one name."""


class Newcomer(Client):
    """Asks any node to be let in; then takes a place, and keeps it for as long as it lives."""

    is_bound = False

    def __init__(
        self,
        world: World,
        wanted: Wanted,
        nodes: Sequence[SimulatedNode],
        mutation: Mutation | None,
    ) -> None:
        super().__init__(world, wanted.node_id, nodes)
        self.wanted = wanted
        self.mutation = mutation
        self.is_let_in: bool | None = None
        self.membership: Membership | None = None
        self.configuration: SharedConfiguration | None = None
        self._begins = AT_ONCE_SECONDS if world.random.random() < 0.5 else BEGIN_SECONDS

    @property
    def is_undecided(self) -> bool:
        """Whether nobody has told it yet what becomes of it."""
        return self.is_let_in is None

    def began(self) -> None:
        """Ask, or take the place again that it was let into."""
        self.connection = None
        if self.is_let_in:
            self._take_place()
        elif self.is_let_in is None:
            self.after(self.world.random.random() * self._begins, self.connect)

    def connected(self, connection: Connection) -> None:
        """Ask to be let in."""
        node = self.node

        def ask() -> None:
            node.admitting.ask(
                self.wanted, lambda answer: connection.send(node, self._told, answer)
            )

        connection.send(self, ask)

    def disconnected(self) -> None:
        """Ask another node, which `Client` goes to."""

    def connect(self) -> None:
        """Go to a node, unless all is said."""
        if self.is_let_in is None:
            super().connect()

    def _told(self, answer: bool | None) -> None:
        if answer is None:
            if self.connection is not None:
                self.after(AGAIN_SECONDS, self.connected, self.connection)
            return
        self.world.note(f"{self.name} is {'let in' if answer else 'sent away'}")
        self.is_let_in = answer
        if self.connection is not None:
            self.connection.lose()
        if answer:
            self._take_place()

    def _take_place(self) -> None:
        database = self.nodes[0].database
        link = DatabaseLink(self, database)
        link.connect()
        self.membership = Membership(
            self, database, link, name=self.wanted.name, mutation=self.mutation
        )
        self.configuration = SharedConfiguration(self, database, link, self.membership)
        self.membership.begin()
        self.configuration.begin()
