"""The port `ClusterConfiguration` on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.storage.cluster_configuration import ConfigurationLook
from ranvier.storage.configuration_row import look_of, revision_of, row_of
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("configuration")


class SqliteClusterConfiguration:
    """Revisions in rows that are never changed but for their state."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._changes = RowChanges(tools.writers)

    async def look(self) -> ConfigurationLook:
        """See what is in force and what is proposed, as of one moment."""
        return look_of(await self._read("look"))

    async def propose(self, revision: ConfigurationRevision) -> ConfigurationRevision | None:
        """Keep a revision under the next number, for the nodes to look at."""
        rows = await self._write("propose", *row_of(revision))
        if not rows:
            return None
        return replace(revision, number=rows[0][0], state=RevisionState.PROPOSED)

    async def judge(self, number: int, node_id: str, refusal: str) -> None:
        """Say for a node what it thinks of a revision."""
        await self._write("judge", number, node_id, refusal)

    async def verdicts(self, number: int) -> Mapping[str, str]:
        """What nodes have said of a revision, by their ids."""
        return dict(await self._read("verdicts", number))

    async def decide(self, number: int, refusal: str) -> bool:
        """Accept a proposed revision, or refuse it for a reason."""
        return bool(await self._write("decide", number, refusal))

    async def history(self, limit: int) -> Sequence[ConfigurationRevision]:
        """The latest revisions, the newest first."""
        return [revision_of(*row) for row in await self._read("history", limit)]

    async def _read(self, statement: str, *bindings: Any) -> list[Any]:
        return await self._readers.run(
            lambda connection: fetch_all(connection, _SQL[statement], bindings)
        )

    async def _write(self, statement: str, *bindings: Any) -> list[Any]:
        return await self._changes.make(lambda cursor: fetch_all(cursor, _SQL[statement], bindings))
