"""The rows of nodes, of holders and of their lease in the simulated database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.cluster.lease import Lease
from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from tests.support.checkers.history import FencedWrite


class NodeRows:
    """Who takes part, and when they were last counted."""

    def __init__(self) -> None:
        self._records: dict[str, NodeRecord] = {}
        self._incarnation = 0

    def register(self, member: Member) -> int:
        """Enter a node under a new incarnation."""
        self._incarnation += 1
        own = replace(member, incarnation=self._incarnation)
        self._records[member.node_id] = NodeRecord(member=own, state=NodeState.RUNNING, beats=0)
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
        return is_counted, tuple(self._records.values())

    def mark_down(self, record: NodeRecord) -> bool:
        """Enter that a node is silent, if its counter is still the one that was watched."""
        found = self._records[record.member.node_id]
        if (found.member, found.beats) != (record.member, record.beats) or not found.state.is_alive:
            return False
        self._records[record.member.node_id] = replace(found, state=NodeState.DOWN)
        return True


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
