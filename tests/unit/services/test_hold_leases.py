"""Leases are held while they are renewed, lost before another can have them, and given back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from ranvier.cluster.lease import Lease
from ranvier.services.errors import LeasesRunOut
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.leases import Leases
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.lease_nodes import TIMES, LeaseNode


class FailingLeases:
    """A store that fails when it is told to."""

    def __init__(self, store: Leases) -> None:
        self._store = store
        self.is_away = False
        self.take_time: Callable[[], None] = lambda: None

    def _refuse(self) -> None:
        self.take_time()
        if self.is_away:
            raise StorageUnavailable("it is away")

    async def enter(self, holder: str, node: str) -> None:
        self._refuse()
        await self._store.enter(holder, node)

    async def beat(self, holder: str) -> Mapping[str, int]:
        self._refuse()
        return await self._store.beat(holder)

    async def remove(self, holder: str, counter: int) -> str | None:
        return await self._store.remove(holder, counter)

    async def leave(self, holder: str) -> None:
        self._refuse()
        await self._store.leave(holder)

    async def acquire(self, name: str, holder: str) -> Lease:
        self._refuse()
        return await self._store.acquire(name, holder)

    async def release(self, lease: Lease) -> None:
        self._refuse()
        await self._store.release(lease)

    async def forget(self, name: str) -> None:
        await self._store.forget(name)


class Scene:
    """Two nodes, a and b, on one store and one clock."""

    def __init__(self, store: Leases) -> None:
        self.now = 100.0
        self.store = FailingLeases(store)
        self.a = LeaseNode("a", self.store, lambda: self.now)
        self.b = LeaseNode("b", self.store, lambda: self.now)

    async def pass_time(self, seconds: float, *lively: LeaseNode) -> None:
        """Let time pass, in which only these nodes beat."""
        for _ in range(round(seconds / TIMES.beat_seconds)):
            self.now += TIMES.beat_seconds
            for node in lively:
                await node.beat()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database = SqliteDatabase(tmp_path)
    await database.start()
    scene = Scene(database.leases)
    await scene.a.start()
    await scene.b.start()
    yield scene
    scene.store.is_away = False
    await scene.a.leases.stop()
    await scene.b.leases.stop()
    await database.stop()


async def test_one_of_those_who_campaign_has_it_as_long_as_it_beats(scene: Scene) -> None:
    await scene.a.campaign("job")
    await scene.b.campaign("job")
    await scene.pass_time(10.0, scene.a, scene.b)
    assert (scene.a.leases.fence("job"), scene.b.leases.fence("job")) == (1, None)
    assert (scene.a.told, scene.b.told) == ([("job", 1)], [])


async def test_a_silent_holder_stops_believing_before_another_takes_over(scene: Scene) -> None:
    await scene.a.campaign("job")
    await scene.b.campaign("job")
    await scene.pass_time(1.5, scene.b)
    assert not scene.a.leases.is_held("job")
    assert not scene.b.leases.is_held("job")
    scene.a.lapses[-1]()
    assert scene.a.told == [("job", 1), ("job", None)]
    await scene.pass_time(1.5, scene.b)
    assert scene.b.leases.fence("job") == 2
    assert (scene.a.removed, scene.b.removed) == ([], ["a"])
    await scene.a.beat()
    assert not scene.a.leases.is_held("job")
    await scene.b.leases.stop()
    await scene.a.beat()
    assert scene.a.leases.fence("job") == 3, "it has entered anew and campaigns on"


async def test_a_beat_that_took_too_long_is_worth_less(scene: Scene) -> None:
    await scene.a.campaign("job")

    def take_time() -> None:
        scene.now += 1.6

    scene.store.take_time = take_time
    await scene.a.beat()
    assert not scene.a.leases.is_held("job")
    scene.store.take_time = lambda: None
    await scene.a.beat()
    assert scene.a.leases.fence("job") == 2


async def test_while_the_database_is_away_nobody_is_judged(scene: Scene) -> None:
    await scene.a.campaign("job")
    await scene.b.campaign("job")
    scene.store.is_away = True
    await scene.pass_time(60.0, scene.a, scene.b)
    assert not scene.a.leases.is_held("job")
    with pytest.raises(LeasesRunOut):
        await scene.a.leases.take("job")
    scene.store.is_away = False
    await scene.b.beat()
    await scene.a.beat()
    assert scene.a.leases.fence("job") == 2, "nobody else has taken it meanwhile"


async def test_a_lease_is_taken_at_once_and_given_back(scene: Scene) -> None:
    assert await scene.a.leases.take("stream") == Lease("stream", 1, "a-1", "a")
    assert await scene.a.leases.take("stream") == Lease("stream", 1, "a-1", "a")
    assert (await scene.b.leases.take("stream")).node == "a"
    await scene.a.leases.release("stream")
    await scene.a.leases.release("stream")
    assert (await scene.b.leases.take("stream")).fence == 2
    assert scene.a.told == [("stream", 1), ("stream", None)]
    await scene.b.leases.forget("stream")
    assert (await scene.a.leases.take("stream")).fence == 1


async def test_what_cannot_be_given_back_now_is_given_back_later(scene: Scene) -> None:
    await scene.a.leases.take("stream")
    scene.store.is_away = True
    await scene.a.leases.release("stream")
    scene.store.is_away = False
    assert (await scene.b.leases.take("stream")).node == "a"
    await scene.a.beat()
    assert (await scene.b.leases.take("stream")).fence == 2


async def test_what_was_lost_for_want_of_a_beat_does_not_stay_occupied(scene: Scene) -> None:
    await scene.a.leases.take("stream")
    await scene.pass_time(1.5, scene.b)
    await scene.a.beat()
    assert not scene.a.leases.is_held("stream")
    assert (await scene.b.leases.take("stream")).fence == 2


async def test_a_node_that_stops_gives_everything_back(scene: Scene) -> None:
    await scene.a.campaign("job")
    await scene.b.campaign("job")
    await scene.a.leases.stop()
    await scene.a.leases.stop()
    assert scene.a.told[-1] == ("job", None)
    await scene.b.beat()
    assert scene.b.leases.fence("job") == 2


async def test_a_node_that_cannot_say_goodbye_stops_all_the_same(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.a.campaign("job")
    scene.store.is_away = True
    await scene.a.leases.stop()
    assert "run out by themselves" in caplog.text


async def test_an_observer_that_fails_harms_nobody(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_name: str, _fence: int | None) -> None:
        raise ValueError

    unwatch = scene.a.leases.watch(fail)
    await scene.a.leases.take("one")
    unwatch()
    unwatch()
    await scene.a.leases.take("two")
    assert scene.a.told == [("one", 1), ("two", 1)]
    assert caplog.text.count("was not taken") == 1


async def test_a_store_that_breaks_is_asked_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down() -> None:
        raise ValueError

    scene.store.take_time = break_down
    await scene.a.beat()
    scene.store.take_time = lambda: None
    await scene.a.campaign("job")
    assert scene.a.leases.is_held("job")
    assert "a beat of the leases failed" in caplog.text


async def test_a_node_that_never_started_stops(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    node = LeaseNode("a", database.leases, lambda: 0.0)
    await node.leases.stop()
    assert node.told == []
