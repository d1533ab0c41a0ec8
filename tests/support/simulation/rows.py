"""The rows of nodes, of holders and of their lease in the simulated database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ranvier.cluster.lease import Lease
from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from tests.support.checkers.history import FencedWrite
from tests.support.checkers.joining import Taken
from tests.support.simulation.world import World

LONG_SECONDS: Final = 4.0
"""After which everybody who reaches the database has seen a new node."""


class NodeRows:
    """Who takes part, and when they were last counted; names are unlike each other."""

    def __init__(self, world: World) -> None:
        self.taken: list[Taken] = []
        """Names that went from one node to another, without a goodbye."""
        self._world = world
        self._records: dict[str, NodeRecord] = {}
        self._registered: dict[str, float] = {}
        self._beaten_at: dict[str, float] = {}
        self._incarnation = 0

    def all(self) -> Sequence[NodeRecord]:
        """Return all nodes."""
        return tuple(self._records.values())

    def register(self, member: Member, state: NodeState, replaced: Sequence[Member]) -> int | None:
        """Enter a node in place of others; None where something has changed since it looked."""
        rows = {each.node_id: self._records.get(each.node_id) for each in replaced}
        for each in replaced:
            row = rows[each.node_id]
            if row is None or row.member.incarnation != each.incarnation:
                return None
        others = [each for each in self._records.values() if each.member.node_id not in rows]
        if any(
            member.node_id == each.member.node_id or member.name == each.member.name
            for each in others
        ):
            return None
        for node_id in rows:
            del self._records[node_id]
            if node_id != member.node_id:
                silent = self._world.now - self._beaten_at.get(node_id, 0.0)
                self.taken.append(Taken(member.name, node_id, member.node_id, silent))
        self._incarnation += 1
        own = replace(member, incarnation=self._incarnation)
        self._records[own.node_id] = NodeRecord(member=own, state=state, beats=0)
        self._registered[own.node_id] = self._world.now
        return self._incarnation

    def beat(self, beat: Heartbeat) -> tuple[bool, Sequence[NodeRecord]]:
        """Count a heartbeat, unless it is of a life that is over; return all nodes."""
        found = self._records.get(beat.node_id)
        is_counted = (
            found is not None
            and found.member.incarnation == beat.incarnation
            and found.state.is_alive
        )
        if found is not None and is_counted:
            self._records[beat.node_id] = replace(found, beats=found.beats + 1, state=beat.state)
            self._beaten_at[beat.node_id] = self._world.now
        return is_counted, self.all()

    def mark_down(self, record: NodeRecord) -> bool:
        """Enter that a node is silent, if its counter is still the one that was watched."""
        found = self._records.get(record.member.node_id)
        if found is None or not found.state.is_alive:
            return False
        if (found.member, found.beats) != (record.member, record.beats):
            return False
        self._records[record.member.node_id] = replace(found, state=NodeState.DOWN)
        return True

    def leave_wish(self, name: str, wish: NodeWish) -> None:
        """Leave a wish for a node to find."""
        for node_id, record in self._records.items():
            if record.member.name == name:
                self._records[node_id] = replace(record, wish=wish)

    def running_long(self) -> frozenset[str]:
        """Return the ids of the nodes that all others must have seen by now."""
        return frozenset(
            node_id
            for node_id, record in self._records.items()
            if record.state.is_alive and self._world.now - self._registered[node_id] > LONG_SECONDS
        )


class LeaseRows:
    """One lease, its holders, and a resource that takes only writes under its newest fence."""

    def __init__(self) -> None:
        self._counters: dict[str, int] = {}
        self._lease = Lease("jobs", 0, "", "")
        self.writes: list[FencedWrite] = []

    @property
    def lease(self) -> Lease:
        """How the lease stands."""
        return self._lease

    def enter(self, holder: str, node: str) -> None:
        """Add a holder; earlier runs of its node are removed."""
        for other in [own for own in self._counters if own.startswith(f"{node}#")]:
            self.remove(other, self._counters[other])
        self._counters[holder] = 0

    def beat(self, holder: str) -> Mapping[str, int]:
        """Raise a holder's counter; return the counters of all."""
        if holder in self._counters:
            self._counters[holder] += 1
        return dict(self._counters)

    def remove(self, holder: str, counter: int) -> bool:
        """Remove a holder whose counter is still this one, and free its lease."""
        if self._counters.get(holder) != counter:
            return False
        del self._counters[holder]
        if self._lease.holder == holder:
            self._lease = replace(self._lease, holder="", node="")
        return True

    def acquire(self, holder: str) -> Lease:
        """Give the lease to a holder, if it is free or his."""
        if holder in self._counters and self._lease.holder in ("", holder):
            self._lease = Lease("jobs", self._lease.fence + 1, holder, holder.split("#")[0])
        return self._lease

    def write(self, holder: str, fence: int) -> bool:
        """Take what is written under a lease; False where a newer one was given."""
        if fence != self._lease.fence:
            return False
        self.writes.append(FencedWrite(holder, fence))
        return True
