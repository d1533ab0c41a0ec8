"""A node's embedded database, copied into PostgreSQL: everything, once, whatever happens."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import apsw
import asyncpg
import pytest

from ranvier.errors import RanvierError
from ranvier.node import command_copy
from ranvier.node.copy_database import CopyProgress, copy_database
from ranvier.node.copy_progress import NoProgress
from ranvier.storage.copied_tables import LEFT_BEHIND, TABLES
from ranvier.storage.errors import (
    CopyDiffers,
    CopyTargetTaken,
    DataDirectoryInUse,
    StorageUnavailable,
)
from ranvier.storage.postgres.copy_target import PostgresCopyTarget, copy_target
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.sqlite import copy_source as sqlite_source
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.copy_source import copy_source
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import all_rows, event, store
from tests.support.databases import CONTEXT, opened
from tests.support.node_program import is_one_sentence, ranvier
from tests.support.postgres_databases import new_database
from tests.support.stored_sample import DCB_CONTEXT, append_some, fill

SELF_KILLING_COPY = """
import asyncio, os, signal, sys
from pathlib import Path
from ranvier.node.copy_progress import NoProgress
from tests.system.postgres.test_copy import copied
from ranvier.storage.sqlite import copy_source

class Deadly(NoProgress):
    pages = 0
    def advance(self, count):
        self.pages += 1
        if self.pages == 4:
            os.kill(os.getpid(), signal.SIGKILL)

