"""`POST /api/cluster/nodes/{name}/drain` and `/resume`."""

from __future__ import annotations

import httpx2

from ranvier.cluster.errors import LastReadyNode, UnknownNode
from tests.support.web_node import WebNode, is_problem


async def test_nodes_are_drained_and_resumed(node: WebNode, client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/cluster/nodes/two/drain")).status_code == 202
    assert (await client.post("/api/cluster/nodes/two/resume")).status_code == 202
    assert node.drains.asked == [("drain", "two"), ("resume", "two")]


async def test_a_refusal_is_a_sentence(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.drains.refusal = LastReadyNode("two")
    refused = await client.post("/api/cluster/nodes/two/drain")
    assert is_problem(refused, 409, "RANVIER-LAST-READY-NODE")
    assert "only one that is ready" in refused.json()["detail"]
    node.drains.refusal = UnknownNode("two")
    unknown = await client.post("/api/cluster/nodes/two/resume")
    assert is_problem(unknown, 404, "RANVIER-NO-SUCH-NODE")
