"""Which paths are open, and where a token may stand."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.return_path import return_path
from ranvier.web.access import is_open, offered_token, way_in


@pytest.mark.parametrize(
    "path",
    ["/health/live", "/health/ready", "/system/health", "/metrics", "/actuator", "/actuator/info"],
)
def test_balancers_and_monitoring_need_no_token(path: str) -> None:
    assert is_open(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1/public",
        "/v1/events",
        "/v2/dcbEvents",
        "/internal/raft/contexts",
        "/swagger-ui.html",
        "/openapi.json",
        "/healthy",
        "/actuators",
        "/metrics/",
        "//health/live",
        "/v1/../health/live",
    ],
)
def test_all_else_does(path: str) -> None:
    assert not is_open(path)


def test_people_and_programs_find_the_doors_open() -> None:
    assert is_open("/sign-in", "POST")
    assert is_open("/sign-out", "POST")
    assert is_open("/set-up")
    assert is_open("/api/sessions", "POST")
    for method, path in (
        ("GET", "/api/sessions"),
        ("DELETE", "/api/sessions"),
        ("GET", "/cockpit"),
    ):
        assert not is_open(path, method)
    assert not is_open("/sign-in/x")
    assert not is_open("/sign-ins")


@pytest.mark.parametrize(
    ("headers", "query", "token"),
    [
        ([], b"", None),
        ([], b"axoniq-access-token=a", None),
        ([], b"context=a&AxonIQ-Access-Token=s%26cret", "s&cret"),
        ([(b"axoniq-access-token", b"secret")], b"AxonIQ-Access-Token=other", "secret"),
        ([(b"axoniq-access-token", "gehëim".encode())], b"", "gehëim"),
        ([(b"axoniq-access-token", b"\xff")], b"", "\ufffd"),
        ([(b"axoniq-access-token", b"")], b"", ""),
    ],
)
def test_the_header_counts_before_the_query(
    headers: list[tuple[bytes, bytes]], query: bytes, token: str | None
) -> None:
    assert offered_token({"headers": headers, "query_string": query}) == token


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(["", "a=1", "b=%20&c"]))
def test_the_way_in_leads_back(tail: str, query: str) -> None:
    scope = {"method": "GET", "path": f"/cockpit/{tail}", "query_string": query.encode()}
    way = urlsplit(way_in(scope))
    assert way.path == "/sign-in"
    (back,) = parse_qs(way.query)["return_to"]
    assert return_path(back) == back
    assert urlsplit(back).query == query
    assert way_in(scope | {"method": "POST"}) == "/sign-in?return_to=%2Fcockpit"
