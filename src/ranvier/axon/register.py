"""Puts the Axon API on a gRPC server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.axon.answering import answering_one
from ranvier.axon.command_service import COMMAND_SERVICE, CommandServices
from ranvier.axon.context_admin import CONTEXT_ADMIN, ContextAdmin
from ranvier.axon.dcb_append import DCB_EVENT_STORE
from ranvier.axon.dcb_events import DcbServices, dcb_event_store_methods
from ranvier.axon.dcb_snapshots import (
    DCB_SNAPSHOT_STORE,
    SNAPSHOTTED_EVENT_STORE,
    DcbSnapshots,
    SnapshottedEvents,
)
from ranvier.axon.event_scheduler import (
    DCB_EVENT_SCHEDULER,
    EVENT_SCHEDULER,
    DcbEventScheduler,
    EventScheduler,
)
from ranvier.axon.event_store import EVENT_STORE, EventServices, event_store_methods
from ranvier.axon.not_offered import REASONS, axon_services, refused_methods
from ranvier.axon.persistent_streams import PERSISTENT_STREAM_SERVICE, PersistentStreams
from ranvier.axon.platform import Platform
from ranvier.axon.processor_admin import PROCESSOR_ADMIN, ProcessorAdmin
from ranvier.axon.query_service import QUERY_SERVICE, QueryServices, query_methods
from ranvier.services.schedule_events import ScheduleEvents
from ranvier.wire.grpc.methods import streaming
from ranvier.wire.grpc.server import GrpcServer

PLATFORM_SERVICE: Final = "io.axoniq.axonserver.grpc.control.PlatformService"


@dataclass(frozen=True, slots=True)
class AxonServices:
    """What the services of the Axon API call, one field for each group of them."""

    events: EventServices
    dcb_events: DcbServices
    platform: Platform
    schedule_events: ScheduleEvents | None = None
    context_admin: ContextAdmin | None = None
    commands: CommandServices | None = None
    persistent_streams: PersistentStreams | None = None
    queries: QueryServices | None = None
    processor_admin: ProcessorAdmin | None = None


def add_axon_services(server: GrpcServer, services: AxonServices) -> None:
    """Offer every service of the API: what is built, and a refusal with its reason for the rest."""
    server.add_service(EVENT_STORE, event_store_methods(services.events))
    server.add_service(DCB_EVENT_STORE, dcb_event_store_methods(services.dcb_events))
    keep_snapshots, count_sent = services.dcb_events.keep_snapshots, services.dcb_events.count_sent
    server.add_service(DCB_SNAPSHOT_STORE, DcbSnapshots(keep_snapshots).methods())
    snapshotted = SnapshottedEvents(keep_snapshots, count_sent)
    server.add_service(SNAPSHOTTED_EVENT_STORE, snapshotted.methods())
    server.add_service(
        PLATFORM_SERVICE,
        {
            "GetPlatformServer": answering_one(services.platform.get_platform_server),
            "OpenStream": streaming(services.platform.open_stream),
        },
    )
    if services.schedule_events is not None:
        scheduler = EventScheduler(services.schedule_events)
        server.add_service(EVENT_SCHEDULER, scheduler.methods())
        dcb_scheduler = DcbEventScheduler(services.schedule_events)
        server.add_service(DCB_EVENT_SCHEDULER, dcb_scheduler.methods())
    if services.context_admin is not None:
        server.add_service(CONTEXT_ADMIN, services.context_admin.methods())
    if services.commands is not None:
        server.add_service(COMMAND_SERVICE, services.commands.methods())
    if services.persistent_streams is not None:
        server.add_service(PERSISTENT_STREAM_SERVICE, services.persistent_streams.methods())
    if services.queries is not None:
        server.add_service(QUERY_SERVICE, query_methods(services.queries))
    if services.processor_admin is not None:
        server.add_service(PROCESSOR_ADMIN, services.processor_admin.methods())
    for service in axon_services():
        if service.name in REASONS:
            server.add_service(service.full_name, refused_methods(service))
