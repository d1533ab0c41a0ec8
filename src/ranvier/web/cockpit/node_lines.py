"""The nodes with what each tells of itself, for the pages that list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView
from ranvier.services.node_report import NodeReport, Work
from ranvier.web.cluster_nodes import ShownNode, shown
from ranvier.web.dependencies import WebDependencies


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node, as this one sees it and as it tells itself."""

    node: ShownNode
    node_id: str
    report: NodeReport | None
    missing: str
    """Why there is no report, as a sentence."""
    silent_seconds: float
    """How long nothing was heard of it."""
    is_alive: bool


async def node_lines(of: WebDependencies, chosen: str | None = None) -> Sequence[NodeLine]:
    """Return all nodes, or the chosen one, sorted by name; raises `UnknownNode`."""
    views = [view for view in of.members() if chosen in (None, view.member.name)]
    if chosen is not None and not views:
        raise UnknownNode(chosen)
    answers = await of.reports.all() if chosen is None else (await of.reports.of(chosen),)
    by_id = {answer.node_id: answer for answer in answers}
    linked, now_ms = of.linked(), of.time_ms()

    def line(view: MemberView) -> NodeLine:
        answer = by_id.get(view.member.node_id)
        return NodeLine(
            node=shown(view, linked, now_ms),
            node_id=view.member.node_id,
            report=answer.report if answer else None,
            missing=answer.missing if answer else "",
            silent_seconds=0.0 if view.is_own else view.silent_seconds,
            is_alive=view.state.is_alive,
        )

    return [line(view) for view in sorted(views, key=lambda view: view.member.name)]


def work_of_all(lines: Sequence[NodeLine]) -> Work:
    """Return the rates of all nodes together, as far as they tell."""
    rates = [line.report.rates for line in lines if line.report is not None]
    return Work(
        **{each.name: sum(getattr(rate, each.name) for rate in rates) for each in fields(Work)}
    )
