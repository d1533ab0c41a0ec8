"""Tells other nodes which clients this one has, and how their event processors do.

Each node that listens gets all clients first, then those that have changed, each in its latest
state: who listens slowly misses what was between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from ranvier.messages.event_processor import ProcessorStatus
from ranvier.services.keep_clients import ConnectedClient, KeepClients


@dataclass(frozen=True, slots=True)
class AnnouncedClient:
    """A client as other nodes are told of it."""

    number: int
    """Never used again while this node runs."""
    client: ConnectedClient
    processors: Sequence[ProcessorStatus]


class Announcement:
    """What one listening node has not been told yet."""

    def __init__(self, clients: AnnounceClients, wake: Callable[[], None]) -> None:
        """`wake` is called when there is something to be told again."""
        self._clients = clients
        self._wake = wake
        self._changed: dict[ConnectedClient, None] = dict.fromkeys(clients.known())
        self._gone: list[int] = []

    @property
    def is_due(self) -> bool:
        """Whether there is anything to be told."""
        return bool(self._changed or self._gone)

    def take(self, limit: int) -> tuple[list[AnnouncedClient], list[int]]:
        """Take what is told next: so many clients at most, and the numbers of all that went."""
        gone, self._gone = self._gone, []
        taken = [next_key(self._changed) for _ in range(min(limit, len(self._changed)))]
        return [self._clients.announced(client) for client in taken], gone

    def changed(self, client: ConnectedClient) -> None:
        """Note that a client is to be told of."""
        was_due = self.is_due
        self._changed[client] = None
        if not was_due:
            self._wake()

    def went(self, client: ConnectedClient, number: int) -> None:
        """Note that a client has gone."""
        was_due = self.is_due
        self._changed.pop(client, None)
        self._gone.append(number)
        if not was_due:
            self._wake()

    def close(self) -> None:
        """Be told of nothing more."""
        self._clients.forget(self)


class AnnounceClients:
    """Numbers the clients of this node and knows who listens."""

    def __init__(self, clients: KeepClients) -> None:
        self._clients = clients
        self._fresh_numbers = count(1)
        self._numbers: dict[ConnectedClient, int] = {}
        self._by_number: dict[int, ConnectedClient] = {}
        self._announcements: dict[Announcement, None] = {}
        clients.observers.append(self)

    def listen(self, wake: Callable[[], None]) -> Announcement:
        """Return what tells of all clients, then of changes."""
        announcement = Announcement(self, wake)
        self._announcements[announcement] = None
        return announcement

    def forget(self, announcement: Announcement) -> None:
        """Tell a listener no more."""
        self._announcements.pop(announcement, None)

    def client_of(self, number: int) -> ConnectedClient | None:
        """Return whose number it is; None where the client has gone."""
        return self._by_number.get(number)

    def known(self) -> list[ConnectedClient]:
        """Return the clients that have numbers, in the order of coming."""
        return list(self._numbers)

    def announced(self, client: ConnectedClient) -> AnnouncedClient:
        """Return a client as it is now."""
        return AnnouncedClient(
            self._numbers[client], client, tuple(self._clients.processors_of(client))
        )

    # What the registry of clients tells.

    def changed(self, client: ConnectedClient) -> None:
        """Note a client that has come, or whose processors do otherwise than before."""
        if client not in self._numbers:
            number = self._numbers[client] = next(self._fresh_numbers)
            self._by_number[number] = client
        for announcement in self._announcements:
            announcement.changed(client)

    def went(self, client: ConnectedClient) -> None:
        """Note a client that has gone."""
        number = self._numbers.pop(client, None)
        if number is None:
            return
        del self._by_number[number]
        for announcement in self._announcements:
            announcement.went(client, number)


def next_key(keys: dict[ConnectedClient, None]) -> ConnectedClient:
    """Take the first of the keys."""
    key = next(iter(keys))
    del keys[key]
    return key
