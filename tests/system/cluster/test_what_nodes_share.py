"""Contexts, configuration, schedule and persistent streams of three nodes: real processes."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.error import HTTPError

import grpc
import pytest

from examples.until import until
from ranvier.proto import admin_pb2, event_pb2
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import (
    context_admin_stub,
    event_scheduler_stub,
    event_store_stub,
    persistent_stream_stub,
)
from tests.support.cluster import Cluster, cluster
from tests.support.new_events import axon_event
from tests.support.scale import scaled
from tests.support.stream_calls import AGGREGATES, check_order, finish
from tests.support.stream_consumer import Journal, StreamConsumer, properties
from tests.support.whole_log import read_whole_log

NAMES = ("one", "two", "three")
CONFIGURATION = "/api/cluster/configuration"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        nodes.start_all(NAMES)
        yield nodes


@pytest.fixture
def nodes(started: Cluster) -> Cluster:
    """Three nodes that run and see each other, whatever the test before has left."""
    started.heal()
    for name in NAMES:
        if not started[name].is_running:
            started.start(name)
        started[name].thaw()
    started.until_linked(*NAMES)
    return started


def send(nodes: Cluster, name: str, method: str, path: str, body: object = None) -> object:
    """Send JSON to a node and return what it answers; raise `HTTPError` if it refuses."""
    request = urllib.request.Request(
        f"{nodes[name].http_address}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def contexts_of(nodes: Cluster, name: str) -> dict[str, object]:
    found = nodes.get(name, "/v1/public/context")
    assert isinstance(found, list)
    return {each["context"]: each["metaData"] for each in found}


@contextmanager
def channel_to(nodes: Cluster, name: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(nodes[name].grpc_address) as channel:
        yield channel


def test_contexts_come_change_and_go_on_all_nodes(nodes: Cluster) -> None:
    send(nodes, "one", "POST", "/v1/context", {"context": "orders"})
    seconds = until(
        lambda: all("orders" in contexts_of(nodes, name) for name in NAMES), "all know it"
    )
    send(nodes, "two", "PATCH", "/v1/context/orders", {"metaData": {"owner": "sales"}})
    until(
        lambda: all(contexts_of(nodes, name)["orders"] == {"owner": "sales"} for name in NAMES),
        "all know its owner",
    )
    with channel_to(nodes, "three") as channel:
        overview = context_admin_stub(channel).GetContext(
            admin_pb2.GetContextRequest(name="orders"), timeout=30
        )
        members = overview.replicationGroup.members
        assert sorted(each.node_name for each in members) == sorted(NAMES)
        consumer = StreamConsumer(
            nodes["three"].grpc_address, "c", Journal(), properties(1), context="orders"
        )
        consumer.wait_for_segments(1)
        send(nodes, "one", "DELETE", "/v1/context/orders")
        consumer.wait_for_end()
    until(lambda: all("orders" not in contexts_of(nodes, name) for name in NAMES), "it is gone")
    print(f"a new context was known everywhere after {seconds:.2f} s")


def test_a_context_that_is_created_on_all_nodes_at_once_is_created_once(nodes: Cluster) -> None:
    def create(name: str) -> int:
        try:
            send(nodes, name, "POST", "/v1/context", {"context": "once"})
        except HTTPError as error:
            error.close()
            return error.code
        return 202

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(create, NAMES)) == [202, 409, 409]


def revision_of(nodes: Cluster, observer: str) -> int:
    found = nodes.get(observer, CONFIGURATION)
    assert isinstance(found, dict)
    return int(found["revision"])


def test_of_changes_made_at_once_one_wins_and_all_nodes_apply_it(nodes: Cluster) -> None:
    seen = revision_of(nodes, "one")

    def change(name: str) -> str:
        body = {"values": {"query.limit": "77"}, "replaces": seen, "author": name}
        try:
            send(nodes, name, "PATCH", CONFIGURATION, body)
        except HTTPError as error:
            return str(json.load(error)["code"])
        return "done"

    started = time.monotonic()
    with ThreadPoolExecutor(3) as threads:
        said = sorted(threads.map(change, NAMES))
    assert said == ["RANVIER-CONFIGURATION-MOVED"] * 2 + ["done"]
    until(
        lambda: (
            {each["configRevision"] for each in nodes.members("two")} == {revision_of(nodes, "two")}
        ),
        "all nodes say that they have applied it",
    )
    print(f"applied on three nodes and told by all after {time.monotonic() - started:.2f} s")


def test_a_token_that_is_set_counts_everywhere_and_after_a_restart(nodes: Cluster) -> None:
    values = {"access_control": "true", "access_token": "sesame"}
    send(nodes, "one", "PATCH", CONFIGURATION, {"values": values})
    for name in NAMES:
        until(lambda name=name: refuses_strangers(nodes, name), f"{name} asks for the token")  # type: ignore[misc]  # the name of this turn
    nodes["two"].kill()
    nodes.start("two")
    assert refuses_strangers(nodes, "two")
    request = urllib.request.Request(
        f"{nodes['two'].http_address}{CONFIGURATION}",
        json.dumps({"values": dict.fromkeys(values)}).encode(),
        {"Content-Type": "application/json", "AxonIQ-Access-Token": "sesame"},
        method="PATCH",
    )
    # A node that was killed a moment ago may still be asked for its opinion.
    until(lambda: is_taken(request), "the token is taken away")
    for name in NAMES:
        until(lambda name=name: not refuses_strangers(nodes, name), f"{name} asks nobody")  # type: ignore[misc]  # as above


def is_taken(request: urllib.request.Request) -> bool:
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except HTTPError as error:
        error.close()
        return False
    return True


def refuses_strangers(nodes: Cluster, name: str) -> bool:
    """Ask a node by REST and by gRPC; both must say the same."""
    try:
        nodes.get(name, CONFIGURATION)
        by_rest = False
    except HTTPError as error:
        error.close()
        by_rest = error.code == 401
    with channel_to(nodes, name) as channel:
        try:
            list(persistent_stream_stub(channel).ListStreams(streams_pb2.ListStreamsRequest()))
            by_grpc = False
        except grpc.RpcError as error:
            by_grpc = error.code() is grpc.StatusCode.PERMISSION_DENIED
    return by_rest and by_grpc


def append(channel: grpc.Channel, context: str, rounds: range) -> None:
    """Append one event to each aggregate of a context for each round."""
    stub = event_store_stub(channel)
    for number in rounds:
        events = [axon_event(f"a{aggregate}", number) for aggregate in range(AGGREGATES)]
        stub.AppendEvent(iter(events), metadata=in_context(context))


def in_context(context: str) -> tuple[tuple[str, str], ...]:
    return (("axoniq-context", context),)


def test_a_stream_is_shared_by_clients_of_different_nodes(nodes: Cluster) -> None:
    journal, context = Journal(), "shared"
    send(nodes, "one", "POST", "/v1/context", {"context": context})
    until(lambda: all(context in contexts_of(nodes, name) for name in NAMES), "all know it")
    with channel_to(nodes, "three") as channel:
        append(channel, context, range(10))
        first = StreamConsumer(
            nodes["one"].grpc_address, "at one", journal, properties(4), context=context
        )
        first.wait_for_segments(4)
        second = StreamConsumer(nodes["two"].grpc_address, "at two", journal, context=context)
        first.wait_for_segments(2)
        second.wait_for_segments(2)
        append(channel, context, range(10, 30))
        journal.wait_for_tokens(30 * AGGREGATES)
        check_order(journal, 30)
        assert len(journal.events) == 30 * AGGREGATES, "nothing came twice"
        assert {each.client for each in journal.events} == {"at one", "at two"}
        stub = persistent_stream_stub(channel)
        update = streams_pb2.UpdateStreamRequest(stream_id="s", segments=2)
        finish(stub.UpdateStream(update, metadata=in_context(context)))
        first.wait_for_segments(1)
        second.wait_for_segments(1)
        assert len(positions(channel, context)) == 2
        second.leave()
        first.wait_for_segments(2)
        deletion = streams_pb2.DeleteStreamRequest(stream_id="s")
        finish(stub.DeleteStream(deletion, metadata=in_context(context)))
        first.wait_for_end()
        second.break_off()
        first.break_off()


def test_a_stream_goes_on_at_another_node_when_its_owner_is_frozen(nodes: Cluster) -> None:
    """No event is lost and order is kept; positions of a former owner are never taken."""
    journal, context = Journal(), "frozen"
    send(nodes, "one", "POST", "/v1/context", {"context": context})
    until(lambda: all(context in contexts_of(nodes, name) for name in NAMES), "all know it")
    with channel_to(nodes, "three") as channel:
        rounds = 5
        append(channel, context, range(rounds))
        owner, other = "one", "two"
        consumer = StreamConsumer(
            nodes[owner].grpc_address, f"at {owner}", journal, properties(2), context=context
        )
        journal.wait_for_tokens(rounds * AGGREGATES)
        for turn in range(scaled(20, suite=2)):
            nodes[owner].freeze()
            begun = time.monotonic()
            follower = StreamConsumer(
                nodes[other].grpc_address, f"at {other}, {turn}", journal, context=context
            )
            follower.wait_for_segments(2)
            print(f"taken over after {time.monotonic() - begun:.2f} s")
            append(channel, context, range(rounds, rounds + 5))
            rounds += 5
            journal.wait_for_tokens(rounds * AGGREGATES)
            all_handled = [rounds * AGGREGATES - 1] * 2
            until_positions(channel, context, all_handled)
            nodes[owner].thaw()
            consumer.wait_for_end()
            nodes.until_all_see("running", *NAMES)
            assert positions(channel, context) == all_handled, "turned back by a former owner"
            consumer.break_off()
            consumer, (owner, other) = follower, (other, owner)
        consumer.break_off()
    check_order(journal, rounds)


def until_positions(channel: grpc.Channel, context: str, expected: list[int]) -> None:
    until(lambda: positions(channel, context) == expected, "positions are stored")


def positions(channel: grpc.Channel, context: str) -> list[int]:
    """Return the last confirmed token of each segment, as it is stored."""
    stub = persistent_stream_stub(channel)
    (found,) = stub.ListStreams(streams_pb2.ListStreamsRequest(), metadata=in_context(context))
    return [each.position for each in found.segments]


def test_each_scheduled_event_is_published_once_whatever_happens_to_nodes(nodes: Cluster) -> None:
    count = 60
    with channel_to(nodes, "one") as channel:
        scheduler = event_scheduler_stub(channel)
        now_ms = time.time_ns() // 1_000_000
        for number in range(count):
            event = axon_event(f"scheduled-{number}", 0)
            event.message_identifier = f"scheduled-{number}"
            scheduler.ScheduleEvent(
                event_pb2.ScheduleEventRequest(instant=now_ms + 20 * number, event=event)
            )
    nodes["two"].freeze()
    nodes["three"].kill()
    port = int(nodes["one"].grpc_address.rpartition(":")[2])

    def published() -> list[str]:
        identifiers = [row.event.message_identifier for row in read_whole_log(port)]
        return sorted(each for each in identifiers if each.startswith("scheduled-"))

    until(lambda: len(set(published())) == count, "all are published", 60.0)
    nodes["two"].thaw()
    nodes.start("three")
    nodes.until_all_see("running", *NAMES)
    assert published() == sorted(f"scheduled-{number}" for number in range(count))
