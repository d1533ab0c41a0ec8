"""Clients and their event processors as messages between nodes, and back."""

from __future__ import annotations

from ranvier.messages.event_processor import ProcessorStatus, SegmentStatus
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.announce_clients import AnnouncedClient
from ranvier.services.connected_client import ClientIdentity


def client_message(announced: AnnouncedClient) -> mesh_pb2.Client:
    """Return what other nodes are told of a client."""
    identity = announced.client.identity
    return mesh_pb2.Client(
        number=announced.number,
        context=announced.client.context,
        client_id=identity.client_id,
        component_name=identity.component_name,
        version=identity.version,
        tags=dict(identity.tags),
        processors=[processor_message(each) for each in announced.processors],
    )


def identity_from(client: mesh_pb2.Client) -> ClientIdentity:
    """Return how a client of another node has introduced itself there."""
    return ClientIdentity(
        client.client_id, client.component_name, client.version, dict(client.tags)
    )


def processor_message(status: ProcessorStatus) -> mesh_pb2.Processor:
    """Return what other nodes are told of an event processor."""
    return mesh_pb2.Processor(
        name=status.name,
        token_store=status.token_store_identifier,
        mode=status.mode,
        active_threads=status.active_threads,
        available_threads=status.available_threads,
        is_running=status.is_running,
        is_error=status.is_error,
        is_streaming=status.is_streaming,
        load_balancing_strategy=status.load_balancing_strategy,
        segments=[
            mesh_pb2.Segment(
                segment_id=segment.segment_id,
                one_part_of=segment.one_part_of,
                token_position=segment.token_position,
                is_caught_up=segment.is_caught_up,
                is_replaying=segment.is_replaying,
                error_state=segment.error_state,
            )
            for segment in status.segments
        ],
    )


def status_from(processor: mesh_pb2.Processor) -> ProcessorStatus:
    """Return how an event processor does, as another node tells."""
    return ProcessorStatus(
        name=processor.name,
        token_store_identifier=processor.token_store,
        mode=processor.mode,
        active_threads=processor.active_threads,
        available_threads=processor.available_threads,
        is_running=processor.is_running,
        is_error=processor.is_error,
        is_streaming=processor.is_streaming,
        load_balancing_strategy=processor.load_balancing_strategy,
        segments=tuple(
            SegmentStatus(
                segment_id=segment.segment_id,
                one_part_of=segment.one_part_of,
                token_position=segment.token_position,
                is_caught_up=segment.is_caught_up,
                is_replaying=segment.is_replaying,
                error_state=segment.error_state,
            )
            for segment in processor.segments
        ),
    )
