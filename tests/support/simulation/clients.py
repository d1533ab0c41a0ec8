"""Clients of the simulated nodes: they note what they ask for and what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ranvier.events.append import Accepted, Append, AppendCondition, Refused
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from tests.support.checkers.history import (
    AppendNote,
    CommandNote,
    Condition,
    Delivery,
    Effect,
    Told,
)
from tests.support.simulation.node import SimulatedNode
from tests.support.simulation.routing import Command
from tests.support.simulation.sequencer import Verdict
from tests.support.simulation.world import Connection, Party, World, dial

KEYS: Final = ("red", "green", "blue")
ACCOUNTS: Final = tuple(f"account-{number}" for number in range(6))
PAUSE_SECONDS: Final = 0.3
WORK_SECONDS: Final = 0.05
HANDLER_PERMITS: Final = 3
LEAVE_SECONDS: Final = 0.1


class Client(Party):
    """Stays with one node until it is lost, then goes to any other that answers."""

    is_bound = True
    """Whether a draining node cares."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name)
        self.nodes = nodes
        self.is_over = False
        self.connection: Connection | None = None

    def began(self) -> None:
        """Look for a node."""
        self.connection = None
        self.connect()

    def connect(self) -> None:
        """Go to any node that answers, now or soon."""
        node = self.world.random.choice(self.nodes)
        connection = dial(self, node)
        if connection is None:
            self.after(0.1, self.connect)
            return
        self.connection = connection
        self.node = node
        connection.on_lost[self] = self._lost
        connection.on_lost[node] = node.client_lost
        if self.is_bound:
            connection.send(self, lambda: node.draining.came(connection, self))
        self.connected(connection)

    def asked_to_leave(self, connection: Connection) -> None:
        """Go to another node, when nothing is under way."""
        if self.is_busy and connection.is_open:
            self.after(LEAVE_SECONDS, self.asked_to_leave, connection)
        else:
            self.leave(connection)

    def leave(self, connection: Connection) -> None:
        """Go to another node at once."""
        connection.lose()
        self._lost(connection)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that would be lost with the connection."""
        return False

    def connected(self, connection: Connection) -> None:
        """Begin with a node."""

    def disconnected(self) -> None:
        """Note what was not answered."""

    def _lost(self, connection: Connection) -> None:
        if connection is self.connection:
            self.connection = None
            self.disconnected()
            self.after(self.world.random.random() * 0.2, self.connect)


class Asker(Client):
    """Asks for one thing after the other, now and then two at once."""

    number = 0

    def began(self) -> None:
        """Look for a node, and begin to ask."""
        super().began()
        self.after(self.world.random.random() * PAUSE_SECONDS, self.go_on)

    def go_on(self) -> None:
        """Ask, and again after a pause."""
        if self.is_over:
            return
        if self.connection is not None:
            self.number += 1
            self.ask(self.connection, f"{self.name}-{self.number}")
        self.after(self.world.random.random() * PAUSE_SECONDS, self.go_on)

    def ask(self, connection: Connection, name: str) -> None:
        """Ask for something known by a name that was never used before."""
        raise NotImplementedError


class Writer(Asker):
    """Appends: to aggregates of its own, to one that it shares, and under conditions."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name, nodes)
        self.notes: dict[str, AppendNote] = {}
        self._sequence = 0
        self._head = 0

    def ask(self, connection: Connection, name: str) -> None:
        """Append one event."""
        random = self.world.random
        condition = None
        tags: tuple[Tag, ...] = ()
        aggregate_id, sequence = name, 0
        kind = random.random()
        if kind < 0.4:
            key = random.choice(KEYS)
            tags = (Tag(key.encode(), b""),)
            condition = Condition(self._head, frozenset({key}))
        elif kind < 0.7:
            aggregate_id, sequence = "shared", self._sequence
        event = NewEvent("Noted", name.encode(), 0, aggregate_id, "Order", sequence, tags)
        append = Append(self.node.append_id(), (event,), appended_if(condition))
        self.notes[name] = AppendNote(name, self.world.now, condition=condition)
        connection.send(
            self,
            self.node.append,
            connection,
            append,
            lambda verdict: self._answered(name, verdict, event),
        )

    def _answered(self, name: str, verdict: Verdict, event: NewEvent) -> None:
        note = self.notes[name]
        if isinstance(verdict, Accepted):
            self._head = max(self._head, verdict.first_token + 1)
            if event.aggregate_id == "shared":
                self._sequence = event.sequence + 1
            note = replace(note, told=Told.OK, token=verdict.first_token)
        elif isinstance(verdict, Refused):
            database = self.node.database  # it reads again, and so sees the others' events
            self._head = len(database.log)
            self._sequence = database.last_sequence("shared") + 1
            note = replace(note, told=Told.FAILED)
        self.world.note(f"{name} {note.told.value}")
        self.notes[name] = replace(note, completed=self.world.now)


