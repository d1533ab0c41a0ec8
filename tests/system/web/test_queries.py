"""`/v1/queries`: who answers, questions in JSON, figures of subscription queries."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from ranvier.messages.permits import Permits
from ranvier.proto.common_pb2 import ErrorMessage, SerializedObject
from ranvier.proto.query_pb2 import QueryRequest, QueryResponse
from ranvier.services.open_subscription import SubscriptionRequest
from ranvier.services.running_query import AskedQuery
from tests.support.query_links import HandlerLink, NotedCaller, handler_stream
from tests.support.web_node import NOW_MS, WebNode, is_problem

QUESTION = {"query": "Find", "payload": {"type": "Find", "data": "who"}}


@pytest.fixture(autouse=True)
def default_context(node: WebNode) -> None:
    node.kinds.learn("default", dcb=False)


class AnsweringLink(HandlerLink):
    """Answers each query at once."""

    def answer(self, node: WebNode, *results: QueryResponse) -> None:
        stream = next(each for each in node.queries.handlers.streams() if each.link is self)
        asked: list[QueryRequest] = []
        self.asked = asked

        def send_query(query: AskedQuery, time_left_ms: int | None) -> None:
            asked.append(QueryRequest.FromString(query.data))
            for result in results:
                result.request_identifier = query.query_id
                node.queries.dispatch.result(
                    stream,
                    query.query_id,
                    result.SerializeToString(),
                    is_error=bool(result.error_code),
                )
            node.queries.dispatch.completed(stream, query.query_id)

        self.send_query = send_query  # type: ignore[method-assign]  # as this test answers


def answering(node: WebNode, *results: QueryResponse) -> AnsweringLink:
    link = AnsweringLink()
    stream = node.queries.handlers.opened("default", link)
    node.queries.dispatch.granted(stream, 100)
    node.queries.handlers.subscribe(stream, "Find", ("client-1", "shop"), "Order")
    link.answer(node, *results)
    return link


async def test_registrations_are_listed_by_name_and_component(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    assert (await client.get("/v1/queries")).json() == []
    handler_stream(node.queries, "Find", "Count", component="shop")
    handler_stream(node.queries, "Find", component="shop")
    handler_stream(node.queries, "Find", component="archive")
    response = await client.get("/v1/queries")
    assert response.json() == [
        {
            "context": "default",
            "query": "Count",
            "resultTypes": ["Order"],
            "components": [{"name": "shop", "clients": ["client-shop"]}],
        },
        {
            "context": "default",
            "query": "Find",
            "resultTypes": ["Order"],
            "components": [
                {"name": "archive", "clients": ["client-archive"]},
                {"name": "shop", "clients": ["client-shop"]},
            ],
        },
    ]


async def test_a_query_is_run_and_its_results_are_shown(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    good = QueryResponse(message_identifier="r", payload=SerializedObject(type="T", data=b"one"))
    good.meta_data["n"].number_value = 7
    link = answering(node, good, good)
    posted = QUESTION | {"metaData": {"user": "ada"}, "priority": 3, "timeout": 900}
    response = await client.post("/v1/queries/run", json=posted)
    assert response.status_code == 200
    shown = {
        "messageIdentifier": "r",
        "requestIdentifier": "minted-0",
        "errorCode": None,
        "errorMessage": None,
        "payload": {"type": "T", "revision": "", "data": "one"},
        "metaData": {"n": 7},
    }
    assert response.json() == [shown, shown]
    (asked,) = link.asked
    assert (asked.query, asked.timestamp, asked.payload.data) == ("Find", NOW_MS, b"who")
    assert asked.meta_data["user"].text_value == "ada"
    assert asked.processing_instructions[0].value.number_value == 900


async def test_only_as_many_results_are_waited_for_as_are_wanted(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    answering(node, *[QueryResponse(message_identifier="r")] * 5)
    response = await client.post("/v1/queries/run", json=QUESTION | {"numberOfResults": 2})
    assert len(response.json()) == 2


async def test_errors_are_results(client: httpx2.AsyncClient, node: WebNode) -> None:
    (result,) = (await client.post("/v1/queries/run", json=QUESTION)).json()
    assert result["errorCode"] == "AXONIQ-5000"
    assert "Find" in result["errorMessage"]["message"]
    error = ErrorMessage(message="no", location="shop", details=["a", "b"])
    answering(node, QueryResponse(error_code="AXONIQ-5001", error_message=error))
    (result,) = (await client.post("/v1/queries/run", json=QUESTION)).json()
    assert result["errorCode"] == "AXONIQ-5001"
    assert result["errorMessage"] == {"message": "no", "location": "shop", "details": "a\nb"}
    assert result["payload"] is None


async def test_a_query_that_takes_too_long_is_given_up(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    handler_stream(node.queries, "Find")
    posted = QUESTION | {"timeout": 1, "messageIdentifier": "mine"}
    (result,) = (await client.post("/v1/queries/run", json=posted)).json()
    assert (result["errorCode"], result["requestIdentifier"]) == ("AXONIQ-5006", "mine")
    assert not node.queries.dispatch.running_count


async def test_an_answer_that_is_too_large_is_refused(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    answering(node, *[QueryResponse(message_identifier="r")] * 1_001)
    response = await client.post("/v1/queries/run", json=QUESTION)
    assert is_problem(response, 413, "RANVIER-ANSWER-TOO-LARGE")
    response = await client.post("/v1/queries/run", json=QUESTION | {"numberOfResults": 1_000})
    assert len(response.json()) == 1_000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query": ""}, "query"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 300_001}, "timeout"),
        ({"numberOfResults": 0}, "numberOfResults"),
        ({"numberOfResults": 1_001}, "numberOfResults"),
        ({"metaData": {"a": []}}, "metaData"),
        ({"nonsense": 1}, "nonsense"),
        ({"payload": {"data": "!", "encoding": "base64"}}, "payload.data"),
    ],
)
async def test_a_wrong_body_is_refused_by_its_field(
    client: httpx2.AsyncClient, change: dict[str, object], field: str
) -> None:
    response = await client.post("/v1/queries/run", json=QUESTION | change)
    assert is_problem(response, 400, "RANVIER-INVALID-BODY", lambda detail: field in detail)


async def test_a_query_that_is_too_long_is_refused(client: httpx2.AsyncClient) -> None:
    posted = {"query": "Find", "payload": {"data": "x" * (4 * 1024 * 1024)}}
    response = await client.post("/v1/queries/run", json=posted)
    assert is_problem(response, 413, "AXONIQ-2001")


@pytest.mark.parametrize("path", ["/v1/queries", "/v1/components/a/subscription-query-metric"])
async def test_axoniq_1302_an_unknown_context(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path, params={"context": "nowhere"})
    assert is_problem(response, 404, "AXONIQ-1302")
    posted = await client.post("/v1/queries/run?context=nowhere", json=QUESTION)
    assert is_problem(posted, 404, "AXONIQ-1302")


async def test_subscription_queries_of_an_application_are_counted(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    stream, _ = handler_stream(node.queries, "Find")
    subscriptions = node.queries.subscriptions
    permits = Permits()
    permits.grant(10)
    request = SubscriptionRequest("default", "q-1", "Find", "desk", b"q-1", dict)
    opened = subscriptions.subscribe(request, permits, NotedCaller())
    for _ in range(3):
        subscriptions.update(stream, "q-1", b"update")
    path = "/v1/components/desk/subscription-query-metric"
    expected = {"activesCount": 1, "totalCount": 1, "updatesCount": 3}
    assert (await client.get(path)).json() == expected
    subscriptions.close(opened)
    assert (await client.get(path)).json() == expected | {"activesCount": 0}
    assert subscriptions.counts_by_context(lambda counts: counts.total) == {"default": 1}


async def test_a_stopping_node_refuses_queries(client: httpx2.AsyncClient, node: WebNode) -> None:
    await asyncio.wait_for(node.queries.stop(), 30)
    response = await client.post("/v1/queries/run", json=QUESTION)
    assert is_problem(response, 503, "RANVIER-STOPPING")
