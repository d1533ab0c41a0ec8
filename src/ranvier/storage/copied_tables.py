"""What a copy of a whole database takes along: each table, its columns and the order of its rows.

Both sides name their columns alike, but for what is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Row = tuple[Any, ...]

OF_LIVING_CONTEXTS: Final = "context IN (SELECT id FROM context WHERE name IS NOT NULL)"
"""A deleted context has rows for a while that nobody reads any more."""


OF_LIVING_STREAMS: Final = (
    "stream IN (SELECT s.id FROM persistent_stream AS s JOIN context AS c ON c.id = s.context "
    "WHERE c.name IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table and how its rows are found, page by page."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    """Columns that order the rows, the same way in both databases; no two rows have the same."""
    taken: str = OF_LIVING_CONTEXTS
    """Which rows of the embedded database are taken along."""
    from_table: str = ""
    """The table of the embedded database, where that has another name."""
    from_columns: Mapping[str, str] = field(default_factory=dict)
    """How the embedded database spells columns that it has in another way."""

    def key_of(self, row: Row) -> Row:
        """Return the place of a row in the order of rows."""
        return tuple(row[self.columns.index(name)] for name in self.key)


def selection(*clauses: str) -> str:
    """Put a query together; all names in it are those that this program declares."""
    return " ".join(("SELECT", *clauses))


TABLES: Final[Sequence[CopiedTable]] = (
    CopiedTable(
        "context",
        ("id", "name", "dcb", "head", "latest_time", "property_revision"),
        ("id",),
        taken="name IS NOT NULL",
    ),
    CopiedTable(
        "event",
        (
            "context",
            "token",
            "aggregate_id",
            "aggregate_type",
            "sequence",
            "time",
            "latest_time",
            "name",
            "data",
        ),
        ("context", "token"),
        # A position is a context and a token; see the first migration of the embedded database.
        from_columns={"context": "position >> 40", "token": "position & ((1 << 40) - 1)"},
    ),
    CopiedTable(
        "event_tag", ("context", "key", "value", "token"), ("context", "key", "value", "token")
    ),
    CopiedTable(
        "append_key",
        ("context", "append_id", "first_token", "count"),
        ("context", "append_id"),
    ),
    CopiedTable(
        "snapshot",
        ("context", "aggregate_id", "sequence", "time", "name", "data"),
        ("context", "aggregate_id", "sequence"),
    ),
    CopiedTable(
        "snapshot_count",
        ("context", "count"),
        ("context",),
        taken="name IS NOT NULL AND snapshot_count > 0",
        from_table="context",
        from_columns={"context": "id", "count": "snapshot_count"},
    ),
    CopiedTable(
        "keyed_snapshot",
        ("context", "key", "sequence", "data"),
        ("context", "key", "sequence"),
    ),
    CopiedTable(
        "scheduled_event",
        (
            "id",
            "token",
            "context",
            "due",
            "next_attempt",
            "fence",
            "claimed_by",
            "attempts",
            "error",
            "aggregate_id",
            "aggregate_type",
            "sequence",
            "time",
            "name",
            "data",
        ),
        ("id",),
    ),
    CopiedTable(
        "persistent_stream",
        (
            "id",
            "context",
            "stream_id",
            "name",
            "policy",
            "parameters",
            "filter",
            "revision",
            "handled",
            "replayed",
        ),
        ("id",),
    ),
    CopiedTable(
        "persistent_segment",
        ("stream", "segment", "next_token", "error"),
        ("stream", "segment"),
        taken=OF_LIVING_STREAMS,
    ),
    CopiedTable("context_property", ("context", "name", "value"), ("context", "name")),
    CopiedTable(
        "processor_strategy",
        ("context", "processor", "token_store", "strategy"),
        ("context", "processor", "token_store"),
    ),
    CopiedTable(
        "configuration_revision",
        ("number", "replaces", "settings", "author", "made_at", "state", "reason"),
        ("number",),
        taken="true",
    ),
    CopiedTable(
        "configuration_verdict",
        ("revision", "node_id", "refusal"),
        ("revision", "node_id"),
        taken="true",
    ),
    CopiedTable(
        "local_user",
        ("key", "name", "password_hash", "created_at", "password_changed_at", "signed_in_at"),
        ("key",),
        taken="true",
    ),
    CopiedTable("set_up_secret", ("one", "digest", "is_used"), ("one",), taken="true"),
    CopiedTable("cluster_identity", ("one", "cluster_id", "secret"), ("one",), taken="true"),
)
"""In the order in which they are copied."""

LEFT_BEHIND: Final[Mapping[str, str]] = {
    "migration": "each database has its own",
    "recovery": "only the embedded database has it",
    "cluster_node": "a node takes its place when it starts",
    "cluster_incarnation": "it belongs to those places",
    "join_token": "a token lives for minutes",
    "lease": "whoever holds one holds it as long as its process lives",
    "lease_holder": "the same",
    "sign_in_attempt": "failures are forgotten in minutes, and places become familiar again",
    "session": "people sign in again at the cluster",
    "session_post": "it belongs to those sessions",
    "context_address": "the contexts of the embedded database all lie in it",
    "database_owner": "it tells of contexts that a cluster has placed",
}
"""What is not taken along, and why."""
