from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from ranvier.cluster.enrolment import Newcomer
from ranvier.cluster.errors import IdentityInUse, NameIsRunning
from ranvier.cluster.member import Member, NodeState
from ranvier.cluster.observation import HeartbeatRules
from ranvier.services.keep_membership import KeepMembership, MembershipPorts, MembershipSettings
from tests.support.memory_cluster_nodes import MemoryClusterNodes

SETTINGS = MembershipSettings(interval_seconds=1.0, ttl_seconds=5.0)
HOUR_MS = 3_600_000


@dataclass
class Timelines:
    system_identifier: int = 7_001
    timeline: int = 1

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        if system_identifier == self.system_identifier:
            self.timeline = max(self.timeline, timeline)


@dataclass
class Scene:
    """Nodes in one process on one database in memory; each has a clock of its own."""

    nodes: MemoryClusterNodes = field(default_factory=MemoryClusterNodes)
    members: list[KeepMembership] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    lives: list[tuple[str, int]] = field(default_factory=list)

    def member(
        self, name: str, node_id: str = "", clock: float = 1000.0, ended: int = 0
    ) -> KeepMembership:
        self.seconds[name] = clock

        async def pause(seconds: float) -> None:
            if seconds == SETTINGS.interval_seconds:
                await asyncio.Event().wait()  # the tests beat themselves
            self.seconds[name] += seconds
            await asyncio.sleep(0)

        made = Newcomer(
            Member(
                node_id=node_id or name,
                name=name,
                host="h",
                internal_host="h",
                route="",
                started_at_ms=len(self.members),
            ),
            lambda local_node_id: f"route-{local_node_id}",
            ended_incarnation=ended,
        )
        ports = MembershipPorts(
            self.nodes,
            Timelines(),
            lambda: made,
            lambda: self.seconds[name],
            pause,
            lambda incarnation: self.lives.append((name, incarnation)),
        )
        member = KeepMembership(ports, SETTINGS)
        self.members.append(member)
        return member

    async def running(self, name: str, **others: float) -> KeepMembership:
        member = self.member(name, **others)  # type: ignore[arg-type]  # a clock
        await member.start()
        await member.run_at(replace(member.own, http_port=1, grpc_port=2, internal_port=3))
        return member

    async def beat(self, *members: KeepMembership, seconds: float = 1.0, times: int = 1) -> None:
        for _ in range(times):
            for name in self.seconds:
                self.seconds[name] += seconds
            for member in members:
                await member.beat()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    scene.nodes.is_reachable = True
    for member in scene.members:
        await member.stop()


def states(member: KeepMembership) -> dict[str, str]:
    return {view.member.name: view.state.value for view in member.members()}


async def test_a_node_starts_runs_and_says_goodbye(scene: Scene) -> None:
    member = scene.member("adam")
    with pytest.raises(RuntimeError):
        _ = member.own
    await member.start()
    assert states(member) == {"adam": "starting"}
    await member.run_at(replace(member.own, http_port=8, internal_port=9, ajp_port=10))
    assert states(member) == {"adam": "running"}
    (record,) = scene.nodes.records.values()
    assert (record.member.http_port, record.member.ajp_port) == (8, 10)
    await member.stop()
    await member.stop()
    (record,) = scene.nodes.records.values()
    assert (record.state, record.beats) == (NodeState.STOPPED, 2)


