"""An event log in memory that a test can hold up, cut off and turn back."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, Append, Outcome
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ContextExists, UnknownContext
from ranvier.events.event import NewEvent
from ranvier.events.facts import NO_EVENTS, NO_MATCH, Facts, needs_of
from ranvier.events.fold import fold
from ranvier.events.snapshot import Snapshot, refuse_snapshot_ahead
from ranvier.messages.event_processor import ProcessorId
from ranvier.security.secret import Secret
from ranvier.storage.context_catalogue import ContextDescription, ContextMark
from ranvier.storage.errors import ContextsLieHere, HeadWentBack
from ranvier.storage.event_log import AggregatePage, MatchPage, Page

Twist = Callable[[str, Sequence[Append]], Sequence[Outcome] | None]
"""Decides a batch in place of the log, or returns None to let the log decide."""


_numbers = count(1)


@dataclass
class MemoryContext:
    events: list[NewEvent] = field(default_factory=list)
    keys: dict[bytes, Accepted] = field(default_factory=dict)
    snapshots: dict[tuple[str, int], Snapshot] = field(default_factory=dict)
    dcb: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    property_revision: int = 0
    number: int = field(default_factory=lambda: next(_numbers))

    def last_sequence(self, aggregate_id: str) -> int:
        sequences = [event.sequence for event in self.events if event.aggregate_id == aggregate_id]
        return max(sequences, default=NO_EVENTS)


class MemoryEventLog:
    """The port `EventLog`; `batches` and `reads` tell what it was asked for."""

    def __init__(self, *contexts: str) -> None:
        self.contexts = {name: MemoryContext() for name in contexts or ("default",)}
        self.batches: list[list[Append]] = []
        self.appending: set[asyncio.Task[None]] = set()
        self.reads = 0
        self.head_looks = 0
        self.gate: asyncio.Event | None = None
        self.twist: Twist = lambda _context, _appends: None
        self.read_error: RanvierError | None = None
        self.find_errors: list[Exception] = []
        self.gone_back: dict[str, HeadWentBack] = {}

    def context(self, name: str) -> MemoryContext:
        if name not in self.contexts:
            raise UnknownContext(name)
        return self.contexts[name]

    def store(self, context: str, *events: NewEvent) -> None:
        """Put events in without telling anybody, as another node would."""
        self.context(context).events.extend(events)

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        self.batches.append(list(appends))
        if self.gate is not None:
            await self.gate.wait()
        twisted = self.twist(context, appends)
        return self.decide(context, appends) if twisted is None else twisted

    def append_then(
        self,
        context: str,
        appends: Sequence[Append],
        done: Callable[[Sequence[Outcome] | Exception], None],
    ) -> None:
        async def append_and_tell() -> None:
            try:
                outcomes = await self.append(context, appends)
            except Exception as error:
                done(error)
            else:
                done(outcomes)

        task = asyncio.create_task(append_and_tell())
        self.appending.add(task)
        task.add_done_callback(self.appending.discard)

    def decide(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        held = self.context(context)
        needs = needs_of(appends)
        facts = Facts(
            head=len(held.events),
            last_sequences={one: held.last_sequence(one) for one in needs.aggregate_ids},
            latest_matches={
                criterion: max(
                    (
                        token
                        for token, event in enumerate(held.events)
                        if token >= marker and criterion.matches(event.name, event.tags)
                    ),
                    default=NO_MATCH,
                )
                for criterion, marker in needs.markers.items()
            },
        )
        decisions = fold(facts, appends)
        for append, decision in zip(appends, decisions, strict=True):
            if isinstance(decision, Accepted):
                held.events.extend(append.events)
                held.keys[append.append_id] = decision
        return decisions

    async def find_append(self, context: str, append_id: bytes) -> Accepted | None:
        if self.find_errors:
            raise self.find_errors.pop(0)
        return self.context(context).keys.get(append_id)

    async def head(self, context: str) -> int:
        if context in self.gone_back:
            raise self.gone_back[context]
        return len(self.context(context).events)

    async def heads(self) -> Mapping[str, int]:
        self.head_looks += 1
        if self.read_error is not None:
            raise self.read_error
        for error in self.gone_back.values():
            raise error
        return {name: len(context.events) for name, context in self.contexts.items()}

    async def first_token(self, context: str) -> int:
        self.context(context)
        return 0

    async def first_token_at(self, context: str, time_ms: int) -> int:
        times = [event.time_ms for event in self.context(context).events]
        return bisect_left(times, time_ms)

    async def last_sequence(self, context: str, aggregate_id: str) -> int:
        return self.context(context).last_sequence(aggregate_id)

    async def read(
        self,
        context: str,
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
        with_names: bool = False,
    ) -> Page:
        self.reads += 1
        if self.read_error is not None:
            raise self.read_error
        chosen: list[NewEvent] = []
        for event in self.context(context).events[from_token:before_token]:
            page_bytes -= len(event.data)
            if chosen and page_bytes < 0:
                break
            chosen.append(event)
        names = [event.name for event in chosen] if with_names else []
        return Page(from_token, [event.data for event in chosen], from_token + len(chosen), names)

    async def read_aggregate(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        page_bytes: int,
    ) -> AggregatePage:
        rows: list[tuple[int, bytes]] = []
        for event in self.context(context).events:
            if event.aggregate_id != aggregate_id or event.sequence < from_sequence:
                continue
            if event.sequence > to_sequence:
                break
            page_bytes -= len(event.data)
            if rows and page_bytes < 0:
                return AggregatePage(rows, event.sequence)
            rows.append((event.sequence, event.data))
        return AggregatePage(rows, None)

    async def read_matching(
        self,
        context: str,
        criteria: Sequence[Criterion],
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
    ) -> MatchPage:
        head = await self.head(context)
        rows: list[tuple[int, bytes]] = []
        end = min(before_token, head)
        for token, event in list(enumerate(self.context(context).events))[from_token:end]:
            if criteria and not any(one.matches(event.name, event.tags) for one in criteria):
                continue
            page_bytes -= len(event.data)
            if rows and page_bytes < 0:
                return MatchPage(rows, token, head)
            rows.append((token, event.data))
        return MatchPage(rows, max(from_token, end), head)


class MemorySnapshots:
    """The port `SnapshotStore` over the contexts of a `MemoryEventLog`."""

    def __init__(self, log: MemoryEventLog) -> None:
        self._log = log

    async def put(self, context: str, snapshot: Snapshot) -> None:
        held = self._log.context(context)
        refusal = refuse_snapshot_ahead(snapshot, held.last_sequence(snapshot.aggregate_id))
        if refusal is not None:
            raise refusal
        held.snapshots[snapshot.aggregate_id, snapshot.sequence] = snapshot

    async def list(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        limit: int,
    ) -> Sequence[Snapshot]:
        found = [
            snapshot
            for (owner, sequence), snapshot in self._log.context(context).snapshots.items()
            if owner == aggregate_id and from_sequence <= sequence <= to_sequence
        ]
        return sorted(found, key=lambda one: -one.sequence)[:limit]

    async def newest(
        self, context: str, aggregate_id: str, *, from_sequence: int, to_sequence: int
    ) -> Snapshot | None:
        found = await self.list(
            context,
            aggregate_id,
            from_sequence=from_sequence,
            to_sequence=to_sequence,
            limit=1,
        )
        return found[0] if found else None

    async def browse(
        self, context: str, *, before: tuple[str, int] | None, limit: int
    ) -> Sequence[Snapshot]:
        held = self._log.context(context).snapshots
        keys = sorted((key for key in held if before is None or key < before), reverse=True)
        return [held[key] for key in keys[:limit]]

    async def counts(self) -> Mapping[str, int]:
        return {name: len(each.snapshots) for name, each in self._log.contexts.items()}


class MemoryCatalogue:
    """The port `ContextCatalogue` over the contexts of a `MemoryEventLog`."""

    def __init__(self, log: MemoryEventLog) -> None:
        self._log = log

    async def names(self) -> Sequence[str]:
        return sorted(self._log.contexts)

    async def marks(self) -> Mapping[str, ContextMark]:
        return {
            name: ContextMark(held.number, held.dcb, held.property_revision)
            for name, held in self._log.contexts.items()
        }

    async def all(self) -> Sequence[ContextDescription]:
        return [await self.describe(name) for name in await self.names()]

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] | None = None,
        database: Secret | None = None,
    ) -> None:
        if database is not None:
            raise ContextsLieHere
        if name in self._log.contexts:
            raise ContextExists(name)
        self._log.contexts[name] = MemoryContext(dcb=dcb, properties=dict(properties or {}))

    async def change_properties(self, name: str, changes: Mapping[str, str]) -> None:
        held = self._log.context(name)
        held.property_revision += 1
        properties = held.properties
        properties.update(changes)
        for key in [key for key, value in changes.items() if not value]:
            del properties[key]

    async def delete(self, name: str) -> None:
        self._log.context(name)
        del self._log.contexts[name]

    async def describe(self, name: str) -> ContextDescription:
        held = self._log.context(name)
        return ContextDescription(name, held.dcb, len(held.events), dict(held.properties))


class MemoryStrategies:
    """The port `ProcessorStrategies`."""

    def __init__(self) -> None:
        self.chosen: dict[ProcessorId, str] = {}

    async def all(self) -> Mapping[ProcessorId, str]:
        return dict(self.chosen)

    async def choose(self, processor: ProcessorId, strategy: str | None) -> None:
        self.chosen.pop(processor, None)
        if strategy is not None:
            self.chosen[processor] = strategy


class MemoryDatabase:
    """The ports of a database, in memory."""

    def __init__(self) -> None:
        self.events = MemoryEventLog()
        self.snapshots = MemorySnapshots(self.events)
        self.contexts = MemoryCatalogue(self.events)
        self.processor_strategies = MemoryStrategies()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass
