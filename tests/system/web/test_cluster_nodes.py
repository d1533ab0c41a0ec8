"""`/api/cluster/nodes` and what `/v1/public` tells of other nodes."""

from __future__ import annotations

from dataclasses import replace

import httpx2

from ranvier.cluster.member import Member, MemberView, NodeState
from tests.support.web_node import NOW_ISO, NOW_MS, OWN, WebNode, is_problem

OTHER = MemberView(
    member=Member(
        node_id="id-of-other",
        name="other",
        host="other.example.org",
        internal_host="other.internal",
        ip="192.0.2.9",
        http_port=1,
        grpc_port=2,
        internal_port=3,
        ajp_port=4,
        local_node_id=5,
        route="other-5",
        weight=6,
        version="0.4",
        os="Linux 6",
        python="3.12.1",
        incarnation=1,
        config_revision=7,
        started_at_ms=NOW_MS,
    ),
    state=NodeState.DOWN,
    is_own=False,
    last_seen_at_ms=NOW_MS,
    failed_at_ms=NOW_MS,
)


async def test_all_that_is_known_of_a_node(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.members = [OWN, OTHER]
    own, other = (await client.get("/api/cluster/nodes")).json()
    assert other == (await client.get("/api/cluster/nodes/other")).json()
    assert other == {
        "name": "other",
        "host": "other.example.org",
        "ip": "192.0.2.9",
        "httpPort": 1,
        "grpcPort": 2,
        "internalPort": 3,
        "ajpPort": 4,
        "localNodeId": 5,
        "jvmRoute": "other-5",
        "weight": 6,
        "state": "down",
        "communication": "down",
        "isLocal": False,
        "configRevision": 7,
        "startedAt": NOW_ISO,
        "stoppedAt": None,
        "failedAt": NOW_ISO,
        "lastSeenAt": NOW_ISO,
        "version": "0.4",
        "os": "Linux 6",
        "python": "3.12.1",
    }
    assert (own["isLocal"], own["state"], own["communication"]) == (True, "running", "up")
    assert (own["ajpPort"], own["startedAt"], own["lastSeenAt"]) == (None, None, NOW_ISO)


async def test_communication_is_up_where_there_is_a_link_whatever_the_heartbeats_say(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.members = [OTHER]
    assert [each["connected"] for each in (await client.get("/v1/public")).json()] == [False]
    node.linked = ["id-of-other"]
    (other,) = (await client.get("/api/cluster/nodes")).json()
    assert other["communication"] == "up"
    (known,) = (await client.get("/v1/public")).json()
    assert known == {
        "name": "other",
        "hostName": "other.example.org",
        "httpPort": 1,
        "grpcPort": 2,
        "internalHostName": "other.internal",
        "grpcInternalPort": 3,
        "connected": True,
    }


async def test_the_page_lists_the_nodes_of_a_cluster(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    alone = (await client.get("/")).text
    assert "<dd>messaging1</dd>" in alone
    assert 'id="nodes"' not in alone
    node.members = [OWN, OTHER]
    both = (await client.get("/")).text
    assert '<th scope="row">messaging1 (this one)</th>' in both
    assert '<th scope="row">other</th>' in both
    assert "<td>other-5</td>" in both


async def test_every_living_node_serves_every_context(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.members = [OWN, OTHER, replace(OTHER, state=NodeState.DRAINING)]
    (context,) = (await client.get("/v1/public/context")).json()
    assert [role["node"] for role in context["roles"]] == ["messaging1", "other"]


async def test_a_node_is_taken_out_or_refused(node: WebNode, client: httpx2.AsyncClient) -> None:
    await node.cluster_nodes.register(OTHER.member, NodeState.RUNNING)
    node.members = [OWN, replace(OTHER, state=NodeState.DOWN)]
    refused = await client.delete("/api/cluster/nodes/messaging1")
    assert is_problem(refused, 409, "RANVIER-LAST-NODE", lambda text: "stop it" in text)
    unknown = await client.delete("/api/cluster/nodes/nobody")
    assert is_problem(unknown, 404, "RANVIER-NO-SUCH-NODE")
    assert is_problem(await client.get("/api/cluster/nodes/x"), 404, "RANVIER-NO-SUCH-NODE")
    assert (await client.delete("/api/cluster/nodes/other")).status_code == 202
    assert node.cluster_nodes.records == {}
