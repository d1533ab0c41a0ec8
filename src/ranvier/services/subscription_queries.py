"""Open subscription queries: every handler of the name is told, updates reach the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.messages.errors import (
    DuplicateQuery,
    NoQueryHandler,
    QueryHandlerLost,
    QueryTimedOut,
    TooManySubscriptionQueries,
    UpdatesNotTaken,
)
from ranvier.messages.handler import Handler
from ranvier.messages.permits import Permits
from ranvier.messages.query_fan_in import QueryResult
from ranvier.messages.query_routing import QueryRouting
from ranvier.services.count_subscriptions import CountSubscriptions, SubscriptionCounts
from ranvier.services.dispatch_queries import QUERY_SECONDS_MAX
from ranvier.services.errors import NodeStopping
from ranvier.services.open_subscription import (
    ForwardedSubscription,
    OpenSubscription,
    SubscriptionCaller,
    SubscriptionRequest,
)
from ranvier.services.query_handlers import QueryHandlers
from ranvier.services.query_stream import QueryStream

SUBSCRIPTION_QUERIES_MAX: Final = 100_000
"""Subscription queries that may be open at a time: some 3 KiB each."""

REQUEST_BYTES_MAX: Final = 256 * 1024 * 1024
"""Of the queries themselves, which are kept for handlers that come later."""

UPDATE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of updates that wait, for all callers together; who would exceed it is ended."""

Untold = OpenSubscription | ForwardedSubscription


