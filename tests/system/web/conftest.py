"""A node's application in this process, and a client whose requests go straight into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import httpx2
import pytest
import uvloop

from tests.support.web_node import WebNode


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests in the loop that a node runs in."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def node() -> WebNode:
    return WebNode()


@pytest.fixture
async def client(node: WebNode) -> AsyncIterator[httpx2.AsyncClient]:
    async with node.client() as client:
        yield client
