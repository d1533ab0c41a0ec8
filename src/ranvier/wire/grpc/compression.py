"""Compressed messages: what `grpc-encoding` may name, and inflation that cannot run away."""

from __future__ import annotations

import zlib
from functools import partial

from ranvier.wire.grpc.framing import Inflate, Inflated

GZIP_WINDOW = 31
ZLIB_WINDOW = 15
IDENTITY = b"identity"
ACCEPTED = b"identity,deflate,gzip"
"""The value of `grpc-accept-encoding`: what a peer may send. Answers are never compressed."""


def inflate(window_bits: int, compressed: bytes, limit_bytes: int) -> bytes:
    """Return the message; raise Inflated beyond the limit, ValueError for anything but one stream.

    At most one byte beyond the limit is ever produced, whatever the data claims to hold.
    """
    engine = zlib.decompressobj(window_bits)
    try:
        message = engine.decompress(compressed, limit_bytes + 1)
    except zlib.error as broken:
        raise ValueError("the message is not compressed as its header says") from broken
    if len(message) > limit_bytes:
        raise Inflated(len(message))
    if not engine.eof or engine.unused_data:
        raise ValueError("the message must be exactly one compressed stream")
    return message


INFLATERS: dict[bytes, Inflate | None] = {
    IDENTITY: None,
    b"gzip": partial(inflate, GZIP_WINDOW),
    b"deflate": partial(inflate, ZLIB_WINDOW),
}
"""`grpc-encoding` → how to inflate; None: messages come as they are."""