copy_source.ROWS_PER_PAGE = 8
asyncio.run(copied(Path(sys.argv[1]), sys.argv[2], Deadly()))
"""


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    """A data directory whose node has stopped."""
    directory = tmp_path / "data"
    database = await opened(SqliteDatabase, directory)
    await fill(database)
    await database.stop()
    return directory


async def copied(directory: Path, address: str, progress: CopyProgress) -> dict[str, int]:
    """Copy, and return how many rows there are of each table."""
    with copy_source(directory) as source:
        async with copy_target(address, PostgresOptions()) as target:
            return {one.table: one.count for one in await copy_database(source, target, progress)}


async def check_sample(address: str, directory: Path) -> None:
    """Compare both databases through their ports, and go on with the copy."""
    old, new = SqliteDatabase(directory), PostgresDatabase(address)
    for database in (old, new):
        await database.start()
    assert await new.contexts.names() == await old.contexts.names() == [DCB_CONTEXT, CONTEXT]
    for name in (DCB_CONTEXT, CONTEXT):
        assert await new.contexts.describe(name) == await old.contexts.describe(name)
        assert await all_rows(new, name) == await all_rows(old, name)
        assert await new.persistent_streams.list(name) == await old.persistent_streams.list(name)
    assert await new.tags.of_event(DCB_CONTEXT, 3) == await old.tags.of_event(DCB_CONTEXT, 3)
    assert await new.snapshot_counts() == await old.snapshot_counts()
    assert await new.scheduled_events.counts() == await old.scheduled_events.counts()
    assert await new.processor_strategies.all() == await old.processor_strategies.all()
    assert await new.local_users.listed() == await old.local_users.listed()
    assert await new.cluster_identity.read() == await old.cluster_identity.read()
    assert (await new.check()).passed
    await store(new, event(2, "order-0"))
    await new.contexts.create("one more")
    await store(new, event(0, "order-0"), context="one more")
    assert await new.events.head(CONTEXT) == await old.events.head(CONTEXT) + 1
    for database in (old, new):
        await database.stop()


async def test_every_table_of_both_databases_is_copied_or_left_for_a_reason(
    source: Path,
) -> None:
    address = new_database()
    database = PostgresDatabase(address)
    await database.start()
    await database.stop()
    connection = await asyncpg.connect(address)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'ranvier'")
    names = {row["tablename"] for row in rows}
    columns = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'ranvier'"
    )
    await connection.close()
    embedded = apsw.Connection(str(database_path(source)), flags=apsw.SQLITE_OPEN_READONLY)
    for (name,) in embedded.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        names.add(name)
    embedded.close()
    known = {one.name for one in TABLES} | LEFT_BEHIND.keys()
    assert {one for one in names if not one.startswith("sqlite_")} - known == set()
    # Counters of what a PostgreSQL alone needs begin with the copy.
    ours = {("context", "tag_revision"), ("context", "lookups"), ("context", "is_placed")}
    for table in TABLES:
        there = {name for owner, name in columns if owner == table.name}
        assert there - set(table.columns) == {name for owner, name in ours if owner == table.name}


async def test_a_copy_holds_everything_and_can_be_gone_on_with(source: Path) -> None:
    address = new_database()
    said = ranvier("database", "copy", "--data", str(source), "--to", address, "-o", "json")
    assert said.code == 0, said.err
    tables = {one["table"]: one["rows"] for one in json.loads(said.out)["tables"]}
    assert all(tables[one.name] for one in TABLES)
    assert tables["event"] == 90
    await check_sample(address, source)
    with pytest.raises(CopyTargetTaken, match="other data"):
        await copied(source, address, NoProgress())


async def test_a_copy_that_was_killed_goes_on_where_it_was(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_database()
    program = [sys.executable, "-c", SELF_KILLING_COPY, str(source), address]
    killed = await asyncio.create_subprocess_exec(*program, cwd=Path(__file__).parents[3])
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    with pytest.raises(StorageUnavailable, match="has not come to its end"):
        await PostgresDatabase(address).start()
    taken: list[str] = []
    insert = PostgresCopyTarget.insert

    async def noted(self: PostgresCopyTarget, table: object, rows: list[object]) -> None:
        taken.extend([table.name] * len(rows))  # type: ignore[attr-defined]  # a table
        await insert(self, table, rows)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(PostgresCopyTarget, "insert", noted)
    rows = await copied(source, address, NoProgress())
    assert 0 < taken.count("event") < rows["event"]
    assert "context" not in taken
    await check_sample(address, source)


async def test_a_copy_of_a_database_that_was_used_meanwhile_begins_anew(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_database()
    monkeypatch.setattr(sqlite_source, "ROWS_PER_PAGE", 8)
    await broken_off(source, address, pages=6)
    database = SqliteDatabase(source)
    await database.start()
    await append_some(database, CONTEXT, 60)
    await database.stop()
    await copied(source, address, NoProgress())
    await check_sample(address, source)


async def test_a_copy_into_which_somebody_wrote_is_not_believed(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_database()
    monkeypatch.setattr(sqlite_source, "ROWS_PER_PAGE", 8)
    await broken_off(source, address, pages=6)
    connection = await asyncpg.connect(address)
    await connection.execute("UPDATE ranvier.event SET data = 'other' WHERE token = 3")
    await connection.close()
    with pytest.raises(CopyDiffers, match="event"):
        await copied(source, address, NoProgress())
    with pytest.raises(StorageUnavailable, match="has not come to its end"):
        await PostgresDatabase(address).start()


async def test_what_is_in_use_or_holds_other_things_takes_no_copy(source: Path) -> None:
    address = new_database()
    database = await opened(lambda _: PostgresDatabase(address), source)
    with pytest.raises(CopyTargetTaken, match="stop them"):
        await copied(source, address, NoProgress())
    await store(database, event(0))
    await database.stop()
    with pytest.raises(CopyTargetTaken, match="other data"):
        await copied(source, address, NoProgress())


async def test_a_node_that_was_only_started_there_makes_way(source: Path) -> None:
    address = new_database()
    database = await opened(lambda _: PostgresDatabase(address), source)
    await database.stop()
    await copied(source, address, NoProgress())
    await check_sample(address, source)


async def test_a_database_that_a_node_runs_on_is_not_copied(source: Path) -> None:
    database = SqliteDatabase(source)
    await database.start()
    with pytest.raises(DataDirectoryInUse):
        await copied(source, new_database(), NoProgress())
    await database.stop()


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ((), 2, "--to is missing"),
        (("--to", "sqlite:elsewhere"), 2, "postgresql://"),
        (("--to",), 2, "--to needs a value"),
        (("--to", "postgresql://me:s3cr3t@127.0.0.1:1/x"), 1, "There is no database"),
    ],
)
def test_what_a_copy_cannot_be_made_of_is_said_in_a_sentence(
    flags: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command_copy.main(["--data", str(tmp_path), *flags]) == code
    said = capsys.readouterr().err
    assert is_one_sentence(said), said
    assert words in said
    assert "s3cr3t" not in said


class Broken(RanvierError):
    """An end in the middle of the work."""


async def broken_off(directory: Path, address: str, *, pages: int) -> None:
    """Copy so many pages and stop."""

    class Ending(NoProgress):
        left = pages

        def advance(self, count: int) -> None:
            self.left -= 1
            if not self.left:
                raise Broken("enough")

    with pytest.raises(Broken):
        await copied(directory, address, Ending())
