"""What a node says of its work in DCB contexts."""

from __future__ import annotations

from pathlib import Path

import grpc
import httpx2

from examples.node_process import NodeProcess
from examples.until import until
from tests.support.dcb_client import DcbClient, criterion, tagged
from tests.support.live_call import refused
from tests.support.node_program import running_node


def test_sources_snapshots_and_events_are_counted(tmp_path: Path) -> None:
    with (
        running_node(tmp_path / "data", "--default-context-dcb") as node,
        grpc.insecure_channel(node.grpc_address) as channel,
    ):
        client = DcbClient(channel)
        client.append(tagged("Opened", "seat=1"), tagged("Opened", "seat=2"))
        client.source(criterion("seat=1"))
        client.add_snapshot(b"key", 1)
        client.last_snapshot(b"key")
        refused(lambda: client.last_snapshot(b"no"))
        until(lambda: has_figures(node), "everything is counted")


def has_figures(node: NodeProcess) -> bool:
    """Ask for the figures; what was answered a moment ago may be counted a moment later."""
    text = httpx2.get(f"{node.http_address}/metrics", timeout=30).text
    expected = (
        'axon_events_append_throughput_count{context="default"} 2.0',
        'ranvier_events_source_throughput_count{context="default"} 1.0',
        'ranvier_events_sent_count{context="default"} 1.0',
        'axon_snapshots_append_throughput_count{context="default"} 1.0',
        'axon_snapshots_read_throughput_count{context="default"} 1.0',
        'axon_snapshots_read_error_count{context="default"} 1.0',
    )
    return all(figure in text for figure in expected)
