"""The Cockpit of one node tells of another: real processes, and a client at the other one."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest

import ranvier
from examples.until import until
from ranvier.client import EventMessage
from ranvier.client.connect import ConnectOptions
from tests.support.cluster import Cluster, cluster

HERE = ConnectOptions(is_direct=True)
"""Stays with the node named."""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cockpit")) as nodes:
        nodes.start_all(("one", "two"))
        nodes.until_linked("one", "two")
        yield nodes


def page(nodes: Cluster, name: str, path: str) -> str:
    """Return a page of a node's Cockpit, as a browser without cookies gets it."""
    with urllib.request.urlopen(f"{nodes[name].http_address}{path}", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


async def test_handlers_and_events_of_the_other_node(nodes: Cluster) -> None:
    async with ranvier.connect(nodes["two"].grpc_address, **HERE) as hub:
        hub.commands.handler("buy-at-two")(lambda number: number)
        await hub.commands.ready()
        await hub.events.append(EventMessage({"bought": "at two"}))
        shown = await asyncio.to_thread(until_shown, nodes, "/cockpit/clients", "buy-at-two")
        assert "is not in this list" not in shown
        chosen = await asyncio.to_thread(page, nodes, "one", "/cockpit/clients?node=two")
        assert "buy-at-two" in chosen
        own = await asyncio.to_thread(page, nodes, "one", "/cockpit/clients?node=one")
        assert "Nobody handles anything yet." in own
        question = quote('payloadData contains "at two"')
        events = await asyncio.to_thread(
            page, nodes, "one", f"/cockpit/contexts/default?query={question}"
        )
        assert "/cockpit/contexts/default/events/0" in events
        event = await asyncio.to_thread(page, nodes, "one", "/cockpit/contexts/default/events/0")
        assert "&#34;bought&#34;" in event


def test_a_node_that_stands_still_is_said_to_be_missing(nodes: Cluster) -> None:
    nodes["two"].freeze()
    try:
        text = page(nodes, "one", "/cockpit/clients?node=two&search=nobody")
        assert "What node two holds is not in this list." in text
    finally:
        nodes["two"].thaw()


def until_shown(nodes: Cluster, path: str, text: str) -> str:
    """Return the page of node `one` once it shows a text."""
    until(lambda: text in page(nodes, "one", path), f"{path} shows {text}")
    return page(nodes, "one", path)
