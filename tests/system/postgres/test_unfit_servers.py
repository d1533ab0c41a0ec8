"""What cannot be a node's database is refused at the start, in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from examples.node_process import free_ports
from examples.postgres_server import PROGRAMS
from ranvier.storage.errors import (
    DatabaseRightMissing,
    DatabaseTooNew,
    ForeignDatabase,
    MigrationChanged,
    StorageError,
    UnsafeDatabase,
)
from ranvier.storage.postgres import migrate
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.migrate import known_migrations
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.node_program import is_one_sentence, ranvier
from tests.support.postgres_databases import new_database
from tests.support.postgres_server import PostgresServer

GUESTS_NEED_A_PASSWORD = """
COPY (VALUES ('host all guest 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust'))
TO '{data}/pg_hba.conf'
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


async def tell(address: str, *statements: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def first_migrations(step: migrate.Step) -> list[migrate.Migration]:
    """What the program had before there were clusters."""
    return [one for one in known_migrations(step) if one.number <= 4]


async def refusal(address: str, options: PostgresOptions | None = None) -> StorageError:
    database = PostgresDatabase(address, options or PostgresOptions())
    with pytest.raises(StorageError) as refused:
        await database.start()
    assert not database.ready
    return refused.value


async def test_a_server_that_does_not_flush_is_used_only_where_that_was_said_aloud(
    server: PostgresServer,
) -> None:
    await tell(server.address(), "CREATE DATABASE trial")
    address = server.address("trial")
    for name in ("fsync", "full_page_writes"):
        await tell(address, f"ALTER SYSTEM SET {name} = off", "SELECT pg_reload_conf()")
        refused = await refusal(address)
        assert isinstance(refused, UnsafeDatabase)
        assert f"has {name} off" in str(refused)
        assert "unsafe_database" in str(refused)
        trial = PostgresDatabase(address, PostgresOptions(takes_unsafe=True))
        await trial.start()
        await trial.stop()
        await tell(address, "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")


async def test_a_wrong_password_is_said_and_never_shown(server: PostgresServer) -> None:
    connection = await asyncpg.connect(server.address())
    data = await connection.fetchval("SHOW data_directory")
    await connection.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    await connection.execute(GUESTS_NEED_A_PASSWORD.format(data=data))
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    address = server.address().replace("postgres@", "guest:wr0ng@")
    refused = await refusal(address)
    assert "password authentication failed" in str(refused)
    assert "key `database`" in str(refused)
    assert "wr0ng" not in str(refused)


async def test_a_role_without_rights_is_told_which_ones_it_needs(server: PostgresServer) -> None:
    await tell(server.address(), "CREATE ROLE weak LOGIN", "CREATE DATABASE strict")
    address = server.address("strict").replace("postgres@", "weak@")
    assert isinstance(await refusal(address), DatabaseRightMissing)
    await tell(server.address(), "GRANT CREATE ON DATABASE strict TO weak")
    database = PostgresDatabase(address)
    await database.start()
    await database.contexts.create("theirs")
    await database.stop()
    await tell(server.address(), "REVOKE CREATE ON DATABASE strict FROM weak")
    await database.start()
    assert await database.contexts.names() == ["theirs"]
    await database.stop()


async def test_a_schema_of_another_program_is_left_alone() -> None:
    address = new_database()
    await tell(address, "CREATE SCHEMA ranvier", "CREATE TABLE ranvier.event (theirs integer)")
    assert isinstance(await refusal(address), ForeignDatabase)
    await tell(address, "CREATE TABLE ranvier.migration (version text)")
    refused = await refusal(address)
    assert isinstance(refused, ForeignDatabase)
    assert "another program" in str(refused)


async def test_a_database_that_cannot_hold_every_name_is_refused(server: PostgresServer) -> None:
    await tell(server.address(), "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    assert "LATIN1" in str(await refusal(server.address("latin")))


async def test_what_a_newer_program_took_away_is_missed_and_what_it_added_is_not() -> None:
    address = new_database()
    database = PostgresDatabase(address)
    await database.start()
    await database.stop()
    add = "INSERT INTO ranvier.migration (step, number, name, checksum) VALUES ('{}', 99, 'x', 'y')"
    await tell(address, add.format("pre"))
    await database.start()
    await database.stop()
    await tell(address, add.format("post"))
    refused = await refusal(address)
    assert isinstance(refused, DatabaseTooNew)
    assert refused.found == 99


async def test_an_older_schema_is_brought_up_to_date_and_a_changed_one_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = new_database()
    connection = await asyncpg.connect(address, server_settings={"search_path": "ranvier"})
    with monkeypatch.context() as older:
        older.setattr(migrate, "known_migrations", first_migrations)
        assert await migrate.migrate(connection)
    await connection.close()
    database = PostgresDatabase(address)
    await database.start()
    assert (await database.check()).passed
    await database.stop()
    await tell(address, "UPDATE ranvier.migration SET checksum = 'other' WHERE number = 2")
    assert isinstance(await refusal(address), MigrationChanged)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://me:s3cr3t@none.invalid/x", ["host name none.invalid is not", "`database`"]),
        ("postgresql://me:s3cr3t@a.invalid,b.invalid:7/x", ["host name a.invalid is not known"]),
        ("postgresql://me:s3cr3t@127.0.0.1:1/x", ["nobody listens"]),
        ("{}_that_is_not_there?password=s3cr3t", ["does not exist", "`database`"]),
        ("postgresql://me:s3cr3t@127.0.0.1/x?sslmode=never", ["sslmode"]),
    ],
)
def test_a_start_is_refused_in_one_sentence(
    address: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = address.format(new_database()) if "{}" in address else address
    monkeypatch.delenv(PROGRAMS, raising=False)  # a node would tell that it is no setting
    data = str(tmp_path / "data")
    said = ranvier("start", *free_ports(), "--data", data, "--database", given)
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
    assert all(word in said.err for word in words), said.err
    assert "s3cr3t" not in said.err
