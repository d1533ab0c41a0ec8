"""Keeps the clients that hold a control stream: who they are, what they run, whether they live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.messages.event_processor import ProcessorStatus
from ranvier.services.connected_client import ClientIdentity, ClientLink
from ranvier.services.errors import (
    ClientNotIntroduced,
    ClientSilent,
    NodeStopping,
    TooManyProcessors,
)

PROCESSORS_PER_CLIENT = 1_000
"""Event processors of one client: a bound for what a client may make the node remember."""

INTRODUCTION_SECONDS = 30.0
"""From the opening of a control stream to its introduction: clients introduce themselves at once,
and one that does not would hold its stream unseen and unasked for signs of life."""

logger = logging.getLogger("ranvier.services")


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """When a node asks for signs of life, and how long it goes without one."""

    is_enabled: bool = False
    interval_seconds: float = 0.5
    timeout_seconds: float = 5.0
    processor_status_seconds: float = 30.0
    """For so long a processor's status counts after it was told."""


class ClientObserver(Protocol):
    """A service that must know who comes and goes, and how processors do."""

    def changed(self, client: ConnectedClient) -> None:
        """Be told that a client has come, or that its processors do otherwise than before."""

    def went(self, client: ConnectedClient) -> None:
        """Be told that a client has gone."""


@dataclass(slots=True, eq=False)
class ConnectedClient:
    """A client with an open control stream; a client that reconnects is a new one."""

    identity: ClientIdentity
    context: str
    link: ClientLink
    connected_at: float
    heard_at: float
    processors: dict[tuple[str, str], tuple[float, ProcessorStatus]] = field(default_factory=dict)


