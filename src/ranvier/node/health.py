"""How the parts of a node do, for whoever asks whether clients may be sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ranvier.services.heed_separation import HeedSeparation
from ranvier.services.keep_membership import KeepMembership
from ranvier.storage.database import Database
from ranvier.web.dependencies import PartHealth


class NodeHealth:
    """Tells of the database and of the node itself; waits for nothing."""

    def __init__(
        self, database: Database, membership: KeepMembership, separation: HeedSeparation
    ) -> None:
        self._database = database
        self._membership = membership
        self._separation = separation
        self.is_serving = False
        """Between the ready line and the order to stop."""
        self.is_draining: Callable[[], bool] = lambda: False
        """Whether the node keeps what it has and takes nothing new."""

    def parts(self) -> Sequence[PartHealth]:
        """Return every part; the node is ready when all that it needs are up."""
        database_reason, node_reason = self._database_reason(), self._node_reason()
        return (
            PartHealth("node", not node_reason, node_reason),
            PartHealth("db", not database_reason, database_reason),
            *self._unreachable_contexts(),
        )

    def is_ready(self) -> bool:
        """Tell whether clients may be sent here."""
        return all(part.is_up or not part.is_needed for part in self.parts())

    def _unreachable_contexts(self) -> Iterator[PartHealth]:
        """Yield each context whose own database is gone; the node serves all others."""
        for context, reason in self._database.unreachable_contexts().items():
            yield PartHealth(f"context {context}", is_up=False, reason=reason, is_needed=False)

    def _node_reason(self) -> str:
        if not self.is_serving:
            return "the node is starting or stopping"
        if self.is_draining():
            return "the node is draining"
        return self._separation.reason or self._membership.refusal

    def _database_reason(self) -> str:
        if not self._database.ready:
            return "the database cannot be written to"
        return "" if self._membership.is_in_touch else "the database is out of reach"
