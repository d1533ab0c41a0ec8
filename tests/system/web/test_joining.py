"""`/v1/cluster` and `/api/cluster`, without any other node."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.web_node import WebNode, is_problem


async def test_how_the_node_stands_is_told(client: httpx2.AsyncClient) -> None:
    standing = (await client.get("/api/cluster")).json()
    assert standing == {"clusterId": "", "joined": False, "refusal": ""}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"internalHostName": "node-1"}, 502, "RANVIER-JOIN-NO-ANSWER"),
        ({"internalHostName": "node-1", "context": "c"}, 502, "RANVIER-JOIN-NO-ANSWER"),
        ({"internalHostName": "no host"}, 400, "RANVIER-INVALID-BODY"),
        ({"internalHostName": "a", "internalGrpcPort": 0}, 400, "RANVIER-INVALID-BODY"),
        ({"internalGrpcPort": 8224}, 400, "RANVIER-INVALID-BODY"),
    ],
)
async def test_what_does_not_join_is_refused_in_a_sentence(
    client: httpx2.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    assert is_problem(await client.post("/v1/cluster", json=body), status, code)


async def test_an_unknown_node_is_not_taken_out(client: httpx2.AsyncClient) -> None:
    assert is_problem(await client.delete("/v1/cluster/nobody"), 404, "RANVIER-NO-SUCH-NODE")


async def test_tokens_are_for_callers_that_can_be_known() -> None:
    for peer, token, status in (
        ("127.0.0.1", None, 201),
        ("192.0.2.7", None, 403),
        ("192.0.2.7", "planted", 201),
    ):
        node = WebNode(access_token=token)
        transport = httpx2.ASGITransport(app=node.application(), client=(peer, 50_000))
        headers = {} if token is None else {"AxonIQ-Access-Token": token}
        async with httpx2.AsyncClient(transport=transport, base_url="http://node") as client:
            made = await client.post("/api/cluster/join-tokens", headers=headers)
        assert made.status_code == status
        if status == 201:
            assert made.json()["lifeSeconds"] == 900
        else:
            assert is_problem(made, 403, "RANVIER-TOKEN-FOR-STRANGERS")
