"""What a consumer of a persistent stream is sent, wrapped by hand around the stored bytes.

A `StreamSignal` is field 1 (segment) and one of field 2 (a `PersistentStreamEvent`), 3 (closed) and
4 (open); a `PersistentStreamEvent` is field 1 (an `EventWithToken`) and field 2 (replay).
"""

from __future__ import annotations

from typing import Final

from ranvier.axon.event_frames import EVENT_TAG, TOKEN_TAG, varint
from ranvier.proto import persistent_streams_pb2 as streams_pb2

SEGMENT_TAG: Final = b"\x08"
EVENT_FIELD: Final = b"\x12"
WITH_TOKEN: Final = b"\x0a"
REPLAY: Final = b"\x10\x01"


def opened(segment: int) -> bytes:
    """Return the signal that a segment is given."""
    return streams_pb2.StreamSignal(
        segment=segment, open=streams_pb2.OpenSegment()
    ).SerializeToString()


def closed(segment: int) -> bytes:
    """Return the signal that a segment is taken away."""
    return streams_pb2.StreamSignal(segment=segment, closed=True).SerializeToString()


def delivered(segment: int, token: int, event: bytes, *, is_replay: bool) -> bytes:
    """Return the signal that brings an event."""
    with_token = b"".join((TOKEN_TAG, varint(token), EVENT_TAG, varint(len(event)), event))
    body = b"".join((WITH_TOKEN, varint(len(with_token)), with_token, REPLAY if is_replay else b""))
    return b"".join((SEGMENT_TAG, varint(segment), EVENT_FIELD, varint(len(body)), body))
