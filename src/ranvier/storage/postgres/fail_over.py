"""Whether losing the server that is asked would lose anything that was acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.storage.check_report import Finding
from ranvier.storage.postgres.connections import Connections
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "check")


async def fail_over_finding(readers: Connections) -> Finding:
    """Ask the primary for its standbys."""
    (row,) = await readers.ask(_SQL["replication"])
    refusal = reason_against(row)
    detail = refusal or f"standbys that have every acknowledged event: {row['synchronous']}"
    return Finding("fail-over", passed=not refusal, detail=detail)


def reason_against(replication: Mapping[str, Any]) -> str:
    """Say why a fail-over is not safe now; empty where it is.

    Safe means: every commit waits until a standby that streams has flushed it, so that a promotion
    of that standby loses nothing. Whether the others are fenced off is for whoever promotes.
    """
    if replication["hidden"]:
        return "the role may not see the standbys; grant it pg_monitor"
    if not replication["standbys"]:
        return "there is one server alone, and what it has is nowhere else"
    if not replication["names"]:
        return "its standbys are asynchronous; set synchronous_standby_names"
    if not replication["synchronous"]:
        return "none of the standbys that synchronous_standby_names means is streaming"
    return ""
