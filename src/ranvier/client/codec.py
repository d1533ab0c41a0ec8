"""Values to payloads and back: JSON by default, anything else behind the same two methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from ranvier.client.errors import PayloadUnreadable, PayloadUnwritable
from ranvier.client.payload import Payload

RAW_TYPE: Final = "bytes"
"""The type name under which plain bytes travel as they are."""

NULL: Final = b"null"
NOTHING: Final = Payload("")
"""What stands for None: no bytes."""

DECODERS_KEPT: Final = 1_024
"""Decoders of types kept ready: a program has fewer types that it receives."""


class Codec(Protocol):
    """Turns values into payloads and back."""

    def encode(self, value: object) -> Payload:
        """Return the payload of a value; PayloadUnwritable where it has none."""

    def decode(self, payload: Payload, wanted: Any) -> Any:
        """Return the value of type `wanted` (Any: the codec's choice); PayloadUnreadable."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """How a type is called on the wire."""

    name: str
    revision: str = ""


class JsonCodec:
    """JSON for dataclasses, msgspec Structs and plain values.

    A type is called by its class name unless `names` says otherwise. Bytes travel as they are,
    and None as no bytes at all.
    """

    def __init__(self, names: Mapping[type, TypeName] | None = None) -> None:
        """Use these names; they also say what is made of a payload that nobody declared a type of.

        What a name with a revision brings is read whatever its revision: JSON of older and newer
        shapes is for the type to accept.
        """
        self._names = dict(names or {})
        self._types = {name.name: kind for kind, name in self._names.items()}

    def encode(self, value: object) -> Payload:
        """Return a value as JSON; a Payload stays as it is."""
        if isinstance(value, Payload):
            return value
        if value is None:
            return NOTHING
        if isinstance(value, (bytes, bytearray, memoryview)):
            return Payload(RAW_TYPE, bytes(value))
        name = self._names.get(type(value))
        if name is None:
            name = TypeName(type(value).__name__)
        try:
            return Payload(name.name, msgspec.json.encode(value), name.revision)
        except (TypeError, ValueError, msgspec.MsgspecError) as problem:
            raise PayloadUnwritable(f"a {name.name} cannot be written as JSON: {problem}") from None

    def decode(self, payload: Payload, wanted: Any = Any) -> Any:
        """Return the value that JSON stands for, checked against the type wanted."""
        if wanted is Payload:
            return payload
        if payload.type == RAW_TYPE and wanted in (Any, bytes):
            return payload.data
        if wanted is bytes and payload.data:
            return payload.data
        if wanted is Any:
            wanted = self._types.get(payload.type, Any)
        try:
            return json_decoder(wanted).decode(payload.data or NULL)
        except (TypeError, ValueError, msgspec.MsgspecError) as problem:
            raise PayloadUnreadable(
                f"a payload of type {payload.type!r} is no {type_text(wanted)}: {problem}"
            ) from None


@lru_cache(DECODERS_KEPT)
def json_decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder for a type, made once; TypeError for a type that JSON has no form of."""
    return msgspec.json.Decoder(wanted)


def type_text(wanted: Any) -> str:
    """Return a type as a reader would write it."""
    return wanted.__name__ if isinstance(wanted, type) else str(wanted)
