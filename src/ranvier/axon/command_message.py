"""The envelopes of the command service, put around bytes that pass as they came."""

from __future__ import annotations

from typing import Final

from ranvier.axon.event_frames import varint
from ranvier.proto import command_pb2
from ranvier.wire.grpc.framing import pack_prefix

WRAPPING_BYTES: Final = 16
"""What a command grows by, at most, on its way to a handler."""

COMMAND_FIELD: Final = b"\x12"
"""The tag of `command` in CommandProviderInbound: field 2, length-delimited."""

RESPONSE_FIELD: Final = command_pb2.CommandProviderOutbound.COMMAND_RESPONSE_FIELD_NUMBER

HEADS_BELOW_BYTES: Final = 4_096
"""Commands shorter than this find what is put before them ready."""


def head_of(size: int) -> bytes:
    """Return what makes a framed CommandProviderInbound of a command of `size` bytes."""
    field = COMMAND_FIELD + varint(size)
    return pack_prefix(0, len(field) + size) + field


HEADS: Final = [head_of(size) for size in range(HEADS_BELOW_BYTES)]
