"""A system database and the databases of contexts, where something has gone wrong between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from ranvier.events.append import Accepted
from ranvier.events.errors import ContextExists, UnknownContext
from ranvier.security.secret import Secret
from ranvier.storage.errors import (
    ContextDatabaseRefused,
    ContextDatabaseUnavailable,
    ContextsLieHere,
    DatabaseTaken,
)
from ranvier.storage.placed.database import PlacedDatabase
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import all_rows, append, event, store
from tests.support.placed_databases import open_placed
from tests.support.postgres_databases import database_address, new_database, run_statement


async def opened(address: str) -> PlacedDatabase:
    database = PlacedDatabase(PostgresDatabase(address), open_placed)
    await database.start()
    return database


@pytest.fixture
def home(tmp_path: Path) -> str:
    return database_address(tmp_path)


@pytest.fixture
async def database(home: str) -> AsyncIterator[PlacedDatabase]:
    database = await opened(home)
    yield database
    await database.stop()


async def test_a_creation_that_was_cut_off_is_finished_by_whoever_needs_the_context(
    database: PlacedDatabase, home: str
) -> None:
    cut_off = PostgresDatabase(home)
    await cut_off.start()
    await cut_off.contexts.create("orders", dcb=True, database=Secret(new_database()))
    with pytest.raises(UnknownContext):
        await cut_off.events.head("orders")
    await cut_off.stop()
    assert await store(database, event(0), context="orders") == Accepted(0, 1)


async def test_another_node_finds_a_context_wherever_it_was_created_anew(
    database: PlacedDatabase, home: str
) -> None:
    other = await opened(home)
    try:
        await database.contexts.create("orders", database=Secret(new_database()))
        assert await store(other, event(0), context="orders") == Accepted(0, 1)
        await database.contexts.delete("orders")
        await database.contexts.create("orders")
        assert await store(other, event(0, data=b"here"), context="orders") == Accepted(0, 1)
        assert await all_rows(other, "orders") == [b"here"]
        await database.contexts.delete("orders")
        await database.contexts.create("orders", database=Secret(new_database()))
        told: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        other.events.append_then("orders", [append(event(0))], told.set_result)
        assert await told == [Accepted(0, 1)]
    finally:
        await other.stop()


async def test_batches_keep_their_order_while_the_database_is_being_opened(
    database: PlacedDatabase, home: str
) -> None:
    await database.contexts.create("orders", database=Secret(new_database()))
    other = await opened(home)
    try:
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[object]] = [loop.create_future() for _ in range(20)]
        for number, answer in enumerate(answers):
            other.events.append_then("orders", [append(event(number))], answer.set_result)
        assert await asyncio.gather(*answers) == [[Accepted(number, 1)] for number in range(20)]
    finally:
        await other.stop()


async def test_a_database_that_has_lost_its_context_is_not_taken_for_an_empty_one(
    database: PlacedDatabase,
) -> None:
    own = new_database()
    await database.contexts.create("orders", database=Secret(own))
    await store(database, event(0), context="orders")
    run_statement(own, "UPDATE ranvier.context SET name = NULL")
    with pytest.raises(ContextDatabaseUnavailable, match="it has lost the context"):
        await database.events.head("orders")
    assert "orders" in await database.contexts.names()


async def test_what_does_not_know_of_such_contexts_stores_nothing_in_the_wrong_place(
    database: PlacedDatabase, home: str
) -> None:
    await database.contexts.create("orders", database=Secret(new_database()))
    with pytest.raises(Exception, match="context_lies_elsewhere"):
        run_statement(home, "UPDATE ranvier.context SET head = 1 WHERE name = 'orders'")


async def test_a_name_that_is_taken_makes_no_tables_elsewhere(database: PlacedDatabase) -> None:
    own = new_database()
    await database.contexts.create("orders")
    with pytest.raises(ContextExists):
        await database.contexts.create("orders", database=Secret(own))
    run_statement(own, "CREATE SCHEMA ranvier")  # there was none


async def test_a_role_without_rights_is_refused_in_a_sentence(database: PlacedDatabase) -> None:
    own = new_database()
    role = urlsplit(own).path[1:] + "_role"
    run_statement(own, f"CREATE ROLE {role} LOGIN PASSWORD 'x1'")
    try:
        port = urlsplit(own).netloc.rpartition("@")[2]
        address = urlunsplit(urlsplit(own)._replace(netloc=f"{role}:x1@{port}"))
        with pytest.raises(ContextDatabaseRefused, match="refuses its role a right"):
            await database.contexts.create("orders", database=Secret(address))
    finally:
        run_statement(own, f"DROP ROLE {role}")
    assert await database.contexts.names() == []


async def test_no_node_starts_on_a_database_of_contexts(database: PlacedDatabase) -> None:
    own = new_database()
    await database.contexts.create("orders", database=Secret(own))
    with pytest.raises(DatabaseTaken, match="keeps contexts that a cluster has placed there"):
        await PostgresDatabase(own).start()


async def test_the_embedded_database_keeps_all_contexts_itself(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    await database.start()
    with pytest.raises(ContextsLieHere, match="Only a cluster on PostgreSQL"):
        await database.contexts.create("orders", database=Secret("postgresql://x/y"))
    assert await database.contexts.names() == []
    await database.stop()
