"""The port `ClusterNodes` on SQLite, where a node is alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.storage.cluster_node_row import columns_of, lacks_text, record_of, refuse_member
from ranvier.storage.cluster_nodes import Beaten
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("cluster_nodes")


class _Refused(Exception):
    """A registration that must be taken back."""


class SqliteClusterNodes:
    """Nobody else can use this database while a node does."""

    is_shared = False

    def __init__(self, tools: ContextTools) -> None:
        self._tools = tools

    async def all(self) -> Sequence[NodeRecord]:
        """Return every node, sorted by name."""
        return await self._tools.readers.run(_records)

    async def register(
        self, member: Member, state: NodeState, replaced: Sequence[Member] = ()
    ) -> int | None:
        """Enter a node in place of others and return its incarnation."""
        refuse_member(member)

        def register(writer: Writer) -> int | None:
            try:
                return writer.transact(lambda cursor: _enter(cursor, member, state, replaced))
            except _Refused:
                return None

        return await self._tools.writers.run(register)

    async def describe(self, member: Member, state: NodeState) -> bool:
        """Store what a node tells of itself."""
        refuse_member(member)
        return await self._change(
            "describe", (*columns_of(member), state.value, member.incarnation)
        )

    async def beat(self, heartbeat: Heartbeat) -> Beaten:
        """Show that a node lives, and see all others."""
        row = (
            heartbeat.node_id,
            heartbeat.incarnation,
            heartbeat.state.value,
            heartbeat.timeline,
            heartbeat.config_revision,
            lacks_text(heartbeat.lacks),
            heartbeat.system_identifier,
        )
        return Beaten(counted=await self._change("beat", row), records=await self.all())

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        """Leave a wish for a node to find."""
        return await self._change("wish", (member.node_id, member.incarnation, wish.value))

    async def fulfil(self, member: Member, wish: NodeWish) -> bool:
        """Take a wish away that was done."""
        return await self._change("fulfil", (member.node_id, member.incarnation, wish.value))

    async def mark_down(self, record: NodeRecord) -> bool:
        """Mark a node that did not say goodbye."""
        key = (record.member.node_id, record.member.incarnation, record.beats)
        return await self._change("mark_down", key)

    async def remove(self, member: Member) -> bool:
        """Forget a node."""
        return await self._change("forget", (member.node_id, member.incarnation))

    async def _change(self, statement: str, row: tuple[Any, ...]) -> bool:
        def change(writer: Writer) -> bool:
            return writer.transact(lambda cursor: bool(fetch_all(cursor, _SQL[statement], row)))

        return await self._tools.writers.run(change)


def _records(connection: apsw.Connection) -> list[NodeRecord]:
    return [record_of(row) for row in fetch_all(connection, _SQL["all"])]


def _enter(
    cursor: apsw.Cursor, member: Member, state: NodeState, replaced: Sequence[Member]
) -> int:
    ((incarnation,),) = fetch_all(cursor, _SQL["next_incarnation"])
    for each in replaced:
        if not fetch_all(cursor, _SQL["forget"], (each.node_id, each.incarnation)):
            raise _Refused
    if not fetch_all(cursor, _SQL["enter"], (*columns_of(member), incarnation, state.value)):
        raise _Refused
    return int(incarnation)
