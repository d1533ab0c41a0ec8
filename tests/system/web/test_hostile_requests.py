"""Whatever comes in is answered 4xx in one form, naming what is wrong; never by a traceback."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ranvier.events.append import Append, Outcome, Refused
from ranvier.events.limits import refuse_append
from ranvier.web.application import build_application
from ranvier.web.dependencies import PartHealth
from ranvier.web.request_bodies import BodyLimits
from tests.support.web_node import WebNode, is_problem

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("timeout=x", "timeout"),
        ("timeout=-1", "timeout"),
        ("timeout=1.5", "timeout"),
        ("timeout=", "timeout"),
        ("timeout=99999999999999999999", "timeout"),
        pytest.param("timeout=" + "9" * 5_000, "timeout", id="long number"),
        ("maxEvents=0", "maxEvents"),
        ("maxEvents=NaN", "maxEvents"),
        ("maxEvents=%00", "maxEvents"),
        ("trackingToken=-1", "trackingToken"),
        ("trackingToken=9223372036854775808", "trackingToken"),
        ("initialSequence=%ff", "initialSequence"),
        ("aggregateId=a&allowSnapshots=perhaps", "allowSnapshots"),
        ("aggregateId=a&trackingToken=1", "trackingToken"),
    ],
)
async def test_wrong_parameters_are_named(
    client: httpx2.AsyncClient, query: str, field: str
) -> None:
    response = await client.get(f"/v1/events?{query}")
    assert is_problem(response, 400, "RANVIER-INVALID-PARAMETER", lambda text: field in text)
    assert response.json()["field"] == field


@pytest.mark.parametrize("path", ["/v1/events", "/v1/snapshots", "/v1/snapshot"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"{",
        b"null",
        b"true",
        b"NaN",
        b'{"aggregateId": "\\ud800", "aggregateSequenceNumber": 0}',
        b'{"aggregateId": {}}',
        b'{"surprise": 1}',
        pytest.param(b"[" * 200_000, id="deep arrays"),
        pytest.param(b'{"a":' * 200_000, id="deep objects"),
        b'{"aggregateSequenceNumber": -1}',
        b'{"aggregateId": "a", "aggregateSequenceNumber": 1e999}',
    ],
)
async def test_wrong_bodies_are_refused(client: httpx2.AsyncClient, path: str, body: bytes) -> None:
    response = await client.post(path, content=body, headers=JSON)
    assert is_problem(response, 400, "RANVIER-INVALID-BODY")


def refuse_all(context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
    """Say what a database would have to say of each."""
    refusals = [refuse_append(append) for append in appends]
    assert all(refusals)
    return [Refused(refusal) for refusal in refusals if refusal]


@pytest.mark.parametrize(
    "fields",
    [
        {"aggregateId": "a\0b"},
        {"aggregateId": "a" * 256},
        {"aggregateType": "\0"},
        {"aggregateType": "t" * 256},
        {"payload": {"type": "\0"}},
        {"payload": {"type": "ä" * 128}},
    ],
)
async def test_what_no_database_can_store_is_named(
    node: WebNode, client: httpx2.AsyncClient, fields: dict[str, object]
) -> None:
    node.log.twist = refuse_all
    body = {"aggregateId": "a", "aggregateType": "A", "payload": {}} | fields
    response = await client.post("/v1/events", json=body)
    assert is_problem(response, 400, "RANVIER-INVALID-EVENT")
    assert response.json()["field"]
    assert await node.log.head("default") == 0


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"]
)
async def test_a_body_that_a_strange_page_could_send_is_refused(
    client: httpx2.AsyncClient, media_type: str
) -> None:
    response = await client.post(
        "/v1/events", content=b'[{"payload":{}}]', headers={"content-type": media_type}
    )
    assert is_problem(response, 415, "RANVIER-MEDIA-TYPE", lambda text: "application/json" in text)


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON; charset=utf-8", "application/cloud+json"]
)
async def test_json_by_any_of_its_names_is_taken(
    client: httpx2.AsyncClient, media_type: str
) -> None:
    response = await client.post(
        "/v1/events", content=b'[{"payload":{}}]', headers={"content-type": media_type}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/v1/public/", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/static/../application.py", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/static/%2e%2e%2fapplication.py", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/static/%00", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/static/redoc.standalone.js", 404, "RANVIER-NOT-FOUND"),
        ("GET", "/%ff%00", 404, "RANVIER-NOT-FOUND"),
        ("DELETE", "/v1/events", 405, "RANVIER-METHOD-NOT-ALLOWED"),
        ("POST", "/", 405, "RANVIER-METHOD-NOT-ALLOWED"),
        ("BREW", "/", 405, "RANVIER-METHOD-NOT-ALLOWED"),
    ],
)
async def test_what_is_not_there_is_told(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)
    assert is_problem(response, status, code)
    assert ("allow" in response.headers) == (status == 405)


async def test_a_stream_has_no_head(client: httpx2.AsyncClient) -> None:
    assert (await client.head("/v1/events")).status_code == 405


@pytest.fixture
async def small(node: WebNode) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a node with small bounds."""
    node.body_limits = BodyLimits(body_bytes=10, message_bytes=200, all_bodies_bytes=300)
    async with node.client() as client:
        yield client


