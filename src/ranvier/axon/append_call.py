"""What every append over gRPC does: one call is one transaction, committed on half-close."""

from __future__ import annotations

from ranvier.axon.errors import grpc_error
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, AppendCondition
from ranvier.events.errors import PayloadTooLarge, TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.services.append_events import AppendEvents
from ranvier.wire.grpc.server_call import ServerCall


class AppendCall:
    """Gathers the events of one call, within its bounds and the node's memory.

    A call that is cancelled or refused leaves nothing behind. Callbacks only: a hot path.
    """

    __slots__ = ("_append_events", "_byte_count", "_call", "_condition", "_events")

    def __init__(self, call: ServerCall, append_events: AppendEvents) -> None:
        self._call = call
        self._append_events = append_events
        self._condition: AppendCondition | None = None
        self._events: list[NewEvent] = []
        self._byte_count = 0

    def message_received(self, message: bytes) -> None:
        """Take what one message brings; a broken one, or one too many, ends the call."""
        try:
            self.gather(message)
        except RanvierError as error:
            self._release()
            self._call.finish(grpc_error(error))

    def half_closed(self) -> None:
        """Hand the events over as one append and answer when it is decided."""
        context = context_of(self._call)
        events, byte_count = self._events, self._byte_count
        self._events, self._byte_count = [], 0
        self._append_events.append_counted(
            context, events, byte_count, self._answer, self._condition
        )

    def writable(self) -> None:
        """Do nothing: the answer is one short message."""

    def cancelled(self) -> None:
        """Forget what was gathered."""
        self._release()

    def gather(self, message: bytes) -> None:
        """Count a message by `reserve` and keep what it brings; raise what refuses it."""
        raise NotImplementedError

    def confirmation(self, stored: Accepted) -> bytes:
        """Return the answer to an append that is stored."""
        raise NotImplementedError

    def refused(self, error: RanvierError) -> None:
        """Tell the client why nothing was stored."""
        self._call.finish(grpc_error(error))

    def reserve(self, byte_count: int, event_count: int) -> None:
        """Count a message against the bounds of one append and the node's memory."""
        total = self._byte_count + byte_count
        if total > DEFAULT_LIMITS.append_bytes:
            raise PayloadTooLarge(total, DEFAULT_LIMITS.append_bytes)
        if len(self._events) + event_count > DEFAULT_LIMITS.events_per_append:
            raise TooManyEvents(len(self._events) + event_count, DEFAULT_LIMITS.events_per_append)
        self._append_events.budget.take(byte_count)
        self._byte_count = total

    def _answer(self, result: Accepted | RanvierError) -> None:
        if isinstance(result, RanvierError):
            self.refused(result)
        else:
            self._call.reply(self.confirmation(result))

    def _release(self) -> None:
        self._append_events.budget.give_back(self._byte_count)
        self._byte_count = 0
        self._events = []
