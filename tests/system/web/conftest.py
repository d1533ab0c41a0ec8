"""A node's application in this process, and a client whose requests go straight into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import httpx2
import pytest
import uvloop

from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from tests.support.browser_like import PASSWORD, PEOPLE
from tests.support.memory_users import QUICK
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


@pytest.fixture
async def browser(node: WebNode) -> AsyncIterator[httpx2.AsyncClient]:
    await node.access.users.add(read_user_name("Anna"), QUICK.of(Secret(PASSWORD)))
    async with node.client() as client:
        client.headers.update(PEOPLE)
        yield client
