"""Contexts of a real node, administered by the Python client."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import EventMessage, Hub
from ranvier.client.contexts import ContextChange
from ranvier.client.errors import AlreadyExists, NotFound


async def test_a_context_is_created_used_changed_and_deleted(node: NodeProcess, hub: Hub) -> None:
    await hub.contexts.create("orders", properties={"team": "shop"})
    with pytest.raises(AlreadyExists):
        await hub.contexts.create("orders")
    await hub.contexts.update("orders", {"tier": "gold"})
    found = await hub.contexts.get("orders")
    assert (found.name, found.is_dcb) == ("orders", False)
    assert found.properties == {"team": "shop", "tier": "gold"}
    await hub.contexts.create("tagged", dcb=True)
    listed = {each.name: each.is_dcb async for each in hub.contexts.list()}
    assert listed.items() >= {("orders", False), ("tagged", True), ("default", False)}
    async with ranvier.connect(node.grpc_address, context="orders") as orders:
        await orders.events.append(EventMessage({"lamps": 3}))
        assert await orders.events.last_token() == 0
    for name in ("orders", "tagged"):
        await hub.contexts.delete(name)
    with pytest.raises(NotFound):
        await hub.contexts.get("orders")


async def test_changes_of_contexts_are_told(hub: Hub) -> None:
    async with asyncio.timeout(60), aclosing(hub.contexts.changes()) as seen:
        coming = asyncio.ensure_future(anext(seen))
        names: list[str] = []
        # Nothing says that the subscription stands, so contexts are made until one is told.
        while not coming.done():
            names.append(f"told-{len(names)}")
            await hub.contexts.create(names[-1])
        first = await coming
        assert first.kind == "created"
        assert first.context in names
        for name in names:
            await hub.contexts.delete(name)
        deleted = ContextChange(names[-1], "deleted")
        while await anext(seen) != deleted:
            pass
