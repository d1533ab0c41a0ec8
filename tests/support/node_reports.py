"""Reports of nodes without nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.services.node_report import SUMMARY, NodeReport, ReportWish


def told(name: str, **figures: object) -> NodeReport:
    """Return what a node of this name tells."""
    values: dict[str, object] = {"node_id": f"id-of-{name}", "name": name, "taken_at_ms": 0}
    return NodeReport(**{**values, **figures})  # type: ignore[arg-type]  # a test's own figures


def member(name: str, state: NodeState = NodeState.RUNNING, *, is_own: bool = False) -> MemberView:
    """Return a node as the one that is asked sees it."""
    of_name = Member(node_id=f"id-of-{name}", name=name, host=name, internal_host=name, route=name)
    return MemberView(member=of_name, state=state, is_own=is_own)


@dataclass
class PlayedPeers:
    """The other nodes: what each tells, or says instead; a gate keeps all of them from answering.

    `asked` notes who was asked for what.
    """

    reports: dict[str, NodeReport | str] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    asked: list[tuple[str, ReportWish]] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def report_of(self, node_id: str, wish: ReportWish = SUMMARY) -> NodeReport | str:
        self.asked.append((node_id, wish))
        self.was_asked.set()
        if self.gate is not None:
            await self.gate.wait()
        return self.reports.get(node_id, "There is no link with the node at present.")
