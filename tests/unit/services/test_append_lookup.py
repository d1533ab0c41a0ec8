from __future__ import annotations

from ranvier.services.append_lookup import AppendLookup
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.errors import AppendOutcomeUnknown
from ranvier.storage.errors import StorageUnavailable
from tests.support.memory_event_log import MemoryEventLog


async def test_nobody_waits_longer_than_it_is_worth_for_a_database_that_stays_away() -> None:
    log = MemoryEventLog("default")
    log.find_errors = [StorageUnavailable("gone")] * 10
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    limits = BatchLimits(lookup_pause_seconds=4.0, lookup_seconds=10.0)
    lookup = AppendLookup(log, limits, pause, lambda: sum(pauses))
    findings = await lookup.find_all("default", [bytes(16), bytes(16)])
    assert [type(finding) for finding in findings] == [AppendOutcomeUnknown] * 2
    assert pauses == [4.0, 4.0, 4.0]
