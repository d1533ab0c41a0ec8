"""Who answers which queries: the streams of all handlers, and what they subscribe to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from ranvier.events.errors import UnknownContext
from ranvier.messages.errors import NameMissing
from ranvier.messages.handler import Handler
from ranvier.messages.subscriptions import Subscription, SubscriptionTable
from ranvier.services.errors import NodeStopping
from ranvier.services.query_stream import QueryHandlerLink, QueryStream
from ranvier.services.topology import Registration, Topology

RESULT_NAMES_MAX: Final = 100
"""Result types that are remembered of one subscription; they are shown and decide nothing."""

Identity = tuple[str, str]
"""`(client id, component name)` as a subscription says them."""

FindTags = Callable[[str, str], Mapping[str, str]]
"""`(context, client id)` → the tags with which that client has introduced itself, if it has."""


class HandlerObserver(Protocol):
    """A service that must know who comes and goes."""

    def joined(self, stream: QueryStream, name: str) -> None:
        """Be told that a stream handles a name now."""

    def withdrawn(self, stream: QueryStream, name: str) -> None:
        """Be told that it handles the name no more; what it was sent, it still answers."""

    def lost(self, stream: QueryStream, names: tuple[str, ...]) -> None:
        """Be told that a stream has ended; it handled these names."""


class QueryHandlers:
    """The streams of all handlers, whether clients hold them to this node or to others."""

    def __init__(self, topology: Topology, find_tags: FindTags) -> None:
        self.table = SubscriptionTable()
        self.observers: list[HandlerObserver] = []
        self._topology = topology
        self._find_tags = find_tags
        self._streams: dict[QueryStream, None] = {}
        """Those that clients hold to this node."""
        self._by_stream_id: dict[str, QueryStream] = {}
        """The same, once their clients are known."""
        self._by_handler: dict[Handler, QueryStream] = {}
        self._registrations: dict[tuple[Handler, str], Registration] = {}
        self._opened_count = 0
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """End every handler's stream: this node is stopping."""
        self._is_stopping = True
        for stream in list(self._streams):
            self.closed(stream)
            stream.link.close(NodeStopping())

    def end_context(self, context: str) -> None:
        """End the streams of a context that has been deleted."""
        for stream in list(self._streams):
            if stream.context == context:
                self.closed(stream)
                stream.link.close(UnknownContext(context))

    def opened(self, context: str, link: QueryHandlerLink) -> QueryStream:
        """Take a new stream; raises `NodeStopping`."""
        if self._is_stopping:
            raise NodeStopping
        stream = QueryStream(context, link)
        self._streams[stream] = None
        return stream

    def closed(self, stream: QueryStream) -> None:
        """Forget a stream that has ended; a second time nothing happens."""
        if stream in self._streams:
            del self._streams[stream]
            if stream.handler is not None:
                del self._by_stream_id[stream.handler.stream_id]
            self._lose(stream)

    # Streams of other nodes.

    def opened_elsewhere(self, handler: Handler, link: QueryHandlerLink) -> QueryStream:
        """Take a stream that a client holds to another node."""
        stream = QueryStream(handler.context, link, is_remote=True)
        stream.handler = handler
        self._by_handler[handler] = stream
        return stream

    def offered_elsewhere(self, stream: QueryStream, registration: Registration) -> None:
        """Let such a stream handle one name; again, to change what is shown of it.

        Raises `NameTooLong`, `TooManySubscriptions`.
        """
        handler = self._known(stream)
        is_new = self.table.subscribe(stream.context, registration.name, handler)
        self._note(handler, registration)
        if is_new:
            for observer in self.observers:
                observer.joined(stream, registration.name)

    def withdrawn_elsewhere(self, stream: QueryStream, name: str) -> None:
        """Withdraw a name; what the stream was asked, it still answers."""
        handler = self._known(stream)
        if self.table.is_subscribed(name, handler):
            self._withdraw(stream, handler, name)

    def closed_elsewhere(self, stream: QueryStream) -> None:
        """Forget such a stream, whose end is known; a second time nothing happens."""
        if stream.handler in self._by_handler:
            self._lose(stream)

    def _known(self, stream: QueryStream) -> Handler:
        assert stream.handler is not None  # noqa: S101  # `opened_elsewhere` has set it
        return stream.handler

    def _lose(self, stream: QueryStream) -> None:
        handler = stream.handler
        names: tuple[str, ...] = ()
        if handler is not None:
            names = self.table.leave(handler)
            for name in names:
                self._topology.removed(self._registrations.pop((handler, name)))
            del self._by_handler[handler]
        for observer in self.observers:
            observer.lost(stream, names)

    def stream_of(self, handler: Handler) -> QueryStream | None:
        """Return the stream of a handler, None if it has gone."""
        return self._by_handler.get(handler)

    def stream_of_id(self, stream_id: str) -> QueryStream | None:
        """Return a stream that a client holds to this node, None if it has gone."""
        return self._by_stream_id.get(stream_id)

    def handler_of(self, stream_id: str, context: str, name: str) -> Handler | None:
        """Return the handler on such a stream if it handles this name in this context."""
        stream = self._by_stream_id.get(stream_id)
        handler = None if stream is None else stream.handler
        if handler is None or handler.context != context:
            return None
        return handler if self.table.is_subscribed(name, handler) else None

    def candidates(self, context: str, name: str) -> tuple[Subscription, ...]:
        """Return who handles this name."""
        return self.table.candidates(context, name)

    def streams(self) -> list[QueryStream]:
        """Return every open stream of this node's clients, in the order of coming."""
        return list(self._streams)

    def subscribe(self, stream: QueryStream, name: str, identity: Identity, result: str) -> None:
        """Let a stream handle a name; a further result name is added to those that are known.

        Raises `NameMissing`, `NameTooLong`, `TooManySubscriptions`.
        """
        if not name:
            raise NameMissing("query")
        handler = stream.handler or self._introduced(stream, *identity)
        is_new = self.table.subscribe(stream.context, name, handler)
        self._register(handler, name, result)
        if is_new:
            for observer in self.observers:
                observer.joined(stream, name)

    def unsubscribe(self, stream: QueryStream, name: str, result: str) -> None:
        """Withdraw a result name, and with the last one, or with none named, the whole name.

        Raises `NameMissing`.
        """
        if not name:
            raise NameMissing("query")
        handler = stream.handler
        if handler is None or not self.table.is_subscribed(name, handler):
            return
        registration = self._registrations[handler, name]
        left = tuple([each for each in registration.result_names if each != result])
        if result and left:
            self._note(handler, replace(registration, result_names=left))
            return
        self._withdraw(stream, handler, name)

    def _withdraw(self, stream: QueryStream, handler: Handler, name: str) -> None:
        self.table.unsubscribe(stream.context, name, handler)
        self._topology.removed(self._registrations.pop((handler, name)))
        for observer in self.observers:
            observer.withdrawn(stream, name)

    def _introduced(self, stream: QueryStream, client_id: str, component_name: str) -> Handler:
        self._opened_count += 1
        stream_id = f"{client_id}.query.{self._opened_count}"
        tags = self._find_tags(stream.context, client_id)
        stream.handler = Handler(stream.context, client_id, stream_id, component_name, tags)
        self._by_handler[stream.handler] = stream
        self._by_stream_id[stream_id] = stream
        return stream.handler

    def _register(self, handler: Handler, name: str, result: str) -> None:
        known = self._registrations.get((handler, name))
        results = known.result_names if known is not None else ()
        if result and result not in results and len(results) < RESULT_NAMES_MAX:
            results = (*results, result)
        registration = Registration(
            "query",
            handler.context,
            name,
            handler.client_id,
            handler.stream_id,
            handler.component_name,
            result_names=results,
            tags=tuple(handler.tags.items()),
            node=handler.node,
        )
        self._note(handler, registration)

    def _note(self, handler: Handler, registration: Registration) -> None:
        self._registrations[handler, registration.name] = registration
        self._topology.added(registration)
