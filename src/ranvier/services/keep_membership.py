"""This node among the nodes: a place taken at the start, kept by heartbeats, left by a goodbye."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ranvier.cluster.enrolment import Life, Newcomer, enrol
from ranvier.cluster.member import Heartbeat, Member, MemberView, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.cluster.observation import (
    HeartbeatRules,
    Observation,
    is_silent,
    lost_touch,
    observe,
    state_of,
)
from ranvier.storage.cluster_nodes import Beaten, ClusterNodes
from ranvier.storage.errors import StorageError

logger = logging.getLogger("ranvier.services")

NONE: Final = NodeWish.NONE

OWN_BEATS: Final = 3
"""Heartbeats for which a node's own former row is watched whose process may still live: nobody else
has its data directory, unless somebody copied it."""


@dataclass(frozen=True, slots=True)
class MembershipSettings:
    """How often a node shows that it lives, and how long it may be silent."""

    interval_seconds: float = 0.5
    ttl_seconds: float = 5.0

    @property
    def rules(self) -> HeartbeatRules:
        """The rules by which others are judged."""
        return HeartbeatRules(self.ttl_seconds, self.ttl_seconds / 2)


class Timelines(Protocol):
    """What a database knows of its own lives; `Database` has it."""

    @property
    def system_identifier(self) -> int:
        """Which database it is."""
        ...

    @property
    def timeline(self) -> int:
        """The highest that is known here."""
        ...

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        """Believe no server on a lower one, if it is this database that is told of."""
        ...


@dataclass(frozen=True, slots=True)
class MembershipPorts:
    """What membership works with."""

    nodes: ClusterNodes
    database: Timelines
    newcomer: Callable[[], Newcomer]
    """Asked once, at the start."""
    clock: Callable[[], float]
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for so many seconds."""
    keep_life: Callable[[int], None] = lambda _: None
    """Told of each incarnation that this process has had."""


