"""How every node of the cluster does: this one's own report, and those that the others give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView
from ranvier.services.node_report import SUMMARY, NodeReport, ReportWish

ANSWER_SECONDS: Final = 1.0
"""What a node gets to tell of itself: whoever watches the cluster waits no longer for one."""

FRESH_SECONDS: Final = 1.0
"""For so long an answer serves all who ask, so that many watchers cost a node one report."""

KEPT_ANSWERS: Final = 256
"""Of all nodes, with and without details and for different searches."""


class PeerReports(Protocol):
    """The way to the reports of other nodes; the mesh keeps it."""

    async def report_of(self, node_id: str, wish: ReportWish) -> NodeReport | str:
        """Return what a node tells of itself, or a sentence that says why it tells nothing."""
        ...


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """A node that takes part, and what it tells of itself."""

    node_id: str
    name: str
    is_own: bool
    report: NodeReport | None
    missing: str = ""
    """Where there is no report, why, as a sentence."""
    round_trip_seconds: float | None = None
    """From the question to the answer; None for the node itself."""


@dataclass(slots=True)
class KeptAnswer:
    """An answer that is being waited for, or has come."""

    task: asyncio.Task[NodeAnswer]
    done_at: float | None = None


class NodeReports:
    """Asks all nodes at once, each at most once a second for the same."""

    def __init__(
        self,
        own: Callable[[ReportWish], NodeReport],
        peers: PeerReports,
        members: Callable[[], Sequence[MemberView]],
        clock: Callable[[], float],
    ) -> None:
        """`clock` tells seconds that never go back."""
        self._own = own
        self._peers = peers
        self._members = members
        self._clock = clock
        self._kept: dict[tuple[str, ReportWish], KeptAnswer] = {}

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Wait for no answer any more."""
        kept, self._kept = list(self._kept.values()), {}
        for each in kept:
            each.task.cancel()
        await asyncio.gather(*(each.task for each in kept), return_exceptions=True)

    async def all(self, wish: ReportWish = SUMMARY) -> tuple[NodeAnswer, ...]:
        """Return the answers of all nodes that take part, sorted by name, within a second."""
        views = sorted(self._members(), key=lambda view: view.member.name)
        asked = [self._answer(view, wish) for view in views if view.state.is_alive]
        return tuple(await asyncio.gather(*asked))

    async def of(self, name: str, wish: ReportWish = SUMMARY) -> NodeAnswer:
        """Return the answer of one node; raises `UnknownNode`."""
        for view in self._members():
            if view.member.name == name:
                return await self._answer(view, wish)
        raise UnknownNode(name)

    async def _answer(self, view: MemberView, wish: ReportWish) -> NodeAnswer:
        if view.is_own:
            report = self._own(wish)
            return NodeAnswer(view.member.node_id, view.member.name, is_own=True, report=report)
        if not view.state.is_alive:
            return missing(view, f"Node {view.member.name} is {view.state.value}.")
        return await asyncio.shield(self._asked(view, wish).task)

    def _asked(self, view: MemberView, wish: ReportWish) -> KeptAnswer:
        key = (view.member.node_id, wish)
        kept = self._kept.get(key)
        if kept is not None and self._is_fresh(kept):
            return kept
        self._forget_old()
        kept = KeptAnswer(asyncio.get_running_loop().create_task(self._ask(view, wish)))
        kept.task.add_done_callback(lambda _: self._came(kept))
        self._kept[key] = kept
        return kept

    async def _ask(self, view: MemberView, wish: ReportWish) -> NodeAnswer:
        member, began_at = view.member, self._clock()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                report = await self._peers.report_of(member.node_id, wish)
        except TimeoutError:
            report = f"Node {member.name} has not answered within {ANSWER_SECONDS:g} second."
        if isinstance(report, str):
            return missing(view, report)
        return NodeAnswer(
            member.node_id,
            member.name,
            is_own=False,
            report=report,
            round_trip_seconds=self._clock() - began_at,
        )

    def _came(self, kept: KeptAnswer) -> None:
        kept.done_at = self._clock()

    def _is_fresh(self, kept: KeptAnswer) -> bool:
        if kept.done_at is None:
            return not kept.task.done()
        return self._clock() - kept.done_at < FRESH_SECONDS

    def _forget_old(self) -> None:
        for key in [key for key, kept in self._kept.items() if not self._is_fresh(kept)]:
            del self._kept[key]
        while len(self._kept) >= KEPT_ANSWERS:
            # Whoever waits for it has it in hand; it is only shared no longer.
            del self._kept[next(iter(self._kept))]


def missing(view: MemberView, reason: str) -> NodeAnswer:
    """Return what stands for a node that tells nothing."""
    return NodeAnswer(
        view.member.node_id, view.member.name, is_own=view.is_own, report=None, missing=reason
    )
