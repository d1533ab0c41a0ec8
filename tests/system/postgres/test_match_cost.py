"""What it costs to match does not grow with the log: indexes lead, and of several tags the rarest.

The cost is counted in the pages that PostgreSQL looks at, so that no clock is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ranvier.events.criterion import Criterion
from ranvier.events.tag import Tag
from ranvier.storage.postgres.criteria import criterion_fields
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.databases import opened
from tests.support.postgres_databases import database_address

COMMON, RARE = Tag(b"kind", b"common"), Tag(b"kind", b"rare")
MATCHES = 4
SMALL, LARGE = 2_000, 20_000

FILL = """
INSERT INTO ranvier.event
SELECT 1, n, NULL, '', 0, 0, 0, CASE WHEN n % {step} = 0 THEN 'Rare' ELSE 'Common' END, 'data'
FROM generate_series(0, {count} - 1) AS n;
INSERT INTO ranvier.event_tag
SELECT 1, 'kind', 'common', n FROM generate_series(0, {count} - 1) AS n;
INSERT INTO ranvier.event_tag
SELECT 1, 'kind', 'rare', n FROM generate_series(0, {count} - 1, {step}) AS n;
UPDATE ranvier.context SET head = {count};
SET search_path TO ranvier; SET enable_seqscan TO off;
"""


async def filled(directory: Path, count: int) -> Any:
    """A log of common events in which every quarter begins with a rare one."""
    address = database_address(directory)
    database = await opened(lambda _: PostgresDatabase(address), directory)
    await database.stop()
    connection = await asyncpg.connect(address)
    await connection.execute(FILL.format(count=count, step=count // MATCHES))
    return connection


async def pages(connection: Any, question: str) -> int:
    for _ in range(2):  # what is looked up once for each connection
        await connection.fetch(question)
    plan = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {question}")
    top = json.loads(plan)[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


@pytest.mark.parametrize(
    "criterion",
    [
        Criterion(names=("Rare", "Never")),
        Criterion((RARE,)),
        Criterion((COMMON, RARE)),
    ],
    ids=["two names", "a tag", "the rare tag last"],
)
@pytest.mark.parametrize("is_analysed", [False, True], ids=["new", "analysed"])
async def test_a_tenfold_log_costs_the_same(
    tmp_path: Path, criterion: Criterion, *, is_analysed: bool
) -> None:
    costs = []
    fields = json.dumps({"marker": 0, **criterion_fields(criterion)})
    for count in (SMALL, LARGE):
        connection = await filled(tmp_path / str(count), count)
        if is_analysed:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("SET plan_cache_mode TO force_generic_plan")
        latest = f"SELECT latest_match(1, '{fields}')"
        look = f"SELECT tokens, seen_to FROM criterion_matches(1, '{fields}', 0, {count}, 500)"
        tokens = [n * (count // MATCHES) for n in range(MATCHES)]
        assert await connection.fetchval(latest) == tokens[-1]
        assert tuple(await connection.fetchrow(look)) == (tokens, count)
        costs.append(await pages(connection, latest) + await pages(connection, look))
        await connection.close()
    small, large = costs
    assert large <= small + 40
