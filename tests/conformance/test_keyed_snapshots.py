"""Snapshots by key: replaced, pruned, dropped and listed newest first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ranvier.events.errors import InvalidEvent, PayloadTooLarge, UnknownContext
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.storage.database import Database
from tests.support.databases import CONTEXT, MakeDatabase, opened

KEY = b"account/\x00\xff"
LAST = 2**63 - 1


async def put(database: Database, *sequences: int, key: bytes = KEY, prune: bool = False) -> None:
    for sequence in sequences:
        snapshot = KeyedSnapshot(key, sequence, b"state %d" % sequence)
        await database.keyed_snapshots.add(CONTEXT, snapshot, prune=prune)


async def listed(
    database: Database,
    key: bytes = KEY,
    first: int = 0,
    before: int = LAST,
    page_bytes: int = 1 << 20,
) -> list[int]:
    found: list[int] = []
    end: int | None = before
    while end is not None:
        page = await database.keyed_snapshots.page(
            CONTEXT, key, from_sequence=first, before_sequence=end, page_bytes=page_bytes
        )
        found += [one.sequence for one in page.snapshots]
        end = page.next_before
    return found


async def test_the_newest_comes_first_and_the_end_is_left_out(database: Database) -> None:
    await put(database, 3, 1, 7, 5)
    await put(database, 6, key=b"other")
    for page_bytes in (1, 20, 1 << 20):
        assert await listed(database, page_bytes=page_bytes) == [7, 5, 3, 1]
        assert await listed(database, first=3, before=7, page_bytes=page_bytes) == [5, 3]
    assert await listed(database, first=7, before=7) == []
    assert await listed(database, key=b"nobody") == []
    newest = await database.keyed_snapshots.newest(CONTEXT, KEY)
    assert newest == KeyedSnapshot(KEY, 7, b"state 7")
    assert await database.keyed_snapshots.newest(CONTEXT, b"nobody") is None


async def test_the_same_sequence_is_replaced(database: Database) -> None:
    await put(database, 1, 2)
    await database.keyed_snapshots.add(CONTEXT, KeyedSnapshot(KEY, 2, b"better"))
    assert await database.keyed_snapshots.newest(CONTEXT, KEY) == KeyedSnapshot(KEY, 2, b"better")
    assert await listed(database) == [2, 1]


async def test_prune_drops_lower_sequences_of_its_key_only(database: Database) -> None:
    await put(database, 1, 2, 3, 9)
    await put(database, 1, 2, key=b"other")
    await put(database, 3, prune=True)
    assert await listed(database) == [9, 3]
    assert await listed(database, key=b"other") == [2, 1]


async def test_delete_drops_what_is_below_its_end(database: Database) -> None:
    await put(database, 1, 2, 3)
    await put(database, 1, key=b"other")
    await database.keyed_snapshots.delete(CONTEXT, KEY, before_sequence=3)
    assert await listed(database) == [3]
    await database.keyed_snapshots.delete(CONTEXT, KEY, before_sequence=LAST)
    await database.keyed_snapshots.delete(CONTEXT, KEY, before_sequence=LAST)
    assert await listed(database) == []
    assert await listed(database, key=b"other") == [1]


async def test_a_prune_drops_thousands(database: Database) -> None:
    many = (
        database.keyed_snapshots.add(CONTEXT, KeyedSnapshot(KEY, sequence, b""))
        for sequence in range(2_500)
    )
    await asyncio.gather(*many)
    assert len(await listed(database)) == 2_500
    await put(database, 2_499, prune=True)
    assert await listed(database) == [2_499]


async def test_sequences_of_64_bits(database: Database) -> None:
    await put(database, -(2**63), -1, 0, 2**63 - 1)
    newest = await database.keyed_snapshots.newest(CONTEXT, KEY)
    assert newest is not None
    assert newest.sequence == 2**63 - 1
    assert await listed(database, first=-(2**63)) == [0, -1, -(2**63)]


@pytest.mark.parametrize("key", [b"", b"k" * 256])
async def test_keys_have_bounds(database: Database, key: bytes) -> None:
    with pytest.raises(InvalidEvent):
        await put(database, 1, key=key)
    with pytest.raises(InvalidEvent):
        await database.keyed_snapshots.delete(CONTEXT, key, before_sequence=1)


async def test_numbers_and_sizes_have_bounds(database: Database) -> None:
    with pytest.raises(InvalidEvent):
        await put(database, 2**63)
    large = KeyedSnapshot(KEY, 1, bytes(16 * 1024 * 1024 + 1))
    with pytest.raises(PayloadTooLarge):
        await database.keyed_snapshots.add(CONTEXT, large)


async def test_an_unknown_context_is_refused(database: Database) -> None:
    snapshots = database.keyed_snapshots
    for call in (
        snapshots.add("nowhere", KeyedSnapshot(KEY, 1, b"")),
        snapshots.delete("nowhere", KEY, before_sequence=1),
        snapshots.page("nowhere", KEY, from_sequence=0, before_sequence=1, page_bytes=1),
        snapshots.newest("nowhere", KEY),
    ):
        with pytest.raises(UnknownContext):
            await call


async def test_snapshots_outlive_the_database(make_database: MakeDatabase, tmp_path: Path) -> None:
    first = await opened(make_database, tmp_path / "kept")
    await put(first, 1, 2, 3)
    await put(first, 2, prune=True)
    await first.stop()
    second = await opened(make_database, tmp_path / "kept")
    assert await listed(second) == [3, 2]
    await second.stop()


async def test_a_context_that_is_deleted_takes_its_snapshots_along(database: Database) -> None:
    await put(database, 1)
    await database.contexts.delete(CONTEXT)
    await database.contexts.create(CONTEXT)
    assert await listed(database) == []