async def test_nodes_see_each_other_and_tell_of_changes(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ranvier.services")
    adam, eve = await scene.running("adam"), await scene.running("eve")
    changes: list[dict[str, str]] = []
    cancel = adam.watch(lambda: changes.append(states(adam)))
    await scene.beat(adam, eve, times=3)
    assert states(adam) == states(eve) == {"adam": "running", "eve": "running"}
    assert [each.name for each in adam.running_peers()] == ["eve"]
    assert changes == [states(adam)], "told once, not with every heartbeat"
    await eve.set_state(NodeState.DRAINING)
    await scene.beat(adam)
    assert [each.name for each in adam.running_peers()] == ["eve"]
    cancel()
    await eve.stop()
    await scene.beat(adam)
    assert states(adam)["eve"] == "stopped"
    assert adam.running_peers() == ()
    assert [change["eve"] for change in changes] == ["running", "draining"]
    told = [record.message for record in caplog.records]
    assert told.count("Node eve is running.") == told.count("Node eve is stopped.") == 1
    assert adam.count_by_state()["stopped"] == adam.count_by_state()["running"] == 1


@pytest.mark.parametrize("skew_ms", [-HOUR_MS, 0, HOUR_MS])
@pytest.mark.parametrize("clock", [0.0, 1e6])
async def test_a_silent_node_is_down_whatever_the_clocks_say(
    scene: Scene, skew_ms: int, clock: float
) -> None:
    adam, eve = await scene.running("adam", clock=clock), await scene.running("eve")
    scene.nodes.now_ms = 10 * HOUR_MS + skew_ms
    await scene.beat(adam, eve, times=2)
    scene.nodes.now_ms -= skew_ms
    await scene.beat(adam, times=5)
    assert states(adam)["eve"] == "running"
    assert adam.silent_seconds() == {"adam": 0.0, "eve": 4.0}
    await scene.beat(adam)
    assert states(adam)["eve"] == "down"
    assert adam.running_peers() == ()
    before = eve.own.incarnation
    await scene.beat(eve, adam)
    assert states(adam)["eve"] == states(eve)["eve"] == "running"
    assert eve.own.incarnation > before


async def test_who_was_out_of_touch_judges_nobody_for_a_while(scene: Scene) -> None:
    adam, eve = await scene.running("adam"), await scene.running("eve")
    await scene.beat(adam, eve, times=3)
    scene.nodes.is_reachable = False
    await scene.beat(adam, eve, times=20)
    in_touch = [adam.is_in_touch]
    assert states(adam)["eve"] == "running", "what was known before still stands"
    scene.nodes.is_reachable = True
    await scene.beat(adam, times=5)
    in_touch.append(adam.is_in_touch)
    assert in_touch == [False, True]
    assert states(adam)["eve"] == "running"
    await scene.beat(adam)
    assert states(adam)["eve"] == "down"


async def test_whoever_wants_to_know_is_told_that_the_database_is_back(scene: Scene) -> None:
    adam = await scene.running("adam")
    returns: list[bool] = []
    adam.watch_return(lambda: returns.append(adam.is_in_touch))
    await scene.beat(adam, times=3)
    scene.nodes.is_reachable = False
    await scene.beat(adam, times=3)
    assert not returns
    scene.nodes.is_reachable = True
    await scene.beat(adam, times=3)
    assert returns == [True]


async def test_a_frozen_observer_judges_nobody_when_it_wakes(scene: Scene) -> None:
    adam, eve = await scene.running("adam"), await scene.running("eve")
    await scene.beat(adam, eve, times=3)
    scene.seconds["adam"] += 3600
    await adam.beat()
    assert states(adam)["eve"] == "running"


async def test_the_highest_timeline_goes_round(scene: Scene) -> None:
    adam, eve = await scene.running("adam"), await scene.running("eve")
    adam._ports.database.hear_of_timeline(7_001, 7)
    await scene.beat(adam, eve)
    assert eve._ports.database.timeline == 7


async def test_the_timeline_of_the_database_that_rows_were_copied_from_says_nothing(
    scene: Scene,
) -> None:
    adam = await scene.running("adam")
    adam._ports.database.hear_of_timeline(7_001, 7)
    await scene.beat(adam)
    scene.nodes.records["adam"] = replace(scene.nodes.records["adam"], system_identifier=7_000)
    eve = await scene.running("eve")
    await scene.beat(eve)
    assert eve._ports.database.timeline == 1


async def test_what_a_node_lacks_and_has_applied_is_seen_by_others(scene: Scene) -> None:
    adam, eve = await scene.running("adam"), await scene.running("eve")
    adam.set_lacks(["z", "a"])
    await adam.set_config_revision(12)
    await scene.beat(eve)
    (seen, _) = eve.members()
    assert (seen.lacks, seen.member.config_revision) == (("a", "z"), 12)


async def test_the_name_of_a_running_node_is_refused(scene: Scene) -> None:
    eve = await scene.running("eve")
    twin = scene.member("eve", "another id")
    starting = asyncio.ensure_future(twin.start())
    await asyncio.sleep(0)
    await eve.beat()
    with pytest.raises(NameIsRunning):
        await starting


async def test_a_copy_of_a_running_node_is_refused(scene: Scene) -> None:
    eve = await scene.running("eve")
    copy = scene.member("copy", "eve")
    starting = asyncio.ensure_future(copy.start())
    await asyncio.sleep(0)
    await eve.beat()
    with pytest.raises(IdentityInUse):
        await starting


async def test_who_cannot_be_heard_says_no_goodbye(scene: Scene) -> None:
    eve = await scene.running("eve")
    scene.nodes.is_reachable = False
    await scene.beat(eve)
    scene.nodes.is_reachable = True
    await eve.stop()
    assert scene.nodes.records["eve"].state is NodeState.RUNNING


async def test_a_restart_after_a_crash_waits_for_three_heartbeats_only(scene: Scene) -> None:
    await scene.running("eve")
    again = scene.member("eve")
    await again.start()
    assert scene.seconds["eve"] == 1000.0 + 3 * SETTINGS.interval_seconds


async def test_a_restart_waits_for_nothing_where_its_former_process_has_ended(
    scene: Scene,
) -> None:
    before = await scene.running("eve")
    assert scene.lives == [("eve", before.own.incarnation)]
    again = scene.member("eve", ended=before.own.incarnation)
    await again.start()
    assert scene.seconds["eve"] == 1000.0
    assert scene.lives[-1] == ("eve", again.own.incarnation)
    later = scene.member("eve", ended=before.own.incarnation)
    await later.start()
    assert scene.seconds["eve"] == 1000.0 + 3 * SETTINGS.interval_seconds


async def test_a_restart_after_a_goodbye_waits_for_nothing(scene: Scene) -> None:
    await (await scene.running("eve")).stop()
    await scene.member("eve").start()
    assert scene.seconds["eve"] == 1000.0


async def test_a_new_id_waits_for_the_whole_time_to_live(scene: Scene) -> None:
    await scene.running("eve")
    again = scene.member("eve", "a new id")
    await again.start()
    assert scene.seconds["eve"] == 1000.0 + SETTINGS.ttl_seconds
    assert list(scene.nodes.records) == ["a new id"]


async def test_who_lost_its_place_is_no_member_and_does_not_fight(scene: Scene) -> None:
    first = await scene.running("eve")
    second = scene.member("eve", "a new id")
    await second.start()
    await scene.beat(first, times=2)
    assert first.refusal == "another process has taken the place of this node in the cluster"
    assert [each.member.node_id for each in second.members()] == ["a new id"]
    scene.nodes.records.clear()
    await scene.beat(first)
    assert first.refusal == ""
    assert list(scene.nodes.records) == ["eve"]


async def test_a_registration_whose_answer_was_lost_is_its_own(scene: Scene) -> None:
    eve = await scene.running("eve")
    assert await scene.nodes.register(eve.own, NodeState.RUNNING, [eve.own])
    await scene.beat(eve, times=2)
    assert (states(eve), eve.refusal) == ({"eve": "running"}, "")
    assert scene.nodes.records["eve"].member == eve.own


async def test_a_database_that_never_answers_is_out_of_reach(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    eve = await scene.running("eve")
    monkeypatch.setattr(scene.nodes, "beat", never)
    eve._rules = HeartbeatRules(SETTINGS.ttl_seconds, break_seconds=0.01)
    await eve.beat()
    assert not eve.is_in_touch
    monkeypatch.undo()


async def test_a_heartbeat_that_breaks_is_followed_by_the_next(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    eve = await scene.running("eve")
    beaten = asyncio.Event()
    outcomes: list[Exception | None] = [ValueError("a defect"), None]

    async def beat() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        beaten.set()
        await asyncio.Event().wait()

    async def no_pause(_: float) -> None:
        await asyncio.sleep(0)

    await eve.stop()
    eve.beat = beat  # type: ignore[method-assign]  # the loop alone is looked at
    eve._ports = replace(eve._ports, pause=no_pause)
    looping = asyncio.ensure_future(eve._beat_for_ever())
    await beaten.wait()
    looping.cancel()
    await asyncio.gather(looping, return_exceptions=True)
    assert "a defect" in caplog.text


async def test_another_process_with_the_same_id_is_left_alone(scene: Scene) -> None:
    first = await scene.running("eve")
    await scene.member("eve").start()
    before = dict(scene.nodes.records)
    await scene.beat(first)
    assert first.refusal
    assert scene.nodes.records == before


async def test_a_node_that_was_forgotten_while_it_was_frozen_comes_back(scene: Scene) -> None:
    eve = await scene.running("eve")
    scene.nodes.records.clear()
    await scene.beat(eve)
    assert states(eve) == {}
    await scene.beat(eve)
    assert (states(eve), eve.refusal) == ({"eve": "running"}, "")


async def test_on_a_database_of_its_own_a_node_is_alone(scene: Scene) -> None:
    scene.nodes.is_shared = False
    await scene.running("before")
    await scene.running("eve", clock=0.0)
    member = await scene.running("adam")
    assert scene.seconds["adam"] == 1000.0, "nobody else can be running"
    assert states(member) == {"adam": "running"}
    assert list(scene.nodes.records) == ["adam"]
