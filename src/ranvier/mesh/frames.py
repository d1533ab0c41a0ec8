"""Commands and answers as they stand on a link: written and read by hand around bytes that pass.

They are what protobuf writes and reads; both messages are in `mesh.proto`. By hand each takes a
third of the time: 5 µs less for a command that crosses the mesh and comes back (bench/mesh.py).
"""

from __future__ import annotations

import struct
from struct import Struct
from typing import Final

from google.protobuf.message import DecodeError

from ranvier.mesh.errors import BrokenLink
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.waiting_command import WaitingCommand
from ranvier.wire.grpc.framing import pack_prefix

LENGTH_DELIMITED: Final = 2

COMMAND_TAG: Final = mesh_pb2.LinkRequest.COMMAND_FIELD_NUMBER << 3 | LENGTH_DELIMITED
ANSWER_TAG: Final = mesh_pb2.LinkReply.ANSWER_FIELD_NUMBER << 3 | LENGTH_DELIMITED
"""The first byte of a request that is a command, and of a reply that is an answer."""

NUMBERS: Final = Struct("<BQBQBIBiBB")
"""`number`, `handler`, `timeout_ms` and `priority` of a command, each behind its tag; then the tag
and the length of `message_id`."""

NUMBER_TAGS: Final = (0x09, 0x11, 0x1D, 0x25, 0x2A)
NAME_TAG: Final = 0x32
MESSAGE_TAG: Final = 0x3A

ANSWER_NUMBER: Final = Struct("<BQB")
"""`number` of an answer behind its tag, and the tag of `message`."""

ANSWER_TAGS: Final = (0x09, 0x12)

pack_numbers = NUMBERS.pack
unpack_numbers = NUMBERS.unpack_from
NUMBERS_BYTES: Final = NUMBERS.size
pack_number = Struct("<Q").pack
unpack_answer_number = ANSWER_NUMBER.unpack_from

SHORT_BYTES: Final = 128
"""Texts shorter than this have a length of one byte."""

HEADS_BELOW_BYTES: Final = 4_096
"""Messages shorter than this find what is put around them ready."""

TITLES_MAX: Final = 10_000
"""Names of commands whose bytes are kept."""

SentCommand = tuple[int, int, int, int, str, str, bytes]
"""What a command consists of, in the order of its fields in `mesh.proto`."""


def varint(number: int) -> bytes:
    """Return a number as protobuf writes lengths."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


def enveloped(tag: int, size: int) -> bytes:
    """Return what stands before so many bytes that are one field of a framed message."""
    length = varint(size)
    return pack_prefix(0, 1 + len(length) + size) + bytes([tag]) + length


def answer_parts(size: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind the number of an answer of so many bytes."""
    length = varint(size)
    inner_size = ANSWER_NUMBER.size + len(length) + size
    return enveloped(ANSWER_TAG, inner_size) + b"\x09", b"\x12" + length


LENGTHS: Final = [varint(size) for size in range(HEADS_BELOW_BYTES)]
COMMAND_HEADS: Final = [enveloped(COMMAND_TAG, size) for size in range(HEADS_BELOW_BYTES)]
ANSWER_PARTS: Final = [answer_parts(size) for size in range(HEADS_BELOW_BYTES)]

titles: dict[str, bytes] = {}
"""By name: the name as it stands in a command, with the tag of what follows."""


def title_of(name: str) -> bytes:
    """Return a name between its tag and the next; names repeat."""
    text = name.encode()
    title = bytes([NAME_TAG]) + varint(len(text)) + text + bytes([MESSAGE_TAG])
    if len(titles) >= TITLES_MAX:
        titles.clear()
    titles[name] = title
    return title


