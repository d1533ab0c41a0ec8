"""The port `ClusterIdentities` on SQLite: the identity of a node that stands alone."""

from __future__ import annotations

from typing import Any

import apsw

from ranvier.security.secret import Secret
from ranvier.storage.cluster_identity import OPEN_TOKENS_MOST, ClusterIdentity, StoredToken
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("cluster_identity")


class SqliteClusterIdentities:
    """One row for the cluster, and one for each join token."""

    def __init__(self, tools: ContextTools) -> None:
        self._tools = tools

    async def read(self) -> ClusterIdentity | None:
        """Return the identity; None in a database that no node has initialised."""
        rows = await self._read("read")
        return ClusterIdentity(rows[0][0], Secret(rows[0][1])) if rows else None

    async def found(self, candidate: ClusterIdentity) -> ClusterIdentity:
        """Keep this identity unless there is one; return the one that counts from now on."""
        await self._change("found", (candidate.cluster_id, candidate.secret.reveal()))
        return await self.read() or candidate

    async def add_token(self, token_id: str, digest: bytes, life_seconds: float) -> bool:
        """Keep a join token for as long; False, and nothing is kept, where too many are open."""
        await self._change("forget_tokens", ())
        row = (token_id, digest, life_seconds, OPEN_TOKENS_MOST)
        return await self._change("add_token", row) > 0

    async def token(self, token_id: str) -> StoredToken | None:
        """Return what is known of a token; None for one that never was or is long forgotten."""
        rows = await self._read("token", (token_id,))
        return StoredToken(rows[0][0], bool(rows[0][1]), rows[0][2]) if rows else None

    async def use_token(self, token_id: str, node_id: str) -> bool:
        """Use a token up; False where it is expired or was used by another node."""
        return await self._change("use_token", (token_id, node_id)) > 0

    async def _read(self, statement: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        return await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL[statement], bindings)
        )

    async def _change(self, statement: str, bindings: tuple[Any, ...]) -> int:
        def change(cursor: apsw.Cursor) -> int:
            cursor.execute(_SQL[statement], bindings)
            return cursor.connection.changes()

        return await self._tools.writers.run(lambda writer: writer.transact(change))
