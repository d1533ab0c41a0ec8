"""The port `ClusterNodes` on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from ranvier.cluster.member import Heartbeat, Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.storage.cluster_node_row import columns_of, lacks_text, record_of, refuse_member
from ranvier.storage.cluster_nodes import Beaten
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.connections import Connections, Lent, refuse_unconfirmed
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "cluster_nodes")


class PostgresClusterNodes:
    """The nodes that share this database, one row each."""

    is_shared = True

    def __init__(self, tools: DatabaseTools, heartbeats: Connections) -> None:
        """`heartbeats` lends a connection that nothing else waits for."""
        self._tools = tools
        self._heartbeats = heartbeats

    async def all(self) -> Sequence[NodeRecord]:
        """Return every node, sorted by name."""
        return [record_of(row) for row in await self._tools.readers.ask(_SQL["all"])]

    async def register(
        self, member: Member, state: NodeState, replaced: Sequence[Member] = ()
    ) -> int | None:
        """Enter a node in place of others and return its incarnation."""
        refuse_member(member)
        return await self._tools.under_way.finish(self._register(member, state, replaced))

    async def describe(self, member: Member, state: NodeState) -> bool:
        """Store what a node tells of itself."""
        refuse_member(member)
        row = (*columns_of(member), state.value, member.incarnation)
        return bool(await self._tools.write(_SQL["describe"], *row))

    async def beat(self, heartbeat: Heartbeat) -> Beaten:
        """Show that a node lives, and see all others, in one statement."""
        rows = await self._ask_in_time(
            _SQL["beat"],
            heartbeat.node_id,
            heartbeat.incarnation,
            heartbeat.state.value,
            heartbeat.timeline,
            heartbeat.config_revision,
            lacks_text(heartbeat.lacks),
            heartbeat.system_identifier,
        )
        counted = bool(rows and rows[0]["counted"])
        return Beaten(counted, [record_of(tuple(row)[1:]) for row in rows])

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        """Leave a wish for a node to find."""
        key = (member.node_id, member.incarnation, wish.value)
        return bool(await self._tools.write(_SQL["wish"], *key))

    async def fulfil(self, member: Member, wish: NodeWish) -> bool:
        """Take a wish away that was done."""
        key = (member.node_id, member.incarnation, wish.value)
        return bool(await self._tools.write(_SQL["fulfil"], *key))

    async def mark_down(self, record: NodeRecord) -> bool:
        """Mark a node that did not say goodbye."""
        key = (record.member.node_id, record.member.incarnation, record.beats)
        return bool(await self._tools.write(_SQL["mark_down"], *key))

    async def remove(self, member: Member) -> bool:
        """Forget a node."""
        return bool(await self._tools.write(_SQL["forget"], member.node_id, member.incarnation))

    async def _ask_in_time(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run a statement; a server that stands still gives no answer, and breaks no connection."""
        seconds = self._tools.options.heartbeat_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._heartbeats.ask(statement, *parameters)
        except TimeoutError:
            raise StorageUnavailable(f"it did not answer within {seconds:g} s") from None

    async def _register(
        self, member: Member, state: NodeState, replaced: Sequence[Member]
    ) -> int | None:
        async with self._tools.writers.lend() as lent:
            transaction = lent.connection.transaction()
            await transaction.start()
            incarnation = await _enter(lent, member, state, replaced)
            if incarnation is None:
                await transaction.rollback()
                return None
            await transaction.commit()
            refuse_unconfirmed(lent)
        return incarnation


async def _enter(
    lent: Lent, member: Member, state: NodeState, replaced: Sequence[Member]
) -> int | None:
    """Make the changes of a registration; None where they must be taken back."""
    incarnation: int = (await lent.rows(_SQL["next_incarnation"]))[0]["last"]
    for each in sorted(replaced, key=lambda one: one.node_id):
        if not await lent.rows(_SQL["forget"], each.node_id, each.incarnation):
            return None
    entered = await lent.rows(_SQL["enter"], *columns_of(member), incarnation, state.value)
    return incarnation if entered else None
