from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.events.append import Accepted
from ranvier.events.snapshot import Snapshot
from ranvier.storage.database import Database
from ranvier.storage.errors import StorageNotOpen
from tests.support.appends import all_rows, append, event, store
from tests.support.databases import CONTEXT, MakeDatabase, opened


async def test_everything_is_there_again_after_a_restart(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    first = await opened(make_database, tmp_path)
    kept = append(event(0), event(1))
    await first.events.append(CONTEXT, [kept])
    await first.contexts.create("other", dcb=True)
    await first.snapshots.put(CONTEXT, Snapshot("a", 1, 3, b"state"))
    await first.stop()
    second = await opened(make_database, tmp_path)
    try:
        assert second.ready
        assert await second.contexts.names() == [CONTEXT, "other"]
        assert (await second.contexts.describe("other")).dcb
        assert await all_rows(second) == [b"a/0", b"a/1"]
        assert await second.events.find_append(CONTEXT, kept.append_id) == Accepted(0, 2)
        assert await second.snapshot_counts() == {CONTEXT: 1, "other": 0}
        assert await store(second, event(2)) == Accepted(2, 1)
    finally:
        await second.stop()


async def test_a_stopped_database_says_so(database: Database) -> None:
    await database.stop()
    await database.stop()
    assert not database.ready
    with pytest.raises(StorageNotOpen):
        await database.events.append(CONTEXT, [append(event(0))])
    with pytest.raises(StorageNotOpen):
        await database.events.head(CONTEXT)


async def test_a_check_finds_nothing_amiss_in_a_database_in_use(database: Database) -> None:
    for number in range(20):
        await store(database, *(event(n, f"order-{number}") for n in range(5)))
    report = await database.check()
    assert report.passed, report
    assert any("100 events" in finding.detail for finding in report.findings)
