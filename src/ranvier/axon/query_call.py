"""Query: one question, any number of results, by one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.held_results import HeldResults
from ranvier.axon.known_contexts import KnownContexts
from ranvier.axon.query_errors import error_response
from ranvier.axon.query_request import asked_query, refuse_long
from ranvier.errors import RanvierError
from ranvier.messages.query_fan_in import QueryResult
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.dispatch_queries import DispatchQueries
from ranvier.services.running_query import RunningQuery
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

DEMAND: Final = 64
"""Results of a streaming query that may be on their way; asked for again when half have come."""

QUEUED_BYTES: Final = 64 * 1024
"""Results that wait for the caller above which no more are asked for."""


@dataclass(frozen=True, slots=True)
class QuerySources:
    """What all calls of queries share."""

    dispatch: DispatchQueries
    contexts: ContextKinds
    held: HeldResults
    known: KnownContexts


class QueryCall:
    """Passes on the results of one query.

    A hot path: callbacks only, and results are passed on as they came. The results of a query that
    is not streaming cannot be held back; a caller that leaves too many unread loses his call by the
    bound on his connection.
    """

    __slots__ = (
        "_call",
        "_due",
        "_has_asked",
        "_held",
        "_may_hold",
        "_query_id",
        "_running",
        "_sources",
    )

    def __init__(self, call: ServerCall, sources: QuerySources) -> None:
        self._call = call
        self._sources = sources
        self._has_asked = False
        self._held: bytes | None = None
        """The first result, for as long as its end may come with it."""
        self._may_hold = True
        self._query_id = ""
        self._running: RunningQuery | None = None
        self._due = 0
        """Results of a streaming query that were asked for and have not come."""

    def message_received(self, message: bytes) -> None:
        """Ask; a second message ends the call."""
        if self._has_asked:
            self._refuse("takes one message, not more")
            return
        self._has_asked = True
        try:
            context = self._sources.known.context_of(self._call)
            self._sources.contexts.expect_known(context)
            refuse_long(self._call, message)
            query = asked_query(context, message)
        except RanvierError as error:
            self._call.finish(grpc_error(error))
            return
        self._query_id = query.query_id
        self._running = self._sources.dispatch.ask(query, self)
        if query.is_streaming:
            self._may_hold = False
            self._ask_for_more()

    def half_closed(self) -> None:
        """Refuse a call that asked nothing; the end of the others comes with their results."""
        if not self._has_asked:
            self._refuse("takes one message, none came")

    def writable(self) -> None:
        """Ask for more: the caller has taken what was queued."""
        self._ask_for_more()

    def cancelled(self) -> None:
        """Let the handlers know that nobody waits any more."""
        running, self._running = self._running, None
        if running is not None:
            self._sources.dispatch.cancel(running)

    def take(self, result: QueryResult) -> None:
        """Pass on one result."""
        if self._may_hold and isinstance(result, bytes):
            # A result that leaves together with its end takes 2 µs less (bench/query.py).
            self._may_hold = False
            self._held = result
            self._sources.held.hold(self)
            return
        self.release()
        if isinstance(result, bytes):
            self._send(result)
            if self._due:
                self._due -= 1
                self._ask_for_more()
        else:
            self._call.send(error_response(self._query_id, result).SerializeToString())

    def end(self, error: RanvierError | None = None) -> None:
        """End the call: OK, or an error of the node itself."""
        self._running = None
        held, self._held = self._held, None
        if held is not None and error is None:
            self._call.reply(held)
        else:
            self._call.finish(None if error is None else grpc_error(error))

    def release(self) -> None:
        """Send the result that is held back, if there is one."""
        held, self._held = self._held, None
        if held is not None:
            self._send(held)

    def _send(self, result: bytes) -> None:
        self._call.send(result)
        if self._call.is_done:  # another node takes longer messages than this one may send
            self.cancelled()

    def _ask_for_more(self) -> None:
        running = self._running
        if running is None or not running.query.is_streaming or self._due * 2 > DEMAND:
            return
        if self._call.queued_bytes < QUEUED_BYTES:
            count = DEMAND - self._due
            self._due = DEMAND
            self._sources.dispatch.demand(running, count)

    def _refuse(self, reason: str) -> None:
        self.cancelled()
        self._call.finish(GrpcError(StatusCode.UNIMPLEMENTED, f"{self._call.path} {reason}"))
