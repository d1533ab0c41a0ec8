"""The nodes of a database in memory, which tests share, break and look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.storage.cluster_nodes import Beaten
from ranvier.storage.errors import StorageUnavailable

NONE = NodeWish.NONE


@dataclass
class MemoryClusterNodes:
    """Implements the port `ClusterNodes`; `now_ms` stands in for the database's clock."""

    is_shared: bool = True
    now_ms: int = 0
    is_reachable: bool = True
    records: dict[str, NodeRecord] = field(default_factory=dict)
    incarnation: int = 0

    async def all(self) -> Sequence[NodeRecord]:
        self._reach()
        return self._sorted()

    async def register(
        self, member: Member, state: NodeState, replaced: Sequence[Member] = ()
    ) -> int | None:
        self._reach()
        self.incarnation += 1
        for each in replaced:
            if self._last(each.node_id, each.incarnation) is None:
                return None
        kept = dict(self.records)
        for each in replaced:
            del kept[each.node_id]
        for other in (record.member for record in kept.values()):
            if (
                other.node_id == member.node_id
                or other.name == member.name
                or other.route == member.route
            ):
                return None
        entered = replace(member, incarnation=self.incarnation)
        kept[member.node_id] = NodeRecord(
            member=entered, state=state, beats=0, last_seen_at_ms=self.now_ms
        )
        self.records = kept
        return self.incarnation

    async def describe(self, member: Member, state: NodeState) -> bool:
        self._reach()
        record = self._last(member.node_id, member.incarnation)
        if record is None or record.state is NodeState.DOWN:
            return False
        self.records[member.node_id] = replace(record, member=member, state=state)
        return True

    async def beat(self, heartbeat: Heartbeat) -> Beaten:
        self._reach()
        before = self._sorted()
        record = self._last(heartbeat.node_id, heartbeat.incarnation)
        if record is None or record.state is NodeState.DOWN:
            return Beaten(counted=False, records=before)
        stopped = heartbeat.state is NodeState.STOPPED
        self.records[heartbeat.node_id] = replace(
            record,
            member=replace(record.member, config_revision=heartbeat.config_revision),
            state=heartbeat.state,
            beats=record.beats + 1,
            system_identifier=heartbeat.system_identifier,
            timeline=heartbeat.timeline,
            lacks=heartbeat.lacks,
            last_seen_at_ms=self.now_ms,
            stopped_at_ms=self.now_ms if stopped else None,
        )
        return Beaten(counted=True, records=before)

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        self._reach()
        record = self._last(member.node_id, member.incarnation)
        if record is None:
            return False
        self.records[member.node_id] = replace(record, wish=wish)
        return True

    async def fulfil(self, member: Member, wish: NodeWish) -> bool:
        record = self._last(member.node_id, member.incarnation)
        return record is not None and record.wish is wish and await self.ask_for(member, NONE)

    async def mark_down(self, record: NodeRecord) -> bool:
        self._reach()
        found = self._last(record.member.node_id, record.member.incarnation)
        if found is None or found.beats != record.beats or not found.state.is_alive:
            return False
        self.records[record.member.node_id] = replace(
            found, state=NodeState.DOWN, failed_at_ms=self.now_ms
        )
        return True

    async def remove(self, member: Member) -> bool:
        self._reach()
        found = self._last(member.node_id, member.incarnation)
        if found is not None:
            del self.records[member.node_id]
        return found is not None

    def _reach(self) -> None:
        if not self.is_reachable:
            raise StorageUnavailable("the test has taken it away")

    def _last(self, node_id: str, incarnation: int) -> NodeRecord | None:
        record = self.records.get(node_id)
        return record if record and record.member.incarnation == incarnation else None

    def _sorted(self) -> list[NodeRecord]:
        return sorted(self.records.values(), key=lambda record: record.member.name)
