"""Messages from bytes: what cannot be read is refused, never raised at a client."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from ranvier.axon.errors import BrokenMessage

M = TypeVar("M", bound=Message)


def parsed(message_type: type[M], data: bytes) -> M:
    """Return the message that these bytes are; raise `BrokenMessage` if they are none.

    Texts that are not UTF-8 make a message broken; fields that the type lacks do not.
    """
    try:
        return message_type.FromString(data)
    except DecodeError:
        raise BrokenMessage(message_type.DESCRIPTOR.name) from None
