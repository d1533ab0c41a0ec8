"""Tells one client which handlers its context has, and how that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.proto import control_pb2
from ranvier.services.topology import Registration, Topology, TopologyChange
from ranvier.wire.grpc.server_call import ServerCall

QUEUED_BYTES: Final = 64 * 1024
"""Changes that wait for the client above which no more are added: it gets a new list later."""

UPDATE_TYPES: Final = {
    ("command", True): control_pb2.ADD_COMMAND_HANDLER,
    ("command", False): control_pb2.REMOVE_COMMAND_HANDLER,
    ("query", True): control_pb2.ADD_QUERY_HANDLER,
    ("query", False): control_pb2.REMOVE_QUERY_HANDLER,
}


class TopologyStream:
    """Sends the whole list first, then each change.

    A client that reads too slowly misses changes; when it has caught up it is told to forget all,
    and gets the whole list again.
    """

    def __init__(self, call: ServerCall, topology: Topology, context: str) -> None:
        self._call = call
        self._topology = topology
        self._context = context
        self._is_behind = False
        self._cancel: Callable[[], None] = topology.watch(context, self._changed)
        self._send_all()

    def stop(self) -> None:
        """Send nothing more."""
        self._cancel()

    def writable(self) -> None:
        """Begin anew if changes were left out."""
        if self._is_behind:
            self._is_behind = False
            reset = control_pb2.TopologyChange(
                update_type=control_pb2.RESET_ALL, context=self._context
            )
            self._call.send(outbound(reset))
            self._send_all()

    def _send_all(self) -> None:
        for registration in self._topology.registrations(self._context):
            self._call.send(outbound(described(registration, is_added=True)))

    def _changed(self, change: TopologyChange) -> None:
        if self._call.queued_bytes > QUEUED_BYTES:
            self._is_behind = True
        else:
            self._call.send(outbound(described(change.registration, is_added=change.is_added)))


def described(registration: Registration, *, is_added: bool) -> control_pb2.TopologyChange:
    """Return what a client is told of a registration that came or went."""
    change = control_pb2.TopologyChange(
        update_type=UPDATE_TYPES[registration.kind, is_added],
        context=registration.context,
        client_id=registration.client_id,
        client_stream_id=registration.stream_id,
        component_name=registration.component_name,
    )
    if registration.kind == "command":
        change.command.name = registration.name
        change.command.load_factor = registration.load_factor
    else:
        change.query.name = registration.name
    return change


def outbound(change: control_pb2.TopologyChange) -> bytes:
    """Return a change as a message of the control stream."""
    return control_pb2.PlatformOutboundInstruction(topology_change=change).SerializeToString()