class SubscriptionQueries:
    """All open subscription queries of this node; everything here happens in one event loop.

    `clock` tells seconds that never go back.
    """

    def __init__(self, handlers: QueryHandlers, clock: Callable[[], float]) -> None:
        self._handlers = handlers
        self._clock = clock
        self._routing = QueryRouting()
        self._open: dict[tuple[str, str], OpenSubscription] = {}
        self._by_name: dict[tuple[str, str], dict[OpenSubscription, None]] = {}
        self._asked_at: dict[OpenSubscription, float] = {}
        """When initial results were asked for that have not come, the oldest first."""
        self._counts = CountSubscriptions()
        self._request_bytes = 0
        self._waiting_bytes = 0
        self._is_stopping = False
        handlers.observers.append(self)

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """End every subscription query: this node is stopping."""
        self._is_stopping = True
        for subscription in list(self._open.values()):
            self._fail(subscription, NodeStopping())

    def end_context(self, context: str) -> None:
        """End the subscription queries of a context that has been deleted."""
        for (own, _), subscription in list(self._open.items()):
            if own == context:
                self._fail(subscription, UnknownContext(context))

    @property
    def open_count(self) -> int:
        """Subscription queries that are open."""
        return len(self._open)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of updates that wait for permits or for callers that do not read."""
        return self._waiting_bytes

    def counts(self, context: str, component_name: str) -> SubscriptionCounts:
        """Return the counts of an application."""
        return self._counts.of(context, component_name)

    def counts_by_context(self, what: Callable[[SubscriptionCounts], int]) -> dict[str, int]:
        """Return one of the counts for each context, of all applications together."""
        return self._counts.by_context(what)

    # What callers do.

    def subscribe(
        self, request: SubscriptionRequest, permits: Permits, caller: SubscriptionCaller
    ) -> OpenSubscription:
        """Open a subscription query and tell all handlers of its name.

        Raises `NoQueryHandler`, `DuplicateQuery`, `TooManySubscriptionQueries`, `NodeStopping`.
        """
        key = request.context, request.query_id
        if self._is_stopping:
            raise NodeStopping
        if key in self._open:
            raise DuplicateQuery(request.query_id)
        if len(self._open) >= SUBSCRIPTION_QUERIES_MAX:
            raise TooManySubscriptionQueries(SUBSCRIPTION_QUERIES_MAX)
        if self._request_bytes + len(request.data) > REQUEST_BYTES_MAX:
            raise TooManySubscriptionQueries(REQUEST_BYTES_MAX, "bytes of subscription queries")
        candidates = self._handlers.candidates(request.context, request.name)
        if not candidates:
            raise NoQueryHandler(request.name, request.context)
        for candidate in candidates:
            stream = self._handlers.stream_of(candidate.handler)
            if stream is not None and request.query_id in stream.forwarded:
                raise DuplicateQuery(request.query_id)
        subscription = OpenSubscription(request, permits, caller)
        self._open[key] = subscription
        self._request_bytes += len(request.data)
        self._by_name.setdefault((request.context, request.name), {})[subscription] = None
        self._counts.add(request, active=1, total=1)
        for candidate in candidates:
            self._tell(subscription, candidate.handler)
        return subscription

    def granted(self, subscription: OpenSubscription, count: int) -> None:
        """Let so many further updates pass; 0 or less adds nothing."""
        if count > 0:
            subscription.state.permits.grant(count)
            self.send_waiting(subscription)

    def ask_initial(self, subscription: OpenSubscription, data: bytes) -> None:
        """Ask one handler of each component for the initial result; once at a time."""
        state, request = subscription.state, subscription.request
        if state.is_closed or state.awaits_initial_result:
            return
        chosen = self._routing.choose(
            self._handlers.candidates(request.context, request.name), request.metadata
        )
        if not chosen:
            error = NoQueryHandler(request.name, request.context)
            subscription.caller.send_initial(request.query_id, error)
            return
        state.ask_initial(chosen)
        subscription.initial_data = data
        self._asked_at[subscription] = self._clock()
        for handler in chosen:
            self._ask_initial_of(subscription, handler)

    def send_waiting(self, subscription: OpenSubscription) -> None:
        """Send the updates that wait, as far as permits go and the caller reads."""
        state, caller = subscription.state, subscription.caller
        sent = 0
        while not state.is_closed and caller.has_room:
            data = state.next_update()
            if data is None:
                break
            sent += 1
            self._waiting_bytes -= len(data)
            caller.send(data)
        if sent:
            self._counts.add(subscription.request, updates=sent)
        ending = None if state.is_closed else state.next_ending()
        if ending is not None:
            caller.send(ending)
            self._forget(subscription)
            caller.end()

    def close(self, subscription: OpenSubscription) -> None:
        """End a subscription query for its caller, who has left or gone."""
        self._waiting_bytes -= subscription.state.waiting_bytes
        self._tell_end(subscription, subscription.state.close())
        self._forget(subscription)

    # What handlers do.

    def update(self, stream: QueryStream, query_id: str, data: bytes) -> None:
        """Take an update; for a query that does not hear this stream it is told to stop."""
        subscription = self._heard(stream, query_id)
        if subscription is None:
            forwarded = stream.forwarded.get(query_id)
            if forwarded is None:
                stream.link.send_unsubscribe(query_id)
            else:
                forwarded.node.update(data)
            return
        try:
            subscription.state.update(data)
            self._waiting_bytes += len(data)
            self.send_waiting(subscription)
            if self._waiting_bytes > UPDATE_BYTES_MAX:
                raise UpdatesNotTaken(subscription.state.waiting_count)
        except UpdatesNotTaken as error:
            self._fail(subscription, error)

    def initial_result(
        self, stream: QueryStream, query_id: str, data: bytes, *, is_error: bool
    ) -> None:
        """Take an initial result; one that this stream does not owe is dropped."""
        forwarded = stream.forwarded.get(query_id)
        if forwarded is not None:
            forwarded.node.initial_result(data, is_error=is_error)
            return
        subscription = self._open.get((stream.context, query_id))
        if subscription is not None and stream.handler is not None:
            state = subscription.state
            self._pass_initial(
                subscription, state.initial_result(stream.handler, data, is_error=is_error)
            )
            self._let_go(subscription, stream, stream.handler)

    def completed(self, stream: QueryStream, query_id: str, data: bytes) -> None:
        """Take it that a handler has ended the updates, well or by an error."""
        forwarded = stream.forwarded.pop(query_id, None)
        if forwarded is not None:
            forwarded.node.completed(data)
            return
        subscription = self._heard(stream, query_id)
        if subscription is not None and stream.handler is not None:
            self._tell_end(subscription, subscription.state.complete(stream.handler, data))
            self.send_waiting(subscription)

    def gone(self, stream: QueryStream, query_id: str, *, was_told: bool) -> None:
        """Take it that a handler of another node will say no more of a subscription query.

        One that was not even told of it leaves the initial result to another of its component.
        """
        subscription = self._open.get((stream.context, query_id))
        handler = stream.handler
        if subscription is None or handler is None:
            return
        subscription.state.leave(handler)
        if was_told or not self._ask_another(subscription, handler):
            error = QueryHandlerLost(handler.client_id)
            self._pass_initial(subscription, subscription.state.initial_failed(handler, error))

    def failed(self, stream: QueryStream, query_id: str, error: RanvierError) -> None:
        """End a subscription query for what another node says."""
        subscription = self._heard(stream, query_id)
        if subscription is not None:
            self._fail(subscription, error)

    def send_untold(self, stream: QueryStream) -> None:
        """Tell a stream of the subscription queries that it does not know, while it reads."""
        while stream.untold and stream.link.has_room:
            self._send_untold(stream, next(iter(stream.untold)))

    def hears(self, stream: QueryStream, query_id: str) -> bool:
        """Tell whether a client of this node has a subscription query of this id there."""
        return self._heard(stream, query_id) is not None

    # What the registry of handlers tells.

    def joined(self, stream: QueryStream, name: str) -> None:
        """Tell a new handler of the subscription queries that are open."""
        if stream.handler is not None:
            for subscription in self._by_name.get((stream.context, name), ()):
                if subscription.state.join(stream.handler):
                    stream.untold[subscription] = None
            self.send_untold(stream)

    def withdrawn(self, stream: QueryStream, name: str) -> None:
        """Hear no updates of this stream any more; the initial results it owes still count."""
        if stream.handler is not None:
            for subscription in self._by_name.get((stream.context, name), ()):
                subscription.state.leave(stream.handler)
                stream.untold.pop(subscription, None)
                self._let_go(subscription, stream, stream.handler)

    def lost(self, stream: QueryStream, names: tuple[str, ...]) -> None:
        """Hear no updates of this stream any more, nor an initial result."""
        handler = stream.handler
        stream.untold.clear()
        if handler is None:
            return
        for name in names:
            for subscription in self._by_name.get((stream.context, name), ()):
                subscription.state.leave(handler)
        error = QueryHandlerLost(handler.client_id)
        for subscription in list(self._asked_at):
            self._pass_initial(subscription, subscription.state.initial_failed(handler, error))

    def expire(self) -> None:
        """Give up initial results that have been due for longer than any query may take."""
        oldest = self._clock() - QUERY_SECONDS_MAX
        late = [own for own, asked_at in self._asked_at.items() if asked_at <= oldest]
        error = QueryTimedOut(int(QUERY_SECONDS_MAX * 1000))
        for subscription in late:
            self._pass_initial(subscription, subscription.state.give_up_initial(error))

    def _heard(self, stream: QueryStream, query_id: str) -> OpenSubscription | None:
        """Return the subscription query to which this stream may send updates."""
        subscription = self._open.get((stream.context, query_id))
        if subscription is None or stream.handler is None:
            return None
        return subscription if subscription.state.hears(stream.handler) else None

    def _pass_initial(self, subscription: OpenSubscription, result: QueryResult | None) -> None:
        if not subscription.state.awaits_initial_result:
            self._asked_at.pop(subscription, None)
        if result is not None:
            subscription.caller.send_initial(subscription.request.query_id, result)
            self.send_waiting(subscription)

    def _let_go(
        self, subscription: OpenSubscription, stream: QueryStream, handler: Handler
    ) -> None:
        """End the call to another node's handler that is not heard and owes nothing."""
        state = subscription.state
        if stream.is_remote and not (state.hears(handler) or state.awaits_initial_of(handler)):
            stream.link.send_unsubscribe(subscription.query_id)

    def _tell(self, subscription: OpenSubscription, handler: Handler) -> None:
        stream = self._handlers.stream_of(handler)
        if stream is not None and subscription.state.join(handler):
            stream.untold[subscription] = None
            self.send_untold(stream)

    def _ask_initial_of(self, subscription: OpenSubscription, handler: Handler) -> None:
        stream = self._handlers.stream_of(handler)
        if stream is not None:
            self._send_untold(stream, subscription)
            stream.link.send_initial_request(subscription.query_id, subscription.initial_data)

    def _ask_another(self, subscription: OpenSubscription, handler: Handler) -> bool:
        """Ask somebody else of a handler's component; False if it owes no initial result."""
        request, state = subscription.request, subscription.state
        other = self._routing.choose_of(
            self._handlers.candidates(request.context, request.name),
            handler.component_name,
            request.metadata,
            {handler},
        )
        if other is None or not state.ask_initial_of(handler, other):
            return False
        self._ask_initial_of(subscription, other)
        return True

    def _send_untold(self, stream: QueryStream, subscription: Untold) -> None:
        if subscription in stream.untold:
            del stream.untold[subscription]
            stream.link.send_subscribe(subscription.query_id, subscription.data)

    def _tell_end(self, subscription: OpenSubscription, handlers: tuple[Handler, ...]) -> None:
        for handler in handlers:
            stream = self._handlers.stream_of(handler)
            if stream is None:
                continue
            if subscription in stream.untold:
                del stream.untold[subscription]
            else:
                stream.link.send_unsubscribe(subscription.request.query_id)

    def _fail(self, subscription: OpenSubscription, error: RanvierError) -> None:
        self.close(subscription)
        subscription.caller.end(error)

    def _forget(self, subscription: OpenSubscription) -> None:
        request = subscription.request
        if self._open.pop((request.context, request.query_id), None) is None:
            return
        self._request_bytes -= len(request.data)
        name = request.context, request.name
        of_name = self._by_name[name]
        del of_name[subscription]
        if not of_name:
            del self._by_name[name]
        self._asked_at.pop(subscription, None)
        self._counts.add(request, active=-1)
