"""The port `Leases` in memory, for nodes that share nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ranvier.cluster.lease import Lease


@dataclass
class MemoryLeases:
    """Holders by name with their nodes and counters; leases by name."""

    nodes: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)

    async def enter(self, holder: str, node: str) -> None:
        for each in [each for each, its_node in self.nodes.items() if its_node == node]:
            await self.leave(each)
        self.nodes[holder], self.counters[holder] = node, 0

    async def beat(self, holder: str) -> Mapping[str, int]:
        if holder in self.counters:
            self.counters[holder] += 1
        return dict(self.counters)

    async def remove(self, holder: str, counter: int) -> str | None:
        node = self.nodes.get(holder)
        if self.counters.get(holder) != counter:
            return None
        await self.leave(holder)
        return node

    async def leave(self, holder: str) -> None:
        self.nodes.pop(holder, None)
        self.counters.pop(holder, None)

    async def acquire(self, name: str, holder: str) -> Lease:
        lease = self.leases.get(name, Lease(name, 0, "", ""))
        if holder in self.nodes and (lease.holder == holder or lease.holder not in self.nodes):
            lease = Lease(name, lease.fence + 1, holder, self.nodes[holder])
        self.leases[name] = lease
        return lease

    async def release(self, lease: Lease) -> None:
        if self.leases.get(lease.name) == lease:
            self.leases[lease.name] = Lease(lease.name, lease.fence, "", "")

    async def forget(self, name: str) -> None:
        self.leases.pop(name, None)
