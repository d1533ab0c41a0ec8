from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ranvier.cluster.lease import Lease
from ranvier.events.errors import UnknownContext
from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import StreamOwnedElsewhere, TooManyStreams
from ranvier.events.streams.progress import Reached, SegmentProgress, StreamProgress, fresh
from ranvier.storage.database import Database
from ranvier.storage.persistent_streams import StoredStream, stream_lease
from tests.support.databases import CONTEXT, MakeDatabase, opened


def definition(stream_id: str = "s") -> StreamDefinition:
    return StreamDefinition(
        stream_id, "Orders", "PropertySequencingPolicy", ("json", "$.id"), 'a = "ä"'
    )


async def created(database: Database, stream_id: str = "s", segments: int = 2) -> StoredStream:
    progress = fresh(segments, 5)
    assert await database.persistent_streams.create(CONTEXT, definition(stream_id), progress, 10)
    return await found(database, stream_id)


async def owned(database: Database, stream: StoredStream, node: str = "a") -> StoredStream:
    """Return a stream as the node has it that owns it from now on; who owned it is gone."""
    if node not in await database.leases.beat("observer"):
        await database.leases.enter(node, node)
    lease = await database.leases.acquire(stream_lease(stream.number), node)
    assert lease.holder == node
    return replace(stream, fence=lease.fence)


async def found(database: Database, stream_id: str = "s") -> StoredStream:
    stream = await database.persistent_streams.find(CONTEXT, stream_id)
    assert stream is not None
    return stream


async def test_a_stream_comes_back_as_it_was_created(database: Database) -> None:
    stream = await created(database)
    assert stream.definition == definition()
    assert stream.progress == fresh(2, 5)
    assert await database.persistent_streams.find(CONTEXT, "other") is None
    assert await database.persistent_streams.count() == 1


async def test_an_id_is_taken_once_for_each_context(database: Database) -> None:
    store = database.persistent_streams
    stream = await created(database)
    assert not await store.create(CONTEXT, definition(), fresh(9, 9), 10)
    assert await found(database) == stream
    await database.contexts.create("other")
    assert await store.create("other", definition(), fresh(1, 0), 10)
    with pytest.raises(UnknownContext):
        await store.create("nowhere", definition(), fresh(1, 0), 10)


async def test_a_context_has_no_more_streams_than_allowed(database: Database) -> None:
    for number in range(3):
        await created(database, f"s{number}")
    with pytest.raises(TooManyStreams):
        await database.persistent_streams.create(CONTEXT, definition("s3"), fresh(1, 0), 3)
    assert await database.persistent_streams.find(CONTEXT, "s3") is None
    assert not await database.persistent_streams.create(CONTEXT, definition("s2"), fresh(1, 0), 3)


async def test_streams_are_listed_by_id(database: Database) -> None:
    for stream_id in ("b", "c", "a"):
        await created(database, stream_id)
    listed = await database.persistent_streams.list(CONTEXT)
    assert [each.definition.stream_id for each in listed] == ["a", "b", "c"]


async def test_positions_are_kept_over_a_restart(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    database = await opened(make_database, tmp_path)
    one = await owned(database, await created(database, "one"))
    two = await owned(database, await created(database, "two", 20))
    progress = StreamProgress(
        (SegmentProgress(7, "it broke"), SegmentProgress(2**40)),
        (Reached((8, 9)),),
        (Reached((3,)), Reached((4, 5, 6))),
    )
    many = StreamProgress(tuple(SegmentProgress(n) for n in range(20)))
    refused = await database.persistent_streams.save(
        [replace(one, progress=progress), replace(two, progress=many)]
    )
    assert refused == []
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert (await found(database, "one")).progress == progress
    assert (await found(database, "two")).progress == many
    await database.stop()


async def test_a_change_takes_a_new_layout_and_raises_the_revision(database: Database) -> None:
    stream = await owned(database, await created(database))
    wanted = replace(
        stream,
        definition=replace(stream.definition, name="New name"),
        progress=replace(fresh(3, 1), handled=(Reached((4, 5)),)),
    )
    changed = await database.persistent_streams.change(wanted)
    assert changed == replace(wanted, revision=stream.revision + 1)
    assert await found(database) == replace(changed, fence=0)


async def test_what_belongs_to_an_earlier_revision_changes_nothing(database: Database) -> None:
    store = database.persistent_streams
    old = await owned(database, await created(database))
    new = await store.change(replace(old, progress=fresh(3, 1)))
    assert new is not None
    await store.save([replace(old, progress=fresh(2, 99))])
    assert await store.change(replace(old, progress=fresh(7, 7))) is None
    assert await found(database) == replace(new, fence=0)


async def test_what_an_earlier_owner_writes_is_refused(database: Database) -> None:
    store, leases = database.persistent_streams, database.leases
    stream = await created(database)
    former = await owned(database, stream)
    other = await owned(database, await created(database, "other"))
    await leases.release(Lease(stream_lease(stream.number), former.fence, "a", "a"))
    present = await owned(database, stream, "b")
    moved = [replace(each, progress=fresh(2, 77)) for each in (former, other)]
    assert await store.save(moved) == [stream.number]
    with pytest.raises(StreamOwnedElsewhere):
        await store.change(replace(former, progress=fresh(7, 7)))
    assert await found(database) == stream
    assert (await found(database, "other")).progress == fresh(2, 77)
    assert await store.save([replace(present, progress=fresh(2, 8))]) == []
    assert (await found(database)).progress == fresh(2, 8)


async def test_nothing_is_written_under_no_lease(database: Database) -> None:
    stream = await created(database)
    assert await database.persistent_streams.save([stream]) == [stream.number]
    with pytest.raises(StreamOwnedElsewhere):
        await database.persistent_streams.change(stream)


async def test_a_deleted_stream_is_gone_and_its_namesake_is_another(database: Database) -> None:
    store = database.persistent_streams
    old = await owned(database, await created(database))
    assert await store.delete(CONTEXT, "s")
    assert not await store.delete(CONTEXT, "s")
    assert await store.find(CONTEXT, "s") is None
    new = await created(database)
    assert new.number != old.number
    await store.save([replace(old, progress=fresh(2, 99))])
    assert await store.change(old) is None
    assert await found(database) == new


async def test_a_deleted_context_takes_its_streams_along(database: Database) -> None:
    store = database.persistent_streams
    await database.contexts.create("doomed")
    await store.create("doomed", definition(), fresh(2, 0), 10)
    await database.contexts.delete("doomed")
    async with asyncio.timeout(60):
        while await store.count():
            """In a database of its own a context is cleared in the background."""
    await database.contexts.create("doomed")
    assert await store.list("doomed") == []
