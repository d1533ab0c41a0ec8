from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.config.route import ROUTE_PATTERN, compute_route


@pytest.mark.parametrize(
    ("hostname", "local_node_id", "route"),
    [
        ("messaging1.axoniq.io", 0, "messaging1"),
        ("Messaging1", 2, "messaging1-2"),
        ("10.1.2.3", 0, "10-1-2-3"),
        ("fe80::1", 1, "fe80--1-1"),
        ("my_host", 0, "my_host"),
        ("a" * 40, 0, "a" * 32),
        ("a" * 40, 12, "a" * 29 + "-12"),
    ],
)
def test_routes(hostname: str, local_node_id: int, route: str) -> None:
    assert compute_route(hostname, local_node_id) == route


@given(st.text(min_size=1).filter(lambda text: text.partition(".")[0]), st.integers(0, 9999))
def test_any_name_gives_a_route_that_every_balancer_can_use(host: str, node_id: int) -> None:
    assert ROUTE_PATTERN.fullmatch(compute_route(host, node_id))


@given(st.text(min_size=1), st.integers(0, 9999), st.integers(0, 9999))
def test_nodes_on_one_host_have_different_routes(host: str, one: int, other: int) -> None:
    assert (compute_route(host, one) == compute_route(host, other)) is (one == other)
