"""Finds out what became of appends whose commit was not answered; never guesses."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.errors import AppendOutcomeUnknown
from ranvier.storage.event_log import EventLog

logger = logging.getLogger("ranvier.services")

Finding = Accepted | AppendOutcomeUnknown | None
"""Stored; or nobody can tell; or None: it was not stored and will not be."""


class AppendLookup:
    """Asks the event log for lost outcomes, as often and as long as the limits allow."""

    def __init__(
        self,
        event_log: EventLog,
        limits: BatchLimits,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._event_log = event_log
        self._limits = limits
        self._pause = pause
        self._clock = clock

    async def find_all(self, context: str, append_ids: Sequence[bytes]) -> list[Finding]:
        """Return what became of each; once the questions are used up, the rest are unknown."""
        findings: list[Finding] = []
        give_up_at = self._clock() + self._limits.lookup_seconds
        for append_id in append_ids:
            finding = await self._find(context, append_id, give_up_at)
            findings.append(finding)
            if isinstance(finding, AppendOutcomeUnknown):
                break
        missing = len(append_ids) - len(findings)
        return findings + [AppendOutcomeUnknown(context) for _ in range(missing)]

    async def _find(self, context: str, append_id: bytes, give_up_at: float) -> Finding:
        for attempt in range(self._limits.lookups_per_outcome):
            if attempt:
                if self._clock() >= give_up_at:
                    break
                await self._pause(self._limits.lookup_pause_seconds)
            try:
                return await self._event_log.find_append(context, append_id)
            except RanvierError:
                continue
            except Exception:
                logger.exception("looking up an append to context %s failed", context)
        return AppendOutcomeUnknown(context)
