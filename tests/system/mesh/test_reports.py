"""Reports between nodes over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ranvier.mesh.report_calls import ReportCalls, refusal_text
from ranvier.mesh.round_trips import RoundTrips
from ranvier.services.node_report import (
    SUMMARY,
    Details,
    NodeReport,
    Queues,
    ReportedClient,
    ReportedHandler,
    ReportedLink,
    ReportedProcessor,
    ReportWish,
    Work,
)
from ranvier.wire.grpc.methods import unary
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.mesh_nodes import MeshNode, Roster, linked, running
from tests.support.node_reports import told

FULL = NodeReport(
    node_id="id-two",
    name="two",
    taken_at_ms=1_700_000_000_123,
    uptime_seconds=12.5,
    cpu_share=0.25,
    memory_bytes=2**40,
    client_count=3,
    open_session_count=0,
    is_ready=False,
    health=("The node is draining.", "Ünbekannt \u202e"),
    counters=Work(commands=1e12, queries=2, events_appended=3, events_read=4, http_requests=5),
    rates=Work(commands=0.5, failures=1.5),
    queues=Queues(commands_waiting=1, commands_in_flight=2, queries_waiting=3),
    links=(
        ReportedLink(node_id="id-one", name="one", is_up=True, round_trip_seconds=0.0),
        ReportedLink(node_id="id-three", name="three", is_up=False),
    ),
    details=Details(
        handlers=(
            ReportedHandler(
                kind="query",
                context="default",
                name="Find",
                client_id="c",
                component_name="shop",
                load_factor=50,
                permits=2**63 - 1,
                waiting=7,
                in_flight=8,
            ),
        ),
        handler_count=9,
        clients=(
            ReportedClient(
                context="default",
                client_id="c",
                component_name="shop",
                version="4.6",
                tags={"a": "b"},
                connected_seconds=1.5,
            ),
        ),
        client_count=2_000_000,
        processors=(
            ReportedProcessor(
                context="default",
                name="p",
                client_id="c",
                component_name="shop",
                mode="Pooled Streaming",
                is_running=True,
                active_threads=1,
                available_threads=2,
                segment_count=3,
            ),
        ),
        processor_count=1,
    ),
)


def reporting(node: MeshNode, report: Callable[[ReportWish], NodeReport]) -> ReportCalls:
    """Let a node tell this of itself."""
    calls = ReportCalls(node.mesh.links, report)
    calls.add_to(node.mesh.server, node.grpc)
    return calls


async def test_all_that_a_node_tells_arrives() -> None:
    roster, wishes = Roster(), list[ReportWish]()
    one, two = MeshNode("one", roster), MeshNode("two", roster)

    def report(wish: ReportWish) -> NodeReport:
        wishes.append(wish)
        return FULL

    asking = reporting(one, lambda _: told("one"))
    reporting(two, report)
    async with running(one, two):
        await linked(one, two)
        assert await asking.report_of("id-two", ReportWish(with_details=True, search="x")) == FULL
        assert await asking.report_of("id-two", SUMMARY) == FULL
    assert wishes == [ReportWish(with_details=True, search="x"), SUMMARY]


async def test_a_node_of_an_earlier_version_is_said_not_to_tell() -> None:
    roster = Roster()
    one, two = MeshNode("one", roster), MeshNode("two", roster)
    asking = reporting(one, lambda _: told("one"))
    async with running(one, two):
        await linked(one, two)
        reason = await asking.report_of("id-two", SUMMARY)
        assert reason == "Node two runs an earlier version, which does not tell how it does."
        assert await asking.report_of("id-three", SUMMARY) == (
            "There is no link with the node at present."
        )


async def test_the_round_trip_of_every_link_is_measured_while_somebody_looks() -> None:
    roster = Roster()
    one, two, silent = (MeshNode(name, roster) for name in ("one", "two", "without-reports"))
    reporting(two, lambda _: told("two"))
    async with running(one, two, silent):
        await linked(one, two, silent)
        roster.enter(two.address)
        trips = RoundTrips(one.mesh.links, roster, time.monotonic)
        first = trips.reported()
        assert [(each.name, each.is_up) for each in first] == [
            ("one", False),  # the roster of this test names the node itself as well
            ("two", True),
            ("without-reports", True),
        ]
        assert {each.round_trip_seconds for each in first} == {None}
        await trips.measure()
        seconds = {each.name: each.round_trip_seconds for each in trips.reported()}
        assert seconds["one"] is None
        for name in ("two", "without-reports"):
            assert 0 < (seconds[name] or 0) < 30
        await trips.stop()


async def test_a_link_that_is_lost_while_it_is_measured_has_no_time() -> None:
    roster = Roster()
    one, two = MeshNode("one", roster), MeshNode("two", roster)
    asked = asyncio.Event()

    async def stuck(_call: object, _message: bytes) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    two.mesh.server.add(two.grpc, "Report", unary(stuck))
    async with running(one, two):
        await linked(one, two)
        trips = RoundTrips(one.mesh.links, roster, time.monotonic)
        measuring = asyncio.create_task(trips.measure())
        async with asyncio.timeout(30):
            await asked.wait()
        two.mesh.server.close("cut by the test")
        await one.links.until()
        await measuring
        assert all(each.round_trip_seconds is None for each in trips.reported())
        await trips.stop()


def test_every_refusal_is_a_sentence() -> None:
    for status, text in (
        (StatusCode.DEADLINE_EXCEEDED, "Node n has not answered within 1 second."),
        (StatusCode.UNAVAILABLE, "The link with node n is lost."),
        (StatusCode.INTERNAL, "Node n has refused to tell how it does: oh"),
    ):
        assert refusal_text("n", GrpcError(status, "oh")) == text
