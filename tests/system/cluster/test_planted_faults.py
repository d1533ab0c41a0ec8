"""The checkers catch stores that are wrong in the ways that stores are wrong; the right one passes.

Every pair of tests drives the right store and the wrong one through the same moments.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ranvier.events.append import Accepted
from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.storage.postgres.batch import batch_of
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import append
from tests.support.checkers.acknowledged import acknowledged_faults
from tests.support.checkers.append_conditions import append_condition_faults
from tests.support.checkers.history import AppendNote, Condition, FencedWrite
from tests.support.checkers.leases import lease_faults
from tests.support.checkers.readers import reader_faults
from tests.support.databases import CONTEXT, opened
from tests.support.planted_faults import (
    SEQUENCE,
    STORE_NAIVELY,
    AcknowledgesFirst,
    LocksAndChecksAtOnce,
    NaiveReader,
    RightStore,
    SkipsTheFence,
    Store,
    log_of,
    noted_event,
    until_blocked,
)
from tests.support.postgres_databases import database_address

APPEND = "SELECT * FROM ranvier.append_batch($1, $2, 0, 0" + (
    "".join(f", ${place}" for place in range(3, 21)) + ")"
)


@dataclass
class Scene:
    """A node, and a connection that plays a second one."""

    node: PostgresDatabase
    second: Any
    third: Any

    async def append_open(self, name: str, keys: frozenset[str] = frozenset()) -> None:
        """Let the second node append an event; its transaction stays open."""
        await self.second.execute("BEGIN")
        await self.second.execute("SET LOCAL search_path = ranvier")
        appends = [append(noted_event(name, keys))]
        parameters = batch_of(appends, [Accepted(0, 1)]).batch.parameters()
        await self.second.fetch(APPEND, 1, 0, *parameters)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    address = database_address(tmp_path)
    node = PostgresDatabase(address)
    await opened(lambda _: node, tmp_path)
    second, third = [await asyncpg.connect(address) for _ in range(2)]
    yield Scene(node, second, third)
    await second.close()
    await third.close()
    await node.stop()


@pytest.mark.parametrize(("make", "lost"), [(RightStore, 0), (AcknowledgesFirst, 2)])
async def test_an_acknowledgement_before_the_commit_is_caught_when_the_node_is_killed(
    scene: Scene, make: Callable[[PostgresDatabase], Store], lost: int
) -> None:
    store = make(scene.node)
    notes = [await store.append(f"e{number}") for number in range(8)]
    del store  # what it meant to do later, it does no more
    faults = list(acknowledged_faults(notes, await log_of(scene.third)))
    assert len(faults) == lost, faults


RED = frozenset({"red"})


@pytest.mark.parametrize("is_right", [True, False])
async def test_lock_and_check_in_one_statement_is_caught(scene: Scene, is_right: bool) -> None:
    store = RightStore(scene.node) if is_right else LocksAndChecksAtOnce(scene.third)
    first = AppendNote("first", -1, condition=Condition(0, RED))
    await scene.append_open(first.id, RED)
    waiting = asyncio.create_task(store.append("second", Condition(0, RED)))
    await until_blocked(scene.second, 1)
    await scene.second.execute("COMMIT")
    notes = [first, await waiting]
    faults = list(append_condition_faults(notes, await log_of(scene.third)))
    assert bool(faults) is not is_right, faults


async def test_a_reader_behind_the_head_row_skips_nothing(scene: Scene) -> None:
    reader = NaiveReader(scene.third)
    await scene.append_open("early")
    late = asyncio.create_task(RightStore(scene.node).append("late"))
    await until_blocked(scene.third, 1)
    await reader.read()
    await scene.second.execute("COMMIT")
    await late
    await reader.read()
    assert not list(reader_faults(reader.deliveries, await log_of(scene.third)))
    assert len(reader.deliveries) == 2


async def test_a_naive_cursor_over_a_serial_column_is_caught(scene: Scene) -> None:
    reader = NaiveReader(scene.third)
    await scene.second.execute(f"CREATE SEQUENCE {SEQUENCE} MINVALUE 0")
    await scene.second.execute("BEGIN")
    await scene.second.execute(STORE_NAIVELY, b"early")
    await scene.third.execute(STORE_NAIVELY, b"late")
    await reader.read()
    await scene.second.execute("COMMIT")
    await reader.read()
    faults = list(reader_faults(reader.deliveries, await log_of(scene.third)))
    assert faults == ["0 to 0 were skipped"]


@pytest.mark.parametrize("is_right", [True, False])
async def test_a_skipped_fence_is_caught(scene: Scene, is_right: bool) -> None:
    scheduled = scene.node.scheduled_events
    await scheduled.add(CONTEXT, ScheduledEvent("t", 100, noted_event("scheduled")))
    claims = {}
    for owner, now_ms in (("frozen", 100), ("successor", 10_000)):
        (due,) = await scheduled.claim_due(owner, now_ms, now_ms + 1_000, 1)
        claims[owner] = due.claim
    writes = [FencedWrite("successor", claims["successor"].fence)]  # to claim is to write
    store = RightStore(scene.node) if is_right else SkipsTheFence(scene.node, scene.third)
    if await store.publish("scheduled", claims["frozen"]):
        writes.append(FencedWrite("frozen", claims["frozen"].fence))
    assert bool(list(lease_faults(writes))) is not is_right
