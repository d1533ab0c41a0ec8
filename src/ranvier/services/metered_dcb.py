"""The services of DCB contexts whose work is counted: the same doors, with a clock beside them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence

from ranvier.errors import RanvierError
from ranvier.events.criterion import Criterion
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.observability.operation import Operation
from ranvier.services.append_sequencer import counted_context
from ranvier.services.keep_snapshots import KeepSnapshots
from ranvier.services.source_events import SourcedPage, SourceEvents
from ranvier.storage.event_log import EventLog
from ranvier.storage.keyed_snapshots import KeyedSnapshots


class MeteredSources(SourceEvents):
    """Sources events and counts the sources that were read to their end."""

    def __init__(self, event_log: EventLog, operation: Operation) -> None:
        super().__init__(event_log)
        self._operation = operation

    async def source(
        self, context: str, criteria: Sequence[Criterion], from_token: int = 0
    ) -> AsyncIterator[SourcedPage]:
        """Do as `SourceEvents.source`."""
        started = time.perf_counter()
        try:
            async for page in super().source(context, criteria, from_token):
                yield page
        except RanvierError as error:
            self._operation.failed(counted_context(context, error))
            raise
        self._operation.done(context, 1, time.perf_counter() - started)


class MeteredKeyedSnapshots(KeepSnapshots):
    """Keeps snapshots by key and counts those that were added, and the reads of the last one."""

    def __init__(
        self,
        snapshots: KeyedSnapshots,
        source_events: SourceEvents,
        adds: Operation,
        reads: Operation,
    ) -> None:
        super().__init__(snapshots, source_events)
        self._adds = adds
        self._reads = reads

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Do as `KeepSnapshots.add`."""
        started = time.perf_counter()
        try:
            await super().add(context, snapshot, prune=prune)
        except RanvierError as error:
            self._adds.failed(counted_context(context, error))
            raise
        self._adds.done(context, 1, time.perf_counter() - started)

    async def last(self, context: str, key: bytes) -> KeyedSnapshot:
        """Do as `KeepSnapshots.last`."""
        started = time.perf_counter()
        try:
            found = await super().last(context, key)
        except RanvierError as error:
            self._reads.failed(counted_context(context, error))
            raise
        self._reads.done(context, 1, time.perf_counter() - started)
        return found
