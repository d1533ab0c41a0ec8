"""A node that sees a cluster of four: itself, one that runs, one that drains, one that is down."""

from __future__ import annotations

from dataclasses import replace

from ranvier.cluster.member import MemberView, NodeState
from ranvier.services.node_report import NodeReport, Queues, ReportedLink, Work
from tests.support.new_events import stream
from tests.support.node_reports import told
from tests.support.web_node import FACTS, OWN, NotedEventLog, WebNode

EVIL = '<script>alert("1")</script>'


def other_node(name: str, state: NodeState = NodeState.RUNNING) -> MemberView:
    """Return another node as the one that is asked sees it."""
    member = replace(
        OWN.member, node_id=f"id-of-{name}", name=name, route=name, host=f"host-{name}"
    )
    return replace(OWN, member=member, state=state, is_own=False)


def links_to(*names: str, is_up: bool = True) -> tuple[ReportedLink, ...]:
    """Return links as a node tells of them."""
    return tuple(
        ReportedLink(node_id=f"id-of-{name}", name=name, is_up=is_up, round_trip_seconds=0.0007)
        for name in names
    )


def report_of(name: str, *linked: str) -> NodeReport:
    """Return what a node that is busy tells."""
    return told(
        name,
        cpu_share=0.23,
        memory_bytes=150 * 1024 * 1024,
        client_count=12,
        open_session_count=5,
        uptime_seconds=98_765.0,
        rates=Work(commands=1_234.5, queries=12.34, events_appended=3_500.0),
        queues=Queues(commands_waiting=3),
        links=links_to(*linked),
    )


def played_cluster() -> WebNode:
    """Return the node `messaging1` among `messaging2`, `messaging3` and `messaging4`."""
    log = NotedEventLog("default", "orders")
    log.store("orders", *stream(1_234))
    node = WebNode(log)
    node.facts = replace(FACTS, is_clustered=True)
    node.members += [
        other_node("messaging2"),
        other_node("messaging3", NodeState.DRAINING),
        replace(other_node("messaging4", NodeState.DOWN), failed_at_ms=1_700_000_105_000),
    ]
    node.linked = ["id-of-messaging2", "id-of-messaging3"]
    node.peers.reports = {
        "id-of-messaging2": report_of("messaging2", "messaging1", "messaging3"),
        "id-of-messaging3": report_of("messaging3", "messaging1"),
    }
    return node
