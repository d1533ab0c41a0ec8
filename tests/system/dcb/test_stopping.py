"""A stop of the node ends the streams of DCB contexts, of readers that read and of those that do
not."""

from __future__ import annotations

from pathlib import Path

import grpc

from tests.support.dcb_client import DcbClient, tagged
from tests.support.live_call import refused
from tests.support.node_program import running_node


def test_a_reader_at_the_head_is_told_and_one_that_reads_nothing_is_not_waited_for(
    tmp_path: Path,
) -> None:
    with (
        running_node(tmp_path / "data", "--default-context-dcb") as node,
        grpc.insecure_channel(node.grpc_address) as channel,
    ):
        client = DcbClient(channel)
        for _ in range(12):
            client.append(tagged("Large", payload=bytes(1_000_000)))
        # More than the windows of a client that reads nothing take.
        idle = [client.stream(), client.stream()]
        reading = client.stream(first=12)
        client.append(tagged("Small"))
        assert next(reading).event.sequence == 12
        assert client.head() == 13
        assert node.stop() == 0
        refusal = refused(lambda: reading)
        assert refusal.status is grpc.StatusCode.UNAVAILABLE
        assert refusal.axon_code == "RANVIER-STOPPING"
        for stream in idle:
            stream.cancel()
