"""A simulated node among the others: it beats, judges who is silent, campaigns for the lease."""

from __future__ import annotations

from typing import Any, Final

from ranvier.cluster.lease import (
    HolderWatch,
    Lease,
    LeaseTimes,
    looked,
    run_out,
    trusted_until,
)
from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.observation import (
    HeartbeatRules,
    Observation,
    is_silent,
    lost_touch,
    observe,
    state_of,
)
from tests.support.checkers.history import FencedWrite
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.database_link import LOST, DatabaseLink
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.world import Party

RULES: Final = HeartbeatRules(ttl_seconds=3.0, break_seconds=1.5)
TIMES: Final = LeaseTimes()
BEAT_SECONDS: Final = 0.5
WRITE_SECONDS: Final = 0.2


class Membership:
    """Knows how the others do, by its own clock alone."""

    def __init__(self, party: Party, database: ModelDatabase, link: DatabaseLink) -> None:
        self._party = party
        self._database = database
        self._link = link
        self._own = Member(
            node_id=party.name, name=party.name, host="", internal_host="", route=party.name
        )
        self._incarnation = 0
        self._seen = Observation()
        self._records: tuple[NodeRecord, ...] = ()

    @property
    def states(self) -> tuple[tuple[str, str], ...]:
        """How every node does, as this one sees it."""
        return tuple(
            sorted((each.member.name, state_of(each, self._seen, RULES)) for each in self._records)
        )

    def begin(self) -> None:
        """Take a place, as soon as the database can be reached."""
        self._link.ask(lambda: self._database.nodes.register(self._own), self._registered)

    def _registered(self, incarnation: Any) -> None:
        if incarnation is LOST:
            self._party.after(BEAT_SECONDS, self.begin)
            return
        self._incarnation = incarnation
        self._beat()

    def _beat(self) -> None:
        beat = Heartbeat(
            node_id=self._own.node_id, incarnation=self._incarnation, state=NodeState.RUNNING
        )
        self._link.ask(lambda: self._database.nodes.beat(beat), self._beaten)

    def _beaten(self, answer: Any) -> None:
        if answer is LOST:
            self._seen = lost_touch(self._seen)
        else:
            is_counted, self._records = answer
            self._seen = observe(self._seen, self._records, 1, self._party.world.now, RULES)
            for record in self._records:
                if record.member.node_id != self._own.node_id:
                    self._judge(record)
            if not is_counted:
                self.begin()
                return
        self._party.after(BEAT_SECONDS, self._beat)

    def _judge(self, record: NodeRecord) -> None:
        if is_silent(record, self._seen, RULES):
            self._party.world.note(f"{self._party.name} finds {record.member.name} silent")
            self._link.ask(lambda: self._database.nodes.mark_down(record), lambda _: None)


class LeaseHolder:
    """Campaigns for the one lease; does its work only while it may believe to have it."""

    def __init__(
        self,
        party: Party,
        database: ModelDatabase,
        link: DatabaseLink,
        mutation: Mutation | None = None,
    ) -> None:
        self._party = party
        self._database = database
        self._link = link
        self._mutation = mutation
        self._watch = HolderWatch()
        self._trusted_until = 0.0
        self._lease: Lease | None = None

    def begin(self) -> None:
        """Enter as a holder of nothing."""
        self._party.world.steps += 1
        self._holder = f"{self._party.name}#{self._party.world.steps}"
        holder, asked_at = self._holder, self._party.world.now
        self._lease = None

        def entered(answer: Any) -> None:
            if answer is LOST:
                self._party.after(TIMES.beat_seconds, self.begin)
            else:
                self._trusted_until = trusted_until(asked_at, TIMES)
                self._beat()

        rows = self._database.leases
        self._link.ask(lambda: rows.enter(holder, self._party.name), entered)

    def work(self) -> None:
        """Do something that only one node may do at a time, if this one may; go on doing so."""
        self._party.after(WRITE_SECONDS, self.work)
        lease, rows = self._lease, self._database.leases
        is_trusted = self._party.world.now < self._trusted_until
        if lease is not None and (is_trusted or self._mutation is Mutation.TRUSTS_ITS_LEASE):
            self._database.believers.append(FencedWrite(self._holder, lease.fence))
            self._link.ask(lambda: rows.write(lease.holder, lease.fence), lambda _: None)

    def _beat(self) -> None:
        asked_at, holder = self._party.world.now, self._holder
        self._link.ask(
            lambda: self._database.leases.beat(holder),
            lambda counters: self._beaten(asked_at, counters),
        )

    def _beaten(self, asked_at: float, counters: Any) -> None:
        if counters is LOST:
            self._watch = HolderWatch()
            self._party.after(TIMES.beat_seconds, self._beat)
            return
        if self._holder not in counters:
            self.begin()
            return
        now = self._party.world.now
        if now >= self._trusted_until:
            self._lease = None
        self._trusted_until = trusted_until(asked_at, TIMES)
        self._watch = looked(self._watch, counters, now, TIMES)
        for silent in run_out(self._watch, TIMES):
            if silent[0] != self._holder:
                self._remove(*silent)
        if self._lease is None:
            self._acquire()
        self._party.after(TIMES.beat_seconds, self._beat)

    def _remove(self, holder: str, counter: int) -> None:
        self._link.ask(lambda: self._database.leases.remove(holder, counter), lambda _: None)

    def _acquire(self) -> None:
        holder = self._holder

        def acquired(lease: Any) -> None:
            is_trusted = self._party.world.now < self._trusted_until
            if lease is not LOST and lease.holder == holder == self._holder and is_trusted:
                self._party.world.note(f"{holder} holds {lease.fence}")
                self._lease = lease

        self._link.ask(lambda: self._database.leases.acquire(holder), acquired)
