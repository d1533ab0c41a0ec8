"""What a node says of its work in DCB contexts."""

from __future__ import annotations

from pathlib import Path

import grpc
import httpx2

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
        text = httpx2.get(f"{node.http_address}/metrics").text
        for figure in (
            'axon_events_append_throughput_count{context="default"} 2.0',
            'ranvier_events_source_throughput_count{context="default"} 1.0',
            'ranvier_events_sent_count{context="default"} 1.0',
            'axon_snapshots_append_throughput_count{context="default"} 1.0',
            'axon_snapshots_read_throughput_count{context="default"} 1.0',
            'axon_snapshots_read_error_count{context="default"} 1.0',
        ):
            assert figure in text
