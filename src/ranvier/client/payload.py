"""Content as it travels: bytes with the name of their type, and metadata beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ranvier.client.errors import PayloadUnwritable
from ranvier.proto import common_pb2


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes that no codec touches, with the name and revision of their type."""

    type: str
    data: bytes = b""
    revision: str = ""


MetadataValue = str | int | float | bool | Payload
"""What may stand in metadata; whole numbers have at most 63 bits and a sign."""

MetadataMapping = Mapping[str, MetadataValue]
NO_METADATA: Final[MetadataMapping] = MappingProxyType({})
INTEGER_MAX: Final = 2**63


def no_metadata() -> MetadataMapping:
    """Return metadata without an entry."""
    return NO_METADATA


def payload_from(message: common_pb2.SerializedObject) -> Payload:
    """Return content as the wire has it."""
    return Payload(message.type, message.data, message.revision)


def serialized(payload: Payload) -> common_pb2.SerializedObject:
    """Return content for the wire."""
    return common_pb2.SerializedObject(
        type=payload.type, revision=payload.revision, data=payload.data
    )


def fill(message: common_pb2.SerializedObject, payload: Payload) -> None:
    """Write content in place: a third of what making it apart and copying it takes."""
    message.type = payload.type
    message.data = payload.data
    if payload.revision:
        message.revision = payload.revision


def wire_metadata(metadata: MetadataMapping) -> dict[str, common_pb2.MetaDataValue]:
    """Return metadata for the wire; PayloadUnwritable for an entry that has no form there."""
    try:
        for name in metadata:
            name.encode()
        return {name: wire_value(name, value) for name, value in metadata.items()}
    except UnicodeEncodeError as problem:
        raise PayloadUnwritable(f"metadata {dict(metadata)!r} is no UTF-8: {problem}") from None


def wire_value(name: str, value: MetadataValue) -> common_pb2.MetaDataValue:
    """Return one value for the wire."""
    if isinstance(value, str):
        return common_pb2.MetaDataValue(text_value=value)
    if isinstance(value, bool):
        return common_pb2.MetaDataValue(boolean_value=value)
    if isinstance(value, int) and -INTEGER_MAX <= value < INTEGER_MAX:
        return common_pb2.MetaDataValue(number_value=value)
    if isinstance(value, float):
        return common_pb2.MetaDataValue(double_value=value)
    if isinstance(value, Payload):
        return common_pb2.MetaDataValue(bytes_value=serialized(value))
    raise PayloadUnwritable(
        f"the metadata {name!r} is no text, truth value, number of 64 bits or Payload"
    )


def metadata_from(
    message: Mapping[str, common_pb2.MetaDataValue],
) -> MetadataMapping:
    """Return metadata as the wire has it; a value without any content is an empty text."""
    if not message:
        return NO_METADATA
    return {name: value_from(value) for name, value in message.items()}


def value_from(value: common_pb2.MetaDataValue) -> MetadataValue:
    """Return one value as the wire has it."""
    match value.WhichOneof("data"):
        case "number_value":
            return value.number_value
        case "boolean_value":
            return value.boolean_value
        case "double_value":
            return value.double_value
        case "bytes_value":
            return payload_from(value.bytes_value)
        case _:
            return value.text_value
