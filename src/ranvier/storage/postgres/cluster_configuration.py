"""The port `ClusterConfiguration` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.storage.cluster_configuration import ConfigurationLook
from ranvier.storage.configuration_row import look_of, revision_of, row_of
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "configuration")


class PostgresClusterConfiguration:
    """Revisions in rows that are never changed but for their state."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def look(self) -> ConfigurationLook:
        """See what is in force and what is proposed, as of one moment."""
        return look_of(await self._tools.readers.ask(_SQL["look"]))

    async def propose(self, revision: ConfigurationRevision) -> ConfigurationRevision | None:
        """Keep a revision under the next number, for the nodes to look at."""
        rows = await self._tools.write(_SQL["propose"], *row_of(revision))
        number: int | None = rows[0][0]
        if number is None:
            return None
        return replace(revision, number=number, state=RevisionState.PROPOSED)

    async def judge(self, number: int, node_id: str, refusal: str) -> None:
        """Say for a node what it thinks of a revision."""
        await self._tools.write(_SQL["judge"], number, node_id, refusal)

    async def verdicts(self, number: int) -> Mapping[str, str]:
        """What nodes have said of a revision, by their ids."""
        return dict(await self._tools.readers.ask(_SQL["verdicts"], number))

    async def decide(self, number: int, refusal: str) -> bool:
        """Accept a proposed revision, or refuse it for a reason."""
        return bool(await self._tools.write(_SQL["decide"], number, refusal))

    async def history(self, limit: int) -> Sequence[ConfigurationRevision]:
        """The latest revisions, the newest first."""
        rows = await self._tools.readers.ask(_SQL["history"], bounded(limit))
        return [revision_of(*row) for row in rows]
