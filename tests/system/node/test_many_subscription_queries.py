"""Ten thousand subscription queries open at once on a real node, and what is left of them."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from ranvier.wire.grpc.channel import Channel
from tests.support.node_program import running_node
from tests.support.query_channel import UpdatingHandler, next_update, subscribed
from tests.support.scale import scaled

MIB = 1 << 20


async def one_round(port: int, count: int) -> None:
    """Open so many, send an update to each, and end them all."""
    of_callers = [await Channel.connect("127.0.0.1", port) for _ in range(2)]
    of_handler = await Channel.connect("127.0.0.1", port)
    handler = UpdatingHandler(of_handler, "Orders")
    await handler.join()
    ids = [f"subscription-{number}" for number in range(count)]
    calls = [
        await subscribed(of_callers[number % 2], "Orders", query_id)
        for number, query_id in enumerate(ids)
    ]
    assert await handler.requests("subscribe", count) == set(ids)
    for query_id in ids:
        await handler.update(query_id, query_id.encode())
    assert [await next_update(call) for call in calls] == [each.encode() for each in ids]
    for call in calls:
        call.half_close()
    assert {await call.read() for call in calls} == {None}
    assert await handler.requests("unsubscribe", count) == set(ids)
    await handler.leave()
    for channel in (*of_callers, of_handler):
        await channel.close()


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_ten_thousand_subscription_queries_leave_no_memory_behind(tmp_path: Path) -> None:
    count = scaled(10_000, suite=1_000)
    with running_node(tmp_path / "data", "--log-level", "warning") as node:
        port, process = int(str(node.ready["grpc"])), psutil.Process(node.process_id)
        resident = [process.memory_info().rss]
        for _ in range(4):
            started = time.monotonic()
            await one_round(port, count)
            resident.append(process.memory_info().rss)
            print(f"{count} at once: {time.monotonic() - started:.1f} s, {resident[-1] >> 20} MiB")
        # The first two rounds warm up; what the next two add would be added for ever.
        assert resident[4] - resident[2] < 2 * MIB + 2 * count * 200
