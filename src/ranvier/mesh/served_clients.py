"""Tells one linked node of the clients of this one, as fast as it reads and seldom enough."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Final

from ranvier.mesh.client_messages import client_message
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.announce_clients import AnnounceClients, Announcement
from ranvier.wire.grpc.server_call import ServerCall

ROUND_SECONDS: Final = 0.2
"""Between two messages: clients tell of each processor every few seconds, one tells of all."""

CLIENTS_PER_ROUND: Final = 200
"""A thousand a second for each linked node: some 3 % of a core."""

QUEUED_BYTES_MAX: Final = 1024 * 1024
"""What waits for the other node above which it is told no more until it has read."""


class ServedClients:
    """One call of the other node, open as long as the link."""

    def __init__(self, call: ServerCall, clients: AnnounceClients) -> None:
        self._call = call
        self._clients = clients
        self._announcement: Announcement | None = None
        self._timer: TimerHandle | None = None
        call.start()

    def message_received(self, message: bytes) -> None:  # noqa: ARG002  # it says nothing
        """Begin with all clients."""
        if self._announcement is None:
            self._announcement = self._clients.listen(self._wake)
            if self._announcement.is_due:
                self._tell()

    def half_closed(self) -> None:
        """Go on: the other node has nothing to say."""

    def writable(self) -> None:
        """Go on: the other node has read."""
        if self._announcement is not None and self._announcement.is_due:
            self._wake()

    def cancelled(self) -> None:
        """Tell no more."""
        announcement, self._announcement = self._announcement, None
        if announcement is not None:
            announcement.close()
        if self._timer is not None:
            self._timer.cancel()

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = self._call.host.loop.call_later(ROUND_SECONDS, self._tell)

    def _tell(self) -> None:
        self._timer = None
        announcement = self._announcement
        if announcement is None or self._call.queued_bytes > QUEUED_BYTES_MAX:
            return
        changed, gone = announcement.take(CLIENTS_PER_ROUND)
        reply = mesh_pb2.ClientsReply(changed=[client_message(each) for each in changed], gone=gone)
        self._call.send(reply.SerializeToString())
        if announcement.is_due:
            self._wake()
