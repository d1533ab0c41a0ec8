"""The port of the nodes that use this database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish


@dataclass(frozen=True, slots=True)
class Beaten:
    """What a heartbeat found: whether it counted, and all nodes as they stood before it."""

    counted: bool
    """False for an incarnation that is not the node's last, or that was found down."""
    records: Sequence[NodeRecord]


class ClusterNodes(Protocol):
    """One row for each node that anybody knows of; names and routes are unlike each other.

    Every call raises `StorageUnavailable` while the database cannot be reached. All times are the
    database's, and for display only.
    """

    @property
    def is_shared(self) -> bool:
        """Whether other nodes can use this database at the same time."""
        ...

    async def all(self) -> Sequence[NodeRecord]:
        """Return every node, sorted by name."""
        ...

    async def register(
        self, member: Member, state: NodeState, replaced: Sequence[Member] = ()
    ) -> int | None:
        """Enter a node in place of others; return its incarnation, never used before.

        None, and nothing changed, where one of the replaced is no longer in that incarnation or
        another node has the id, the name or the route: look again, and decide again. The member's
        own incarnation is not read.
        """
        ...

    async def describe(self, member: Member, state: NodeState) -> bool:
        """Store what a node tells of itself; False where that incarnation is not its last."""
        ...

    async def beat(self, heartbeat: Heartbeat) -> Beaten:
        """Show that a node lives, and see all others, in one statement."""
        ...

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        """Leave a wish for a node to find; False where that incarnation is not its last."""
        ...

    async def fulfil(self, member: Member, wish: NodeWish) -> bool:
        """Take a wish away that was done; False where there is another one by now."""
        ...

    async def mark_down(self, record: NodeRecord) -> bool:
        """Mark a node that did not say goodbye; False where it has shown itself since."""
        ...

    async def remove(self, member: Member) -> bool:
        """Forget a node; False where that incarnation is not its last."""
        ...
