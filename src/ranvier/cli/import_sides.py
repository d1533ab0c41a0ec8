"""The two ends of an import: where events are read, and where they are appended."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.cli.errors import CliError, ImportRefused, NodeSilent
from ranvier.client import (
    AppendCondition,
    Hub,
    SourcedEvent,
    StoredEvent,
    Tag,
    TailOptions,
)
from ranvier.client.errors import (
    ConnectionLost,
    ConsistencyConflict,
    DeadlinePassed,
    HubError,
    HubUnreachable,
    OutcomeUnknown,
)

SILENCE_SECONDS: Final = 30.0
"""Longest wait for an event that is known to be stored."""

CHUNK_EVENTS: Final = 64
"""Events taken at a time, and questions for their tags that are under way together."""

READ_AHEAD: Final = TailOptions(permits=8_192, processor="import")

UNANSWERED: Final = (ConnectionLost, DeadlinePassed, HubUnreachable, OutcomeUnknown)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on its way, its token, and its tags in a DCB context."""

    token: int
    event: StoredEvent | SourcedEvent
    tags: tuple[Tag, ...] = ()

    def fingerprint(self) -> bytes:
        """Return 32 bytes that are equal for equal events with equal tags."""
        if not self.tags:
            return self.event.fingerprint()
        tags = sorted((encoded(tag.key), encoded(tag.value)) for tag in self.tags)
        return hashlib.sha256(self.event.fingerprint() + repr(tags).encode()).digest()


class Side(Protocol):
    """A context of a server; every call raises CliError with a sentence that names the server."""

    @property
    def hub(self) -> Hub:
        """The connection to the server."""

    @property
    def name(self) -> str:
        """What the server is called in a sentence."""

    async def first(self) -> int:
        """Return the token of the oldest event, 0 where there is none."""

    async def end(self) -> int:
        """Return the token that the next event gets."""

    async def settled_end(self) -> int:
        """Return the same once everything is decided that was sent before."""

    def read(self, start: int, end: int) -> AsyncGenerator[list[Entry], None]:
        """Yield the events from `start` on, below `end`, in order."""

    async def append(self, entries: Sequence[Entry], at: int) -> None:
        """Append events so that the first one gets the token `at`; ImportRefused if it did not."""


@dataclass(frozen=True, slots=True)
class ClassicSide:
    """A context with aggregates."""

    hub: Hub
    name: str

    async def first(self) -> int:
        """Return the token of the oldest event, 0 where there is none."""
        with told_of(self.name):
            return await self.hub.events.first_token()

    async def end(self) -> int:
        """Return the token that the next event gets."""
        with told_of(self.name):
            return await self.hub.events.last_token() + 1

    async def settled_end(self) -> int:
        """Return the same once everything is decided that was sent before."""
        with told_of(self.name):
            # Appends are decided in the order in which they came: when this one is answered, so is
            # what an import that was killed a moment ago had sent.
            await self.hub.events.append()
        return await self.end()

    async def read(self, start: int, end: int) -> AsyncGenerator[list[Entry], None]:
        """Yield the events from `start` on, below `end`, in order."""
        if start >= end:
            return
        async with aclosing(self.hub.events.stream(start, READ_AHEAD)) as stream:
            while start < end:
                with told_of(self.name):
                    async with asyncio.timeout(SILENCE_SECONDS):
                        events = await stream.batch(CHUNK_EVENTS)
                start = (events[-1].token or 0) + 1
                yield [Entry(e.token or 0, e) for e in events if (e.token or 0) < end]

    async def append(self, entries: Sequence[Entry], at: int) -> None:
        """Append events so that the first one gets the token `at`; ImportRefused if it did not."""
        with told_of(self.name):
            await self.hub.events.append(
                entry.event for entry in entries if isinstance(entry.event, StoredEvent)
            )
            end = await self.hub.events.last_token() + 1
        if end != at + len(entries):
            raise somebody_else(self.name)


