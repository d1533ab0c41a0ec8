"""A server that is lost is noticed in time, asked gently, and found again without being asked."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from ranvier.events.append import Unknown
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.append_lookup import AppendLookup
from ranvier.services.batch_limits import BatchLimits
from ranvier.services.errors import AppendOutcomeUnknown
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.appends import append, event, store
from tests.support.databases import CONTEXT, opened
from tests.support.postgres_server import PostgresServer

IMPATIENT = PostgresOptions(
    answer_seconds=1.5, connect_seconds=1.5, knock_seconds=0.1, connect_pause_seconds=0.05
)


async def until_ready(database: PostgresDatabase) -> None:
    async with asyncio.timeout(30):
        while not database.ready:  # noqa: ASYNC110  # nobody asks it anything meanwhile
            await asyncio.sleep(0)


async def impatient(server: PostgresServer) -> PostgresDatabase:
    """Return a database whose tables were laid out without haste."""
    patient = PostgresDatabase(server.address())
    await opened(lambda _: patient, Path())
    await patient.stop()
    database = PostgresDatabase(server.address(), IMPATIENT)
    await database.start()
    return database


async def test_a_server_that_stands_still_makes_nobody_wait_for_ever(
    own_server: PostgresServer,
) -> None:
    database = await impatient(own_server)
    await store(database, event(0))
    own_server.freeze()
    try:
        async with asyncio.timeout(30):
            outcomes = await database.events.append(CONTEXT, [append(event(1))])
    except StorageUnavailable:
        outcomes = [Unknown()]  # it was not even sent
    finally:
        assert not database.ready
        with pytest.raises(StorageUnavailable):
            async with asyncio.timeout(30):
                await database.events.heads()
        own_server.thaw()
    assert [type(one) for one in outcomes] == [Unknown]
    await until_ready(database)
    assert await database.events.head(CONTEXT) >= 1
    await database.stop()


async def test_an_append_under_way_is_answered_unknown_when_the_server_stays_away(
    own_server: PostgresServer,
) -> None:
    database = await impatient(own_server)
    limits = BatchLimits(lookup_pause_seconds=0.05, lookups_per_outcome=3)
    door = AppendEvents(
        database.events,
        AppendIds(lambda: time.time_ns() // 1_000_000, os.urandom),
        lambda *_: None,
        limits,
        AppendLookup(database.events, limits),
    )
    outcomes = await asyncio.gather(
        *(door.append(CONTEXT, [event(0, f"a-{number}")]) for number in range(20))
    )
    assert len(outcomes) == 20
    own_server.freeze()
    try:
        async with asyncio.timeout(30):
            with pytest.raises((AppendOutcomeUnknown, StorageUnavailable)):
                await door.append(CONTEXT, [event(0, "lost")])
            with pytest.raises(StorageUnavailable):
                await door.append(CONTEXT, [event(0, "later")])
    finally:
        own_server.thaw()
    await until_ready(database)
    await door.append(CONTEXT, [event(0, "after")])
    await door.stop()
    await database.stop()


async def test_a_thousand_questions_make_no_storm_of_connections(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = PostgresDatabase(own_server.address(), PostgresOptions(connect_pause_seconds=30))
    await opened(lambda _: database, Path())
    attempts = 0
    readers = database._readers  # what a node does to a server cannot be seen from outside
    connect = readers._connect

    async def counted() -> object:
        nonlocal attempts
        attempts += 1
        return await connect()

    monkeypatch.setattr(readers, "_connect", counted)
    own_server.kill()
    questions = [database.events.heads() for _ in range(1_000)]
    answers = await asyncio.gather(*questions, return_exceptions=True)
    assert {type(one) for one in answers} == {StorageUnavailable}
    assert attempts <= PostgresOptions().reader_connections
    await database.stop()
