"""Ends a transaction that holds head rows and waits for a node that is frozen or gone."""

from __future__ import annotations

import logging

from ranvier.storage.postgres.connections import Connections
from ranvier.storage.statements import load_statements

logger = logging.getLogger("ranvier.storage")

_SQL = load_statements(__package__ or "", "holders")


async def end_stuck_holders(connections: Connections) -> None:
    """End who holds a head row and waits for its client; who waits for a standby is left alone."""
    rows = await connections.ask(_SQL["end_stuck"])
    for row in rows:
        logger.warning(
            "ended the transaction of process %s (%s), which held a head row and waited for its "
            "node",
            row["pid"],
            row["application_name"],
        )
