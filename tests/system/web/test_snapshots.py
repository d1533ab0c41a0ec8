"""`/v1/snapshots`: stored behind their events, listed newest first, in pages."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.new_events import stream
from tests.support.web_node import WebNode, is_problem


def snapshot(sequence: int) -> dict[str, object]:
    return {
        "aggregateId": "a",
        "aggregateSequenceNumber": sequence,
        "aggregateType": "Account",
        "payload": {"type": "Balance", "data": str(sequence)},
    }


@pytest.fixture(autouse=True)
def ten_events(node: WebNode) -> None:
    node.log.store("default", *stream(10))


async def test_snapshots_are_listed_newest_first(client: httpx2.AsyncClient) -> None:
    for sequence in (2, 5, 9):
        response = await client.post("/v1/snapshots", json=snapshot(sequence))
        assert (response.status_code, response.json()) == (200, {"success": True})
    response = await client.get("/v1/snapshots", params={"aggregateId": "a"})
    assert [found["aggregateSequenceNumber"] for found in response.json()] == [9, 5, 2]
    assert all(found["snapshot"] for found in response.json())
    assert response.json()[0]["payload"] == "9"
    assert "link" not in response.headers
    response = await client.get("/v1/snapshots", params={"aggregateId": "a", "maxSequence": 8})
    assert [found["aggregateSequenceNumber"] for found in response.json()] == [5, 2]


async def test_links_lead_through_all_pages(client: httpx2.AsyncClient) -> None:
    for sequence in range(10):
        await client.post("/v1/snapshot", json=snapshot(sequence))
    found: list[int] = []
    path: str | None = "/v1/snapshots?aggregateId=a&maxResults=4"
    while path is not None:
        response = await client.get(path)
        found += [each["aggregateSequenceNumber"] for each in response.json()]
        path = response.links.get("next", {}).get("url")
    assert found == list(range(9, -1, -1))


async def test_an_answer_with_large_snapshots_ends_early_and_says_so(
    client: httpx2.AsyncClient,
) -> None:
    for sequence in range(10):
        large = snapshot(sequence) | {"payload": {"data": "x" * 3_000_000}}
        assert (await client.post("/v1/snapshots", json=large)).status_code == 200
    response = await client.get("/v1/snapshots?aggregateId=a")
    assert [each["aggregateSequenceNumber"] for each in response.json()] == [9, 8, 7]
    assert "maxSequence=6" in response.links["next"]["url"]


async def test_a_snapshot_that_grpc_could_not_carry_is_refused(
    client: httpx2.AsyncClient,
) -> None:
    huge = snapshot(0) | {"payload": {"data": "x" * 4 * 1024 * 1024}}
    response = await client.post("/v1/snapshots", json=huge)
    assert is_problem(response, 413, "AXONIQ-2001")


async def test_an_unknown_aggregate_has_none(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/snapshots", params={"aggregateId": "nobody"})
    assert (response.status_code, response.json()) == (200, [])


async def test_a_snapshot_ahead_of_its_events_is_refused(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/snapshots", json=snapshot(10))
    assert is_problem(response, 409, "AXONIQ-2000", lambda detail: "sequence number: 9" in detail)


async def test_the_aggregate_must_be_named(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/snapshots")
    assert is_problem(response, 400, "RANVIER-INVALID-PARAMETER")
    assert response.json()["field"] == "aggregateId"


async def test_an_unknown_context_is_told(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/snapshots?aggregateId=a&context=none")
    assert is_problem(response, 404, "AXONIQ-1302")
    response = await client.post("/v1/snapshots?context=none", json=snapshot(0))
    assert is_problem(response, 404, "AXONIQ-1302")
