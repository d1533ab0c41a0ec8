"""Changes that are made as a whole, even if whoever asked for them goes away meanwhile."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

UNDER_WAY: Final[set[asyncio.Task[Any]]] = set()
"""The event loop itself holds its tasks by weak references only."""


def to_its_end(
    change: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Let a coroutine function go on to its end although its caller is cancelled.

    For what first changes the database and then what the node remembers of it: a call that ends
    in between, because its client has gone, must not leave the two apart.
    """

    @functools.wraps(change)
    async def whole(*args: Parameters.args, **named: Parameters.kwargs) -> Result:
        task = asyncio.get_running_loop().create_task(change(*args, **named))
        UNDER_WAY.add(task)
        task.add_done_callback(UNDER_WAY.discard)
        return await asyncio.shield(task)

    return whole
