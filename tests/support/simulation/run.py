"""Runs a cluster of five nodes in virtual time, from one seed, and judges what came of it.

`python -m tests.support.simulation.run SEED` runs one and prints what was wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.support.checkers.acknowledged import acknowledged_faults
from tests.support.checkers.append_conditions import append_condition_faults
from tests.support.checkers.commands import effect_count_faults
from tests.support.checkers.configuration import configuration_faults
from tests.support.checkers.convergence import ClusterView, convergence_faults
from tests.support.checkers.history import LoggedEvent
from tests.support.checkers.joining import joining_faults
from tests.support.checkers.leases import lease_faults
from tests.support.checkers.readers import reader_faults
from tests.support.checkers.real_time_order import real_time_order_faults
from tests.support.simulation.clients import (
    Asker,
    Caller,
    Client,
    HandlingClient,
    Reader,
    Writer,
)
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.faults import Faults
from tests.support.simulation.membership import RULES
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.newcomers import NEWCOMERS, Newcomer
from tests.support.simulation.node import SimulatedNode
from tests.support.simulation.operators import Operator
from tests.support.simulation.world import World

NODES = 5
EACH = 3
FAULT_SECONDS = 9.0
CALM_SECONDS = 2.0
SETTLE_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed has shown."""

    digest: str
    faults: tuple[str, ...]
    appended: int
    handled: int
    steps: int


class Simulation:
    """Five nodes, one database, and three clients of each kind."""

    def __init__(self, seed: int, mutation: Mutation | None = None) -> None:
        self.world = World(seed)
        self.database = ModelDatabase(self.world)
        self.nodes = [
            SimulatedNode(self.world, f"node-{number}", self.database, mutation)
            for number in range(NODES)
        ]
        for node in self.nodes:
            node.peers = [other for other in self.nodes if other is not node]
        self.writers = [Writer(self.world, f"writer-{n}", self.nodes) for n in range(EACH)]
        self.readers = [Reader(self.world, f"reader-{n}", self.nodes) for n in range(EACH)]
        self.callers = [Caller(self.world, f"caller-{n}", self.nodes) for n in range(EACH)]
        self.handlers = [
            HandlingClient(self.world, f"handler-{n}", self.nodes) for n in range(EACH)
        ]
        self.operators = [Operator(self.world, f"operator-{n}", self.nodes) for n in range(EACH)]
        self.newcomers = [
            Newcomer(self.world, wanted, self.nodes, mutation) for wanted in NEWCOMERS
        ]

    def run(self) -> Outcome:
        """Run: faults under load, then load without faults, then neither."""
        clients = (
            *(*self.writers, *self.readers, *self.callers, *self.handlers),
            *(*self.operators, *self.newcomers),
        )
        for party in (*self.nodes, *clients):
            party.began()
        faults = Faults(self.world, self.nodes, clients, self.database)
        faults.begin()
        self.world.run(FAULT_SECONDS)
        faults.heal()
        for operator in self.operators:
            operator.is_over = True
        self.world.run(FAULT_SECONDS + CALM_SECONDS)
        self._end_load(clients)
        self.world.run(FAULT_SECONDS + CALM_SECONDS + SETTLE_SECONDS)
        return Outcome(
            self.world.digest,
            tuple(self._faults()),
            len(self.database.log),
            sum(len(handler.effects) for handler in self.handlers),
            self.world.steps,
        )

    def _end_load(self, clients: Sequence[Client]) -> None:
        """Ask for the last things while no node hears of another."""
        for node in self.nodes:
            for connection in list(node.connections):
                if all(end in self.nodes for end in connection.ends):
                    connection.lose()
        for client in clients:
            if isinstance(client, Asker):
                client.go_on()
            client.is_over = True

    def _faults(self) -> Iterator[str]:
        log = [
            LoggedEvent(event.data.decode(), frozenset(tag.key.decode() for tag in event.tags))
            for event in self.database.log
        ]
        notes = [note for writer in self.writers for note in writer.notes.values()]
        yield from acknowledged_faults(notes, log)
        yield from real_time_order_faults(notes, log)
        yield from append_condition_faults(notes, log)
        for reader in self.readers:
            yield from reader_faults(reader.deliveries, log)
        commands = [note for caller in self.callers for note in caller.notes.values()]
        effects = [effect for handler in self.handlers for effect in handler.effects]
        yield from effect_count_faults(commands, effects)
        yield from lease_faults(self.database.leases.writes)
        yield from lease_faults(self.database.believers)
        changes = [note for operator in self.operators for note in operator.notes]
        yield from configuration_faults(self.database.configuration.decisions, changes)
        admissions, taken = self.database.tokens.admissions, self.database.nodes.taken
        yield from joining_faults(admissions, taken, RULES.ttl_seconds / 2)
        yield from convergence_faults(self._view())

    def _view(self) -> ClusterView:
        lag = {reader.name: self.lag_of(reader) for reader in self.readers}
        waiting = {node.name: node.routing.waiting_count for node in self.nodes}
        kept = {f"draining {node.name}": node.draining.kept for node in self.nodes}
        homeless = {
            f"{each.name} at no node": int(each.connection is None) for each in self.readers
        }
        undecided = {f"joining {each.name}": int(each.is_undecided) for each in self.newcomers}
        open_ = {caller.name: len(caller.open) for caller in self.callers}
        return ClusterView(
            {
                node.name: (
                    *(node.routing.known, node.membership.states),
                    node.configuration.applied.number,
                )
                for node in self.nodes
            },
            lag | waiting | open_ | kept | homeless | undecided,
            {"jobs": self.database.leases.lease.node or "nobody"},
        )

    def lag_of(self, reader: Reader) -> int:
        """Return how many events a reader has not been given."""
        return len(self.database.log) - len(reader.deliveries)


def main(arguments: list[str]) -> int:
    """Run the seeds that are given; return 1 if anything was wrong."""
    is_wrong = False
    for seed in arguments:
        outcome = Simulation(int(seed)).run()
        is_wrong = is_wrong or bool(outcome.faults)
        print(
            f"seed {seed}: {outcome.digest}, {outcome.appended} events, {outcome.handled} commands,"
            f" {outcome.steps} steps, {len(outcome.faults)} faults"
        )
        for fault in outcome.faults:
            print(f"  {fault}")
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
