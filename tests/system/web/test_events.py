"""`/v1/events`: one request is one transaction; readers get every event once, in order."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from ranvier.events.errors import UnknownContext
from ranvier.proto.event_pb2 import Event
from ranvier.storage.errors import StorageFull, StorageUnavailable
from tests.support.new_events import stream
from tests.support.web_node import (
    NOW_ISO,
    NotedEventLog,
    WebNode,
    is_problem,
    messages,
    sent_events,
)


def order(sequence: int, aggregate_id: str = "order-1") -> dict[str, Any]:
    return {
        "aggregateId": aggregate_id,
        "aggregateSequenceNumber": sequence,
        "aggregateType": "Order",
        "payload": {"type": "OrderPlaced", "data": f"{sequence} lamps"},
    }


async def read(client: httpx2.AsyncClient, **query: str | int) -> list[tuple[str, Any]]:
    response = await client.get("/v1/events", params=query)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return sent_events(response.text)


async def test_what_was_posted_is_read_back(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/events", json={"messages": [order(0), order(1)]})
    assert (response.status_code, response.json()) == (200, {"success": True})
    events = await read(client, aggregateId="order-1")
    assert events[0] == (
        "message",
        {
            "messageId": "minted-0",
            "aggregateId": "order-1",
            "aggregateSequenceNumber": 0,
            "aggregateType": "Order",
            "timestamp": NOW_ISO,
            "payloadType": "OrderPlaced",
            "payloadRevision": "",
            "payload": "0 lamps",
            "metaData": {},
        },
    )
    assert events[1][1]["messageId"] == "minted-1"
    assert events[2:] == [("done", {})]


async def test_one_request_is_one_transaction(node: WebNode, client: httpx2.AsyncClient) -> None:
    await client.post("/v1/events", json=[order(0), order(1)])
    response = await client.post("/v1/events", json=[order(2), order(4)])
    assert is_problem(response, 409, "AXONIQ-2000")
    assert response.json()["detail"] == (
        "Invalid sequence number 4 for aggregate order-1, expected 3"
    )
    assert len(node.log.batches) == 2
    assert await node.log.head("default") == 2


async def test_of_several_messages_the_wrong_one_is_named(client: httpx2.AsyncClient) -> None:
    body = [order(number) for number in range(300)]
    body[250]["dateTime"] = "yesterday"
    response = await client.post("/v1/events", json=body)
    assert is_problem(response, 400, "RANVIER-INVALID-BODY")
    assert response.json()["field"] == "messages[250].dateTime"


async def test_a_request_has_only_so_many_events(node: WebNode, client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/events", json=[{"payload": {}}] * 32_768)
    assert is_problem(response, 413, "AXONIQ-2002")
    response = await client.post("/v1/events", json=[{"payload": {}}] * 32_767)
    assert response.status_code == 200
    assert await node.log.head("default") == 32_767


async def test_an_empty_request_succeeds(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/v1/events", json={"messages": []})).status_code == 200


async def test_the_context_is_that_of_the_header_or_the_query() -> None:
    node = WebNode(NotedEventLog("default", "one", "two"))
    async with node.client() as client:
        await client.post("/v1/events", json=order(0), headers={"AxonIQ-Context": "one"})
        await client.post("/v1/events?context=two", json=order(0))
        await client.post("/v1/events", json=order(0))
        heads = await node.log.heads()
        assert heads == {"default": 1, "one": 1, "two": 1}
        response = await client.get("/v1/events?aggregateId=order-1&context=three")
        assert is_problem(response, 404, UnknownContext.code)
        response = await client.get("/v1/events?context=three")
        assert is_problem(response, 404, UnknownContext.code)
        response = await client.post("/v1/events?context=three", json=order(0))
        assert is_problem(response, 404, UnknownContext.code)


async def test_a_reader_from_a_token_gets_tokens(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.store("default", *stream(5))
    events = await read(client, trackingToken=2, maxEvents=2)
    assert [event["token"] for event in messages(events)] == [2, 3]
    assert events[-1] == ("done", {})


async def test_without_time_to_wait_a_reader_gets_what_is_there(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    assert await read(client, timeout=0) == [("done", {})]
    # Pages are far smaller than this.
    node.log.store("default", *stream(5_000))
    events = await read(client, timeout=0, trackingToken=10)
    assert [event["token"] for event in messages(events)] == list(range(10, 5_000))
    assert await read(client, timeout=0, trackingToken=6_000) == [("done", {})]


async def test_a_reader_at_the_head_is_woken_by_what_comes(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(1))
    reading = asyncio.create_task(read(client, maxEvents=3))
    await node.follow.followed.wait()
    await client.post("/v1/events", json=[order(0), order(1)])
    assert [event["token"] for event in messages(await reading)] == [0, 1, 2]
    assert node.follow.follower_count == 0


async def test_a_reader_leaves_when_its_time_is_over(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    reading = asyncio.create_task(read(client, timeout=60))
    await node.follow.followed.wait()
    node.seconds += 61
    assert await reading == [("done", {})]


async def test_the_newest_snapshot_comes_first_where_it_is_allowed(
    client: httpx2.AsyncClient,
) -> None:
    await client.post("/v1/events", json=[order(0), order(1), order(2)])
    await client.post("/v1/snapshots", json=order(1))
    with_snapshot = messages(await read(client, aggregateId="order-1"))
    assert [event["aggregateSequenceNumber"] for event in with_snapshot] == [1, 2]
    assert with_snapshot[0]["snapshot"] is True
    assert "snapshot" not in with_snapshot[1]
    events = messages(await read(client, aggregateId="order-1", allowSnapshots="false"))
    assert [event["aggregateSequenceNumber"] for event in events] == [0, 1, 2]
    later = messages(await read(client, aggregateId="order-1", initialSequence=2))
    assert [event["aggregateSequenceNumber"] for event in later] == [2]


async def test_an_unknown_aggregate_is_empty(client: httpx2.AsyncClient) -> None:
    assert await read(client, aggregateId="nobody") == [("done", {})]


async def test_an_error_behind_the_first_page_is_told_in_the_stream(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(1))
    reading = asyncio.create_task(read(client, trackingToken=0))
    await node.follow.followed.wait()
    await node.follow.stop()
    name, problem = (await reading)[-1]
    assert (name, problem["code"], problem["status"]) == ("error", "RANVIER-STOPPING", 503)


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events?timeout=0"])
async def test_a_read_that_fails_at_once_is_a_plain_refusal(
    node: WebNode, client: httpx2.AsyncClient, path: str
) -> None:
    node.log.store("default", *stream(1))
    node.log.read_error = StorageUnavailable("it is asleep")
    node.streams.end_all()
    response = await client.get(path)
    assert is_problem(response, 503, "RANVIER-STOPPING")
    assert response.headers["retry-after"] == "1"


async def test_a_full_disk_is_told(node: WebNode, client: httpx2.AsyncClient) -> None:
    def full(context: str, appends: object) -> None:
        raise StorageFull

    node.log.twist = full
    response = await client.post("/v1/events", json=order(0))
    assert is_problem(response, 507, "RANVIER-STORAGE-FULL")


async def test_there_are_only_so_many_streams(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.streams.count = 100
    response = await client.get("/v1/events?timeout=0")
    assert is_problem(response, 503, "RANVIER-BUSY")


async def test_bytes_survive_the_way_in_and_out(node: WebNode, client: httpx2.AsyncClient) -> None:
    body = order(0) | {"payload": {"type": "T", "data": "AP8=", "encoding": "base64"}}
    await client.post("/v1/events", json=body)
    assert Event.FromString(node.log.contexts["default"].events[0].data).payload.data == b"\0\xff"
    (event,) = messages(await read(client, aggregateId="order-1"))
    assert (event["payload"], event["payloadEncoding"]) == ("AP8=", "base64")


@pytest.mark.parametrize("body", [{}, [{"messageId": "m"}]])
async def test_an_event_without_a_payload_is_refused(
    node: WebNode, client: httpx2.AsyncClient, body: object
) -> None:
    response = await client.post("/v1/events", json=body)
    assert is_problem(response, 400, "RANVIER-INVALID-BODY")
    assert response.json()["field"] == "payload"
    assert await node.log.head("default") == 0
