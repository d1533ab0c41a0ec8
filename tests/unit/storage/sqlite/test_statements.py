from __future__ import annotations

import re

import apsw
import pytest

from ranvier.storage.sqlite.migrate import known_migrations
from ranvier.storage.sqlite.statements import fetch_all, load_statements

FILES = ("append", "check", "contexts", "read", "snapshots")


@pytest.fixture
def connection() -> apsw.Connection:
    """A database in memory with the node's own tables."""
    connection = apsw.Connection(":memory:")
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for migration in known_migrations():
        fetch_all(connection, migration.script)
    return connection


@pytest.mark.parametrize("file", FILES)
def test_every_statement_has_a_name_and_fits_the_tables(
    connection: apsw.Connection, file: str
) -> None:
    statements = load_statements(file)
    assert statements
    for name, statement in statements.items():
        assert re.fullmatch("[a-z_]+", name)
        bindings = (None,) * parameter_count(statement)
        assert fetch_all(connection, f"EXPLAIN {statement}", bindings), name


def parameter_count(statement: str) -> int:
    numbered = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    return max(numbered) if numbered else statement.count("?")


# What is read for every append, page or load must be found, not searched for.
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("append", "context_facts"),
        ("append", "context_facts_of_one"),
        ("matching", "latest_by_tags"),
        ("matching", "latest_by_names"),
        ("append", "stored_append"),
        ("append", "move_head"),
        ("append", "forget_append_keys"),
        ("read", "page"),
        ("read", "page_with_names"),
        ("read", "aggregate_page"),
        ("read", "chosen_events"),
        ("matching", "tokens_by_tag"),
        ("matching", "tokens_by_tags"),
        ("matching", "tokens_by_names"),
        ("read", "first_position"),
        ("read", "last_sequence"),
        ("read", "first_token_at"),
        ("snapshots", "newest_first"),
        ("snapshots", "is_stored"),
        ("scheduled", "next_attempt"),
        ("scheduled", "is_held"),
        ("scheduled", "use_up"),
        ("scheduled", "parked"),
        ("streams", "save_segment"),
        ("streams", "save_layouts"),
        ("snapshots", "browse_all"),
        ("snapshots", "browse_before"),
    ],
)
def test_no_statement_of_a_hot_path_scans_a_table(
    connection: apsw.Connection, file: str, name: str
) -> None:
    statement = load_statements(file)[name]
    plan = fetch_all(
        connection, f"EXPLAIN QUERY PLAN {statement}", (None,) * parameter_count(statement)
    )
    tables = (
        *("event", "event_tag", "append_key", "snapshot", "context"),
        *("persistent_stream", "persistent_segment"),
    )
    steps = [row[3] for row in plan]
    for step in steps:
        assert not re.match(rf"SCAN (\w+ AS )?({'|'.join(tables)}|e|t|o|k|c)\b", step), steps
        assert "TEMP B-TREE" not in step, steps


def test_migrations_are_numbered_without_gaps() -> None:
    migrations = known_migrations()
    assert [one.number for one in migrations] == list(range(1, len(migrations) + 1))
    assert len({one.checksum for one in migrations}) == len(migrations)
