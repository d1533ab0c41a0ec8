"""Puts the Axon API on a gRPC server."""

from __future__ import annotations

from typing import Final

from ranvier.axon.answering import answering_one
from ranvier.axon.dcb_append import DCB_EVENT_STORE, DcbAppendCall
from ranvier.axon.errors import refuse_large_message
from ranvier.axon.event_store import EVENT_STORE, EventServices, event_store_methods
from ranvier.axon.platform import Platform
from ranvier.wire.grpc.methods import streaming
from ranvier.wire.grpc.server import GrpcServer

PLATFORM_SERVICE: Final = "io.axoniq.axonserver.grpc.control.PlatformService"


def add_axon_services(
    server: GrpcServer, event_services: EventServices, platform: Platform
) -> None:
    """Offer the event stores and the platform service; what is not offered is UNIMPLEMENTED."""
    server.add_service(EVENT_STORE, event_store_methods(event_services))
    server.add_service(
        DCB_EVENT_STORE,
        {
            "Append": streaming(
                lambda call: DcbAppendCall(call, event_services.append_events),
                oversized=refuse_large_message,
            )
        },
    )
    server.add_service(
        PLATFORM_SERVICE,
        {
            "GetPlatformServer": answering_one(platform.get_platform_server),
            "OpenStream": streaming(platform.open_stream),
        },
    )
