"""Stored DCB events as they stand on a stream: framed and wrapped by hand, never encoded again.

A `SequencedEvent` is field 1 (its sequence, a varint) and field 2 (the event); each answer holds it
in a field of its own. Source: the encoding chapter of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ranvier.axon.event_frames import CONTINUED, EVENT_TAG, FINAL, TOKEN_TAG, varint
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.wire.grpc.framing import frame, pack_prefix

EVENT_FIRST: Final = b"\x0a"
"""The event is field 1: in the answers of Source and Stream."""

EVENT_SECOND: Final = b"\x12"
"""The event is field 2: in the answers of the source with a snapshot."""

SNAPSHOT_FIRST: Final = b"\x0a"
"""The snapshot is field 1 of the same answers."""

MARKER_SECOND: Final = b"\x10"
MARKER_THIRD: Final = b"\x18"
"""The marker, a varint, is field 2 of Source's answers and field 3 of those with a snapshot."""

KEY_TAG: Final = b"\x0a"
SEQUENCE_TAG: Final = b"\x10"
SNAPSHOT_TAG: Final = b"\x1a"
"""The three fields of a snapshot as it is listed."""

UNSIGNED: Final = 2**64 - 1
"""A negative number stands as its two's complement of 64 bits."""


def sequenced_frames(rows: Sequence[tuple[int, bytes]], field: bytes) -> bytes:
    """Return events as one block of framed answers that hold each in this field."""
    parts: list[bytes] = []
    # Wrappings are looked up by sizes and all but the first byte of a varint by its value: half of
    # what it costs to make them (bench/dcb.py).
    for sequence, event in rows:
        high, low = sequence >> 7, sequence & 0x7F
        end = known_varint(high) if high else b""
        head, tail = sequenced_wrapping(field, len(event), 1 + len(end))
        parts += (head, CONTINUED[low] if high else FINAL[low], end, tail, event)
    return b"".join(parts)


def marker_frame(marker: int, field: bytes) -> bytes:
    """Return the framed answer that holds the marker in this field."""
    return frame(field + varint(marker))


def field_frame(field: bytes, message: bytes) -> bytes:
    """Return the framed answer that holds a message in this field."""
    return frame(field + varint(len(message)) + message)


def listed_snapshot(snapshot: KeyedSnapshot) -> bytes:
    """Return the answer that holds a snapshot with its key and sequence, without a frame."""
    return b"".join(
        (
            KEY_TAG,
            varint(len(snapshot.key)),
            snapshot.key,
            SEQUENCE_TAG,
            varint(snapshot.sequence & UNSIGNED),
            SNAPSHOT_TAG,
            varint(len(snapshot.data)),
            snapshot.data,
        )
    )


known_varint = lru_cache(maxsize=4096)(varint)
"""As `varint`, for numbers that come again."""


@lru_cache(maxsize=4096)
def sequenced_wrapping(field: bytes, event_size: int, token_size: int) -> tuple[bytes, bytes]:
    """Return what stands before the sequence, and between sequence and event, for these sizes."""
    tail = EVENT_TAG + varint(event_size)
    inner_size = len(TOKEN_TAG) + token_size + len(tail) + event_size
    outer = field + varint(inner_size)
    return pack_prefix(0, len(outer) + inner_size) + outer + TOKEN_TAG, tail
