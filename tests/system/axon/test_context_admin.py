"""ContextAdminService: contexts come and go, and what works in them goes with them."""

from __future__ import annotations

import grpc
import pytest

from ranvier.proto import admin_pb2, control_pb2, event_pb2
from ranvier.proto.google.protobuf import empty_pb2
from tests.support.axon_node import AxonNode
from tests.support.axon_stubs import (
    ServiceStub,
    context_admin_stub,
    event_store_stub,
    platform_stub,
)
from tests.support.live_call import LiveCall, Refusal, refusal_of, refused
from tests.system.axon.conftest import on_every_database

pytestmark = on_every_database

Empty = empty_pb2.Empty


@pytest.fixture
def admin(channel: grpc.Channel) -> ServiceStub:
    return context_admin_stub(channel)


def create(admin: ServiceStub, name: str, *, dcb: bool = False, **properties: str) -> None:
    request = admin_pb2.CreateContextRequest(
        name=name, replicationGroupName="any", meta_data=properties, dcbContext=dcb
    )
    assert list(admin.CreateContext(request)) == []


def delete(admin: ServiceStub, name: str) -> None:
    assert list(admin.DeleteContext(admin_pb2.DeleteContextRequest(name=name))) == []


def describe(admin: ServiceStub, name: str) -> admin_pb2.ContextOverview:
    found: admin_pb2.ContextOverview = admin.GetContext(admin_pb2.GetContextRequest(name=name))
    return found


def refused_creation(admin: ServiceStub, name: str, **properties: str) -> Refusal:
    return refused(
        lambda: admin.CreateContext(admin_pb2.CreateContextRequest(name=name, meta_data=properties))
    )


def test_a_created_context_is_described_and_listed(admin: ServiceStub) -> None:
    create(admin, "orders", dcb=True, owner="sales")
    found = describe(admin, "orders")
    assert (found.name, found.dcbContext, dict(found.meta_data)) == (
        "orders",
        True,
        {"owner": "sales"},
    )
    assert found.replicationGroup.name == "orders"
    assert list(found.replicationGroup.contexts) == ["orders"]
    (member,) = found.replicationGroup.members
    assert (member.node_name, member.role) == ("node-1", admin_pb2.ROLE_PRIMARY)
    assert not found.changePending
    listed = list(admin.GetContexts(Empty()))
    assert [each.name for each in listed] == ["default", "orders"]
    assert listed[1] == found


def test_properties_are_changed_one_by_one(admin: ServiceStub) -> None:
    create(admin, "orders", owner="sales", colour="blue")
    change = admin_pb2.UpdateContextPropertiesRequest(
        name="orders", meta_data={"colour": "", "size": "9"}
    )
    assert list(admin.UpdateContextProperties(change)) == []
    assert dict(describe(admin, "orders").meta_data) == {"owner": "sales", "size": "9"}


def test_an_unknown_context_is_refused_by_each_call_axoniq_1302(admin: ServiceStub) -> None:
    for call in (
        lambda: admin.GetContext(admin_pb2.GetContextRequest(name="nowhere")),
        lambda: admin.DeleteContext(admin_pb2.DeleteContextRequest(name="nowhere")),
        lambda: admin.UpdateContextProperties(
            admin_pb2.UpdateContextPropertiesRequest(name="nowhere")
        ),
    ):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.NOT_FOUND
        assert refusal.axon_code == "AXONIQ-1302"


def test_a_name_that_is_taken_is_refused_axoniq_1304(admin: ServiceStub) -> None:
    refusal = refused_creation(admin, "default")
    assert refusal.status is grpc.StatusCode.ALREADY_EXISTS
    assert refusal.axon_code == "AXONIQ-1304"


