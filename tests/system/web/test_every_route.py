"""A walk over everything that OpenAPI lists, and all pages: guarded, described, closed."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from ranvier.web.security_headers import CONTENT_SECURITY_POLICY
from tests.support.web_node import WebNode, is_problem

OPEN = {
    "/health/live",
    "/health/ready",
    "/actuator",
    "/actuator/health",
    "/actuator/info",
    "/actuator/metrics",
    "/actuator/metrics/{name}",
    "/actuator/prometheus",
    "/system/health",
    "/metrics",
}
"""What needs no token, as it is promised; everything else does."""

SIGN_IN = ("post", "/api/sessions")
"""Asks for a password in its place."""

GIVEN = OPEN | {
    "/favicon.ico",
    "/static/{name}",
    "/static/bundle/{name}",
    "/sign-in",
    "/sign-out",
    "/set-up",
}
"""With what browsers need to show the sign-in, and those pages themselves."""

FORGED = "A" * 43

PAGES = ["/", "/openapi.json", "/swagger-ui.html", "/swagger-ui/index.html"]


async def description(client: httpx2.AsyncClient, **headers: str) -> dict[str, Any]:
    response = await client.get("/openapi.json", headers=headers)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


async def operations(client: httpx2.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = (await description(client))["paths"]
    return [(method, path, each) for path, of in paths.items() for method, each in of.items()]


def assert_guarded(response: httpx2.Response) -> None:
    headers = response.headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in headers
    assert "server" not in headers


async def test_every_answer_carries_the_security_headers(client: httpx2.AsyncClient) -> None:
    routes = [(method, path) for method, path, _ in await operations(client)]
    others = [("get", path) for path in [*PAGES, "/static/node.css", "/nothing", "/static/nothing"]]
    for method, path in routes + others:
        response = await client.request(method.upper(), path, params={"timeout": 0})
        assert_guarded(response)
        assert response.status_code < 500


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


async def test_without_the_token_only_the_open_paths_answer(client: httpx2.AsyncClient) -> None:
    node = WebNode(access_token="secret")
    routes = [(method, path) for method, path, _ in await operations(client)]
    routes += [("get", path) for path in [*PAGES, "/v1/unknown", "/v2/dcbEvents", "/unknown"]]
    async with node.client() as closed:
        for method, path in routes:
            request = (method.upper(), path)
            missing = await closed.request(*request)
            wrong = await closed.request(*request, headers={"AxonIQ-Access-Token": "secre"})
            if (method, path) == SIGN_IN:
                assert is_problem(missing, 415, "RANVIER-MEDIA-TYPE")
            elif path in OPEN:
                assert missing.status_code == wrong.status_code == (404 if "{" in path else 200)
            else:
                assert is_problem(missing, 401, "AXONIQ-1000")
                assert is_problem(wrong, 403, "AXONIQ-1001")
                assert_guarded(missing)


async def test_every_path_of_the_application_is_closed_unless_it_is_given() -> None:
    """Those that no description lists are walked as well: pages, live parts, static files."""
    node = WebNode(access_token="secret")
    walked: set[str] = set()
    async with node.client() as closed:
        for route in node.application().routes:
            assert isinstance(route, APIRoute), f"{route} is to be walked in another way"
            path = re.sub(r"{\w+(?::path)?}", "x", route.path)
            for method in sorted(route.methods or ()):
                walked.add(route.path)
                if route.path in GIVEN or (method.lower(), path) == SIGN_IN:
                    continue
                for headers in ({}, {"cookie": f"JSESSIONID={FORGED}.node1"}):
                    answer = await closed.request(method, path, headers=headers)
                    assert is_problem(answer, 401, "AXONIQ-1000"), (method, path)
                    closed.cookies.clear()
    assert walked >= GIVEN


async def test_people_with_a_wrong_token_are_told_and_not_sent_to_the_sign_in() -> None:
    async with WebNode(access_token="secret").client() as closed:
        for path in ("/", "/cockpit"):
            headers = {"accept": "text/html", "axoniq-access-token": "secre"}
            answer = await closed.get(path, headers=headers)
            assert is_problem(answer, 403, "AXONIQ-1001")


async def test_each_refused_token_is_counted() -> None:
    node = WebNode(access_token="secret")
    async with node.client() as client:
        await client.get("/")
        await client.get("/?AxonIQ-Access-Token=wrong")
        await client.get("/health/live")
        await client.get("/?AxonIQ-Access-Token=secret")
    assert node.refused_tokens == 2


@pytest.mark.parametrize("path", ["/", "/v1/public/me", "/internal/raft/contexts", "/openapi.json"])
async def test_the_token_opens_by_header_or_query(path: str) -> None:
    node = WebNode(access_token="secret")
    async with node.client() as client:
        headers = {"axoniq-access-token": "secret"}
        assert (await client.get(path, headers=headers)).status_code == 200
        assert (await client.get(path, params={"AxonIQ-Access-Token": "secret"})).status_code == 200


async def test_the_description_is_openapi_3_1_and_whole(client: httpx2.AsyncClient) -> None:
    found = await description(client)
    assert found["openapi"].startswith("3.1.")
    tags = {tag["name"]: tag["description"] for tag in found["tags"]}
    for method, path, operation in await operations(client):
        assert operation["summary"], path
        assert operation["description"], path
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in tags
        assert "default" in operation["responses"], (method, path)
        assert "422" not in operation["responses"]
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, parameter["name"])


async def test_open_paths_are_described_as_open(client: httpx2.AsyncClient) -> None:
    described = {
        (method, path)
        for method, path, operation in await operations(client)
        if not operation["security"]
    }
    assert described == {SIGN_IN, *(("get", path) for path in OPEN)}


async def test_internal_calls_stand_apart_and_are_marked(client: httpx2.AsyncClient) -> None:
    found = await description(client)
    internal = next(tag for tag in found["tags"] if tag["name"] == "internal")
    assert "Not public, subject to change without notice" in internal["description"]
    marked = set()
    for _, path, operation in await operations(client):
        assert (operation["tags"] == ["internal"]) == path.startswith("/internal/")
        assert ("x-stability" in operation) == path.startswith("/internal/")
        marked.add(operation.get("x-stability"))
    assert marked == {None, "internal"}


async def test_every_reference_of_the_description_resolves(client: httpx2.AsyncClient) -> None:
    found = await description(client)

    def walk(part: object) -> None:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                target: Any = found
                for name in reference.removeprefix("#/").split("/"):
                    target = target[name]
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(found)


async def test_the_examples_of_the_description_are_taken(client: httpx2.AsyncClient) -> None:
    paths = (await description(client))["paths"]
    for path in ("/v1/events", "/v1/snapshots"):
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]
        response = await client.post(path, json=body)
        assert response.status_code == 200, response.text
