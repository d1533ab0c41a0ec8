"""Nodes propose, judge and apply what they share, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.services.errors import ConfigurationMoved, ConfigurationRefused, NodeStopping
from ranvier.services.share_configuration import (
    ORPHAN_SECONDS,
    VERDICT_SECONDS,
    ShareConfiguration,
    SharingPorts,
)
from ranvier.storage.errors import StorageUnavailable
from tests.support.memory_configuration import MemoryConfiguration


class Cluster:
    """Two nodes on one store; time passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.store = MemoryConfiguration()
        self.running = {"1": "one", "2": "two"}
        self.refusals = {"1": "", "2": ""}
        self.applied: dict[str, list[int]] = {"1": [], "2": []}
        self.one, self.two = self.node("1"), self.node("2")
        self.other_looks = True

    def node(self, own_id: str) -> ShareConfiguration:
        async def apply(revision: ConfigurationRevision) -> None:
            self.applied[own_id].append(revision.number)

        def refusal(_values: Mapping[str, str]) -> str:
            return self.refusals[own_id]

        return ShareConfiguration(
            SharingPorts(
                self.store,
                lambda: own_id,
                lambda: self.running,
                refusal,
                apply,
                lambda: self.now,
                lambda: 7,
                self.pause,
            )
        )

    async def pause(self, seconds: float) -> None:
        """Let time pass, and all nodes look."""
        self.now += seconds
        if self.other_looks:
            await self.one.look()
            await self.two.look()
        await asyncio.sleep(0)


async def test_a_change_counts_once_every_node_has_agreed() -> None:
    cluster = Cluster()
    revision = await cluster.one.change({"query.limit": "7"}, "me")
    assert revision.number == 1
    assert (await cluster.one.in_force()).values == {"query.limit": "7"}
    await cluster.two.look()
    assert cluster.applied == {"1": [0, 1], "2": [0, 1]}
    (told,) = await cluster.two.history(10)
    assert (told.author, told.made_at_ms, told.state) == ("me", 7, RevisionState.ACCEPTED)


async def test_what_is_so_already_makes_no_revision() -> None:
    cluster = Cluster()
    first = await cluster.one.change({"query.limit": "7"}, "me")
    assert await cluster.one.change({}, "me") == first
    assert await cluster.one.change({"query.limit": "7", "name": None}, "me") == first
    assert len(cluster.store.revisions) == 1


async def test_nothing_is_decided_while_nobody_knows_the_nodes() -> None:
    cluster = Cluster()
    known, cluster.running = cluster.running, None  # type: ignore[assignment]  # out of touch
    with pytest.raises(ConfigurationRefused, match="lost touch"):
        await cluster.one.change({"query.limit": "7"}, "me")
    cluster.running = known
    assert (await cluster.one.change({"query.limit": "7"}, "me")).number == 2


async def test_one_node_that_cannot_live_with_it_refuses_it_for_all() -> None:
    cluster = Cluster()
    cluster.refusals["2"] = "My certificate is missing."
    with pytest.raises(ConfigurationRefused, match="Node two refuses it: My certificate"):
        await cluster.one.change({"query.limit": "7"}, "me")
    cluster.refusals = {"1": "Not me.", "2": ""}
    with pytest.raises(ConfigurationRefused, match="Not me"):
        await cluster.one.change({"query.limit": "7"}, "me")
    assert (await cluster.one.in_force()).number == 0
    assert len(cluster.store.revisions) == 1, "what one refuses oneself is not proposed"


async def test_a_node_that_does_not_answer_is_named() -> None:
    cluster = Cluster()
    cluster.other_looks = False
    with pytest.raises(ConfigurationRefused, match="Node two has not said"):
        await cluster.one.change({"query.limit": "7"}, "me")
    assert cluster.now >= VERDICT_SECONDS
    del cluster.running["2"]
    assert (await cluster.one.change({"query.limit": "7"}, "me")).number == 2


async def test_a_change_to_an_old_revision_is_refused() -> None:
    cluster = Cluster()
    await cluster.one.change({"query.limit": "7"}, "me", replaces=0)
    with pytest.raises(ConfigurationMoved, match="revision 1 is in force"):
        await cluster.two.change({"query.limit": "8"}, "you", replaces=0)
    assert (await cluster.two.change({"query.limit": None}, "you", replaces=1)).values == {}


async def test_of_two_at_once_one_wins() -> None:
    cluster = Cluster()
    await cluster.store.propose(ConfigurationRevision(author="somebody"))
    with pytest.raises(ConfigurationMoved, match="another change of it"):
        await cluster.one.change({"query.limit": "7"}, "me")


async def test_what_nobody_decides_on_is_withdrawn() -> None:
    cluster = Cluster()
    await cluster.store.propose(ConfigurationRevision(author="a node that was killed"))
    await cluster.two.look()
    cluster.now += ORPHAN_SECONDS + 1
    await cluster.two.look()
    assert cluster.store.revisions[0].state is RevisionState.REFUSED
    assert (await cluster.one.change({"query.limit": "7"}, "me")).number == 2


async def test_a_decision_that_came_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    decide = cluster.store.decide

    async def be_late(number: int, _refusal: str) -> bool:
        await decide(number, "withdrawn")
        return False

    monkeypatch.setattr(cluster.store, "decide", be_late)
    with pytest.raises(ConfigurationRefused, match="too long"):
        await cluster.one.change({"query.limit": "7"}, "me")


async def test_a_node_looks_as_long_as_it_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster()
    cluster.other_looks = False
    errors: list[Exception] = [StorageUnavailable("it is away"), ValueError("broken")]
    look, is_over = cluster.store.look, asyncio.Event()

    async def fail_at_first() -> object:
        if cluster.applied["1"] and errors:
            raise errors.pop(0)
        if not errors:
            is_over.set()
        return await look()

    monkeypatch.setattr(cluster.store, "look", fail_at_first)
    await cluster.one.start()
    await asyncio.wait_for(is_over.wait(), 30)
    await cluster.one.stop()
    assert "could not be looked at" in caplog.text
    with pytest.raises(NodeStopping):
        await cluster.one.change({}, "me")
