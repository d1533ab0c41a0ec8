"""What it costs to match does not grow with the log: indexes lead, and of several tags the rarest.

The cost is counted in the steps of SQLite's own machine, so that no clock is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from ranvier.events.criterion import Criterion
from ranvier.events.tag import Tag
from ranvier.storage.sqlite.connections import database_path, open_reader
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.matching import MatchRange, latest_match, matching_tokens
from ranvier.storage.sqlite.options import SqliteOptions
from tests.support.appends import event, store
from tests.support.databases import opened

COMMON, RARE = Tag(b"kind", b"common"), Tag(b"kind", b"rare")
MATCHES = 4
SMALL, LARGE = 2_000, 20_000
STEPS_PER_TICK = 10


async def filled(directory: Path, count: int) -> apsw.Connection:
    """A log of common events in which every quarter begins with a rare one."""
    database = await opened(SqliteDatabase, directory)
    for start in range(0, count, 2_000):
        events = [
            event(
                0,
                None,
                name="Rare" if n % (count // MATCHES) == 0 else "Common",
                tags=(COMMON, RARE) if n % (count // MATCHES) == 0 else (COMMON,),
            )
            for n in range(start, start + 2_000)
        ]
        await store(database, *events)
    await database.stop()
    return open_reader(database_path(directory), SqliteOptions())


def steps(connection: apsw.Connection, work: Callable[[], object]) -> int:
    ticks = 0

    def tick() -> bool:
        nonlocal ticks
        ticks += 1
        return False

    connection.set_progress_handler(tick, STEPS_PER_TICK)
    work()
    connection.set_progress_handler(None)
    return ticks * STEPS_PER_TICK


@pytest.mark.parametrize(
    "criterion",
    [
        Criterion(names=("Rare",)),
        Criterion(names=("Rare", "Never")),
        Criterion((RARE,)),
        Criterion((COMMON, RARE)),
        Criterion((RARE, COMMON)),
    ],
)
async def test_a_tenfold_log_costs_the_same(tmp_path: Path, criterion: Criterion) -> None:
    costs = []
    for count in (SMALL, LARGE):
        connection = await filled(tmp_path / str(count), count)
        span = MatchRange(1, 0, count)
        tokens, seen_to = matching_tokens(connection, span, [criterion], 500)
        assert tokens == [n * (count // MATCHES) for n in range(MATCHES)]
        assert seen_to == count
        assert latest_match(connection, span, criterion) == tokens[-1]
        look = steps(connection, lambda: matching_tokens(connection, span, [criterion], 500))  # noqa: B023  # called at once
        judge = steps(connection, lambda: latest_match(connection, span, criterion))  # noqa: B023  # called at once
        costs.append(look + judge)
        connection.close()
    small, large = costs
    assert large <= small + 200
    assert large < SMALL
