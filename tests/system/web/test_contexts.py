"""`/v1/context`: as the test kits of Axon clients create and delete contexts."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.web_node import is_problem


async def names(client: httpx2.AsyncClient) -> list[str]:
    found = (await client.get("/internal/raft/contexts")).json()
    return [each["context"] for each in found]


async def test_a_test_kit_deletes_and_creates_its_context_again(
    client: httpx2.AsyncClient,
) -> None:
    """As the Java connector's kit does it: with roles, and with a look at the list in between."""
    deleted = await client.delete("/v1/context/default")
    assert (deleted.status_code, deleted.content) == (202, b"")
    assert await names(client) == []
    created = await client.post(
        "/v1/context",
        json={
            "context": "default",
            "dcbContext": True,
            "replicationGroup": "default",
            "roles": [{"node": "axonserver", "role": "PRIMARY"}],
        },
    )
    assert (created.status_code, created.content) == (202, b"")
    assert await names(client) == ["default"]
    (shown,) = (await client.get("/v1/public/context")).json()
    assert shown["dcbContext"] is True


async def test_initialising_is_harmless(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/context/init", "/v1/context/init?context=orders", "/v1/context/init"):
        assert (await client.post(path)).status_code == 202
    assert await names(client) == ["default", "orders"]
    assert (await client.get("/v1/public/mycontexts")).json() == ["default", "orders"]


async def test_properties_are_shown_as_metadata(client: httpx2.AsyncClient) -> None:
    posted = {"context": "orders", "metaData": {"owner": "sales", "colour": "blue"}}
    assert (await client.post("/v1/context", json=posted)).status_code == 202
    changed = await client.patch(
        "/v1/context/orders", json={"metaData": {"colour": "", "size": "9"}}
    )
    assert changed.status_code == 202
    shown = (await client.get("/v1/public/context")).json()
    assert {each["context"]: each["metaData"] for each in shown} == {
        "default": {},
        "orders": {"owner": "sales", "size": "9"},
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/context", {"context": "default"}, 409, "AXONIQ-1304"),
        ("POST", "/v1/context", {"context": "no name"}, 400, "AXONIQ-2308"),
        ("POST", "/v1/context", {"context": "_admin"}, 403, "AXONIQ-2305"),
        ("POST", "/v1/context", {}, 400, "RANVIER-INVALID-BODY"),
        ("POST", "/v1/context", {"context": 1}, 400, "RANVIER-INVALID-BODY"),
        ("PATCH", "/v1/context/nowhere", {"metaData": {}}, 404, "AXONIQ-1302"),
        ("PATCH", "/v1/context/default", {"metaData": {"a": 1}}, 400, "RANVIER-INVALID-BODY"),
        ("DELETE", "/v1/context/nowhere", None, 404, "AXONIQ-1302"),
        ("DELETE", "/v1/context/_admin", None, 403, "AXONIQ-2305"),
        (
            "DELETE",
            "/v1/context/default?preserveEventStore=true",
            None,
            409,
            "RANVIER-CANNOT-PRESERVE-EVENTS",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused(
    client: httpx2.AsyncClient, method: str, path: str, body: Any, status: int, code: str
) -> None:
    assert is_problem(await client.request(method, path, json=body), status, code)
    assert await names(client) == ["default"]
