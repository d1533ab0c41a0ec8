"""A reader never builds more than its limit, however wrong the guess of a page's rows is."""

from __future__ import annotations

from pathlib import Path

from ranvier.events.criterion import Criterion
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import SqliteOptions
from tests.support.appends import event, store
from tests.support.databases import CONTEXT, opened

LARGE = 700_000
COUNT = 10


async def test_pages_of_large_events_after_a_guess_made_for_small_ones(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path, SqliteOptions(value_bytes=2 << 20))
    await opened(lambda _: database, tmp_path)
    for sequence in range(COUNT):
        await store(database, event(sequence, data=bytes([sequence]) * LARGE))
    expected = [sequence for sequence in range(COUNT) if sequence < 2]

    async def forget_the_sizes() -> None:
        # Pages of nothing but small events bring the guess back to thousands of rows.
        for _ in range(20):
            await database.events.read("small", from_token=0, before_token=99, page_bytes=1 << 20)

    await database.contexts.create("small")
    await store(database, *(event(n, data=b"x") for n in range(99)), context="small")
    await forget_the_sizes()
    page = await database.events.read(
        CONTEXT, from_token=0, before_token=COUNT, page_bytes=3 * LARGE - 1, with_names=True
    )
    assert [row[0] for row in page.rows] == expected
    assert len(page.names) == 2
    await forget_the_sizes()
    loaded = await database.events.read_aggregate(
        CONTEXT, "a", from_sequence=0, to_sequence=COUNT, page_bytes=3 * LARGE - 1
    )
    assert [sequence for sequence, _ in loaded.rows] == expected
    assert loaded.next_sequence == 2
    await forget_the_sizes()
    found = await database.events.read_matching(
        CONTEXT,
        [Criterion(names=("Opened",))],
        from_token=0,
        before_token=COUNT,
        page_bytes=3 * LARGE - 1,
    )
    assert [token for token, _ in found.rows] == expected
    assert found.next_token == 2
    await database.stop()
