"""kill -9 while tags are changed and snapshots kept: what was acknowledged is there."""

from __future__ import annotations

import threading
from pathlib import Path

import grpc
import pytest

from tests.support.dcb_client import DcbClient, tagged
from tests.support.node_database import node_process
from tests.support.scale import scaled

WRITERS = 4
ACKNOWLEDGED_BEFORE_KILL = 60
FLAG = "--default-context-dcb"


class Writer:
    """Changes one event's tags and keeps snapshots under a key of its own, until the node dies."""

    def __init__(self, client: DcbClient, name: str, enough: threading.Semaphore) -> None:
        self.client = client
        self.name = name
        self.enough = enough
        self.sequence = client.append(tagged(name)).sequence_of_the_first_event
        self.round = 0
        self.thread = threading.Thread(target=self.run)

    @property
    def key(self) -> bytes:
        return self.name.encode()

    def run(self) -> None:
        try:
            while True:
                number = self.round
                self.client.add_tags(self.sequence, f"round={number}")
                self.client.remove_tags(self.sequence, f"round={number - 1}")
                self.client.add_snapshot(self.key, number, b"%d" % number, prune=True)
                self.round += 1
                self.enough.release()
        except grpc.RpcError:
            return

    def check(self, client: DcbClient) -> None:
        """What is there is the last acknowledged state, or lies on the way to the next."""
        done = self.round - 1
        allowed: list[list[str]] = [[f"round={done}"]] if done >= 0 else [[]]
        allowed.append(sorted([*allowed[0], f"round={done + 1}"]))
        allowed.append([f"round={done + 1}"])
        assert client.tags(self.sequence) in allowed
        kept = client.list_snapshots(self.key)
        assert kept in ([done], [done + 1]) or (done < 0 and not kept)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_acknowledged_tags_and_snapshots_outlive_kill_nine(tmp_path: Path) -> None:
    node = node_process(tmp_path / "data", FLAG)
    for round_number in range(scaled(100, suite=2)):
        enough = threading.Semaphore(0)
        with grpc.insecure_channel(node.grpc_address) as channel:
            client = DcbClient(channel)
            names = [f"{round_number}-{number}" for number in range(WRITERS)]
            writers = [Writer(client, name, enough) for name in names]
            for writer in writers:
                writer.thread.start()
            for _ in range(ACKNOWLEDGED_BEFORE_KILL):
                assert enough.acquire(timeout=60), "the writers were not answered"
            node.kill()
            for writer in writers:
                writer.thread.join(timeout=60)
        node = node_process(tmp_path / "data", FLAG)
        with grpc.insecure_channel(node.grpc_address) as channel:
            for writer in writers:
                writer.check(DcbClient(channel))
    assert node.stop() == 0
