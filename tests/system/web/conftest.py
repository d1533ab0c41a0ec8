"""A node's application in this process, and a client whose requests go straight into it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.support.web_node import WebNode


@pytest.fixture
def node() -> WebNode:
    return WebNode()


@pytest.fixture
async def client(node: WebNode) -> AsyncIterator[httpx2.AsyncClient]:
    async with node.client() as client:
        yield client
