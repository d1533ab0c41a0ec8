"""The port `ClusterIdentities` on PostgreSQL."""

from __future__ import annotations

from ranvier.security.secret import Secret
from ranvier.storage.cluster_identity import OPEN_TOKENS_MOST, ClusterIdentity, StoredToken
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "cluster_identity")


class PostgresClusterIdentities:
    """One row for the cluster, and one for each join token; the database's clock counts."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def read(self) -> ClusterIdentity | None:
        """Return the identity; None in a database that no node has initialised."""
        rows = await self._tools.readers.ask(_SQL["read"])
        return ClusterIdentity(rows[0][0], Secret(rows[0][1])) if rows else None

    async def found(self, candidate: ClusterIdentity) -> ClusterIdentity:
        """Keep this identity unless there is one; return the one that counts from now on."""
        # Two statements: of nodes that start together the later one must see the earlier's row.
        await self._tools.write(_SQL["found"], candidate.cluster_id, candidate.secret.reveal())
        return await self.read() or candidate

    async def add_token(self, token_id: str, digest: bytes, life_seconds: float) -> bool:
        """Keep a join token for as long; False, and nothing is kept, where too many are open."""
        await self._tools.write(_SQL["forget_tokens"])
        rows = await self._tools.write(
            _SQL["add_token"], token_id, digest, life_seconds, OPEN_TOKENS_MOST
        )
        return bool(rows)

    async def token(self, token_id: str) -> StoredToken | None:
        """Return what is known of a token; None for one that never was or is long forgotten."""
        rows = await self._tools.readers.ask(_SQL["token"], token_id)
        return StoredToken(*rows[0]) if rows else None

    async def use_token(self, token_id: str, node_id: str) -> bool:
        """Use a token up; False where it is expired or was used by another node."""
        return bool(await self._tools.write(_SQL["use_token"], token_id, node_id))
