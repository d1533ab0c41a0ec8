"""The AJP listener: an ASGI application behind Apache or IIS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ranvier.wire.ajp.asgi import Application
from ranvier.wire.ajp.errors import RequestRefused
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.link import AjpLink, AjpParty, Refusal, plain_refusal

BACKLOG: Final = 1024
"""Connections that the system holds for us while we are busy."""


class AjpServer:
    """Listens between `listen` and `stop` for web servers that know the secret."""

    def __init__(
        self,
        application: Application,
        secret: str,
        limits: AjpLimits | None = None,
        refusal: Callable[[RequestRefused], Refusal] = plain_refusal,
    ) -> None:
        """`refusal` tells headers and body of the answer to a request that is not let in."""
        if not secret:
            raise ValueError("an AJP listener needs a secret")
        self._party = AjpParty(application, secret.encode(), limits or AjpLimits(), refusal)
        self._server: asyncio.Server | None = None

    @property
    def connection_count(self) -> int:
        """How many web servers' connections are open."""
        return len(self._party.links)

    async def listen(self, host: str, port: int) -> int:
        """Listen, and return the port: the one asked for, or for 0 the one that was free."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: AjpLink(self._party), host, port, backlog=BACKLOG
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace_seconds: float = 3.0) -> None:
        """Accept nothing more, answer no probe, let running requests end, then cut the rest."""
        if self._server is None:
            return
        self._server.close()
        party = self._party
        party.is_stopping = True
        for link in list(party.links):
            link.shut_down()
        try:
            async with asyncio.timeout(grace_seconds):
                await self._until_empty()
                # A request goes on when its client has left.
                await asyncio.gather(*party.tasks, return_exceptions=True)
        except TimeoutError:
            await self._cut()
        await self._server.wait_closed()
        self._server = None

    async def _cut(self) -> None:
        for link in list(self._party.links):
            link.abort()
        await self._until_empty()
        tasks = list(self._party.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_empty(self) -> None:
        while self._party.links:
            self._party.gone.clear()
            await self._party.gone.wait()
