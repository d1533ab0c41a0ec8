"""`/v1/queries`: who answers what, questions in JSON, and figures of subscription queries."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import Depends, FastAPI, Response

from ranvier.errors import RanvierError
from ranvier.messages.errors import QueryTimedOut
from ranvier.messages.query_fan_in import QueryResult
from ranvier.services.running_query import AskedQuery
from ranvier.web.camel_model import CamelModel
from ranvier.web.components import Component
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import AnswerTooLarge
from ranvier.web.parameters import ContextName, json_body
from ranvier.web.posted_messages import PostingRules
from ranvier.web.posted_query import (
    POSTED_QUERY,
    RESULTS_MAX,
    PostedQuery,
    asked_query,
    decode_query,
    result_json,
)

ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Of the results in one answer, which is built in memory."""

RUN_DESCRIPTION: Final = (
    "The results in the order of their coming. Errors are results with an `errorCode`: of a "
    "handler, or of the node, such as AXONIQ-5000 (nobody answers this query) and AXONIQ-5006 "
    "(the time is over)."
)


class QueryComponent(CamelModel):
    """An application that answers a query, and its instances."""

    name: str
    clients: list[str]


class KnownQuery(CamelModel):
    """A query that is answered."""

    context: str
    query: str
    result_types: list[str]
    components: list[QueryComponent]


class SubscriptionMetric(CamelModel):
    """What one application has subscribed to since the node started."""

    actives_count: int
    total_count: int
    updates_count: int


class QueriesResource:
    """Shows and asks through the routing of the node."""

    def __init__(self, dependencies: WebDependencies, rules: PostingRules) -> None:
        self._topology = dependencies.topology
        self._queries = dependencies.route_queries
        self._kinds = dependencies.kinds
        self._rules = rules

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get("/v1/queries", tags=["queries"], summary="The queries that are answered")(
            self.known
        )
        results = {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}
        app.post(
            "/v1/queries/run",
            tags=["queries"],
            summary="Ask a query",
            response_class=Response,
            responses={200: {"description": RUN_DESCRIPTION, "content": results}},
            openapi_extra=POSTED_QUERY,
        )(self.run)
        app.get(
            "/v1/components/{component}/subscription-query-metric",
            tags=["queries"],
            summary="Subscription queries of an application",
        )(self.subscription_metric)

    async def known(self, context: ContextName) -> list[KnownQuery]:
        """Return the queries of a context with their components, by name."""
        self._kinds.expect_known(context)
        results: dict[str, dict[str, None]] = {}
        clients: dict[str, dict[str, dict[str, None]]] = {}
        for each in self._topology.registrations(context):
            if each.kind == "query":
                results.setdefault(each.name, {}).update(dict.fromkeys(each.result_names))
                of_name = clients.setdefault(each.name, {})
                of_name.setdefault(each.component_name, {})[each.client_id] = None
        return [
            KnownQuery(
                context=context,
                query=name,
                result_types=sorted(results[name]),
                components=[
                    QueryComponent(name=component, clients=sorted(clients[name][component]))
                    for component in sorted(clients[name])
                ],
            )
            for name in sorted(clients)
        ]

    async def run(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Response:
        """Ask and wait for the results: all, or as many as the request wants."""
        self._kinds.expect_known(context)
        posted = decode_query(body)
        query = asked_query(context, posted, self._rules)
        results = await self._ask(query, posted)
        shown = [
            result_json(result, query.query_id, self._rules.new_message_id()) for result in results
        ]
        return Response(msgspec.json.encode(shown), media_type="application/json")

    async def subscription_metric(
        self, component: Component, context: ContextName
    ) -> SubscriptionMetric:
        """Return the figures of one application in one context."""
        self._kinds.expect_known(context)
        counts = self._queries.subscriptions.counts(context, component)
        return SubscriptionMetric(
            actives_count=counts.active, total_count=counts.total, updates_count=counts.updates
        )

    async def _ask(self, query: AskedQuery, posted: PostedQuery) -> list[QueryResult]:
        gathering = GatheredResults(posted.number_of_results or RESULTS_MAX + 1)
        running = self._queries.dispatch.ask(query, gathering)
        try:
            await asyncio.wait_for(gathering.is_done.wait(), posted.timeout / 1000)
        except TimeoutError:
            gathering.take(QueryTimedOut(posted.timeout))
        finally:
            if running is not None:
                self._queries.dispatch.cancel(running)
        if gathering.error is not None:
            raise gathering.error
        return gathering.results


class GatheredResults:
    """The caller of one query: keeps its results until so many have come, or all."""

    def __init__(self, wanted: int) -> None:
        self.results: list[QueryResult] = []
        self.error: RanvierError | None = None
        self.is_done = asyncio.Event()
        self._wanted = wanted
        self._size_bytes = 0

    def take(self, result: QueryResult) -> None:
        """Keep a result; one after the last that is wanted is dropped."""
        if self.is_done.is_set():
            return
        self._size_bytes += len(result) if isinstance(result, bytes) else 0
        if self._size_bytes > ANSWER_BYTES or len(self.results) == RESULTS_MAX:
            self.end(AnswerTooLarge(RESULTS_MAX, ANSWER_BYTES))
            return
        self.results.append(result)
        if len(self.results) == self._wanted:
            self.is_done.set()

    def end(self, error: RanvierError | None = None) -> None:
        """Be done."""
        if not self.is_done.is_set():
            self.error = error
            self.is_done.set()