class KeepClients:
    """All connected clients of this node.

    `clock` tells seconds that never go back; `next_beat` waits for the time of one interval.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        settings: HeartbeatSettings | None = None,
        next_beat: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._settings = settings or HeartbeatSettings()
        self._next_beat = next_beat or self._until_next_beat
        self.observers: list[ClientObserver] = []
        self._clients: set[ConnectedClient] = set()
        self._telling: set[ConnectedClient] = set()
        """Those with a processor whose status is remembered: few of ten thousand idle clients."""
        self._latest: dict[tuple[str, str], ConnectedClient] = {}
        """By context and client id; of two with the same id the later one."""
        self._not_introduced: dict[ClientLink, float] = {}
        """When each stream was opened whose client is not known yet."""
        self._beating: asyncio.Task[None] | None = None
        self._is_stopping = False

    def use(self, settings: HeartbeatSettings) -> None:
        """Look after the clients by these settings from the next beat on."""
        self._settings = settings

    async def start(self) -> None:
        """Begin to look after the clients."""
        self._beating = asyncio.get_running_loop().create_task(self._beat_for_ever())

    async def stop(self) -> None:
        """End every control stream: this node is stopping."""
        self._is_stopping = True
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        for client in list(self._clients):
            self._close(client, NodeStopping())
        for link in list(self._not_introduced):
            self._turn_away(link, NodeStopping())

    def opened(self, link: ClientLink) -> None:
        """Take a new stream; its client has `INTRODUCTION_SECONDS` to introduce itself.

        Raises `NodeStopping`.
        """
        if self._is_stopping:
            raise NodeStopping
        self._not_introduced[link] = self._clock()

    def forget(self, link: ClientLink) -> None:
        """Forget a stream that ended, or whose client is known now."""
        self._not_introduced.pop(link, None)

    def connect(self, identity: ClientIdentity, context: str, link: ClientLink) -> ConnectedClient:
        """Take a client that has introduced itself on a new stream."""
        if self._is_stopping:
            raise NodeStopping
        self.forget(link)
        now = self._clock()
        client = ConnectedClient(identity, context, link, connected_at=now, heard_at=now)
        self._clients.add(client)
        self._latest[context, identity.client_id] = client
        self._tell_changed(client)
        return client

    def disconnect(self, client: ConnectedClient) -> bool:
        """Forget a client whose stream has ended; say whether it was known until now."""
        if client not in self._clients:
            return False
        self._clients.discard(client)
        self._telling.discard(client)
        key = (client.context, client.identity.client_id)
        if self._latest.get(key) is client:
            del self._latest[key]
        for observer in self.observers:
            observer.went(client)
        return True

    @property
    def count(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def tags_of(self, context: str, client_id: str) -> Mapping[str, str]:
        """Return the tags that a connected client introduced itself with; none if it did not."""
        client = self._latest.get((context, client_id))
        return {} if client is None else client.identity.tags

    def heard_from(self, client: ConnectedClient) -> None:
        """Note a sign of life; any message is one."""
        client.heard_at = self._clock()

    def processor_reported(self, client: ConnectedClient, status: ProcessorStatus) -> None:
        """Note how an event processor of this client does."""
        key = (status.name, status.token_store_identifier)
        if key not in client.processors and len(client.processors) >= PROCESSORS_PER_CLIENT:
            raise TooManyProcessors(PROCESSORS_PER_CLIENT)
        known = client.processors.get(key)
        client.processors[key] = (self._clock(), status)
        self._telling.add(client)
        if known is None or known[1] != status:
            self._tell_changed(client)

    def clients(self) -> list[ConnectedClient]:
        """Return who is connected, in the order of their coming."""
        return sorted(self._clients, key=lambda client: client.connected_at)

    def processors_of(self, client: ConnectedClient) -> list[ProcessorStatus]:
        """Return the processors of a client whose status is still fresh."""
        self._forget_old_status(client)
        return [status for _, status in client.processors.values()]

    def end_context(self, context: str) -> None:
        """End the control streams of a context that was deleted."""
        for client in self.clients():
            if client.context == context:
                self._close(client, UnknownContext(context))

    def beat(self) -> None:
        """Ask for signs of life, end streams that gave none, forget what was told too long ago.

        Streams whose clients have not introduced themselves in time end too. A stream that fails
        is logged and harms no other.
        """
        self._turn_away_the_unknown()
        for client in list(self._telling):
            self._forget_old_status(client)
        if self._settings.is_enabled:
            self._beat_all()

    def _beat_all(self) -> None:
        for client in list(self._clients):
            if client.identity.answers_heartbeats:
                try:
                    self._beat_one(client)
                except Exception:
                    logger.exception("a heartbeat to %s failed", client.identity.client_id)

    def _beat_one(self, client: ConnectedClient) -> None:
        if self._clock() - client.heard_at > self._settings.timeout_seconds:
            self._close(client, ClientSilent(self._settings.timeout_seconds))
        else:
            client.link.send_heartbeat()

    def _turn_away_the_unknown(self) -> None:
        oldest = self._clock() - INTRODUCTION_SECONDS
        for link, opened_at in list(self._not_introduced.items()):
            if opened_at < oldest:
                self._turn_away(link, ClientNotIntroduced(INTRODUCTION_SECONDS))

    def _turn_away(self, link: ClientLink, error: ClientNotIntroduced | NodeStopping) -> None:
        self.forget(link)
        try:
            link.close(error)
        except Exception:
            logger.exception("a control stream that nobody introduced could not be closed")

    def _close(self, client: ConnectedClient, error: RanvierError) -> None:
        self.disconnect(client)
        client.link.close(error)

    def _forget_old_status(self, client: ConnectedClient) -> None:
        oldest = self._clock() - self._settings.processor_status_seconds
        old = [key for key, (told_at, _) in client.processors.items() if told_at < oldest]
        for key in old:
            del client.processors[key]
        if not client.processors:
            self._telling.discard(client)
        if old:
            self._tell_changed(client)

    def _tell_changed(self, client: ConnectedClient) -> None:
        for observer in self.observers:
            observer.changed(client)

    async def _beat_for_ever(self) -> None:
        while True:
            await self._next_beat()
            try:
                self.beat()
            except Exception:
                logger.exception("a heartbeat failed; the next one is tried in its time")

    async def _until_next_beat(self) -> None:
        await asyncio.sleep(self._settings.interval_seconds)
