"""Commands and their answers as bytes: read where routing needs it, wrapped and cut otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ranvier.proto import command_pb2, common_pb2
from ranvier.wire.grpc.framing import pack_prefix

WRAPPING_BYTES: Final = 16
"""What a command grows by, at most, on its way to a handler."""

COMMAND_FIELD: Final = b"\x12"
"""The tag of `command` in CommandProviderInbound: field 2, length-delimited."""

RESPONSE_FIELD: Final = 0x22
"""The tag of `command_response` in CommandProviderOutbound: field 4, length-delimited."""

HEADS_BELOW_BYTES: Final = 4_096
"""Commands shorter than this find what is put before them ready."""


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def head_of(size: int) -> bytes:
    """Return what makes a command of `size` bytes a framed CommandProviderInbound."""
    field = COMMAND_FIELD + varint(size)
    return pack_prefix(0, len(field) + size) + field


HEADS: Final = [head_of(size) for size in range(HEADS_BELOW_BYTES)]


def framed_command(message: bytes) -> bytes:
    """Return a command's bytes, untouched, as a handler's stream takes them."""
    size = len(message)
    return (HEADS[size] if size < HEADS_BELOW_BYTES else head_of(size)) + message


def response_alone(message: bytes) -> bytes | None:
    """Cut the response out of a CommandProviderOutbound that holds nothing else; else None."""
    if len(message) < 3 or message[0] != RESPONSE_FIELD:
        return None
    size, start = message[1], 2
    if size > 127:
        size, start = size & 127 | message[2] << 7, 3
        if message[2] > 127:
            size, start = long_size(message)
    return message[start:] if start + size == len(message) else None


def long_size(message: bytes) -> tuple[int, int]:
    """Return the number that stands from the second byte on, and where it ends."""
    size, at = 0, 1
    while at < min(len(message), 6):
        size |= (message[at] & 127) << 7 * (at - 1)
        at += 1
        if message[at - 1] < 128:
            return size, at
    return -1, 0


def text_metadata(command: command_pb2.Command) -> Mapping[str, str]:
    """Return a command's metadata as the texts that tags are compared with."""
    return {
        name: text
        for name, value in command.meta_data.items()
        if (text := metadata_text(value)) is not None
    }


def metadata_text(value: common_pb2.MetaDataValue) -> str | None:
    """Return a value as text; None for bytes and for nothing."""
    match value.WhichOneof("data"):
        case "text_value":
            return value.text_value
        case "number_value":
            return str(value.number_value)
        case "double_value":
            return str(value.double_value)
        case "boolean_value":
            return "true" if value.boolean_value else "false"
        case _:
            return None
