"""Who is connected and handles what, as a node tells it of itself."""

from __future__ import annotations

import pytest

from ranvier.messages.handler import Handler
from ranvier.services import report_details
from ranvier.services.keep_clients import KeepClients
from ranvier.services.report_details import ReportDetails
from ranvier.services.topology import command_registration
from tests.support.command_parties import CommandHub, NotedCommand
from tests.support.connected_clients import connect, run_processor
from tests.support.query_links import NotedCaller, handler_stream, question
from tests.support.query_nodes import Routed


class Scene:
    """A node with clients, and handlers of commands and queries."""

    def __init__(self) -> None:
        self.hub = CommandHub()
        self.queries = Routed()
        self.queries.handlers._topology = self.hub.topology
        self.seconds = 10.0
        self.clients = KeepClients(lambda: self.seconds)
        self.details = ReportDetails(
            self.clients,
            self.hub.commands,
            self.queries.handlers,
            self.hub.topology,
            lambda: self.seconds,
        )


async def test_each_handler_with_what_its_stream_may_take_and_has_under_way() -> None:
    scene = Scene()
    scene.hub.join(1, "Buy", "Sell", permits=3)
    for number in range(5):
        scene.hub.dispatch(NotedCommand(f"c-{number}"))
    handler_stream(scene.queries, "Find", permits=1)
    for name in ("q-1", "q-2"):
        scene.queries.dispatch.ask(question(name), NotedCaller())
    handlers = scene.details.matching("").handlers
    assert [(each.kind, each.name) for each in handlers] == [
        ("command", "Buy"),
        ("command", "Sell"),
        ("query", "Find"),
    ]
    assert [(each.permits, each.waiting, each.in_flight) for each in handlers] == [
        (0, 2, 3),
        (0, 2, 3),
        (0, 1, 1),
    ]
    assert {each.load_factor for each in handlers} == {100}
    queues = scene.details.queues()
    assert (queues.commands_waiting, queues.commands_in_flight) == (2, 3)
    assert (queues.queries_waiting, queues.queries_in_flight) == (1, 1)
    await scene.hub.commands.stop()


def test_handlers_of_other_nodes_are_told_by_those() -> None:
    scene = Scene()
    far = Handler("default", "far", "far.1", "shop", {}, "node-2")
    scene.hub.topology.added(command_registration(far, "Buy"))
    assert scene.details.matching("").handlers == ()


def test_each_client_with_its_time_and_each_processor() -> None:
    scene = Scene()
    client = connect(scene.clients, "bank-1")
    run_processor(scene.clients, client, ((0, 2), (1, 2)))
    scene.seconds += 5
    found = scene.details.matching("")
    (told,) = found.clients
    assert (told.client_id, told.component_name, told.version) == ("bank-1", "bank", "4.12.1")
    assert (told.context, told.tags, told.connected_seconds) == ("default", {"zone": "north"}, 5)
    (processor,) = found.processors
    assert (processor.name, processor.client_id, processor.segment_count) == (
        "accounts",
        "bank-1",
        2,
    )
    assert (processor.is_running, processor.active_threads) == (True, 2)


def test_a_search_looks_into_every_name_in_whatever_case() -> None:
    scene = Scene()
    run_processor(scene.clients, connect(scene.clients, "bank-1"))
    connect(scene.clients, "shop-1", "shop", "stock")
    scene.hub.join("s", "Buy", "Sell")
    assert [each.client_id for each in scene.details.matching("BANK").clients] == ["bank-1"]
    assert [each.client_id for each in scene.details.matching("stock").clients] == ["shop-1"]
    assert [each.name for each in scene.details.matching("ELL").handlers] == ["Sell"]
    assert len(scene.details.matching("accOUNTS").processors) == 1
    nothing = scene.details.matching("nobody")
    assert (nothing.handler_count, nothing.client_count, nothing.processor_count) == (0, 0, 0)


def test_a_report_is_bounded_and_says_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_details, "ROWS_MAX", 2)
    scene = Scene()
    for number in range(5):
        run_processor(scene.clients, connect(scene.clients, f"bank-{number}"))
        scene.hub.join(number, "Buy")
    found = scene.details.matching("")
    assert (len(found.clients), len(found.handlers), len(found.processors)) == (2, 2, 2)
    assert (found.client_count, found.handler_count, found.processor_count) == (5, 5, 5)
