"""`/actuator/metrics`: names, single figures, and their tags, as Spring shows them."""

from __future__ import annotations

import httpx2
import pytest

from ranvier.observability.measurements import Measurement, Series
from tests.support.web_node import WebNode, is_problem

LAST_TOKEN = Measurement(
    "axon.event.lastToken",
    "Token of the last event",
    None,
    (
        Series({"context": "default"}, {"VALUE": 41.0}),
        Series({"context": "other"}, {"VALUE": 1.0}),
    ),
)
DURATION = Measurement(
    "axon.events.append.duration",
    "Events appended",
    "seconds",
    (Series({"context": "default"}, {"COUNT": 2.0, "TOTAL_TIME": 0.5}),),
)
BROKEN = Measurement("ranvier.broken", "", None, (Series({}, {"VALUE": float("nan")}),))


@pytest.fixture(autouse=True)
def measured(node: WebNode) -> None:
    node.measurements += [LAST_TOKEN, DURATION, BROKEN]


async def test_the_names_of_all_figures(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/actuator/metrics")).json() == {
        "names": ["axon.event.lastToken", "axon.events.append.duration", "ranvier.broken"]
    }


async def test_a_figure_is_summed_up_over_its_tags(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/actuator/metrics/axon.event.lastToken")).json() == {
        "name": "axon.event.lastToken",
        "description": "Token of the last event",
        "baseUnit": None,
        "measurements": [{"statistic": "VALUE", "value": 42.0}],
        "availableTags": [{"tag": "context", "values": ["default", "other"]}],
    }


async def test_a_tag_picks_out_one_context(client: httpx2.AsyncClient) -> None:
    found = await client.get("/actuator/metrics/axon.event.lastToken?tag=context:default")
    assert found.json()["measurements"] == [{"statistic": "VALUE", "value": 41.0}]
    assert found.json()["availableTags"] == []


async def test_a_time_has_its_unit_and_two_statistics(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/actuator/metrics/axon.events.append.duration")).json()
    assert found["baseUnit"] == "seconds"
    assert found["measurements"] == [
        {"statistic": "COUNT", "value": 2.0},
        {"statistic": "TOTAL_TIME", "value": 0.5},
    ]


async def test_a_number_that_is_none_is_null(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/actuator/metrics/ranvier.broken")).json()
    assert found["measurements"] == [{"statistic": "VALUE", "value": None}]


@pytest.mark.parametrize("path", ["nothing", "axon.event.lastToken?tag=context:nowhere"])
async def test_what_is_not_measured_is_not_found(client: httpx2.AsyncClient, path: str) -> None:
    refusal = await client.get(f"/actuator/metrics/{path}")
    assert is_problem(refusal, 404, "RANVIER-UNKNOWN-METRIC")


async def test_a_tag_without_a_value_is_refused(client: httpx2.AsyncClient) -> None:
    refusal = await client.get("/actuator/metrics/axon.event.lastToken?tag=context")
    assert is_problem(refusal, 400, "RANVIER-INVALID-PARAMETER")
