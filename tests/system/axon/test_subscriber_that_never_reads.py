"""A subscriber that never reads: bounded, ended with an error, and nobody's trouble but its own."""

from __future__ import annotations

from ranvier.messages.subscription_query import UPDATE_BYTES_WAITING_MAX
from ranvier.proto.query_pb2 import QueryRequest, QueryResponse
from ranvier.wire.grpc.channel import Channel
from tests.support.axon_node import AxonNode
from tests.support.query_channel import SERVICE, UpdatingHandler, next_update, subscribed

UPDATE = b"x" * 10_000


async def test_a_subscriber_that_never_reads_harms_nobody_and_is_ended(node: AxonNode) -> None:
    of_callers = await Channel.connect("127.0.0.1", node.port)
    of_handler = await Channel.connect("127.0.0.1", node.port)
    handler = UpdatingHandler(of_handler, "Orders")
    await handler.join()
    # Both callers share a connection; one of them grants all it can and reads nothing.
    silent = await subscribed(of_callers, "Orders", "silent")
    reading = await subscribed(of_callers, "Orders", "reading")
    assert await handler.requests("subscribe", 2) == {"silent", "reading"}
    sent = 0
    subscriptions = node.queries.subscriptions
    while subscriptions.open_count == 2:
        await handler.update("silent", UPDATE)
        await handler.update("reading", b"%d" % sent)
        assert await next_update(reading) == b"%d" % sent
        sent += 1
        assert subscriptions.waiting_bytes <= UPDATE_BYTES_WAITING_MAX + len(UPDATE)
        assert sent < 1_000
    assert await handler.requests("unsubscribe", 1) == {"silent"}
    assert subscriptions.waiting_bytes == 0
    await handler.update("reading", b"goes on")
    assert await next_update(reading) == b"goes on"
    silent.cancel()
    for channel in (of_callers, of_handler):
        await channel.close()


async def test_a_handler_that_never_reads_is_no_trouble_for_others(node: AxonNode) -> None:
    of_callers = await Channel.connect("127.0.0.1", node.port)
    of_handler = await Channel.connect("127.0.0.1", node.port)
    silent, reading = (UpdatingHandler(of_handler, "Orders") for _ in range(2))
    for handler in (silent, reading):
        await handler.join()
    count = 3_000
    calls = [await subscribed(of_callers, "Orders", f"{number:0500}") for number in range(count)]
    assert len(await reading.requests("subscribe", count)) == count
    (first, _) = node.queries.handlers.streams()
    # What the silent one has not been told waits as one entry each, not as bytes on its stream.
    assert 0 < len(first.untold) < count
    for call in calls:
        call.cancel()
    assert len(await reading.requests("unsubscribe", count)) == count
    assert not first.untold
    for channel in (of_callers, of_handler):
        await channel.close()


async def test_a_caller_of_an_ordinary_query_that_never_reads_loses_its_call(
    node: AxonNode,
) -> None:
    of_callers = await Channel.connect("127.0.0.1", node.port)
    of_handler = await Channel.connect("127.0.0.1", node.port)
    handler = UpdatingHandler(of_handler, "Orders")
    await handler.join()
    asked = QueryRequest(message_identifier="q-1", query="Orders").SerializeToString()
    silent = of_callers.stream(f"{SERVICE}/Query")
    await silent.write(asked)
    assert (await handler.next()).query.message_identifier == "q-1"
    sent_bytes = 0
    while node.queries.dispatch.running_count:
        await handler.result("q-1", bytes(100_000))
        sent_bytes += 100_000
        assert sent_bytes < 64_000_000
    call = of_callers.stream(f"{SERVICE}/Query")
    await call.write(QueryRequest(message_identifier="q-2", query="Orders").SerializeToString())
    assert (await handler.next()).query.message_identifier == "q-2"
    await handler.result("q-2", b"others on its connection go on")
    message = await call.read()
    assert message is not None
    assert QueryResponse.FromString(message).payload.data == b"others on its connection go on"
    for channel in (of_callers, of_handler):
        await channel.close()