@dataclass(frozen=True, slots=True)
class DcbSide:
    """A context with tags."""

    hub: Hub
    name: str

    async def first(self) -> int:
        """Return the position of the oldest event, 0 where there is none."""
        with told_of(self.name):
            return await self.hub.dcb.tail()

    async def end(self) -> int:
        """Return the position that the next event gets."""
        with told_of(self.name):
            return await self.hub.dcb.head()

    async def settled_end(self) -> int:
        """Return the same; the condition of each append refuses what came meanwhile."""
        return await self.end()

    async def read(self, start: int, end: int) -> AsyncGenerator[list[Entry], None]:
        """Yield the events from `start` on, below `end`, in order, with their tags."""
        if start >= end:
            return
        async with aclosing(self.hub.dcb.stream(start=start)) as stream:
            while start < end:
                with told_of(self.name):
                    async with asyncio.timeout(SILENCE_SECONDS):
                        events = await stream.batch(CHUNK_EVENTS)
                        start = events[-1].position + 1
                        events = [event for event in events if event.position < end]
                        tags = await asyncio.gather(
                            *(self.hub.dcb.tags(event.position) for event in events)
                        )
                yield [
                    Entry(event.position, event, of_event)
                    for event, of_event in zip(events, tags, strict=True)
                ]

    async def append(self, entries: Sequence[Entry], at: int) -> None:
        """Append events so that the first one gets the position `at`; else append none."""
        events = [
            (entry.event, entry.tags) for entry in entries if isinstance(entry.event, SourcedEvent)
        ]
        with told_of(self.name):
            try:
                appended = await self.hub.dcb.append(events, AppendCondition(at))
            except ConsistencyConflict:
                raise somebody_else(self.name) from None
        if appended.first != at:
            raise somebody_else(self.name)


async def copy_newest_snapshot(source: Hub, target: Hub, aggregate_id: str) -> bool:
    """Store the newest snapshot of an aggregate at the target; False where there is none.

    One that is ahead of the events copied gives way to the newest that is not.
    """
    snapshot = await newest_snapshot(source, aggregate_id)
    if snapshot is not None:
        reached = await target.events.highest_sequence(aggregate_id)
        if snapshot.sequence > reached:
            snapshot = await newest_snapshot(source, aggregate_id, reached)
    if snapshot is None:
        return False
    await target.events.append_snapshot(snapshot)
    stored = await newest_snapshot(target, aggregate_id)
    if stored is None or stored.fingerprint() != marked(snapshot).fingerprint():
        raise ImportRefused(
            f"The newest snapshot of aggregate {aggregate_id} at the target is not the source's:"
            " import into a new context."
        )
    return True


async def newest_snapshot(
    hub: Hub, aggregate_id: str, at_most: int = 2**63 - 1
) -> StoredEvent | None:
    """Return the newest snapshot of an aggregate up to a sequence number."""
    async with aclosing(hub.events.snapshots(aggregate_id, end=at_most, limit=1)) as found:
        return await anext(found, None)


def marked(snapshot: StoredEvent) -> StoredEvent:
    """Return a snapshot with the flag that some servers leave out."""
    snapshot.message.snapshot = True
    return snapshot


def within_sentence(name: str) -> str:
    """Return the name of a side as it stands anywhere but at the beginning of a sentence."""
    return name[:1].lower() + name[1:]


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """Turn what a hub says into the sentence and exit code of a command."""
    try:
        yield
    except TimeoutError:
        raise NodeSilent(
            f"{name} sent nothing for {SILENCE_SECONDS:g} seconds; run the same again to go on."
        ) from None
    except UNANSWERED as error:
        raise NodeSilent(f"{name}: {error}; run the same again to go on.") from error
    except HubError as error:
        code = f" [{error.code}]" if error.code.startswith("AXONIQ") else ""
        raise ImportRefused(f"{name}: {error}{code}") from error


def somebody_else(name: str) -> CliError:
    """Return the refusal to write beside somebody else."""
    return ImportRefused(
        f"{name} was written to by somebody else during the import: import into a context of its"
        " own."
    )


def encoded(text: str | bytes) -> bytes:
    """Return part of a tag as bytes."""
    return text.encode() if isinstance(text, str) else text
