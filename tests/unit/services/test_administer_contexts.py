"""Contexts that come and go: who is told, and what is refused."""

from __future__ import annotations

import asyncio
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


@pytest.fixture
def contexts() -> AdministerContexts:
    return AdministerContexts(MemoryCatalogue(MemoryEventLog()))


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
    await contexts.start()
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
