"""QueryService: questions, those who answer them, and answers that change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.held_results import HeldResults
from ranvier.axon.known_contexts import KnownContexts
from ranvier.axon.query_call import QueryCall, QuerySources
from ranvier.axon.query_handler_stream import QueryHandlerStream
from ranvier.axon.subscription_query_call import SubscriptionQueryCall
from ranvier.errors import RanvierError
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.route_queries import RouteQueries
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import CallListener, ServerCall

QUERY_SERVICE: Final = "io.axoniq.axonserver.grpc.query.QueryService"


@dataclass(frozen=True, slots=True)
class QueryServices:
    """What the methods of the query service call."""

    queries: RouteQueries
    contexts: ContextKinds


def query_methods(services: QueryServices) -> Mapping[str, Method]:
    """Return the methods of the query service."""

    queries, contexts = services.queries, services.contexts
    sources = QuerySources(queries.dispatch, contexts, HeldResults(), KnownContexts())

    def open_stream(call: ServerCall) -> CallListener:
        return QueryHandlerStream(call, queries, contexts)

    def subscribe(call: ServerCall) -> CallListener:
        return SubscriptionQueryCall(call, queries.subscriptions, contexts)

    return {
        "OpenStream": streaming(refusing(open_stream)),
        # Not unary, which tells nobody when its caller has read what was queued.
        "Query": streaming(lambda call: QueryCall(call, sources)),
        "Subscription": streaming(refusing(subscribe)),
    }


def refusing(
    open_call: Callable[[ServerCall], CallListener],
) -> Callable[[ServerCall], CallListener]:
    """Return an opener whose refusals become the answers that Axon clients expect."""

    def open_or_refuse(call: ServerCall) -> CallListener:
        try:
            return open_call(call)
        except RanvierError as error:
            raise grpc_error(error) from error

    return open_or_refuse
