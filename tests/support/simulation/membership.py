"""A simulated node among the others: it beats, judges who is silent, campaigns for the lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ranvier.cluster.enrolment import Life, Newcomer, enrol
from ranvier.cluster.errors import ClusterError
from ranvier.cluster.lease import (
    HolderWatch,
    Lease,
    LeaseTimes,
    looked,
    run_out,
    trusted_until,
)
from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
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
OWN_SECONDS: Final = 3 * BEAT_SECONDS
"""For which a node's own former row is watched."""
WRITE_SECONDS: Final = 0.2


class Membership:
    """Takes a place among the nodes and keeps it; judges the others by its own clock alone."""

    def __init__(
        self,
        party: Party,
        database: ModelDatabase,
        link: DatabaseLink,
        mutation: Mutation | None = None,
        *,
        name: str = "",
    ) -> None:
        self._party = party
        self._rows = database.nodes
        self._link = link
        self._mutation = mutation
        self._own = Member(
            node_id=party.name,
            name=name or party.name,
            host="",
            internal_host="",
            route=party.name,
        )
        self._state = NodeState.RUNNING
        self._seen = Observation()
        self.records: tuple[NodeRecord, ...] = ()
        self.states: tuple[tuple[str, NodeState], ...] = ()
        """How every node does, by name, as this one sees it."""
        self.running: frozenset[str] | None = None
        """The ids of the nodes that run or drain, this one among them; None while out of touch."""

    @property
    def wish(self) -> NodeWish:
        """What another node has asked of this one."""
        return next((each.wish for each in self.records if self._is_own(each)), NodeWish.NONE)

    def set_state(self, state: NodeState) -> None:
        """Say with the next heartbeat how this node does."""
        self._state = state
        self._refresh()

    def leave_wish(self, name: str, wish: NodeWish) -> None:
        """Ask a node to do something, or no more."""
        self._link.ask(lambda: self._rows.leave_wish(name, wish), lambda _: None)

    def fulfil(self) -> None:
        """Note that this node has done what it was asked for."""
        self.records = tuple(
            replace(each, wish=NodeWish.NONE) if self._is_own(each) else each
            for each in self.records
        )
        self.leave_wish(self._own.name, NodeWish.NONE)

    def begin(self) -> None:
        """Look for a place, and take it as soon as nobody else can have it."""
        self._link.ask(self._rows.all, self._looked)

    def _looked(self, records: Any) -> None:
        if records is LOST:
            self._party.after(BEAT_SECONDS, self.begin)
            return
        self._seen = observe(self._seen, records, 1, self._party.world.now, RULES)
        lives = {each.member.node_id: self._life(each) for each in records}
        newcomer = Newcomer(self._own, lambda number: f"{self._own.node_id}-{number}")
        try:
            enrolment = enrol(newcomer, records, lives)
        except ClusterError:
            enrolment = None
        if enrolment is None:
            self._party.after(BEAT_SECONDS / 2, self.begin)
        else:
            self._register(enrolment.member, enrolment.replaced)

    def _register(self, member: Member, replaced: Sequence[Member]) -> None:
        def registered(incarnation: Any) -> None:
            if incarnation is LOST or incarnation is None:
                self._party.after(BEAT_SECONDS, self.begin)
            else:
                self._own = replace(member, incarnation=incarnation)
                self._beat()

        self._link.ask(lambda: self._rows.register(member, self._state, replaced), registered)

    def _life(self, record: NodeRecord) -> Life:
        if not record.state.is_alive or self._mutation is Mutation.TAKES_ANY_NAME:
            return Life.GONE
        node_id = record.member.node_id
        if self._seen.has_risen(node_id):
            return Life.ALIVE
        patience = OWN_SECONDS if self._is_own(record) else RULES.ttl_seconds
        return Life.GONE if self._seen.silent_seconds(node_id) >= patience else Life.UNKNOWN

    def _beat(self) -> None:
        own = self._own
        beat = Heartbeat(node_id=own.node_id, incarnation=own.incarnation, state=self._state)
        self._link.ask(lambda: self._rows.beat(beat), self._beaten)

    def _beaten(self, answer: Any) -> None:
        if answer is LOST:
            self._seen = lost_touch(self._seen)
            self._refresh()
        else:
            is_counted, self.records = answer
            self._seen = observe(self._seen, self.records, 1, self._party.world.now, RULES)
            self._refresh()
            for record in self.records:
                if not self._is_own(record):
                    self._judge(record)
            if not is_counted:
                self._return()
                return
        self._party.after(BEAT_SECONDS, self._beat)

    def _return(self) -> None:
        """Take a new incarnation, unless somebody else has the place."""
        found = [each.member for each in self.records if self._is_own(each)]
        if not found and self._mutation is Mutation.TAKES_ANY_NAME:
            self._seen = Observation()
            self.begin()
            return

        def registered(incarnation: Any) -> None:
            if incarnation is not LOST and incarnation is not None:
                self._own = replace(self._own, incarnation=incarnation)
            self._party.after(BEAT_SECONDS, self._beat)

        self._link.ask(lambda: self._rows.register(self._own, self._state, found), registered)

    def _judge(self, record: NodeRecord) -> None:
        if is_silent(record, self._seen, RULES):
            self._party.world.note(f"{self._party.name} finds {record.member.name} silent")
            self._link.ask(lambda: self._rows.mark_down(record), lambda _: None)

    def _refresh(self) -> None:
        states = {each.member.node_id: self._state_of(each) for each in self.records}
        self.states = tuple(
            sorted((each.member.name, states[each.member.node_id]) for each in self.records)
        )
        alive = (NodeState.RUNNING, NodeState.DRAINING)
        running = frozenset(each for each, state in states.items() if state in alive)
        is_blind = self._seen.reached_at is None
        self.running = None if is_blind else running | {self._own.node_id}

    def _state_of(self, record: NodeRecord) -> NodeState:
        return self._state if self._is_own(record) else state_of(record, self._seen, RULES)

    def _is_own(self, record: NodeRecord) -> bool:
        return record.member.node_id == self._own.node_id


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
