"""Contexts that come and go: who is told, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from ranvier.errors import RanvierError
from ranvier.events.errors import (
    ContextExists,
    InternalContext,
    InvalidContextName,
    UnknownContext,
)
from ranvier.services import administer_contexts
from ranvier.services.administer_contexts import (
    AdministerContexts,
    ContextChange,
    ContextChangeKind,
)
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.context_watch import ContextWatch
from ranvier.services.errors import (
    CannotPreserveEvents,
    NodeStopping,
    OtherKindOfContext,
    TooManyContexts,
)
from ranvier.storage.context_catalogue import ContextMark
from ranvier.storage.errors import StorageUnavailable
from tests.support.memory_event_log import MemoryCatalogue, MemoryEventLog


@dataclass(eq=False)
class Noted:
    changes: list[ContextChange] = field(default_factory=list)
    errors: list[RanvierError] = field(default_factory=list)

    def context_changed(self, change: ContextChange) -> None:
        self.changes.append(change)

    def ended(self, error: RanvierError) -> None:
        self.errors.append(error)


class Failing(Noted):
    def context_changed(self, change: ContextChange) -> None:
        raise ValueError("no news today")


class Looks:
    """Lets the service look again when the test says so."""

    def __init__(self) -> None:
        self._may_look = asyncio.Semaphore(0)
        self._has_looked = asyncio.Event()

    async def until_next(self) -> None:
        self._has_looked.set()
        await self._may_look.acquire()

    async def let_it_look(self) -> None:
        await self._has_looked.wait()
        self._has_looked.clear()
        self._may_look.release()
        await self._has_looked.wait()


@pytest.fixture
def log() -> MemoryEventLog:
    return MemoryEventLog()


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
async def contexts(log: MemoryEventLog, looks: Looks) -> AsyncIterator[AdministerContexts]:
    contexts = AdministerContexts(MemoryCatalogue(log), looks.until_next)
    await contexts.start()
    yield contexts
    await contexts.stop()


async def test_watchers_are_told_of_each_change_in_order(contexts: AdministerContexts) -> None:
    noted, gone = Noted(), Noted()
    contexts.watch(noted)
    contexts.watch(gone)
    contexts.unwatch(gone)
    contexts.unwatch(gone)
    await contexts.create("orders", dcb=True)
    await contexts.change_properties("orders", {"owner": "sales"})
    await contexts.delete("orders")
    assert noted.changes == [
        ContextChange("orders", ContextChangeKind.CREATED, dcb=True),
        ContextChange("orders", ContextChangeKind.UPDATED, dcb=True),
        ContextChange("orders", ContextChangeKind.DELETED, dcb=True),
    ]
    assert gone.changes == []


async def test_a_watcher_that_fails_harms_nobody_else(
    contexts: AdministerContexts, caplog: pytest.LogCaptureFixture
) -> None:
    noted = Noted()
    contexts.watch(Failing())
    contexts.watch(noted)
    await contexts.create("orders")
    assert len(noted.changes) == 1
    assert "no news today" in caplog.text


async def test_what_cannot_be_done_is_refused_and_nobody_is_told(
    contexts: AdministerContexts,
) -> None:
    noted = Noted()
    contexts.watch(noted)
    with pytest.raises(ContextExists):
        await contexts.create("default")
    with pytest.raises(InvalidContextName):
        await contexts.create("no name")
    with pytest.raises(InternalContext):
        await contexts.delete("_admin")
    with pytest.raises(UnknownContext):
        await contexts.delete("nowhere")
    with pytest.raises(UnknownContext):
        await contexts.change_properties("nowhere", {})
    with pytest.raises(CannotPreserveEvents):
        await contexts.delete("default", preserve_events=True)
    assert noted.changes == []
    assert [each.name for each in await contexts.all()] == ["default"]


async def test_there_is_a_bound_on_contexts(
    contexts: AdministerContexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administer_contexts, "CONTEXTS_LIMIT", 2)
    await contexts.create("orders")
    with pytest.raises(TooManyContexts):
        await contexts.create("others")


async def test_a_stopping_node_lets_its_watchers_go(contexts: AdministerContexts) -> None:
    noted = Noted()
    contexts.watch(noted)
    await contexts.stop()
    assert [type(error) for error in noted.errors] == [NodeStopping]
    with pytest.raises(NodeStopping):
        await contexts.create("orders")
    with pytest.raises(NodeStopping):
        contexts.watch(Noted())


async def test_the_kind_of_a_context_is_that_of_the_newest_of_its_name(
    contexts: AdministerContexts,
) -> None:
    kinds = ContextKinds(MemoryCatalogue(MemoryEventLog()))
    ended: list[str] = []
    watch = ContextWatch(kinds, (ended.append,))
    contexts.watch(watch)
    await contexts.create("orders", dcb=True)
    with pytest.raises(OtherKindOfContext):
        kinds.expect("orders", dcb=False)
    await contexts.change_properties("orders", {"a": "b"})
    await contexts.delete("orders")
    assert ended == ["orders"]
    kinds.expect("orders", dcb=False)
    await contexts.create("orders")
    with pytest.raises(OtherKindOfContext):
        kinds.expect("orders", dcb=True)
    await contexts.stop()


async def test_a_change_is_told_although_whoever_asked_for_it_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue = MemoryCatalogue(MemoryEventLog())
    contexts, kinds = AdministerContexts(catalogue), ContextKinds(catalogue)
    contexts.watch(ContextWatch(kinds, ()))
    stored, is_stored, may_answer = catalogue.create, asyncio.Event(), asyncio.Event()

    async def answer_late(name: str, **described: object) -> None:
        await stored(name, dcb=bool(described["dcb"]))
        is_stored.set()
        await may_answer.wait()

    monkeypatch.setattr(catalogue, "create", answer_late)
    asked = asyncio.create_task(contexts.create("orders", dcb=True))
    await is_stored.wait()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    may_answer.set()
    await contexts.stop()
    assert kinds.is_dcb("orders")


async def test_what_another_node_has_done_is_told_after_a_look(
    contexts: AdministerContexts, log: MemoryEventLog, looks: Looks
) -> None:
    noted, elsewhere = Noted(), MemoryCatalogue(log)
    contexts.watch(noted)
    await elsewhere.create("orders", dcb=True)
    await looks.let_it_look()
    await elsewhere.change_properties("orders", {"owner": "sales"})
    await looks.let_it_look()
    await looks.let_it_look()
    await elsewhere.delete("orders")
    await elsewhere.create("orders")
    await looks.let_it_look()
    assert noted.changes == [
        ContextChange("orders", ContextChangeKind.CREATED, dcb=True),
        ContextChange("orders", ContextChangeKind.UPDATED, dcb=True),
        ContextChange("orders", ContextChangeKind.DELETED, dcb=True),
        ContextChange("orders", ContextChangeKind.CREATED, dcb=False),
    ]


async def test_a_change_whose_look_fails_is_told_by_the_next(
    contexts: AdministerContexts,
    log: MemoryEventLog,
    looks: Looks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    noted = Noted()
    contexts.watch(noted)
    errors: list[Exception] = [StorageUnavailable("it is away"), ValueError("broken")]
    marks = MemoryCatalogue.marks

    async def fail_at_first(catalogue: MemoryCatalogue) -> Mapping[str, ContextMark]:
        if errors:
            raise errors.pop(0)
        return await marks(catalogue)

    monkeypatch.setattr(MemoryCatalogue, "marks", fail_at_first)
    await contexts.create("orders")
    assert noted.changes == []
    await looks.let_it_look()
    assert noted.changes == []
    await looks.let_it_look()
    assert [change.context for change in noted.changes] == ["orders"]
    assert "told later" in caplog.text


async def test_a_look_that_cannot_be_made_is_made_again(
    contexts: AdministerContexts, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Noted()
    contexts.watch(noted)

    async def refuse(_catalogue: MemoryCatalogue) -> Mapping[str, ContextMark]:
        raise StorageUnavailable("it is away")

    with monkeypatch.context() as away:
        away.setattr(MemoryCatalogue, "marks", refuse)
        await looks.let_it_look()
    await contexts.create("orders")
    assert len(noted.changes) == 1
