"""Commands from a client of one node to a handler of another: real processes, real PostgreSQL."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from axonclient.protos import event_pb2, event_pb2_grpc

from examples.until import until
from ranvier.services.follow_events import LOOK_PAUSE_SECONDS
from tests.support.cluster import Cluster, cluster
from tests.support.command_client import Caller, LiveHandler, command
from tests.support.live_call import LiveCall

ANSWER_SECONDS = 60.0
"""Bounds a failure."""

AT_ONCE_SECONDS = 25.0
"""Far below the time-out of a command, far above the two seconds that are promised of a machine
that has nothing else to do."""

numbers = itertools.count()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    with cluster(folder) as started:
        started.start_all(["one", "two", "three"])
        yield started


@pytest.fixture(autouse=True)
def all_run(nodes: Cluster) -> None:
    """Start what a test before has killed, and thaw what it has frozen."""
    for name in ("one", "two", "three"):
        if not nodes[name].is_running:
            nodes.start(name)
        nodes[name].thaw()
    nodes.heal()
    nodes.until_linked("one", "two", "three")


@pytest.fixture
def open_channels(nodes: Cluster) -> Iterator[ExitStack]:
    assert nodes
    with ExitStack() as stack:
        yield stack


def channel(nodes: Cluster, name: str, stack: ExitStack) -> grpc.Channel:
    return stack.enter_context(grpc.insecure_channel(nodes[name].grpc_address))


def a_name() -> str:
    """Return a command name that no other test uses."""
    return f"Buy{next(numbers)}"


def handler_of(nodes: Cluster, node: str, name: str, stack: ExitStack, permits: int) -> LiveHandler:
    party = LiveHandler(channel(nodes, node, stack), f"handler-{next(numbers)}")
    return stack.enter_context(party).subscribe(name).grant(permits)


def event_store(channel: grpc.Channel) -> Any:
    """Return the stub that axonclient ships."""
    return event_pb2_grpc.EventStoreStub(channel)  # type: ignore[no-untyped-call]  # generated


def known(nodes: Cluster, node: str, name: str, count: int = 1) -> None:
    """Wait until a node knows so many handlers of a command, wherever they are."""

    def is_known() -> bool:
        listed: Any = nodes.get(node, "/v1/commands?context=default")
        clients = [
            client
            for each in listed
            if each["command"] == name
            for component in each["components"]
            for client in component["clients"]
        ]
        return len(clients) == count

    until(is_known, f"node {node} knows {count} handlers of {name}")


def test_a_client_of_any_node_reaches_a_handler_on_any_other(
    nodes: Cluster, open_channels: ExitStack
) -> None:
    name = a_name()
    handler = handler_of(nodes, "two", name, open_channels, 1_000)
    for node in ("one", "two", "three"):
        caller = Caller(channel(nodes, node, open_channels))
        known(nodes, node, name)
        asked = [caller.dispatch(command(f"{node}-{n}", name, data=bytes(n))) for n in range(50)]
        for _ in asked:
            handler.respond(handler.next().message_identifier)
        assert not any(each.result(ANSWER_SECONDS).error_code for each in asked)
        assert {each.result().request_identifier for each in asked} == {
            f"{node}-{n}" for n in range(50)
        }


@pytest.mark.parametrize("fault", ["kill", "freeze", "part"])
def test_what_a_lost_node_was_sent_is_answered_at_once_axoniq_4001(
    nodes: Cluster, open_channels: ExitStack, fault: str
) -> None:
    name = a_name()
    caller = Caller(channel(nodes, "one", open_channels))
    lost = handler_of(nodes, "two", name, open_channels, 100)
    known(nodes, "one", name)
    asked = [caller.dispatch(command(f"{name}-{n}", name)) for n in range(20)]
    for _ in asked:
        lost.next()
    started = time.monotonic()
    if fault == "kill":
        nodes["two"].kill()
    elif fault == "freeze":
        nodes["two"].freeze()
    else:
        nodes.part("one", "two")
    outcomes = [each.result(ANSWER_SECONDS).error_code for each in asked]
    assert outcomes == ["AXONIQ-4001"] * 20
    assert time.monotonic() - started < AT_ONCE_SECONDS
    refused = caller.ask(command(f"{name}-later", name))
    assert refused.error_code == "AXONIQ-4000"
    other = handler_of(nodes, "three", name, open_channels, 100)
    known(nodes, "one", name)
    asked = [caller.dispatch(command(f"{name}-{n}", name)) for n in range(20, 30)]
    for _ in asked:
        other.respond(other.next().message_identifier)
    assert not any(each.result(ANSWER_SECONDS).error_code for each in asked)


def test_a_node_that_stops_in_order_sends_back_what_its_handlers_were_not_given(
    nodes: Cluster, open_channels: ExitStack
) -> None:
    name = a_name()
    caller = Caller(channel(nodes, "one", open_channels))
    leaving = handler_of(nodes, "two", name, open_channels, 10)
    known(nodes, "one", name)
    ids = [f"{name}-{n}" for n in range(20)]
    asked = {each: caller.dispatch(command(each, name)) for each in ids}
    given = {leaving.next().message_identifier for _ in range(10)}
    other = handler_of(nodes, "three", name, open_channels, 100)
    known(nodes, "one", name, 2)
    assert nodes["two"].stop() == 0
    for _ in range(10):
        other.respond(other.next().message_identifier)
    outcomes = {each: future.result(ANSWER_SECONDS).error_code for each, future in asked.items()}
    assert outcomes == {each: "AXONIQ-4001" if each in given else "" for each in ids}


def test_a_link_that_is_reset_is_made_again_and_handlers_are_known_again(
    nodes: Cluster, open_channels: ExitStack
) -> None:
    name = a_name()
    caller = Caller(channel(nodes, "one", open_channels))
    handler = handler_of(nodes, "two", name, open_channels, 100)
    known(nodes, "one", name)
    asked = [caller.dispatch(command(f"{name}-{n}", name)) for n in range(5)]
    for _ in asked:
        handler.next()
    nodes.links["two"].cut()
    assert {each.result(ANSWER_SECONDS).error_code for each in asked} == {"AXONIQ-4001"}
    nodes.links["two"].heal()
    known(nodes, "one", name)
    again = caller.dispatch(command(f"{name}-again", name))
    handler.respond(handler.next().message_identifier)
    assert not again.result(ANSWER_SECONDS).error_code


def test_a_reader_is_woken_by_what_another_node_has_stored(
    nodes: Cluster, open_channels: ExitStack
) -> None:
    reader = event_store(channel(nodes, "one", open_channels))
    writer = event_store(channel(nodes, "two", open_channels))
    head = writer.GetLastToken(event_pb2.GetLastTokenRequest(), timeout=ANSWER_SECONDS).token + 1
    first = event_pb2.GetEventsRequest(tracking_token=head, number_of_permits=1_000)
    events: LiveCall[Any, Any] = LiveCall(reader.ListEvents, first)
    with events:
        delays = []
        for number in range(20):
            event = event_pb2.Event(message_identifier=f"e-{number}", timestamp=1)
            event.payload.type = "Stored"
            started = time.monotonic()
            writer.AppendEvent(iter([event]), timeout=ANSWER_SECONDS)
            assert events.next().token == head + number
            delays.append(time.monotonic() - started)
    # Woken by the looks at the heads alone, each would wait for nearly the whole pause. A machine
    # that is busy holds up single ones.
    assert sorted(delays)[len(delays) // 4] < LOOK_PAUSE_SECONDS / 2
