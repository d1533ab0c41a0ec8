"""Tells one client which handlers its context has, and how that changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ranvier.proto import control_pb2
from ranvier.services.topology import Key, Registration, Topology, TopologyChange
from ranvier.wire.grpc.server_call import ServerCall

LISTED_BYTES: Final = 64 * 1024
"""What waits for the client above which the list goes on when `writable` is told."""

QUEUED_BYTES: Final = 2 * LISTED_BYTES
"""Changes that wait for the client above which no more are added: it gets a new list later."""

UPDATE_TYPES: Final = {
    ("command", True): control_pb2.ADD_COMMAND_HANDLER,
    ("command", False): control_pb2.REMOVE_COMMAND_HANDLER,
    ("query", True): control_pb2.ADD_QUERY_HANDLER,
    ("query", False): control_pb2.REMOVE_QUERY_HANDLER,
}


class TopologyStream:
    """Sends the whole list first, as fast as the client reads, then each change.

    A client that reads too slowly misses changes; when it has caught up it is told to forget all,
    and gets the whole list again.
    """

    def __init__(self, call: ServerCall, topology: Topology, context: str) -> None:
        self._call = call
        self._topology = topology
        self._context = context
        self._is_behind = False
        self._cancel: Callable[[], None] = topology.watch(context, self._changed)
        self._unlisted = self._all()
        self._go_on()

    def stop(self) -> None:
        """Send nothing more."""
        self._unlisted.clear()
        self._cancel()

    def writable(self) -> None:
        """Go on with the list; begin anew if changes were left out."""
        if self._is_behind:
            self._is_behind = False
            reset = control_pb2.TopologyChange(
                update_type=control_pb2.RESET_ALL, context=self._context
            )
            self._call.send(outbound(reset))
            self._unlisted = self._all()
        self._go_on()

    def _all(self) -> OrderedDict[Key, Registration]:
        # Not a plain one: taking the first of 100,000 out of that passes all gaps each time.
        registrations = self._topology.registrations(self._context)
        return OrderedDict((each.key, each) for each in registrations)

    def _go_on(self) -> None:
        unlisted = self._unlisted
        while unlisted and self._call.queued_bytes <= LISTED_BYTES:
            _, registration = unlisted.popitem(last=False)
            self._call.send(outbound(described(registration, is_added=True)))

    def _changed(self, change: TopologyChange) -> None:
        registration = change.registration
        if registration.key in self._unlisted:
            self._change_unlisted(registration, is_added=change.is_added)
        elif self._call.queued_bytes > QUEUED_BYTES:
            self._is_behind = True
            self._unlisted.clear()
        else:
            self._call.send(outbound(described(registration, is_added=change.is_added)))

    def _change_unlisted(self, registration: Registration, *, is_added: bool) -> None:
        if is_added:
            self._unlisted[registration.key] = registration
        else:
            del self._unlisted[registration.key]


def described(registration: Registration, *, is_added: bool) -> control_pb2.TopologyChange:
    """Return what a client is told of a registration that came or went."""
    change = control_pb2.TopologyChange(
        update_type=UPDATE_TYPES[registration.kind, is_added],
        context=registration.context,
        client_id=registration.client_id,
        client_stream_id=shown_stream_id(registration),
        component_name=registration.component_name,
    )
    if registration.kind == "command":
        change.command.name = registration.name
        change.command.load_factor = registration.load_factor
    else:
        change.query.name = registration.name
    return change


def shown_stream_id(registration: Registration) -> str:
    """Return what tells a stream from all others, those of other nodes included."""
    if not registration.node:
        return registration.stream_id
    return f"{registration.stream_id}@{registration.node}"


def outbound(change: control_pb2.TopologyChange) -> bytes:
    """Return a change as a message of the control stream."""
    return control_pb2.PlatformOutboundInstruction(topology_change=change).SerializeToString()
