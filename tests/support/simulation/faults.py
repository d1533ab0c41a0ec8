"""What happens to the simulated cluster: every kind of fault, drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tests.support.simulation.clients import Client
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.node import SimulatedNode
from tests.support.simulation.world import Party, World, cut

PAUSE_SECONDS: Final = 0.5
LASTS_SECONDS: Final = 4.0
SLOW_SECONDS: Final = 0.3
LOSSY_SHARE_MAX: Final = 0.1
CLOGGED_SECONDS_MAX: Final = 1.5
CLOCK_JUMP_SECONDS: Final = 7_200.0
IDLE_SHARES: Final = (0.0, 0.02, 0.2)


class Faults:
    """Draws a fault now and then, and undoes each in its time; `heal` undoes all."""

    def __init__(
        self,
        world: World,
        nodes: Sequence[SimulatedNode],
        clients: Sequence[Client],
        database: ModelDatabase,
    ) -> None:
        self._world = world
        self._nodes = nodes
        self._clients = clients
        self._database = database
        self._is_over = False
        kinds: list[Callable[[], None]] = [
            self._kill_node,
            self._freeze_node,
            self._kill_client,
            self._part_nodes,
            self._part_from_database,
            self._part_from_client,
            self._lose_connection,
            self._reset_databases_proxy,
            self._slow_down,
            self._lose_packets,
            self._clog,
            self._stop_database,
            self._move_clock,
        ]
        # Fewer kinds in one run meet each other more often.
        self._kinds = world.random.sample(kinds, world.random.randrange(1, len(kinds) + 1))
        database.idle_share = world.random.choice(IDLE_SHARES)

    def begin(self) -> None:
        """Draw the first fault soon."""
        self._world.after(self._world.random.random() * PAUSE_SECONDS, self._next)

    def heal(self) -> None:
        """Undo everything, for good."""
        self._is_over = True
        self._world.note("heal")
        self._world.cuts.clear()
        self._world.slow.clear()
        self._world.lossy.clear()
        self._world.clogged.clear()
        self._database.idle_share = 0.0
        for party in (self._database, *self._nodes, *self._clients):
            self._revive(party)

    def _next(self) -> None:
        if self._is_over:
            return
        self._world.random.choice(self._kinds)()
        self.begin()

    def _later(self, undo: Callable[..., None], *arguments: object) -> None:
        self._world.after(self._world.random.random() * LASTS_SECONDS, undo, *arguments)

    def _revive(self, party: Party) -> None:
        if not party.is_up:
            party.start()
        elif party.is_frozen:
            party.thaw()

    def _kill(self, party: Party) -> None:
        if party.is_up:
            party.kill()
            self._later(self._revive, party)

    def _kill_node(self) -> None:
        self._kill(self._world.random.choice(self._nodes))

    def _kill_client(self) -> None:
        self._kill(self._world.random.choice(self._clients))

    def _stop_database(self) -> None:
        self._kill(self._database)

    def _freeze_node(self) -> None:
        node = self._world.random.choice(self._nodes)
        if node.answers:
            node.freeze()
            self._later(self._revive, node)

    def _part_nodes(self) -> None:
        self._part(*self._world.random.sample(self._nodes, 2))

    def _part_from_database(self) -> None:
        self._part(self._world.random.choice(self._nodes), self._database)

    def _part_from_client(self) -> None:
        self._part(self._world.random.choice(self._nodes), self._world.random.choice(self._clients))

    def _part(self, one: Party, other: Party) -> None:
        cut(one, other)
        self._later(self._join, one, other)

    def _join(self, one: Party, other: Party) -> None:
        self._world.cuts.discard((one.name, other.name))
        self._world.cuts.discard((other.name, one.name))

    def _lose_connection(self) -> None:
        node = self._world.random.choice(self._nodes)
        if node.connections:
            self._world.random.choice(list(node.connections)).lose()

    def _reset_databases_proxy(self) -> None:
        for connection in list(self._database.connections):
            connection.lose()

    def _slow_down(self) -> None:
        party = self._world.random.choice((*self._nodes, self._database))
        self._world.slow[party.name] = self._world.random.random() * SLOW_SECONDS
        self._later(self._hurry, party.name)

    def _hurry(self, name: str) -> None:
        self._world.slow.pop(name, None)

    def _lose_packets(self) -> None:
        party = self._world.random.choice((*self._nodes, self._database))
        self._world.lossy[party.name] = self._world.random.random() * LOSSY_SHARE_MAX
        self._later(self._lose_no_more, party.name)

    def _lose_no_more(self, name: str) -> None:
        self._world.lossy.pop(name, None)

    def _clog(self) -> None:
        """Hold up one way between two nodes, or between a node and the database."""
        node = self._world.random.choice(self._nodes)
        others = [party for party in (*self._nodes, self._database) if party is not node]
        pair = [node.name, self._world.random.choice(others).name]
        self._world.random.shuffle(pair)
        seconds = self._world.random.random() * CLOGGED_SECONDS_MAX
        self._world.clogged[(pair[0], pair[1])] = self._world.now + seconds

    def _move_clock(self) -> None:
        jump = self._world.random.uniform(-CLOCK_JUMP_SECONDS, CLOCK_JUMP_SECONDS)
        node = self._world.random.choice(self._nodes)
        node.wall_offset_seconds = CLOCK_JUMP_SECONDS + jump
