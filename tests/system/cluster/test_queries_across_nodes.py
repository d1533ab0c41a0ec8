"""Queries and event processors over nodes: real processes, real PostgreSQL."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from examples.until import until
from ranvier.proto import admin_pb2, common_pb2, control_pb2
from tests.support.axon_stubs import platform_stub, processor_admin_stub
from tests.support.cluster import Cluster, cluster
from tests.support.live_call import LiveCall
from tests.support.query_peers import Handler, Subscriber, ask, data_of

AT_ONCE_SECONDS = 25.0
"""Far below the 300 s of a query, far above the two that are promised of an idle machine."""

Inbound = control_pb2.PlatformInboundInstruction

numbers = itertools.count()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    with cluster(folder) as started:
        started.start_all(["one", "two", "three"])
        yield started


@pytest.fixture
def stack(nodes: Cluster) -> Iterator[ExitStack]:
    """Start what a test before has killed; end what this one opens."""
    for name in ("one", "two", "three"):
        if not nodes[name].is_running:
            nodes.start(name)
    nodes.until_linked("one", "two", "three")
    with ExitStack() as stack:
        yield stack


def channel(nodes: Cluster, name: str, stack: ExitStack) -> grpc.Channel:
    return stack.enter_context(grpc.insecure_channel(nodes[name].grpc_address))


def handler_at(nodes: Cluster, node: str, name: str, stack: ExitStack) -> Handler:
    component = f"component-{node}"
    return stack.enter_context(Handler(channel(nodes, node, stack), name, component=component))


def known(nodes: Cluster, node: str, name: str, count: int) -> None:
    """Wait until a node knows so many components that answer a query, wherever they are."""

    def is_known() -> bool:
        listed: Any = nodes.get(node, "/v1/queries?context=default")
        return sum(len(each["components"]) for each in listed if each["query"] == name) == count

    until(is_known, f"node {node} knows {count} components that answer {name}")


def test_one_of_each_component_of_the_whole_cluster_answers(
    nodes: Cluster, stack: ExitStack
) -> None:
    name = f"Find{next(numbers)}"
    handlers = [handler_at(nodes, node, name, stack) for node in ("two", "three")]
    for node in ("one", "two", "three"):
        known(nodes, node, name, 2)
        call = ask(channel(nodes, node, stack), name, f"{name}-{node}")
        for handler in handlers:
            asked = handler.next_query()
            handler.answer(asked.message_identifier, *[handler.component.encode()] * 50)
        assert sorted(data_of(call)) == [b"component-three"] * 50 + [b"component-two"] * 50


class Client:
    """A client that runs the processor `accounts`."""

    def __init__(self, own: grpc.Channel, name: str, segment: int) -> None:
        register = control_pb2.ClientIdentification(
            client_id=name, component_name="bank", version="4.6"
        )
        self.call = LiveCall[Any, Any](platform_stub(own).OpenStream, Inbound(register=register))
        status = control_pb2.EventProcessorInfo.SegmentStatus(segment_id=segment, one_part_of=2)
        info = control_pb2.EventProcessorInfo(
            processor_name="accounts",
            token_store_identifier="store",
            running=True,
            active_threads=1,
            available_threads=1,
            is_streaming_processor=True,
            segment_status=[status],
        )
        self.call.send(Inbound(event_processor_info=info))

    def confirm(self, kind: str) -> None:
        """Do what is asked, which must be of this kind."""
        instruction = self.call.next()
        assert instruction.HasField(kind), instruction
        result = common_pb2.InstructionResult(
            instruction_id=instruction.instruction_id, success=True
        )
        self.call.send(Inbound(result=result))


def test_every_node_sees_and_steers_the_processors_of_all(nodes: Cluster, stack: ExitStack) -> None:
    expected = {("client-two", "two"), ("client-three", "three")}
    clients = {}
    for segment, node in enumerate(("two", "three")):
        client = clients[node] = Client(channel(nodes, node, stack), f"client-{node}", segment)
        stack.enter_context(client.call)

    def is_shown(node: str) -> bool:
        listed: Any = nodes.get(node, "/v1/components/clients?context=default")
        found = {(each["name"], each["axonServer"]) for each in listed}
        processors = json.dumps(nodes.get(node, "/v1/components/bank/processors?context=default"))
        return found == expected and all(name in processors for name, _ in expected)

    for node in ("one", "two", "three"):
        until(partial(is_shown, node), f"node {node} shows both clients and what they run")
    admin = processor_admin_stub(channel(nodes, "one", stack))
    accounts = admin_pb2.EventProcessorIdentifier(
        processor_name="accounts", token_store_identifier="store"
    )
    with ThreadPoolExecutor(1) as pool:
        merging = pool.submit(admin.MergeEventProcessor, accounts)
        clients["three"].confirm("release_segment")
        clients["two"].confirm("merge_event_processor_segment")
        assert merging.result(30).result == admin_pb2.SUCCESS


def test_a_killed_node_is_a_lost_handler_for_queries_and_subscriptions(
    nodes: Cluster, stack: ExitStack
) -> None:
    name = f"Find{next(numbers)}"
    lost, left = (handler_at(nodes, node, name, stack) for node in ("two", "three"))
    known(nodes, "one", name, 2)
    own = channel(nodes, "one", stack)
    caller = stack.enter_context(Subscriber(own, name))
    for handler in (lost, left):
        handler.next_subscription_request("subscribe")
        handler.update("q-1", handler.component.encode())
    assert {caller.next_update() for _ in range(2)} == {b"component-two", b"component-three"}
    call = ask(own, name, "in flight")
    left.next_query()
    left.complete("in flight")
    lost.next_query()
    started = time.monotonic()
    nodes["two"].kill()
    assert [each.error_code for each in call] == ["AXONIQ-4001"]
    assert time.monotonic() - started < AT_ONCE_SECONDS
    left.update("q-1", b"goes on")
    assert caller.next_update() == b"goes on"
    known(nodes, "one", name, 1)
    again = ask(own, name, "after")
    left.next_query()
    left.answer("after", b"by the other")
    assert data_of(again) == [b"by the other"]
