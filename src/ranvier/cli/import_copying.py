"""Copies a context: where to go on, the events in batches, the proof, the snapshots."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from ranvier.cli.errors import ImportRefused
from ranvier.cli.import_sides import (
    Entry,
    Side,
    copy_newest_snapshot,
    told_of,
    within_sentence,
)
from ranvier.client import StoredEvent

BATCH_EVENTS: Final = 1_000
"""Events of one transaction at the target."""

BATCH_BYTES: Final = 2 * 1024 * 1024
"""Of one transaction, but for its last event."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be copied: tokens of the target; the source's are `shift` higher."""

    start: int
    end: int
    shift: int


async def span_to_copy(source: Side, target: Side, *, may_shift: bool) -> Span:
    """Say where to go on; ImportRefused where the target holds something else than the source."""
    shift = await source.first()
    end = await source.end() - shift
    start = await target.settled_end()
    if shift and not may_shift:
        raise ImportRefused(
            f"{source.name} begins with token {shift}, for older events are gone, and the target"
            " begins with 0: say --shift-tokens to have every token made lower by that number."
        )
    if start > end:
        raise ImportRefused(
            f"{target.name} holds {start} events and {within_sentence(source.name)} {end}:"
            " it holds something else; import into an empty context."
        )
    if start:
        await compare_last(source, target, Span(start, end, shift))
    return Span(start, end, shift)


async def compare_last(source: Side, target: Side, span: Span) -> None:
    """Raise ImportRefused where the last event of the target is not the one of the source."""
    at = span.start - 1
    mine = await one(target, at)
    its = await one(source, at + span.shift)
    if mine.fingerprint() != its.fingerprint():
        raise ImportRefused(
            f"The event with token {at} of {within_sentence(target.name)} is not the one of"
            f" {within_sentence(source.name)}: it holds something else; import into an empty"
            " context."
        )


async def one(side: Side, token: int) -> Entry:
    """Return one event."""
    async with aclosing(side.read(token, token + 1)) as chunks:
        async for entries in chunks:
            for entry in entries:
                return entry
    raise no_such_token(side, token)


async def copy_events(
    source: Side, target: Side, span: Span, copied: Callable[[int], None]
) -> None:
    """Append what is missing, in order; `copied` is told how many after each transaction."""
    at = span.start
    appending: asyncio.Task[int] | None = None
    try:
        async with aclosing(batches(source, span)) as all_batches:
            async for entries in all_batches:
                if appending is not None:
                    copied(await appending)
                # The next batch is read while this one is stored.
                appending = asyncio.create_task(stored(target, entries, at))
                at += len(entries)
        if appending is not None:
            copied(await appending)
    finally:
        if appending is not None and not appending.done():
            appending.cancel()
            await asyncio.wait({appending})


async def stored(target: Side, entries: Sequence[Entry], at: int) -> int:
    """Append events and return how many."""
    await target.append(entries, at)
    return len(entries)


async def batches(source: Side, span: Span) -> AsyncGenerator[list[Entry], None]:
    """Yield what is to be copied, by transactions; ImportRefused where a token is missing."""
    batch: list[Entry] = []
    size_bytes = 0
    token = span.start + span.shift
    async with aclosing(source.read(token, span.end + span.shift)) as chunks:
        async for entries in chunks:
            for entry in entries:
                if entry.token != token:
                    raise no_such_token(source, token)
                token += 1
                batch.append(entry)
                size_bytes += entry.event.message.ByteSize()
                if len(batch) == BATCH_EVENTS or size_bytes >= BATCH_BYTES:
                    yield batch
                    batch, size_bytes = [], 0
    if batch:
        yield batch


async def compare_all(
    source: Side, target: Side, span: Span, compared: Callable[[Sequence[Entry]], Awaitable[None]]
) -> str:
    """Read both sides whole and return their one digest; ImportRefused where they differ."""
    digest = hashlib.sha256()
    async with (
        aclosing(target.read(0, span.end)) as mine,
        aclosing(flat(source.read(span.shift, span.end + span.shift))) as theirs,
    ):
        async for entries in mine:
            for entry in entries:
                fingerprint = entry.fingerprint()
                other = await anext(theirs, None)
                is_same = other is not None and other.token == entry.token + span.shift
                if other is None or not is_same or other.fingerprint() != fingerprint:
                    raise ImportRefused(
                        f"The event with token {entry.token} of {within_sentence(target.name)} is"
                        f" not the one of {within_sentence(source.name)}: import again, into an"
                        " empty context."
                    )
                digest.update(fingerprint)
            await compared(entries)
    return digest.hexdigest()


async def flat(
    chunks: AsyncGenerator[list[Entry], None],
) -> AsyncGenerator[Entry, None]:
    """Yield entries one by one."""
    async with aclosing(chunks) as each_chunk:
        async for entries in each_chunk:
            for entry in entries:
                yield entry


class SnapshotCopy:
    """Copies the newest snapshot of every aggregate whose first event it is shown."""

    def __init__(self, source: Side, target: Side) -> None:
        self._source = source
        self._target = target
        self.count = 0

    async def show(self, entries: Sequence[Entry]) -> None:
        """Copy the snapshots of the aggregates that begin here, side by side."""
        beginning = [
            entry.event.aggregate_id
            for entry in entries
            if isinstance(entry.event, StoredEvent)
            and entry.event.aggregate_type
            and entry.event.sequence == 0
        ]
        with told_of(
            f"Snapshots from {within_sentence(self._source.name)}"
            f" to {within_sentence(self._target.name)}"
        ):
            copied = await asyncio.gather(
                *(
                    copy_newest_snapshot(self._source.hub, self._target.hub, aggregate_id)
                    for aggregate_id in beginning
                )
            )
        self.count += sum(copied)


def no_such_token(side: Side, token: int) -> ImportRefused:
    """Return the refusal of a source whose tokens have a gap."""
    return ImportRefused(
        f"{side.name} has no event with token {token}, though it has later ones: its tokens cannot"
        " be kept."
    )
