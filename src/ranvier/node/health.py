"""How the parts of a node do, for whoever asks whether clients may be sent here."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.storage.database import Database
from ranvier.web.dependencies import PartHealth


class NodeHealth:
    """Tells of the database and of the node itself; waits for nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_serving = False
        """Between the ready line and the order to stop."""

    def parts(self) -> Sequence[PartHealth]:
        """Return every part; the node is ready when all are up."""
        database_reason = "" if self._database.ready else "the database cannot be written to"
        node_reason = "" if self.is_serving else "the node is starting or stopping"
        return (
            PartHealth("node", self.is_serving, node_reason),
            PartHealth("db", self._database.ready, database_reason),
        )
