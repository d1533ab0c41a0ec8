"""Both schedulers on a whole node: published once when due, over restarts and kills too."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx2
import pytest

from examples.node_process import NodeProcess
from examples.until import until
from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.proto import dcb_pb2, event_pb2
from tests.support.axon_stubs import (
    ServiceStub,
    dcb_event_scheduler_stub,
    event_scheduler_stub,
    event_store_stub,
)
from tests.support.live_call import LiveCall
from tests.support.new_events import axon_event, new_event
from tests.support.node_database import node_database, node_process
from tests.support.node_program import running_node
from tests.support.scale import scaled
from tests.support.whole_log import read_whole_log

FAR_AWAY_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def identifiers(address: str) -> list[str]:
    rows = read_whole_log(int(address.rpartition(":")[2]))
    return [row.event.message_identifier for row in rows]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """One node for all tests that leave it running; each begins at the head."""
    with running_node(tmp_path_factory.mktemp("node") / "data") as node:
        yield node


@pytest.fixture
def channel(node: NodeProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(node.grpc_address) as channel:
        yield channel


@pytest.fixture
def scheduler(channel: grpc.Channel) -> ServiceStub:
    return event_scheduler_stub(channel)


def follow(
    channel: grpc.Channel, from_token: int | None = None
) -> LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken]:
    """Read from a token on, else what comes from now on."""
    store = event_store_stub(channel)
    if from_token is None:
        from_token = store.GetLastToken(event_pb2.GetLastTokenRequest()).token + 1
    request = event_pb2.GetEventsRequest(tracking_token=from_token, number_of_permits=10**9)
    return LiveCall(store.ListEvents, request)


def refusal(call: object) -> tuple[grpc.StatusCode, str]:
    assert callable(call)
    with pytest.raises(grpc.RpcError) as refused:
        call()
    trailers = dict(refused.value.trailing_metadata() or ())
    return refused.value.code(), str(trailers.get("axoniq-errorcode", ""))


def test_a_reader_gets_the_event_when_it_is_due(
    channel: grpc.Channel, scheduler: ServiceStub
) -> None:
    due_ms = now_ms() + 300
    with follow(channel) as reading:
        answer = scheduler.ScheduleEvent(
            event_pb2.ScheduleEventRequest(instant=due_ms, event=axon_event("a", 0))
        )
        assert answer.token
        assert reading.next().event == axon_event("a", 0)
        assert now_ms() >= due_ms
        scheduler.ScheduleEvent(event_pb2.ScheduleEventRequest(instant=1, event=axon_event("a", 1)))
        assert reading.next().event == axon_event("a", 1)


def test_cancelled_and_rescheduled_events_do_not_come(
    node: NodeProcess, channel: grpc.Channel, scheduler: ServiceStub
) -> None:
    later = event_pb2.ScheduleEventRequest(instant=now_ms() + FAR_AWAY_MS, event=axon_event("x"))
    cancelled, moved = scheduler.ScheduleEvent(later).token, scheduler.ScheduleEvent(later).token
    assert cancelled != moved
    cancel = event_pb2.CancelScheduledEventRequest(token=cancelled)
    assert scheduler.CancelScheduledEvent(cancel).success
    assert scheduler.CancelScheduledEvent(cancel).success, "an unknown token is no error"
    with follow(channel) as reading:
        now = event_pb2.RescheduleEventRequest(token=moved, instant=1, event=axon_event("y"))
        assert scheduler.RescheduleEvent(now).token not in ("", moved)
        assert reading.next().event == axon_event("y")
        new = event_pb2.RescheduleEventRequest(instant=1, event=axon_event("z"))
        assert scheduler.RescheduleEvent(new).token
        assert reading.next().event == axon_event("z")
    assert "x-0" not in identifiers(node.grpc_address)


def test_axoniq_2610_what_is_not_scheduled_cannot_be_rescheduled(scheduler: ServiceStub) -> None:
    request = event_pb2.RescheduleEventRequest(token="unheard-of", instant=1, event=axon_event())
    assert refusal(lambda: scheduler.RescheduleEvent(request)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "AXONIQ-2610",
    )


def test_bad_input_gets_its_code(channel: grpc.Channel, scheduler: ServiceStub) -> None:
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, "RANVIER-INVALID-EVENT")
    nothing = event_pb2.ScheduleEventRequest(instant=1)
    assert refusal(lambda: scheduler.ScheduleEvent(nothing)) == invalid
    nul = event_pb2.ScheduleEventRequest(instant=1, event=axon_event("a\0b"))
    assert refusal(lambda: scheduler.ScheduleEvent(nul)) == invalid
    good = event_pb2.ScheduleEventRequest(instant=1, event=axon_event())
    nowhere = (("axoniq-context", "nowhere"),)
    assert refusal(lambda: scheduler.ScheduleEvent(good, metadata=nowhere)) == (
        grpc.StatusCode.NOT_FOUND,
        "AXONIQ-1302",
    )
    dcb = dcb_event_scheduler_stub(channel)
    assert refusal(lambda: dcb.ScheduleEvent(dcb_pb2.ScheduleEventRequest(instant=1))) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "RANVIER-CONTEXT-KIND",
    )


def test_a_conflict_holds_nobody_up_and_is_shown(
    node: NodeProcess, channel: grpc.Channel, scheduler: ServiceStub
) -> None:
    scheduler.ScheduleEvent(
        event_pb2.ScheduleEventRequest(instant=1, event=axon_event("conflict", 7))
    )
    with follow(channel) as reading:
        scheduler.ScheduleEvent(event_pb2.ScheduleEventRequest(instant=1, event=axon_event("ok")))
        assert reading.next().event == axon_event("ok")
    for kind in ("failed", "published"):
        wait_for_figure(node, rf'scheduled_events_{kind}_count\{{context="default"\}} [1-9]')


def test_dcb_events_are_scheduled_in_dcb_contexts(tmp_path: Path) -> None:
    event = dcb_pb2.Event(identifier="d-1", timestamp=5, name="SeatTaken", payload=b"{}")
    with (
        running_node(tmp_path / "data", "--default-context-dcb") as node,
        grpc.insecure_channel(node.grpc_address) as channel,
    ):
        scheduler = dcb_event_scheduler_stub(channel)
        later = dcb_pb2.ScheduleEventRequest(instant=now_ms() + FAR_AWAY_MS, event=event)
        token = scheduler.ScheduleEvent(later).token
        again = dcb_pb2.RescheduleEventRequest(token=token, instant=later.instant, event=event)
        token = scheduler.RescheduleEvent(again).token
        cancel = dcb_pb2.CancelScheduledEventRequest(token=token)
        assert scheduler.CancelScheduledEvent(cancel).success
        scheduler.ScheduleEvent(dcb_pb2.ScheduleEventRequest(instant=1, event=event))
        wait_for_figure(node, r'published_count\{context="default"\} 1')
        classic = event_pb2.ScheduleEventRequest(instant=1, event=axon_event())
        assert refusal(lambda: event_scheduler_stub(channel).ScheduleEvent(classic)) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "RANVIER-CONTEXT-KIND",
        )


def wait_for_figure(node: NodeProcess, pattern: str) -> None:
    """Ask for the figures until one of them is as it must become."""

    def is_so() -> bool:
        figures = httpx2.get(f"{node.http_address}/actuator/prometheus", timeout=30).text
        return re.search(pattern, figures) is not None

    until(is_so, f"there is a figure {pattern}")


def test_what_was_due_while_no_node_ran_is_published_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        running_node(data) as node,
        grpc.insecure_channel(node.grpc_address) as channel,
    ):
        later = event_pb2.ScheduleEventRequest(
            instant=now_ms() + FAR_AWAY_MS, event=axon_event("x")
        )
        kept = event_scheduler_stub(channel).ScheduleEvent(later).token
    asyncio.run(make_due(data, kept))
    with running_node(data) as node:
        wait_for_figure(node, r'published_count\{context="default"\} 1')
        assert identifiers(node.grpc_address) == ["down-0"]


async def make_due(data: Path, token: str) -> None:
    """Let time pass for a node that is down: what it keeps is due since long."""
    database = node_database(data)
    await database.start()
    due = ScheduledEvent("due", 1, new_event("down"))
    await database.scheduled_events.replace("default", token, due)
    await database.stop()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_event_is_published_once_when_a_node_is_killed_again_and_again(
    tmp_path: Path,
) -> None:
    """Each round kills the node while hundreds of events are due."""
    data, scheduled = tmp_path / "data", 0
    acknowledged: set[str] = set()
    for round_number in range(scaled(60, suite=3)):
        node = node_process(data)
        with grpc.insecure_channel(node.grpc_address) as channel:
            acknowledged.update(schedule_many(channel, f"{round_number}-", 200))
            scheduled += 200
            wait_for_some(channel, round_number)
        node.kill()
    with running_node(data) as node:
        wait_until_all_are_there(node, scheduled)
        published = identifiers(node.grpc_address)
    assert len(published) == len(set(published)), "published twice"
    assert set(published) == acknowledged


def schedule_many(channel: grpc.Channel, prefix: str, count: int) -> list[str]:
    """Schedule events that are all due in a moment; return their identifiers."""
    scheduler, due_ms = event_scheduler_stub(channel), now_ms() + 100

    def schedule(number: int) -> str:
        event = axon_event(f"{prefix}{number}", 0)
        scheduler.ScheduleEvent(event_pb2.ScheduleEventRequest(instant=due_ms, event=event))
        return event.message_identifier

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(schedule, range(count)))


def wait_for_some(channel: grpc.Channel, round_number: int) -> None:
    """Return when an event of this round is there: the others are on their way."""
    with follow(channel, 0) as reading:
        while not reading.next().event.aggregate_identifier.startswith(f"{round_number}-"):
            pass


def wait_until_all_are_there(node: NodeProcess, count: int) -> None:
    with grpc.insecure_channel(node.grpc_address) as channel, follow(channel, 0) as reading:
        reading.take(count)
