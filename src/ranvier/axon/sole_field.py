"""Envelopes of the Axon API read and written by hand, so that what is inside passes as it came.

On handlers' streams nearly every message is an envelope with one field, itself a message. Source:
the encoding chapter of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ranvier.axon.event_frames import varint
from ranvier.wire.grpc.framing import pack_prefix

LENGTH_DELIMITED = 2
"""The wire type of messages, texts and bytes."""

HEADS_MAX = 1024
"""Beginnings of envelopes that are kept, by the length of what follows."""

LENGTHS_BELOW_BYTES = 4_096
"""Messages shorter than this are compared with what they must begin with."""

NO_LENGTH = bytes(LENGTHS_BELOW_BYTES)
"""No message that is compared is long enough to begin so."""


def length_for(size: int) -> bytes:
    """Return the length behind the first byte of `size` bytes that are one field."""
    for width in range(1, min(size, 6)):
        length = varint(size - 1 - width)
        if len(length) == width:
            return length
    return NO_LENGTH


LENGTHS = [length_for(size) for size in range(LENGTHS_BELOW_BYTES)]


def sole_field(message: bytes) -> tuple[int, bytes]:
    """Return number and content of the one field that a message consists of.

    Number 0 means: it has more fields than one, or is none of this kind; let protobuf read it.
    """
    size = len(message)
    # In all but long messages the one length that fits is compared: 0.25 µs, to read it takes 0.4.
    if size < LENGTHS_BELOW_BYTES:
        length_of_rest = LENGTHS[size]
        if message.startswith(length_of_rest, 1) and message[0] & 0x87 == LENGTH_DELIMITED:
            return message[0] >> 3, message[1 + len(length_of_rest) :]
    # Two slices and four reads: a third of what parsing the envelope and writing the inner message
    # again takes (bench/query.py).
    if size < 2 or message[0] & 0x87 != LENGTH_DELIMITED:
        return 0, b""
    length = message[1]
    if length < 128:
        return (message[0] >> 3, message[2:]) if length + 2 == size else (0, b"")
    start = 2
    shift = 7
    while length >> shift:
        if start == size or shift > 28:
            return 0, b""
        length += (message[start] - 1) << shift
        start += 1
        shift += 7
    return (message[0] >> 3, message[start:]) if start + length == size else (0, b"")


def wrapped(field: int) -> Callable[[bytes], bytes]:
    """Return what wraps a message into an envelope as this field."""
    tag = bytes([field << 3 | LENGTH_DELIMITED])

    @lru_cache(maxsize=HEADS_MAX)
    def head(size: int) -> bytes:
        return tag + varint(size)

    return lambda content: head(len(content)) + content


def head_of(field: int) -> Callable[[int], bytes]:
    """Return what tells, by a message's size, what makes it this field behind gRPC's prefix."""
    tag = bytes([field << 3 | LENGTH_DELIMITED])

    @lru_cache(maxsize=HEADS_MAX)
    def head(size: int) -> bytes:
        inner = tag + varint(size)
        return pack_prefix(0, len(inner) + size) + inner

    return head


def framed(field: int) -> Callable[[bytes], bytes]:
    """Return what does the same as `wrapped` and puts the prefix of gRPC before it."""
    head = head_of(field)
    return lambda content: head(len(content)) + content
