"""Tags of stored events: durable, and seen by every criterion that is judged later."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.events.append import AppendCondition, Refused
from ranvier.events.criterion import Criterion
from ranvier.events.errors import ConditionNotMet, InvalidEvent, NoSuchEvent, UnknownContext
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.events.tag import Tag
from ranvier.storage.database import Database
from tests.support.appends import append, event, store
from tests.support.databases import CONTEXT, MakeDatabase, opened

RED = Tag(b"colour", b"red")
BIG = Tag(b"size", b"big")
BYTES = Tag(b"\x00\xff", b"")


async def matching(database: Database, *criteria: Criterion) -> list[int]:
    page = await database.events.read_matching(
        CONTEXT, criteria, from_token=0, before_token=100, page_bytes=1 << 20
    )
    return [token for token, _ in page.rows]


async def test_tags_are_added_listed_and_removed(database: Database) -> None:
    await store(database, event(0, None, tags=(BIG,)), event(0, None))
    await database.tags.add(CONTEXT, 0, [RED, BIG, BYTES])
    await database.tags.add(CONTEXT, 0, [RED])
    assert await database.tags.of_event(CONTEXT, 0) == [BYTES, RED, BIG]
    assert await database.tags.of_event(CONTEXT, 1) == []
    await database.tags.remove(CONTEXT, 0, [BIG, Tag(b"no", b"such")])
    assert await database.tags.of_event(CONTEXT, 0) == [BYTES, RED]


async def test_criteria_match_by_the_tags_that_an_event_bears_now(database: Database) -> None:
    await store(database, event(0, None, tags=(BIG,)), event(0, None))
    await database.tags.add(CONTEXT, 1, [BIG, RED])
    assert await matching(database, Criterion((BIG,))) == [0, 1]
    assert await matching(database, Criterion((BIG, RED))) == [1]
    await database.tags.remove(CONTEXT, 0, [BIG])
    assert await matching(database, Criterion((BIG,))) == [1]


async def test_a_condition_sees_the_changes_made_before_it(database: Database) -> None:
    guarded = AppendCondition(0, (Criterion((RED,)),))
    await store(database, event(0, None))
    await database.tags.add(CONTEXT, 0, [RED])
    (refused,) = await database.events.append(CONTEXT, [append(event(), condition=guarded)])
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, ConditionNotMet)
    await database.tags.remove(CONTEXT, 0, [RED])
    await store(database, event(0, None, name="After"))
    (accepted,) = await database.events.append(CONTEXT, [append(event(), condition=guarded)])
    assert not isinstance(accepted, Refused)


async def test_events_that_are_not_there_have_no_tags(database: Database) -> None:
    await store(database, event())
    for token in (-1, 1, 2**40, 2**62):
        with pytest.raises(NoSuchEvent):
            await database.tags.add(CONTEXT, token, [RED])
        with pytest.raises(NoSuchEvent):
            await database.tags.remove(CONTEXT, token, [RED])
        with pytest.raises(NoSuchEvent):
            await database.tags.of_event(CONTEXT, token)
    assert await matching(database, Criterion((RED,))) == []


async def test_the_bounds_of_tags(database: Database) -> None:
    await store(database, event())
    limit = DEFAULT_LIMITS.tags_per_event
    await database.tags.add(CONTEXT, 0, [Tag(b"n", b"%d" % n) for n in range(limit)])
    for tags in ([RED], [Tag(b"k" * 256, b"")], [Tag(b"", b"v" * 256)], [RED] * (limit + 1)):
        with pytest.raises(InvalidEvent):
            await database.tags.add(CONTEXT, 0, tags)
    await database.tags.add(CONTEXT, 0, [Tag(b"n", b"0")])
    assert len(await database.tags.of_event(CONTEXT, 0)) == limit


async def test_contexts_keep_their_tags_apart(database: Database) -> None:
    await database.contexts.create("other")
    await store(database, event())
    await store(database, event(), context="other")
    await database.tags.add("other", 0, [RED])
    assert await database.tags.of_event(CONTEXT, 0) == []
    for call in (
        database.tags.add("nowhere", 0, [RED]),
        database.tags.remove("nowhere", 0, [RED]),
        database.tags.of_event("nowhere", 0),
    ):
        with pytest.raises(UnknownContext):
            await call


async def test_tags_outlive_the_database(make_database: MakeDatabase, tmp_path: Path) -> None:
    first = await opened(make_database, tmp_path / "kept")
    await store(first, event(0, None, tags=(RED, BIG)))
    await first.tags.remove(CONTEXT, 0, [BIG])
    await first.tags.add(CONTEXT, 0, [BYTES])
    await first.stop()
    second = await opened(make_database, tmp_path / "kept")
    assert await second.tags.of_event(CONTEXT, 0) == [BYTES, RED]
    await second.stop()
