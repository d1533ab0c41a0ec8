"""Nodes of different `limits.message_bytes`: what is too long for one ends its own call alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from axonclient.protos import query_pb2

from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.command_client import Caller, LiveHandler, command
from tests.support.live_call import refused
from tests.support.query_peers import Handler, Subscriber, ask, data_of, query, query_stub

KIB = 1024
LITTLE, MUCH = 256 * KIB, 1024 * KIB
LONG = bytes(512 * KIB)
"""More than a message of the one node may have, less than one of the other."""


def a_cluster(place: Path, *, callers: int, handlers: int) -> Iterator[AxonNode]:
    settings = NodeSettings(message_bytes=(callers, handlers))
    node = AxonNode(lambda: SqliteDatabase(place / "data"), settings, seats=2)
    yield node
    assert node.is_linked()
    node.stop()


@pytest.fixture
def small_handlers(tmp_path: Path) -> Iterator[AxonNode]:
    """The node of the handlers takes less than that of the callers."""
    yield from a_cluster(tmp_path, callers=MUCH, handlers=LITTLE)


@pytest.fixture
def small_callers(tmp_path: Path) -> Iterator[AxonNode]:
    """The node of the callers takes less than that of the handlers."""
    yield from a_cluster(tmp_path, callers=LITTLE, handlers=MUCH)


def test_a_command_too_long_for_its_handlers_node_is_2001(small_handlers: AxonNode) -> None:
    with (
        small_handlers.channel() as channel,
        LiveHandler(channel).subscribe("Buy").grant(5) as handler,
    ):
        caller = Caller(channel)
        waiting = caller.dispatch(command("id-1"))
        refusal = refused(partial(caller.ask, command("id-2", data=LONG)))
        assert (refusal.status, refusal.axon_code) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "AXONIQ-2001",
        )
        handler.respond(handler.next().message_identifier, b"in flight all the time")
        assert waiting.result(30).payload.data == b"in flight all the time"


def test_a_query_too_long_for_its_handlers_node_is_2001(small_handlers: AxonNode) -> None:
    with small_handlers.channel() as channel, Handler(channel, "Find") as handler:
        call = ask(channel, "Find", "q-1")
        handler.next_query()
        asked = query("Find", "q-2")
        asked.payload.data = LONG
        assert [each.error_code for each in query_stub(channel).Query(asked)] == ["AXONIQ-2001"]
        with Subscriber(channel) as caller:
            caller.asked.query_request.CopyFrom(asked)
            caller.send(query_pb2.SubscriptionQueryRequest(subscribe=caller.asked))
            assert caller.refusal().axon_code == "AXONIQ-2001"
        handler.answer("q-1", b"in flight all the time")
        assert data_of(call) == [b"in flight all the time"]


def test_an_answer_too_long_for_its_caller_ends_his_call_alone(small_callers: AxonNode) -> None:
    with (
        small_callers.channel() as channel,
        LiveHandler(channel).subscribe("Buy").grant(5) as handler,
    ):
        caller = Caller(channel)
        large, beside = (caller.dispatch(command(each)) for each in ("large", "beside"))
        for message in (handler.next(), handler.next()):
            size = len(LONG) if message.message_identifier == "large" else 1
            handler.respond(message.message_identifier, bytes(size))
        assert beside.result(30).payload.data == bytes(1)
        assert refused(large.result).status is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_result_too_long_for_its_caller_ends_his_call_alone(small_callers: AxonNode) -> None:
    with small_callers.channel() as channel, Handler(channel, "Find") as handler:
        large, beside = ask(channel, "Find", "large"), ask(channel, "Find", "beside")
        for _ in range(2):
            handler.next_query()
        handler.result("large", b"short")
        assert next(large).payload.data == b"short"
        handler.answer("large", LONG, LONG)
        handler.answer("beside", b"answer")
        assert data_of(beside) == [b"answer"]
        assert refused(partial(list, large)).status is grpc.StatusCode.RESOURCE_EXHAUSTED
        small_callers.until(lambda: not small_callers.running_queries)


def test_an_update_too_long_for_its_caller_ends_his_call_alone(small_callers: AxonNode) -> None:
    with (
        small_callers.channel() as channel,
        Handler(channel, "Find") as handler,
        Subscriber(channel, "Find") as caller,
    ):
        query_id = handler.next_subscription_request("subscribe").subscription_identifier
        handler.update(query_id, LONG)
        assert caller.refusal().status is grpc.StatusCode.RESOURCE_EXHAUSTED
        handler.next_subscription_request("unsubscribe")
        call = ask(channel, "Find", "q-1")
        handler.next_query()
        handler.answer("q-1", b"here still")
        assert data_of(call) == [b"here still"]
