"""Nodes that write, read, freeze and die on one PostgreSQL, which itself dies and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, LeftOut
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.append_lookup import AppendLookup
from ranvier.services.batch_limits import BatchLimits
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import all_rows, event
from tests.support.databases import CONTEXT, opened
from tests.support.postgres_server import PostgresServer
from tests.support.postgres_writer import (
    LOCK_SECONDS,
    Notes,
    WriterProcess,
    check_rows,
    new_append,
)
from tests.support.scale import scaled

Nodes = tuple[PostgresDatabase, PostgresDatabase]

CALLERS = 16
PAGE_BYTES = 4_096
MARGIN_SECONDS = 20.0
"""What a loaded machine may take beyond that."""


async def tail(node: PostgresDatabase, until: asyncio.Event) -> list[bytes]:
    """Read what others write as soon as it shows, until there is nothing more to come."""
    rows: list[bytes] = []
    while True:
        is_over = until.is_set()
        head = await node.events.head(CONTEXT)
        while len(rows) < head:
            page = await node.events.read(
                CONTEXT, from_token=len(rows), before_token=head, page_bytes=PAGE_BYTES
            )
            assert page.first_token == len(rows)
            assert page.rows, "the head was told before its events can be read"
            rows += page.rows
        if is_over:
            return rows


async def ended(writers: Sequence[WriterProcess], notes: Notes, wanted: int) -> None:
    """Let writers work until so many appends are acknowledged, then kill them at once."""
    async with asyncio.timeout(600):
        while len(notes.stored) < wanted:
            await asyncio.wait([writer.reading for writer in writers], timeout=0.02)
    await asyncio.gather(*(writer.kill() for writer in writers))


async def resolved(node: PostgresDatabase, notes: Notes) -> dict[bytes, Accepted | None]:
    """Look up, on a node that lives, every append whose writer died before it told the end."""
    unknown = notes.tried - notes.stored.keys()
    return {one: await node.events.find_append(CONTEXT, one) for one in unknown}


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("count", [2, 4])
async def test_readers_miss_nothing_of_what_writers_on_several_nodes_store_until_they_are_killed(
    nodes: Nodes, address: str, count: int
) -> None:
    notes = Notes()
    over = asyncio.Event()
    readers = [asyncio.create_task(tail(node, over)) for node in nodes]
    writers = [WriterProcess(address, f"writer-{number}", notes) for number in range(count)]
    await asyncio.gather(*(writer.start() for writer in writers))
    await ended(writers, notes, scaled(100_000, suite=300))
    lookups = await resolved(nodes[0], notes)
    over.set()
    rows = await all_rows(nodes[1])
    stored = check_rows(rows, notes)
    assert {one for one, found in lookups.items() if found} == stored - notes.stored.keys()
    for one, found in lookups.items():
        assert found is None or rows[found.first_token][:16] == one
    assert [await reader for reader in readers] == [rows, rows]


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_frozen_node_blocks_nobody_longer_than_the_lock_timeout(
    nodes: Nodes, address: str
) -> None:
    notes = Notes()
    writer = WriterProcess(address, "frozen", notes)
    await writer.start()
    longest = 0.0
    for number in range(scaled(2_000, suite=20)):
        writer.process.send_signal(signal.SIGSTOP)
        one = new_append("other", number)
        notes.tried.add(one.append_id)
        begun = time.perf_counter()
        while isinstance((await nodes[0].events.append(CONTEXT, [one]))[0], LeftOut):
            pass
        longest = max(longest, time.perf_counter() - begun)
        writer.process.send_signal(signal.SIGCONT)
        await asyncio.wait([writer.reading], timeout=0.001 * (number % 7))
    await writer.kill()
    print(f"the longest wait took {longest:.2f} s")
    assert longest <= LOCK_SECONDS + MARGIN_SECONDS
    lookups = await resolved(nodes[0], notes)
    stored = check_rows(await all_rows(nodes[0]), notes)
    assert stored == notes.stored.keys() | {one for one, found in lookups.items() if found}


def door(node: PostgresDatabase) -> AppendEvents:
    """A node's sequencers, which look up what they got no answer for."""
    limits = BatchLimits(lookups_per_outcome=1_200, lookup_pause_seconds=0.05)
    lookup = AppendLookup(node.events, limits)
    ids = AppendIds(lambda: time.time_ns() // 1_000_000, os.urandom)
    return AppendEvents(node.events, ids, lambda *_: None, limits, lookup)


class Callers:
    """Clients of a node: each appends one event after the other, and waits while it cannot."""

    def __init__(self, node: PostgresDatabase, name: str) -> None:
        self._door = door(node)
        self._name = name
        self.stored: dict[bytes, int] = {}
        self.refused: set[bytes] = set()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.is_over = False
        self.tasks = [asyncio.create_task(self._call(number)) for number in range(CALLERS)]

    async def _call(self, caller: int) -> None:
        number = 0
        while not self.is_over:
            number += 1
            data = f"{self._name}-{caller}-{number}".encode()
            try:
                accepted = await self._door.append(CONTEXT, [event(0, data.decode(), data=data)])
                self.stored[data] = accepted.first_token
            except RanvierError:
                self.refused.add(data)
                self.may_go_on.clear()
                await self.may_go_on.wait()


async def count_to(callers: Sequence[Callers], wanted: int) -> None:
    async with asyncio.timeout(60):
        while any(len(one.stored) < wanted for one in callers):
            await asyncio.wait(callers[0].tasks, timeout=0.01)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_database_that_is_killed_and_started_again_has_lost_nothing(
    own_server: PostgresServer,
) -> None:
    nodes = [PostgresDatabase(own_server.address()) for _ in range(2)]
    await opened(lambda _: nodes[0], Path())
    await nodes[1].start()
    callers = [Callers(node, f"node-{place}") for place, node in enumerate(nodes)]
    for turn in range(1, scaled(50, suite=2) + 1):
        await count_to(callers, 200 * turn)
        own_server.kill()
        for node in nodes:
            with pytest.raises(RanvierError):
                await node.events.heads()
            assert not node.ready
        own_server.start_again()
        for node, one in zip(nodes, callers, strict=True):
            async with asyncio.timeout(60):
                while not node.ready:
                    await asyncio.gather(node.events.heads(), return_exceptions=True)
            one.may_go_on.set()
    for one in callers:
        one.is_over = True
        one.may_go_on.set()
        await asyncio.gather(*one.tasks)
    rows = await all_rows(nodes[0])
    assert len(set(rows)) == len(rows)
    acknowledged = callers[0].stored | callers[1].stored
    assert {data: token for token, data in enumerate(rows) if data in acknowledged} == acknowledged
    assert set(rows) == acknowledged.keys()
    assert (await nodes[1].check()).passed
    for node in nodes:
        await node.stop()