def test_an_internal_context_is_left_alone_axoniq_2305(admin: ServiceStub) -> None:
    for refusal in (
        refused_creation(admin, "_admin"),
        refused(lambda: admin.DeleteContext(admin_pb2.DeleteContextRequest(name="_admin"))),
    ):
        assert refusal.status is grpc.StatusCode.PERMISSION_DENIED
        assert refusal.axon_code == "AXONIQ-2305"


@pytest.mark.parametrize("name", ["", "1st", "no name", "a.b"])
def test_a_bad_name_is_refused_axoniq_2308(admin: ServiceStub, name: str) -> None:
    refusal = refused_creation(admin, name)
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.axon_code == "AXONIQ-2308"


def test_a_bad_property_is_refused_axoniq_2311(admin: ServiceStub) -> None:
    refusal = refused_creation(admin, "orders", note="x" * 5_000)
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.axon_code == "AXONIQ-2311"


def test_keeping_the_events_of_a_deleted_context_is_refused(admin: ServiceStub) -> None:
    request = admin_pb2.DeleteContextRequest(name="default", preserveEventStore=True)
    refusal = refused(lambda: admin.DeleteContext(request))
    assert refusal.status is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.axon_code == "RANVIER-CANNOT-PRESERVE-EVENTS"
    assert describe(admin, "default").name == "default"


def test_a_deleted_context_ends_its_streams_and_begins_anew(
    admin: ServiceStub, channel: grpc.Channel
) -> None:
    events, platform = event_store_stub(channel), platform_stub(channel)
    event = event_pb2.Event(message_identifier="m", payload={"type": "T"})
    events.AppendEvent(iter([event]))
    reading = LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        events.ListEvents, event_pb2.GetEventsRequest(number_of_permits=10)
    )
    register = control_pb2.PlatformInboundInstruction(
        register=control_pb2.ClientIdentification(client_id="c", component_name="bank")
    )
    beat = control_pb2.PlatformInboundInstruction(
        heartbeat=control_pb2.Heartbeat(), instruction_id="1"
    )
    control = LiveCall[
        control_pb2.PlatformInboundInstruction, control_pb2.PlatformOutboundInstruction
    ](platform.OpenStream, register, beat)
    with reading, control:
        assert reading.next().token == 0
        control.next()
        delete(admin, "default")
        for refusal in (reading.refusal(), control.refusal()):
            assert refusal.status is grpc.StatusCode.NOT_FOUND
            assert refusal.axon_code == "AXONIQ-1302"
    create(admin, "default")
    assert events.GetLastToken(event_pb2.GetLastTokenRequest()).token == -1
    events.AppendEvent(iter([event]))
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        events.ListEvents, event_pb2.GetEventsRequest(number_of_permits=10)
    ) as again:
        assert again.next().token == 0


def test_a_watcher_is_told_of_every_change(admin: ServiceStub) -> None:
    updates = admin.SubscribeContextUpdates(Empty(), timeout=60)
    updates.initial_metadata()
    create(admin, "orders")
    list(
        admin.UpdateContextProperties(
            admin_pb2.UpdateContextPropertiesRequest(name="orders", meta_data={"a": "b"})
        )
    )
    delete(admin, "orders")
    told = [next(updates) for _ in range(3)]
    assert [(each.context, each.type) for each in told] == [
        ("orders", admin_pb2.CREATED),
        ("orders", admin_pb2.UPDATED),
        ("orders", admin_pb2.DELETED),
    ]
    updates.cancel()


def test_a_stopping_node_ends_the_watch(admin: ServiceStub, node: AxonNode) -> None:
    updates = admin.SubscribeContextUpdates(Empty(), timeout=60)
    updates.initial_metadata()
    node.do(node.contexts.stop())
    with pytest.raises(grpc.RpcError) as stopped:
        next(updates)
    assert refusal_of(stopped.value).axon_code == "RANVIER-STOPPING"
    late = refused(lambda: admin.SubscribeContextUpdates(Empty(), timeout=60))
    assert late.axon_code == "RANVIER-STOPPING"