async def test_a_long_body_is_refused_before_it_is_read(small: httpx2.AsyncClient) -> None:
    response = await small.post("/v1/events", content=b"[" * 201, headers=JSON)
    assert is_problem(response, 413, "RANVIER-BODY-TOO-LARGE", lambda text: "200 bytes" in text)
    response = await small.request("GET", "/v1/public", content=b"[" * 11)
    assert is_problem(response, 413, "RANVIER-BODY-TOO-LARGE", lambda text: "10 bytes" in text)


async def test_a_long_body_without_a_length_is_refused_too(small: httpx2.AsyncClient) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(201):
            yield b"["

    response = await small.post("/v1/events", content=drip(), headers=JSON)
    assert is_problem(response, 413, "RANVIER-BODY-TOO-LARGE")


async def test_a_length_that_is_no_length_harms_nobody(small: httpx2.AsyncClient) -> None:
    for length in ("9" * 40, "-1", "x"):
        headers = JSON | {"Content-Length": length}
        response = await small.post("/v1/events", content=b'[{"payload": {}}]', headers=headers)
        assert response.status_code in (200, 413)


async def test_all_bodies_together_are_bounded(node: WebNode, small: httpx2.AsyncClient) -> None:
    async def first() -> AsyncIterator[bytes]:
        yield b"[" + b" " * 180
        response = await small.post("/v1/events", content=b" " * 150, headers=JSON)
        assert is_problem(response, 503, "RANVIER-BUSY")
        yield b"]"

    response = await small.post("/v1/events", content=first(), headers=JSON)
    assert response.status_code == 200
    response = await small.post("/v1/events", content=b" " * 150 + b"[]", headers=JSON)
    assert response.status_code == 200


class BrokenPart(PartHealth):
    """A part with a defect."""

    def __getattribute__(self, name: str) -> object:
        raise LookupError("the secret is 42")


async def test_a_defect_is_logged_and_told_in_one_sentence(
    node: WebNode, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    node.health = [BrokenPart("database", is_up=True)]
    with caplog.at_level(logging.ERROR, "ranvier.web"):
        response = await client.get("/health/ready")
    assert is_problem(response, 500, "RANVIER-INTERNAL")
    assert "42" not in response.text
    assert caplog.records[0].exc_info


@pytest.fixture(scope="module")
def application() -> FastAPI:
    node = WebNode()
    return build_application(node.dependencies(), node.streams)


PATHS = ("/v1/events", "/v1/snapshots", "/v1/public/me", "/static/x", "/actuator", "/")
PARAMETERS = ("aggregateId", "maxResults", "maxSequence", "initialSequence", "context")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PATHS),
    query=st.dictionaries(st.sampled_from(PARAMETERS), st.text()),
    headers=st.dictionaries(
        st.sampled_from(["AxonIQ-Context", "If-None-Match", "Accept", "Host"]),
        st.binary().map(lambda value: value.translate(None, b"\r\n\0")),
    ),
)
async def test_whatever_is_asked_is_answered_by_the_rules(
    application: FastAPI, path: str, query: dict[str, str], headers: dict[str, bytes]
) -> None:
    # Without this, a read from a token would wait for events.
    query = {"timeout": "0", **query}
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://node") as client:
        raw_headers = [(name.encode(), value) for name, value in headers.items()]
        response = await client.get(path, params=query, headers=raw_headers)
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
