"""Each connection learns which database it has met; a former primary is not believed."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from ranvier.storage.errors import HeadWentBack, StorageUnavailable
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import append, event, store
from tests.support.databases import CONTEXT, opened


async def test_a_node_that_hears_of_a_later_timeline_leaves_the_former_primary(
    address: str,
) -> None:
    database = PostgresDatabase(address)
    await opened(lambda _: database, Path())
    await store(database, event(0))
    timeline = database.timeline
    assert timeline >= 1
    database.hear_of_timeline(database.system_identifier + 1, timeline + 1)
    readiness = [database.ready]
    for heard in (timeline, timeline + 1):
        database.hear_of_timeline(database.system_identifier, heard)
        readiness.append(database.ready)
    assert readiness == [True, True, False]
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="former primary"):
            await database.events.append(CONTEXT, [append(event(1))])
        with pytest.raises(StorageUnavailable, match="former primary"):
            await database.events.heads()
    assert not database.ready
    await database.stop()


async def test_a_head_that_went_back_stores_nothing(address: str) -> None:
    database = PostgresDatabase(address)
    await opened(lambda _: database, Path())
    await store(database, event(0), event(1))
    operator = await asyncpg.connect(address)
    await operator.execute(
        "DELETE FROM ranvier.event WHERE token = 1; UPDATE ranvier.context SET head = 1"
    )
    with pytest.raises(HeadWentBack):
        await database.events.append(CONTEXT, [append(event(1))])
    with pytest.raises(HeadWentBack):
        await database.events.head(CONTEXT)
    assert await operator.fetchval("SELECT count(*) FROM ranvier.event") == 1
    await operator.close()
    await database.stop()


async def test_the_server_is_told_to_let_go_of_what_lasts(address: str) -> None:
    database = PostgresDatabase(address)
    await opened(lambda _: database, Path())
    async with database._writers.lend() as lent:  # what a connection is told is seen there only
        (row,) = await lent.rows(
            "SELECT current_setting('lock_timeout') AS lock, "
            "current_setting('statement_timeout') AS statement, "
            "current_setting('transaction_timeout', true) AS transaction, "
            "current_setting('server_version_num')::integer AS version"
        )
    assert (row["lock"], row["statement"]) == ("3s", "5s")
    assert await database._readers.ask("SHOW statement_timeout") == [("5s",)]
    assert row["transaction"] == ("30s" if row["version"] >= 170_000 else None)
    await database.stop()
