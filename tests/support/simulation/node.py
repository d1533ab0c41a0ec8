"""A simulated node: it appends, lets read, routes commands, keeps links, and has its offices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from ranvier.events.append import Append
from ranvier.events.event import NewEvent
from tests.support.simulation.admitting import Admitting
from tests.support.simulation.configuration import SharedConfiguration
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.database_link import LOST, DatabaseLink
from tests.support.simulation.draining import Draining
from tests.support.simulation.membership import LeaseHolder, Membership
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.routing import Command, MeshLink, Routing
from tests.support.simulation.sequencer import Sequencer, Verdict
from tests.support.simulation.world import Connection, Party, World, dial

LOOK_SECONDS: Final = 1.0
DIAL_SECONDS: Final = 0.5
PAGE_EVENTS: Final = 32
AGAIN_SECONDS: Final = 0.2


class ReadingClient(Protocol):
    """Who reads."""

    def received(self, first_token: int, events: Sequence[NewEvent]) -> None:
        """Take a page."""


class Reading:
    """A reader's stream: a page at a time, never beyond what is known to be flushed."""

    __slots__ = ("client", "connection", "cursor", "is_busy")

    def __init__(self, connection: Connection, client: ReadingClient, cursor: int) -> None:
        self.connection = connection
        self.client = client
        self.cursor = cursor
        self.is_busy = False


class SimulatedNode(Party):
    """Forgets everything when it is killed; all that lasts is in the database."""

    def __init__(
        self, world: World, name: str, database: ModelDatabase, mutation: Mutation | None
    ) -> None:
        super().__init__(world, name)
        self.database = database
        self.mutation = mutation
        self.peers: list[SimulatedNode] = []
        self.wall_offset_seconds = 0.0

    def began(self) -> None:
        """Start as an empty node."""
        self.head = 0
        self.link = DatabaseLink(self, self.database)
        self.sequencer = Sequencer(self.link, self.database, self._stored, self.mutation)
        self.routing = Routing(self, self.mutation)
        self.readings: dict[Connection, Reading] = {}
        self._hearing: dict[Connection, SimulatedNode] = {}
        ways = (self, self.database, self.link)
        self.membership = Membership(*ways, self.mutation)
        serving = frozenset(node.name for node in (self, *self.peers))
        self.draining = Draining(self, self.membership, serving, self.mutation)
        self.configuration = SharedConfiguration(*ways, self.membership, self.mutation)
        self.admitting = Admitting(*ways, self.membership, self.mutation)
        self.lease_holder = LeaseHolder(self, self.database, self.link, self.mutation)
        self.link.connect()
        self.membership.begin()
        self.draining.begin()
        self.configuration.begin()
        self.lease_holder.begin()
        self.lease_holder.work()
        self._dial_on()
        self._look_on()

    # Appending and reading.

    def append_id(self) -> bytes:
        """Mint an id as a node does: of the time that its clock shows, and a number."""
        milliseconds = int((self.world.now + self.wall_offset_seconds) * 1000)
        self.world.steps += 1
        return milliseconds.to_bytes(6, "big") + self.world.steps.to_bytes(10, "big")

    def append(self, connection: Connection, append: Append, answered: Any) -> None:
        """Take a client's append; `answered` is told there."""

        def done(verdict: Verdict) -> None:
            connection.send(self, answered, verdict)

        self.sequencer.add(append, done)

    def read(self, connection: Connection, client: ReadingClient, cursor: int) -> None:
        """Let a client read from a token on, for ever."""
        reading = self.readings[connection] = Reading(connection, client, cursor)
        self._read_on(reading)

    def reached(self, head: int) -> None:
        """Learn that everything before a token is flushed."""
        if head > self.head:
            self.head = head
            for reading in self.readings.values():
                self._read_on(reading)

    def _stored(self, head: int) -> None:
        self.reached(head)
        for connection, peer in self._hearing.items():
            connection.send(self, peer.reached, head)

    def _read_on(self, reading: Reading) -> None:
        if reading.is_busy or reading.cursor >= self.head:
            return
        reading.is_busy = True
        first, before = reading.cursor, min(self.head, reading.cursor + PAGE_EVENTS)
        self.link.ask(
            lambda: self.database.log[first:before], lambda page: self._page(reading, page)
        )

    def _page(self, reading: Reading, page: Any) -> None:
        reading.is_busy = False
        if page is LOST:
            self.after(AGAIN_SECONDS, self._read_on, reading)
            return
        reading.connection.send(self, reading.client.received, reading.cursor, page)
        reading.cursor += len(page)
        self._read_on(reading)

    def _look_on(self) -> None:
        if self.mutation is not Mutation.BELIEVES_WAKE_UPS:
            self._look()
        self.after(LOOK_SECONDS, self._look_on)

    def _look(self) -> None:
        self.link.ask(lambda: len(self.database.log), self._looked)

    def _looked(self, head: Any) -> None:
        if head is not LOST:
            self.reached(head)

    # Commands and clients.

    def command(self, connection: Connection, message_id: str, key: str, answered: Any) -> None:
        """Take a client's command; `answered` is told there what became of it."""
        self.routing.dispatch(
            Command(message_id, key, lambda told: connection.send(self, answered, message_id, told))
        )

    def client_lost(self, connection: Connection) -> None:
        """Forget a client."""
        self.draining.went(connection)
        self.readings.pop(connection, None)

    # Links to other nodes.

    def _dial_on(self) -> None:
        for peer in self.peers:
            if peer.name not in self.routing.links:
                self._dial(peer)
        self.after(DIAL_SECONDS, self._dial_on)

    def _dial(self, peer: SimulatedNode) -> None:
        connection = dial(self, peer)
        if connection is None:
            return
        link = self.routing.links[peer.name] = MeshLink(self.routing, connection, peer)
        connection.on_lost[self] = lambda _: self._link_lost(peer, link)
        connection.send(self, peer.was_dialled, connection, self, link)

    def _link_lost(self, peer: SimulatedNode, link: MeshLink) -> None:
        del self.routing.links[peer.name]
        link.lost()
        if self.mutation is not Mutation.BELIEVES_WAKE_UPS:
            self._look()

    def was_dialled(self, connection: Connection, peer: SimulatedNode, link: MeshLink) -> None:
        """Take a link that another node has opened: tell it what it must know."""
        connection.on_lost[self] = self._hears_no_more
        self.routing.heard(connection, link)
        self._hearing[connection] = peer
        if self.mutation is not Mutation.BELIEVES_WAKE_UPS:
            connection.send(self, peer.reached, self.head)

    def _hears_no_more(self, connection: Connection) -> None:
        self.routing.hears_no_more(connection)
        self._hearing.pop(connection, None)
