"""`ranvier database check` and `migrate`, against PostgreSQL and against a node's own files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from ranvier.node import command_check, command_migrate
from ranvier.storage.postgres import migrate
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.fail_over import reason_against
from ranvier.storage.postgres.migrate import known_migrations
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import event, store
from tests.support.databases import opened
from tests.support.node_program import is_one_sentence
from tests.support.postgres_databases import database_address, new_database

Capture = pytest.CaptureFixture[str]


def tell(address: str, statement: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(address)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(work())


def first_migrations(step: migrate.Step) -> list[migrate.Migration]:
    """What the program had before there were clusters."""
    return [one for one in known_migrations(step) if one.number <= 4]


def test_check_finds_damage_and_calls_one_server_alone_not_safe(
    tmp_path: Path, capsys: Capture
) -> None:
    address = database_address(tmp_path)

    async def fill() -> None:
        database = await opened(lambda _: PostgresDatabase(address), tmp_path)
        await store(database, event(0), event(1))
        await database.stop()

    asyncio.run(fill())
    assert command_check.main(["--database", address]) == 0
    told = capsys.readouterr().out
    assert told.startswith("note not fail-over-safe: there is one server alone")
    assert command_check.main(["--database", address, "--fail-over"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("FAIL not fail-over-safe: there is one server alone")
    assert told.endswith("Nothing is amiss, but a fail-over is not safe.\n")
    assert command_check.main(["--database", address, "-o", "json"]) == 0
    capsys.readouterr()
    tell(address, "DELETE FROM ranvier.event WHERE token = 0")
    assert command_check.main(["--database", address, "-o", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["failOver"]["safe"] is False
    failed = {one["subject"] for one in report["findings"] if not one["passed"]}
    assert failed == {"tokens of default", "sequence numbers of default"}


@pytest.mark.parametrize(
    ("standbys", "hidden", "names", "synchronous", "word"),
    [
        (0, 0, "", 0, "alone"),
        (1, 0, "", 0, "asynchronous"),
        (1, 0, "one", 0, "streaming"),
        (1, 1, "one", 0, "pg_monitor"),
        (1, 0, "one", 1, ""),
    ],
)
def test_only_a_standby_that_every_commit_waits_for_makes_a_fail_over_safe(
    standbys: int, hidden: int, names: str, synchronous: int, word: str
) -> None:
    reason = reason_against(
        {"standbys": standbys, "hidden": hidden, "names": names, "synchronous": synchronous}
    )
    assert word in reason
    assert bool(word) is bool(reason)


def test_check_of_a_server_that_is_not_there_is_a_finding(capsys: Capture) -> None:
    assert command_check.main(["--database", "postgresql://me:s3cr3t@127.0.0.1:1/x"]) == 1
    said = capsys.readouterr()
    assert "FAIL server" in said.out
    assert "s3cr3t" not in said.out + said.err


def test_migrate_makes_the_tables_in_two_steps(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_database()
    assert command_check.main(["--database", address]) == 1
    assert "ranvier database migrate" in capsys.readouterr().out
    with monkeypatch.context() as older:
        older.setattr(migrate, "known_migrations", first_migrations)
        assert command_migrate.main(["--database", address]) == 0
        assert "applied pre 0001 event_store" in capsys.readouterr().out
    assert command_migrate.main(["--database", address, "-o", "json"]) == 0
    applied = json.loads(capsys.readouterr().out)["applied"]
    assert applied[0] == "pre 0005 cluster_node"
    assert command_check.main(["--database", address]) == 0
    assert "--post" in capsys.readouterr().out
    tell(
        address,
        "INSERT INTO ranvier.cluster_node (node_id, name, route, host, internal_host, ip, "
        "http_port, grpc_port, internal_port, local_node_id, weight, version, os, python, "
        "config_revision, started_at, incarnation, state, beats, timeline, lacks, last_seen_at) "
        "VALUES ('x', 'old', 'x', '', '', '', 0, 0, 0, 0, 0, '0.0.1', '', '', 0, 0, 0, 'running', "
        "0, 0, '[]', 0)",
    )
    assert command_migrate.main(["--database", address, "--post"]) == 1
    said = capsys.readouterr().err
    assert is_one_sentence(said)
    assert "old (0.0.1)" in said
    tell(address, "UPDATE ranvier.cluster_node SET state = 'stopped'")
    assert command_migrate.main(["--database", address, "--post"]) == 0
    assert "applied post 0001 settings" in capsys.readouterr().out
    assert command_migrate.main(["--database", address, "--post"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_migrate_brings_a_nodes_own_files_up_to_date(tmp_path: Path, capsys: Capture) -> None:
    assert command_migrate.main(["--data", str(tmp_path)]) == 1
    assert is_one_sentence(capsys.readouterr().err)

    async def make() -> None:
        database = SqliteDatabase(tmp_path)
        await database.start()
        assert command_migrate.main(["--data", str(tmp_path)]) == 1
        await database.stop()

    asyncio.run(make())
    assert "in use by process" in capsys.readouterr().err
    assert command_migrate.main(["--data", str(tmp_path)]) == 0
    assert "up to date" in capsys.readouterr().out
