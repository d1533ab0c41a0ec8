"""`/v1/public` and `/internal`: what Axon users and their test kits ask."""

from __future__ import annotations

from dataclasses import replace

import httpx2

from ranvier import __version__
from tests.support.web_node import FACTS, NotedEventLog, WebNode


async def test_this_node_shows_the_fields_that_axon_users_know(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/v1/public/me")).json() == {
        "name": "messaging1",
        "hostName": "messaging1.axoniq.io",
        "httpPort": 8024,
        "grpcPort": 8124,
        "internalHostName": "internal1.axoniq.io",
        "grpcInternalPort": 8224,
        "authentication": False,
        "ssl": False,
        "clustered": False,
        "adminNode": True,
        "developmentMode": False,
        "pluginsEnabled": False,
        "initialized": True,
        "contextNames": ["default"],
        "storageContextNames": ["default"],
    }


async def test_ports_are_those_of_the_moment(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.facts = replace(FACTS, http_port=40_001, grpc_port=40_002)
    me = (await client.get("/v1/public/me")).json()
    assert (me["httpPort"], me["grpcPort"]) == (40_001, 40_002)


async def test_with_access_control_it_says_so() -> None:
    node = WebNode(access_token="secret")
    async with node.client() as client:
        headers = {"AxonIQ-Access-Token": "secret"}
        me = (await client.get("/v1/public/me", headers=headers)).json()
    assert me["authentication"] is True


async def test_a_node_alone_knows_itself(client: httpx2.AsyncClient) -> None:
    (known,) = (await client.get("/v1/public")).json()
    assert known == {
        "name": "messaging1",
        "hostName": "messaging1.axoniq.io",
        "httpPort": 8024,
        "grpcPort": 8124,
        "internalHostName": "internal1.axoniq.io",
        "grpcInternalPort": 8224,
        "connected": True,
    }


async def test_contexts_are_listed_for_people_and_for_test_kits() -> None:
    node = WebNode(NotedEventLog("default", "orders"))
    async with node.client() as client:
        contexts = (await client.get("/v1/public/context")).json()
        raft = (await client.get("/internal/raft/contexts")).json()
    assert [each["context"] for each in contexts] == ["default", "orders"]
    assert contexts[0]["roles"] == [{"node": "messaging1", "role": "PRIMARY"}]
    assert [each["context"] for each in raft] == ["default", "orders"]


async def test_the_version_is_that_of_the_program(client: httpx2.AsyncClient) -> None:
    version = (await client.get("/v1/public/version")).json()
    assert version == {"productName": "Ranvier", "version": __version__}
