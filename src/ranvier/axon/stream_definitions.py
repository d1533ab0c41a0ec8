"""Persistent streams as the API's messages describe them."""

from __future__ import annotations

from ranvier.events.streams.definition import StreamDefinition
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from ranvier.services.persistent_streams import NewStream, StreamStatus


def new_stream(stream_id: str, properties: streams_pb2.InitializationProperties) -> NewStream:
    """Return the stream that a client asks for; no number of segments means one."""
    definition = StreamDefinition(
        stream_id,
        properties.stream_name or stream_id,
        properties.sequencing_policy.policy_name,
        tuple(properties.sequencing_policy.parameter),
        properties.filter,
    )
    return NewStream(definition, properties.segments or 1, properties.initial_position)


def stream_status(status: StreamStatus) -> streams_pb2.StreamStatus:
    """Return how a stream stands; the position of a segment is the last one that was confirmed."""
    definition = status.stored.definition
    segments = [
        streams_pb2.SegmentPosition(
            segment=number,
            position=segment.next_token - 1,
            client_id=client_id,
            error=segment.error,
        )
        for number, (segment, client_id) in enumerate(
            zip(status.stored.progress.segments, status.holders, strict=True)
        )
    ]
    return streams_pb2.StreamStatus(
        stream_id=definition.stream_id,
        stream_name=definition.name,
        sequencing_policy=streams_pb2.SequencingPolicy(
            policy_name=definition.policy_name, parameter=definition.parameters
        ),
        filter=definition.filter_text,
        segments=segments,
    )
