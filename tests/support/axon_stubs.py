"""grpcio stubs of the Axon services, made from our own messages."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from ranvier.proto import admin_pb2, control_pb2, dcb_pb2, event_pb2, persistent_streams_pb2


class ServiceStub:
    """Has each method of a service as an attribute, as grpcio's generated stubs do."""

    def __init__(self, channel: grpc.Channel, file: FileDescriptor, service: str) -> None:
        for method in file.services_by_name[service].methods:
            setattr(self, method.name, multi_callable(channel, method))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def multi_callable(channel: grpc.Channel, method: MethodDescriptor) -> Any:
    """Return what calls this method, by its kind."""
    make = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming]
    return make(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )


def event_store_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the event store."""
    return ServiceStub(channel, event_pb2.DESCRIPTOR, "EventStore")


def platform_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the platform service."""
    return ServiceStub(channel, control_pb2.DESCRIPTOR, "PlatformService")


def event_scheduler_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the scheduler of classic events."""
    return ServiceStub(channel, event_pb2.DESCRIPTOR, "EventScheduler")


def dcb_event_scheduler_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the scheduler of DCB events."""
    return ServiceStub(channel, dcb_pb2.DESCRIPTOR, "DcbEventScheduler")


def context_admin_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the administration of contexts."""
    return ServiceStub(channel, admin_pb2.DESCRIPTOR, "ContextAdminService")


def processor_admin_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the administration of event processors."""
    return ServiceStub(channel, admin_pb2.DESCRIPTOR, "EventProcessorAdminService")


def persistent_stream_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the persistent streams."""
    return ServiceStub(channel, persistent_streams_pb2.DESCRIPTOR, "PersistentStreamService")


def snapshotted_event_store_stub(channel: grpc.Channel) -> ServiceStub:
    """Return a stub of the DCB event store that begins at a snapshot."""
    return ServiceStub(channel, dcb_pb2.DESCRIPTOR, "SnapshottedDcbEventStore")
