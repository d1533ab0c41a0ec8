"""The figures of queries, under the names that Axon users know, on a real node."""

from __future__ import annotations

from pathlib import Path

import grpc
import httpx2

from tests.support.node_program import running_node
from tests.support.query_peers import Handler, Subscriber, ask, data_of


def test_queries_and_subscription_queries_are_counted(tmp_path: Path) -> None:
    with (
        running_node(tmp_path / "data") as node,
        grpc.insecure_channel(node.grpc_address) as channel,
        Handler(channel, "Find") as handler,
        Subscriber(channel, "Find") as caller,
    ):
        handler.next_subscription_request("subscribe")
        call = ask(channel, "Find", "q-2")
        handler.next_query()
        handler.answer("q-2", b"found")
        assert data_of(call) == [b"found"]
        assert [each.error_code for each in ask(channel, "Nobody")] == ["AXONIQ-5000"]
        waiting = ask(channel, "Find", "q-3")
        handler.next_query()
        handler.update("q-1", b"update")
        assert caller.next_update() == b"update"
        figures = httpx2.get(f"{node.http_address}/actuator/prometheus").text
        waiting.cancel()
    for line in (
        'axon_queries_throughput_count{context="default"} 1.0',
        'axon_queries_error_count{context="default"} 1.0',
        'axon_queries_saturation_active_count{context="default"} 1.0',
        'axon_queries_saturation_queued_count{context="default"} 0.0',
        'axon_queries_subscriptionquery_active_count{context="default"} 1.0',
        'axon_queries_subscriptionquery_total_count{context="default"} 1.0',
        'axon_queries_subscriptionquery_updates_count{context="default"} 1.0',
    ):
        assert line in figures
    assert "axon_queries_duration_seconds_bucket" in figures
