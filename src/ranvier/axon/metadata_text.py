"""The metadata of a message as the texts that the tags of clients are compared with."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.proto import common_pb2


def texts_of(meta_data: Mapping[str, common_pb2.MetaDataValue]) -> Mapping[str, str]:
    """Return all that can be said as text."""
    return {
        name: text
        for name, value in meta_data.items()
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