def command_head(
    number: int, handler: int, timeout_ms: int, command: WaitingCommand, size: int
) -> bytes:
    """Return what makes a framed request of a command of `size` bytes."""
    key = command.message_id.encode()
    title = titles.get(command.name) or title_of(command.name)
    length = LENGTHS[size] if size < HEADS_BELOW_BYTES else varint(size)
    key_size = len(key)
    inner_size = NUMBERS_BYTES + key_size + len(title) + len(length) + size
    if key_size >= SHORT_BYTES:
        return long_command_head(number, handler, timeout_ms, command, size)
    head = (
        COMMAND_HEADS[inner_size]
        if inner_size < HEADS_BELOW_BYTES
        else enveloped(COMMAND_TAG, inner_size)
    )
    priority = command.priority
    numbers = pack_numbers(
        0x09, number, 0x11, handler, 0x1D, timeout_ms, 0x25, priority, 0x2A, key_size
    )
    return head + numbers + key + title + length


def long_command_head(
    number: int, handler: int, timeout_ms: int, command: WaitingCommand, size: int
) -> bytes:
    """Do as `command_head` for an id that is unusually long."""
    fields = mesh_pb2.Command(
        number=number,
        handler=handler,
        timeout_ms=timeout_ms,
        priority=command.priority,
        message_id=command.message_id,
        name=command.name,
    ).SerializeToString()
    fields += bytes([MESSAGE_TAG]) + varint(size)
    return enveloped(COMMAND_TAG, len(fields) + size) + fields


def answer_head(number: int, size: int) -> bytes:
    """Return what makes a framed reply of an answer of `size` bytes."""
    before, behind = ANSWER_PARTS[size] if size < HEADS_BELOW_BYTES else answer_parts(size)
    return before + pack_number(number) + behind


def read_command(message: bytes) -> SentCommand | None:
    """Return the command that a request is; None where protobuf must read it."""
    try:
        at = 2 if message[1] < SHORT_BYTES else 3
        numbers = unpack_numbers(message, at)
        end = at + NUMBERS_BYTES + numbers[9]
        name_at = end + 2
        message_at = name_at + message[end + 1]
        start = message_at + 2
        size = message[message_at + 1]
        if size >= SHORT_BYTES:
            size += (message[start] - 1) << 7
            start += 1
        if (
            message[0] != COMMAND_TAG
            or numbers[::2] != NUMBER_TAGS
            or message[end] != NAME_TAG
            or message[message_at] != MESSAGE_TAG
            or message[end + 1] >= SHORT_BYTES
            or start + size != len(message)
        ):
            return None
        return (
            numbers[1],
            numbers[3],
            numbers[5],
            numbers[7],
            message[end - numbers[9] : end].decode(),
            message[name_at:message_at].decode(),
            message[start:],
        )
    except (IndexError, struct.error, UnicodeDecodeError):
        return None


def read_answer(message: bytes) -> tuple[int, bytes] | None:
    """Return number and response of the answer that a reply is; None: protobuf must read it."""
    try:
        at = 2 if message[1] < SHORT_BYTES else 3
        tag, number, message_tag = unpack_answer_number(message, at)
        start = at + 11
        size = message[at + 10]
        if size >= SHORT_BYTES:
            size += (message[start] - 1) << 7
            start += 1
    except (IndexError, struct.error):
        return None
    if (
        message[0] != ANSWER_TAG
        or (tag, message_tag) != ANSWER_TAGS
        or start + size != len(message)
    ):
        return None
    return number, message[start:]


def parsed_request(message: bytes) -> mesh_pb2.LinkRequest:
    """Return a request as protobuf reads it; raise `BrokenLink` where it is none."""
    try:
        return mesh_pb2.LinkRequest.FromString(message)
    except DecodeError:
        raise BrokenLink("no message of a link") from None


def parsed_reply(message: bytes) -> mesh_pb2.LinkReply:
    """Return a reply as protobuf reads it; raise `BrokenLink` where it is none."""
    try:
        return mesh_pb2.LinkReply.FromString(message)
    except DecodeError:
        raise BrokenLink("no message of a link") from None


def command_from(command: mesh_pb2.Command) -> SentCommand:
    """Return what `read_command` returns, of a command that protobuf has read."""
    return (
        command.number,
        command.handler,
        command.timeout_ms,
        command.priority,
        command.message_id,
        command.name,
        command.message,
    )
