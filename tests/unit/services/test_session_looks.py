from __future__ import annotations

import asyncio

import pytest

from ranvier.services.session_looks import LOOKS_MOST, Seen, SessionLooks
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sessions import SessionRow
from tests.support.memory_sessions import MemorySessions


def stored(*names: str) -> MemorySessions:
    rows = {name: SessionRow(name, name, 3, None, 1, 1, "node1", "{}") for name in names}
    return MemorySessions(rows=rows)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_looks_that_come_while_a_read_runs_share_the_next_one() -> None:
    store = stored("a", "b")
    store.gate = asyncio.Event()
    looks = SessionLooks(store.look)
    first = asyncio.ensure_future(looks.look("a", 0))
    await turns()
    later = [asyncio.ensure_future(looks.look(name, 3)) for name in ("a", "b", "a", "nobody")]
    await turns()
    assert store.looked == [{"a": 0}]
    store.gate.set()
    assert (await first).row == store.rows["a"]
    seen = await asyncio.gather(*later)
    assert store.looked == [{"a": 0}, {"a": 3, "b": 3, "nobody": 3}]
    assert [each.row.digest if each.row else None for each in seen] == ["a", "b", "a", None]
    assert (looks.figures.looks, looks.figures.reads) == (5, 2)
    await looks.stop()


async def test_what_is_read_is_never_older_than_who_asks() -> None:
    store = stored("a")
    store.gate = asyncio.Event()
    looks = SessionLooks(store.look)
    first = asyncio.ensure_future(looks.look("a", 0))
    await turns()
    second = asyncio.ensure_future(looks.look("a", 0))
    await turns()
    del store.rows["a"]
    store.gate.set()
    await first
    assert await second == Seen(store.now_ms, None)


async def test_two_who_know_different_versions_are_both_told_all() -> None:
    store = stored("a")
    looks = SessionLooks(store.look)
    seen = await asyncio.gather(looks.look("a", 3), looks.look("a", 2))
    assert store.looked == [{"a": 0}]
    assert [each.row.drafts for each in seen if each.row] == ["{}", "{}"]


async def test_a_read_has_a_bound() -> None:
    store = stored()
    looks = SessionLooks(store.look)
    await asyncio.gather(*(looks.look(f"d{number}", 0) for number in range(LOOKS_MOST + 1)))
    assert [len(each) for each in store.looked] == [LOOKS_MOST, 1]


async def test_a_failure_is_told_to_all_who_wait_and_the_next_look_is_a_new_read() -> None:
    store = stored("a")
    store.is_away = True
    looks = SessionLooks(store.look)
    gone = asyncio.ensure_future(looks.look("b", 0))
    await asyncio.sleep(0)
    gone.cancel()
    failures = await asyncio.gather(looks.look("a", 0), looks.look("a", 0), return_exceptions=True)
    assert [type(each) for each in failures] == [StorageUnavailable] * 2
    store.is_away = False
    assert (await looks.look("a", 0)).row is not None
    with pytest.raises(asyncio.CancelledError):
        await gone
    await looks.stop()


async def test_who_goes_away_takes_nobody_along() -> None:
    store = stored("a")
    store.gate = asyncio.Event()
    looks = SessionLooks(store.look)
    gone, stays = (asyncio.ensure_future(looks.look("a", 0)) for _ in range(2))
    await turns()
    gone.cancel()
    store.gate.set()
    assert (await stays).row is not None
    await looks.stop()
