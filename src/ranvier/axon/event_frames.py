"""Stored events as they stand on a stream: framed and wrapped by hand, never encoded again.

An `EventWithToken` is field 1 (token, a varint) and field 2 (the event, with its length); before it
stand the five bytes of gRPC. Source: the encoding chapter of Protocol Buffers, and "gRPC over
HTTP2", Length-Prefixed-Message.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ranvier.wire.grpc.framing import pack_prefix

TOKEN_TAG: Final = b"\x08"
EVENT_TAG: Final = b"\x12"
RUN_LENGTH: Final = 128
"""Tokens that differ only in the first byte of their varint."""


def event_frames(first_token: int, rows: Sequence[bytes]) -> bytes:
    """Return events with consecutive tokens as one block of framed `EventWithToken` messages."""
    parts: list[bytes] = []
    start, count = 0, len(rows)
    while start < count:
        token = first_token + start
        stop = min(count, start + RUN_LENGTH - token % RUN_LENGTH)
        add_run(parts, token, rows[start:stop])
        start = stop
    return b"".join(parts)


def add_run(parts: list[bytes], first_token: int, rows: Sequence[bytes]) -> None:
    """Add the frames of tokens that share all but the first byte of their varint."""
    high, low = divmod(first_token, RUN_LENGTH)
    token_end = varint(high) if high else b""
    low_bytes = CONTINUED if high else FINAL
    token_size = 1 + len(token_end)
    # Four joined parts for an event, looked up by its length: a quarter of what it costs to let
    # protobuf encode the wrapper (bench/list_events.py).
    for low_byte, row in zip(low_bytes[low:], rows, strict=False):
        head, tail = wrapping(len(row), token_size)
        parts += (head, low_byte, token_end, tail, row)


@lru_cache(maxsize=4096)
def wrapping(event_size: int, token_size: int) -> tuple[bytes, bytes]:
    """Return what stands before the token and between token and event, for these sizes."""
    tail = EVENT_TAG + varint(event_size)
    message_size = len(TOKEN_TAG) + token_size + len(tail) + event_size
    return pack_prefix(0, message_size) + TOKEN_TAG, tail


def varint(number: int) -> bytes:
    """Return a number that is not negative in groups of seven bits, the lowest first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


FINAL: Final = tuple(bytes([low]) for low in range(RUN_LENGTH))
CONTINUED: Final = tuple(bytes([low | 0x80]) for low in range(RUN_LENGTH))