class Reader(Client):
    """Reads everything from the beginning, at each node from where it stopped at the last."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name, nodes)
        self.deliveries: list[Delivery] = []

    def connected(self, connection: Connection) -> None:
        """Ask for all that comes next."""
        connection.send(self, self.node.read, connection, self, len(self.deliveries))

    def asked_to_leave(self, connection: Connection) -> None:
        """Stay: such clients exist."""

    def received(self, first_token: int, events: Sequence[NewEvent]) -> None:
        """Note a page."""
        self.world.note(f"{self.name} got {len(events)} from {first_token}")
        for token, event in enumerate(events, first_token):
            self.deliveries.append(Delivery(token, event.data.decode()))


class Caller(Asker):
    """Sends commands."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name, nodes)
        self.notes: dict[str, CommandNote] = {}
        self.open: dict[str, Connection] = {}

    def began(self) -> None:
        """Begin, with nothing asked."""
        self.open.clear()
        super().began()

    def ask(self, connection: Connection, name: str) -> None:
        """Send one command."""
        key = self.world.random.choice(ACCOUNTS)
        self.notes[name] = CommandNote(name, key, self.name, self.number)
        self.open[name] = connection
        connection.send(self, self.node.command, connection, name, key, self._answered)

    @property
    def is_busy(self) -> bool:
        """Whether a command is not answered."""
        return bool(self.open)

    def disconnected(self) -> None:
        """Take what was not answered for unknown."""
        self.open.clear()

    def _answered(self, name: str, told: Told) -> None:
        self.open.pop(name, None)
        self.world.note(f"{name} {told.value}")
        self.notes[name] = replace(self.notes[name], told=told)


class HandlingClient(Client):
    """Handles commands, some at a time; each of its connections is a stream of its own."""

    def __init__(self, world: World, name: str, nodes: Sequence[SimulatedNode]) -> None:
        super().__init__(world, name, nodes)
        self.effects: list[Effect] = []

    def connected(self, connection: Connection) -> None:
        """Offer to handle commands."""
        self.world.steps += 1
        stream_id = f"{self.name}#{self.world.steps}"
        node, routing_of = self.node, self.node

        def come() -> None:
            def left(lost: Connection) -> None:
                routing_of.client_lost(lost)
                routing_of.routing.handler_left(stream_id)

            if not connection.is_open:
                return
            connection.on_lost[node] = left
            node.routing.handler_came(stream_id, send, HANDLER_PERMITS)

        def send(command: Command) -> None:
            connection.send(node, self._work, connection, stream_id, command.message_id)

        connection.send(self, come)

    def _work(self, connection: Connection, stream_id: str, message_id: str) -> None:
        seconds = self.world.random.random() * WORK_SECONDS
        now = self.world.now
        self.effects.append(Effect(message_id, self.name, now, now + seconds))
        self.world.note(f"{stream_id} does {message_id}")
        self.after(seconds, self._done, connection, stream_id, message_id)

    def _done(self, connection: Connection, stream_id: str, message_id: str) -> None:
        if connection.is_open:
            connection.send(self, self.node.routing.answer, stream_id, message_id)


def appended_if(condition: Condition | None) -> AppendCondition | None:
    """Return a condition in the words of the store."""
    if condition is None:
        return None
    criteria = tuple(Criterion((Tag(key.encode(), b""),)) for key in sorted(condition.keys))
    return AppendCondition(condition.marker, criteria)
