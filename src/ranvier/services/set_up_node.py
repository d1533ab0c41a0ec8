"""The use case of a first start: contexts are created, or the cluster of another node is joined."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.cluster.first_start import WantedContext, missing
from ranvier.cluster.joining.errors import InOtherCluster, NodeInUse
from ranvier.errors import RanvierError
from ranvier.events.errors import ContextExists
from ranvier.services.join_messages import Place
from ranvier.storage.context_catalogue import ContextCatalogue

logger = logging.getLogger("ranvier.services")

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class FirstStartPlan:
    """What an operator has written down for the first start of a node."""

    contexts: Sequence[WantedContext] = ()
    first: Place | None = None
    """The node whose cluster this one is to join; None where it is the first itself."""
    sentence: str = ""
    """What of it has no effect."""


class SetUpNode:
    """Does once what is asked for, on a node whose database was empty when it started."""

    def __init__(
        self,
        contexts: ContextCatalogue,
        plan: Callable[[], FirstStartPlan],
        join: Callable[[Place], Awaitable[None]],
    ) -> None:
        """`plan` is read on a first start alone."""
        self._contexts = contexts
        self._plan = plan
        self._join = join
        self._joining: asyncio.Task[None] | None = None
        self._first: Place | None = None

    async def begin(self) -> None:
        """Create what is asked for, if nothing is there yet; raises `ConfigError` where it cannot.

        To be called before anything else creates a context.
        """
        if await self._contexts.names():
            return
        plan = self._plan()
        if plan.sentence:
            logger.warning("%s", plan.sentence)
        self._first = plan.first
        if plan.first is not None:
            return
        for context in missing(plan.contexts, ()):
            # Of nodes that start together on an empty database, another one may be first.
            with contextlib.suppress(ContextExists):
                await self._contexts.create(
                    context.name, dcb=context.is_dcb, properties=context.properties
                )

    async def start(self) -> None:
        """Begin to ask the first node, which may start later than this one."""
        if self._first is not None:
            self._joining = asyncio.get_running_loop().create_task(self._join_at_last(self._first))

    async def stop(self) -> None:
        """Ask no more; stopping twice is allowed."""
        if self._joining is not None:
            self._joining.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._joining

    async def _join_at_last(self, first: Place) -> None:
        pause, told = FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                await self._join(first)
            except (NodeInUse, InOtherCluster) as error:
                logger.warning("autocluster.first is left alone: %s", error)
                return
            except RanvierError as error:
                if str(error) != told:
                    told = str(error)
                    logger.warning("The node does not join yet: %s", error)
            else:
                return
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