class KeepMembership:
    """Knows all nodes; on a database that nobody can share it knows one."""

    def __init__(self, ports: MembershipPorts, settings: MembershipSettings) -> None:
        self._ports = ports
        self._nodes = ports.nodes
        self._settings = settings
        self._rules = settings.rules
        self._own: Member | None = None
        self._state = NodeState.STARTING
        self._lacks: tuple[str, ...] = ()
        self._seen = Observation()
        self._records: Sequence[NodeRecord] = ()
        self._views: tuple[MemberView, ...] = ()
        self._observers: list[Callable[[], None]] = []
        self._return_observers: list[Callable[[], None]] = []
        self._beating: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self.refusal = ""
        """Why this node is no member just now; empty while it is one."""

    @property
    def own(self) -> Member:
        """This node; known once `start` has returned."""
        if self._own is None:
            raise RuntimeError("membership has not been started")
        return self._own

    @property
    def state(self) -> NodeState:
        """What this node says of itself."""
        return self._state

    @property
    def is_in_touch(self) -> bool:
        """Whether the database was reached when it was last tried."""
        return self._seen.reached_at is not None

    def members(self) -> tuple[MemberView, ...]:
        """Return all nodes as this one sees them, itself included, sorted by name."""
        return self._views

    def running_peers(self) -> tuple[Member, ...]:
        """Return the other nodes that can be dialled: those that run or drain."""
        return tuple(
            view.member
            for view in self._views
            if not view.is_own and view.state in (NodeState.RUNNING, NodeState.DRAINING)
        )

    def count_by_state(self) -> Mapping[str, float]:
        """Return how many nodes are in each state."""
        states = [view.state for view in self._views]
        return {state.value: states.count(state) for state in NodeState}

    def silent_seconds(self) -> Mapping[str, float]:
        """Return by name for how long the counter of each node has been watched unchanged."""
        return {
            view.member.name: view.silent_seconds for view in self._views if view.state.is_alive
        }

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call an observer when `members` changes; return what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def watch_return(self, observer: Callable[[], None]) -> None:
        """Call an observer each time that the database is reached again after it was not."""
        self._return_observers.append(observer)

    async def start(self) -> None:
        """Take a place, as `STARTING`; raises a `ClusterError` where there is none."""
        self._own = await self._enrolled(self._ports.newcomer())
        self._look(await self._nodes.all())
        if self._nodes.is_shared:
            self._beating = asyncio.get_running_loop().create_task(self._beat_for_ever())

    async def run_at(self, ports: Member) -> None:
        """Be `RUNNING` at the ports of this member, now that they are bound."""
        self._own = replace(
            self.own,
            http_port=ports.http_port,
            grpc_port=ports.grpc_port,
            internal_port=ports.internal_port,
            ajp_port=ports.ajp_port,
        )
        self._state = NodeState.RUNNING
        await self._nodes.describe(self.own, self._state)
        await self.beat()

    async def set_state(self, state: NodeState) -> None:
        """Say of itself how it does, at once if the database can be reached, else when it can."""
        self._state = state
        self._refresh()
        await self.beat()

    def set_lacks(self, node_ids: Sequence[str]) -> None:
        """Say with the next heartbeat which running nodes there is no link with."""
        self._lacks = tuple(sorted(node_ids))

    @property
    def wish(self) -> NodeWish:
        """What another node has asked of this one."""
        return next((each.wish for each in self._records if not self._is_other(each)), NONE)

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        """Ask a node to do something; False where it is gone. It sees it in its next heartbeat."""
        return await self._nodes.ask_for(member, wish)

    async def fulfil(self, wish: NodeWish) -> None:
        """Note that this node has done what it was asked for."""
        await self._nodes.fulfil(self.own, wish)

    async def set_config_revision(self, revision: int) -> None:
        """Say which revision of the shared configuration is applied here."""
        self._own = replace(self.own, config_revision=revision)
        await self.beat()

    async def beat(self) -> None:
        """Show that this node lives, and look at the others; never raises for the database."""
        async with self._changing:
            was_in_touch = self.is_in_touch
            try:
                # A server that stands still gives no answer, and breaks no connection.
                async with asyncio.timeout(self._rules.break_seconds):
                    beaten = await self._nodes.beat(self._heartbeat())
                    await self._take_in(beaten)
            except (StorageError, TimeoutError) as error:
                if self.is_in_touch:
                    logger.warning("The database is out of reach: %s", error or "no answer")
                self._seen = lost_touch(self._seen)
            if self.is_in_touch and not was_in_touch:
                for observer in self._return_observers:
                    observer()

    async def stop(self) -> None:
        """Say goodbye if anybody can hear it; stopping twice is allowed."""
        if self._beating is not None:
            async with self._changing:  # a heartbeat under way comes to its end
                self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self._own is not None and self._state is not NodeState.STOPPED and self.is_in_touch:
            await self.set_state(NodeState.STOPPED)

    async def _enrolled(self, newcomer: Newcomer) -> Member:
        """Watch and decide until there is a place, and take it."""
        seen = Observation()
        while True:
            records = await self._nodes.all()
            seen = observe(seen, records, self._timeline, self._ports.clock(), self._rules)
            lives = {
                record.member.node_id: self._life(record, seen, newcomer) for record in records
            }
            enrolment = enrol(newcomer, records, lives)
            if enrolment is None:
                await self._ports.pause(self._settings.interval_seconds / 2)
                continue
            replaced = enrolment.replaced
            if not self._nodes.is_shared:
                replaced = tuple(record.member for record in records)
            incarnation = await self._nodes.register(enrolment.member, self._state, replaced)
            if incarnation is not None:
                self._ports.keep_life(incarnation)
                return replace(enrolment.member, incarnation=incarnation)

    def _life(self, record: NodeRecord, seen: Observation, newcomer: Newcomer) -> Life:
        if not self._nodes.is_shared or not record.state.is_alive:
            return Life.GONE
        node_id = record.member.node_id
        if seen.has_risen(node_id):
            return Life.ALIVE
        patience = self._rules.ttl_seconds
        if node_id == newcomer.member.node_id:
            if record.member.incarnation == newcomer.ended_incarnation:
                return Life.GONE
            patience = min(patience, OWN_BEATS * self._settings.interval_seconds)
        return Life.GONE if seen.silent_seconds(node_id) >= patience else Life.UNKNOWN

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(
            node_id=self.own.node_id,
            incarnation=self.own.incarnation,
            state=self._state,
            system_identifier=self._ports.database.system_identifier,
            timeline=self._timeline,
            config_revision=self.own.config_revision,
            lacks=self._lacks,
        )

    @property
    def _timeline(self) -> int:
        return self._ports.database.timeline

    async def _beat_for_ever(self) -> None:
        while True:
            await self._ports.pause(self._settings.interval_seconds)
            try:
                await self.beat()
            except Exception:
                logger.exception("a heartbeat failed")

    async def _take_in(self, beaten: Beaten) -> None:
        """Learn from what a heartbeat found."""
        if not beaten.counted:
            await self._return(beaten.records)
        for record in beaten.records:
            self._ports.database.hear_of_timeline(record.system_identifier, record.timeline)
        self._look(beaten.records)
        for record in beaten.records:
            if self._is_other(record) and is_silent(record, self._seen, self._rules):
                await self._nodes.mark_down(record)

    async def _return(self, records: Sequence[NodeRecord]) -> None:
        """Take a new incarnation after others have found this one down, or have forgotten it."""
        found = next((each.member for each in records if not self._is_other(each)), None)
        replaced = () if found is None else (self.own,)
        if found is not None and self._is_this_process(found):
            # The answer to a registration of its own was lost.
            self._own, replaced = found, (found,)
        incarnation = await self._nodes.register(self.own, self._state, replaced)
        if incarnation is None:
            if not self.refusal:
                logger.error("This node has lost its place in the cluster.")
            self.refusal = "another process has taken the place of this node in the cluster"
            return
        logger.warning("This node was found down and has a new incarnation: %d.", incarnation)
        self.refusal = ""
        self._own = replace(self.own, incarnation=incarnation)
        self._ports.keep_life(incarnation)

    def _is_this_process(self, member: Member) -> bool:
        own = self.own
        alike = replace(member, incarnation=own.incarnation, config_revision=own.config_revision)
        return alike == own

    def _is_other(self, record: NodeRecord) -> bool:
        return record.member.node_id != self.own.node_id

    def _look(self, records: Sequence[NodeRecord]) -> None:
        now = self._ports.clock()
        self._seen = observe(self._seen, records, self._timeline, now, self._rules)
        self._records = records
        self._refresh()

    def _refresh(self) -> None:
        views = tuple(map(self._view, self._records))
        changed = [*map(_essence, views)] != [*map(_essence, self._views)]
        _tell_changes(self._views, views)
        self._views = views
        if changed:
            for observer in tuple(self._observers):
                observer()

    def _view(self, record: NodeRecord) -> MemberView:
        is_own = not self._is_other(record)
        return MemberView(
            member=self.own if is_own else record.member,
            state=self._state if is_own else state_of(record, self._seen, self._rules),
            is_own=is_own,
            lacks=self._lacks if is_own else record.lacks,
            silent_seconds=self._seen.silent_seconds(record.member.node_id),
            last_seen_at_ms=record.last_seen_at_ms,
            stopped_at_ms=record.stopped_at_ms,
            failed_at_ms=record.failed_at_ms,
        )


def _tell_changes(before: Sequence[MemberView], after: Sequence[MemberView]) -> None:
    """Log how other nodes do now that did otherwise, or were not there."""
    former = {view.member.node_id: view.state for view in before}
    for view in after:
        if not view.is_own and former.get(view.member.node_id) is not view.state:
            level = logging.WARNING if view.state is NodeState.DOWN else logging.INFO
            logger.log(
                level,
                "Node %s is %s.",
                view.member.name,
                view.state.value,
                extra={"action": f"node.{view.state.value}"},
            )


def _essence(view: MemberView) -> MemberView:
    """What of a node tells observers something: all but that it was seen once more."""
    return replace(view, last_seen_at_ms=0, silent_seconds=0.0)
