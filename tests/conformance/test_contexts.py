from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ranvier.events.append import Accepted
from ranvier.events.errors import (
    ContextExists,
    InvalidContextProperty,
    InvalidEvent,
    UnknownContext,
)
from ranvier.events.snapshot import Snapshot
from ranvier.storage.context_catalogue import ContextDescription
from ranvier.storage.database import Database
from ranvier.storage.placed.database import PlacedDatabase
from tests.support.appends import all_rows, event, store
from tests.support.databases import CONTEXT, MakeDatabase, opened


async def test_contexts_are_listed_by_name(database: Database) -> None:
    for name in ("orders", "accounts"):
        await database.contexts.create(name, dcb=name == "orders")
    assert await database.contexts.names() == ["accounts", CONTEXT, "orders"]
    await store(database, event(0), context="orders")
    orders, default = described(database, "orders", dcb=True), described(database, CONTEXT)
    assert await database.contexts.describe("orders") == replace(orders, head=1)
    assert await database.contexts.describe(CONTEXT) == default


def described(database: Database, name: str, *, dcb: bool = False) -> ContextDescription:
    """Return what is told of an empty context of this name."""
    is_placed = isinstance(database, PlacedDatabase)
    return ContextDescription(name, dcb, 0, has_own_database=is_placed)


async def test_a_name_is_taken_once(database: Database) -> None:
    with pytest.raises(ContextExists, match="Context default exists already"):
        await database.contexts.create(CONTEXT)
    assert await database.contexts.names() == [CONTEXT]


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "x" * 256])
async def test_a_name_that_cannot_be_stored_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidEvent):
        await database.contexts.create(name)
    assert await database.contexts.names() == [CONTEXT]


async def test_a_deleted_context_is_gone_at_once_and_its_name_begins_anew(
    database: Database,
) -> None:
    await store(database, *(event(n) for n in range(3_000)))
    await database.snapshots.put(CONTEXT, Snapshot("a", 5, 0, b"state"))
    await database.contexts.delete(CONTEXT)
    assert await database.contexts.names() == []
    assert await database.events.heads() == {}
    for question in (
        database.contexts.describe(CONTEXT),
        database.contexts.delete(CONTEXT),
        database.events.head(CONTEXT),
    ):
        with pytest.raises(UnknownContext):
            await question
    await database.contexts.create(CONTEXT)
    assert await store(database, event(0, data=b"new")) == Accepted(0, 1)
    assert await all_rows(database) == [b"new"]
    assert await database.snapshot_counts() == {CONTEXT: 0}


async def test_deleting_one_context_leaves_the_others(database: Database) -> None:
    await database.contexts.create("other")
    await store(database, event(0), event(1), context="other")
    await store(database, event(0))
    await database.contexts.delete("other")
    assert await all_rows(database) == [b"a/0"]


async def test_properties_are_kept_changed_and_taken_away(database: Database) -> None:
    await database.contexts.create("orders", properties={"owner": "sales", "colour": "blue"})
    assert (await database.contexts.describe("orders")).properties == {
        "owner": "sales",
        "colour": "blue",
    }
    await database.contexts.change_properties("orders", {"colour": "", "size": "9", "no": ""})
    assert (await database.contexts.describe("orders")).properties == {
        "owner": "sales",
        "size": "9",
    }
    assert (await database.contexts.describe(CONTEXT)).properties == {}


async def test_properties_go_with_their_context(database: Database) -> None:
    await database.contexts.create("orders", properties={"owner": "sales"})
    await database.contexts.delete("orders")
    await database.contexts.create("orders")
    assert (await database.contexts.describe("orders")).properties == {}
    with pytest.raises(UnknownContext):
        await database.contexts.change_properties("nowhere", {"a": "b"})


async def test_too_many_properties_are_refused_together_axoniq_2311(database: Database) -> None:
    many = {f"name-{number}": "x" for number in range(60)}
    more = {f"other-{number}": "x" for number in range(60)}
    await database.contexts.create("orders", properties=many)
    with pytest.raises(InvalidContextProperty):
        await database.contexts.change_properties("orders", more)
    with pytest.raises(InvalidContextProperty):
        await database.contexts.create("others", properties=many | more)
    with pytest.raises(InvalidContextProperty):
        await database.contexts.change_properties("orders", {"": "x"})
    assert (await database.contexts.describe("orders")).properties == many
    assert await database.contexts.names() == [CONTEXT, "orders"]


async def test_properties_survive_a_restart(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = await opened(make_database, tmp_path)
    await database.contexts.create("orders", properties={"owner": "sales"})
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert (await database.contexts.describe("orders")).properties == {"owner": "sales"}
    await database.stop()


async def test_all_contexts_are_described_at_once(database: Database) -> None:
    contexts = database.contexts
    await contexts.create("orders", dcb=True, properties={"owner": "sales", "a": "b"})
    await contexts.create("gone")
    await contexts.delete("gone")
    assert list(await contexts.all()) == [
        described(database, CONTEXT),
        replace(described(database, "orders", dcb=True), properties={"owner": "sales", "a": "b"}),
    ]


async def test_a_mark_tells_what_has_become_of_a_context(database: Database) -> None:
    contexts = database.contexts
    await contexts.create("orders", dcb=True)
    first = (await contexts.marks())["orders"]
    assert first.dcb
    await contexts.change_properties("orders", {"owner": "sales"})
    changed = (await contexts.marks())["orders"]
    assert changed.property_revision > first.property_revision
    assert changed.number == first.number
    await contexts.delete("orders")
    assert set(await contexts.marks()) == {CONTEXT}
    await contexts.create("orders")
    assert (await contexts.marks())["orders"].number != first.number
