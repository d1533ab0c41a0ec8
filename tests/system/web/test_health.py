"""Health and monitoring: what balancers, supervisors and monitoring tools read."""

from __future__ import annotations

import httpx2
import pytest

from ranvier import __version__
from ranvier.web.dependencies import PartHealth
from tests.support.web_node import WebNode

READY_PATHS = ["/health/ready", "/actuator/health", "/system/health"]


@pytest.mark.parametrize("path", READY_PATHS)
async def test_a_node_is_ready_when_every_part_is(
    node: WebNode, client: httpx2.AsyncClient, path: str
) -> None:
    node.health = [
        PartHealth("database", is_up=True, details={"kind": "sqlite"}),
        PartHealth("grpc", is_up=True),
    ]
    response = await client.get(path)
    assert response.status_code == 200
    assert response.json() == {
        "status": "UP",
        "reasons": [],
        "components": {
            "database": {"status": "UP", "details": {"kind": "sqlite"}},
            "grpc": {"status": "UP", "details": {}},
        },
    }


@pytest.mark.parametrize("path", READY_PATHS)
async def test_a_node_that_is_not_ready_says_why(
    node: WebNode, client: httpx2.AsyncClient, path: str
) -> None:
    node.health = [
        PartHealth("database", is_up=False, reason="The disk is full."),
        PartHealth("grpc", is_up=True),
    ]
    response = await client.get(path)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    answer = response.json()
    assert (answer["status"], answer["reasons"]) == ("DOWN", ["database: The disk is full."])
    assert answer["components"]["database"] == {
        "status": "DOWN",
        "details": {"reason": "The disk is full."},
    }


async def test_a_node_that_is_not_ready_lives(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.health = [PartHealth("database", is_up=False, reason="It is gone.")]
    response = await client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "UP"})


@pytest.mark.parametrize("path", ["/metrics", "/actuator/prometheus"])
async def test_metrics_are_prometheus_text(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.text == "ranvier_node_info 1.0\n"


async def test_the_actuator_links_to_what_it_offers(client: httpx2.AsyncClient) -> None:
    links = (await client.get("/actuator")).json()["_links"]
    assert links["self"]["href"] == "http://node/actuator"
    for link in links.values():
        assert (await client.get(link["href"])).status_code == 200


async def test_info_names_program_and_version(client: httpx2.AsyncClient) -> None:
    app = (await client.get("/actuator/info")).json()["app"]
    assert app == {"name": "Ranvier", "version": __version__}


async def test_a_balancer_may_ask_without_a_body(client: httpx2.AsyncClient) -> None:
    response = await client.head("/health/ready")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 0
