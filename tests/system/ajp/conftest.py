"""The loop that a node runs in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests in the loop that a node runs in."""
    return {"uvloop": uvloop.new_event_loop}
