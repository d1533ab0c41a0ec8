"""A node that has lost its PostgreSQL says so, goes on routing, and comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import Hub
from ranvier.client.errors import HubError
from ranvier.client.events_message import EventMessage
from tests.support.node_program import running_node
from tests.support.postgres_server import PostgresServer

REFUSALS = ("RANVIER-STORAGE-UNAVAILABLE", "RANVIER-UNKNOWN-OUTCOME")
ANSWER_SECONDS = 60.0
"""Far more than an answer takes; whoever waits for ever is found out."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


async def health(node: NodeProcess) -> dict[str, str]:
    """Return the state of each part, and of the whole as `all`."""
    async with httpx2.AsyncClient(timeout=ANSWER_SECONDS) as client:
        answer = (await client.get(f"{node.http_address}/health/ready")).json()
    parts = {name: part["status"] for name, part in answer["components"].items()}
    return {**parts, "all": answer["status"]}


async def until_it_is(node: NodeProcess, status: str) -> dict[str, str]:
    async with asyncio.timeout(ANSWER_SECONDS):
        while (found := await health(node))["all"] != status:
            pass
    return found


async def append(hub: Hub, aggregate_id: str) -> str:
    """Append an event; return the code by which it was refused, if it was."""
    event = EventMessage({}, aggregate_type="A", aggregate_id=aggregate_id)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await hub.events.append(event)
    except HubError as error:
        return error.code
    return ""


async def test_a_node_without_its_database_routes_and_refuses_and_comes_back(
    server: PostgresServer, tmp_path: Path
) -> None:
    flags = ("--database", server.address())
    with running_node(tmp_path / "data", *flags) as node:
        async with ranvier.connect(node.grpc_address) as hub:

            @hub.commands.handler("Greet")
            def greet(name: str) -> str:
                return f"hello {name}"

            await hub.commands.ready()
            assert await append(hub, "before") == ""
            await asyncio.to_thread(server.kill)
            assert await until_it_is(node, "DOWN") == {"all": "DOWN", "db": "DOWN", "node": "UP"}
            assert await hub.commands.send("Greet", "you") == "hello you"
            assert await append(hub, "meanwhile") in REFUSALS
            await asyncio.to_thread(server.start_again)
            await until_it_is(node, "UP")
            assert await append(hub, "after") == ""
