"""The figures of queries, under the names that Axon users know, on a real node."""

from __future__ import annotations

from pathlib import Path

import grpc
import httpx2

from examples.node_process import NodeProcess
from examples.until import until
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
        until(lambda: has_figures(node), "everything is counted")
        waiting.cancel()


def has_figures(node: NodeProcess) -> bool:
    """Ask for the figures; what was answered a moment ago may be counted a moment later."""
    figures = httpx2.get(f"{node.http_address}/actuator/prometheus", timeout=30).text
    expected = (
        'axon_queries_throughput_count{context="default"} 1.0',
        'axon_queries_error_count{context="default"} 1.0',
        'axon_queries_saturation_active_count{context="default"} 1.0',
        'axon_queries_saturation_queued_count{context="default"} 0.0',
        'axon_queries_subscriptionquery_active_count{context="default"} 1.0',
        'axon_queries_subscriptionquery_total_count{context="default"} 1.0',
        'axon_queries_subscriptionquery_updates_count{context="default"} 1.0',
        "axon_queries_duration_seconds_bucket",
    )
    return all(line in figures for line in expected)
