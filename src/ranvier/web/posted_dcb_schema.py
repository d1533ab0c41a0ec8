"""How OpenAPI describes the bodies of `posted_dcb`, which are read without FastAPI's help."""

from __future__ import annotations

from typing import Final

from ranvier.web.posted_schema import PAYLOAD, JsonSchema, request_body

TAGS: Final[JsonSchema] = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["key"],
        "properties": {
            "key": {"type": "string", "maxLength": 255},
            "value": {"type": "string", "maxLength": 255, "default": ""},
            "encoding": {"enum": ["text", "base64"], "description": "Of key and value."},
        },
    },
}

CRITERIA: Final[JsonSchema] = {
    "type": "array",
    "description": "An event matches one that has all of its tags and one of its names; an empty "
    "list of either asks for nothing. Without criteria every event matches.",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"tags": TAGS, "names": {"type": "array", "items": {"type": "string"}}},
    },
}

DCB_EVENT: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["payload"],
    "properties": {
        "messageId": {"type": "string", "description": "Made by the node where not given."},
        "dateTime": {
            "oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}],
            "description": "ISO 8601, or milliseconds since 1970; now where not given.",
        },
        "payload": PAYLOAD | {"description": "Its type is the name that criteria ask for."},
        "metaData": {"type": "object", "additionalProperties": {"type": "string"}},
        "tags": TAGS,
    },
}

CONDITION: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["consistencyMarker"],
    "properties": {
        "consistencyMarker": {
            "type": "integer",
            "minimum": -1,
            "description": "As a source has told it; -1 looks at every event.",
        },
        "criteria": CRITERIA,
    },
}

SEAT: Final[JsonSchema] = {"tags": [{"key": "seat", "value": "12A"}]}

POSTED_APPEND: Final = request_body(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["events"],
        "properties": {
            "events": {"type": "array", "items": DCB_EVENT},
            "condition": CONDITION,
        },
    },
    {
        "events": [{"payload": {"type": "SeatTaken", "data": '{"by": "ada"}'}, **SEAT}],
        "condition": {"consistencyMarker": 17, "criteria": [SEAT]},
    },
)

POSTED_SOURCE: Final = request_body(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "fromSequence": {"type": "integer", "default": 0, "description": "It is included."},
            "criteria": CRITERIA,
        },
    },
    {"criteria": [SEAT]},
)
