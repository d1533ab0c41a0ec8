"""How OpenAPI describes the bodies of `posted_messages`, which are read without FastAPI's help."""

from __future__ import annotations

from typing import Any, Final

JsonSchema = dict[str, Any]

PAYLOAD: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "revision": {"type": "string"},
        "data": {"type": "string"},
        "encoding": {"enum": ["text", "base64"], "description": "Of data; text where not given."},
    },
}

META_DATA: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "object"]},
}

MESSAGE: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "messageId": {"type": "string", "description": "Made by the node where not given."},
        "aggregateId": {"type": "string", "maxLength": 255},
        "aggregateSequenceNumber": {"type": "integer", "minimum": 0, "default": 0},
        "aggregateType": {
            "type": "string",
            "maxLength": 255,
            "description": "Without it an event belongs to no aggregate and has no sequence.",
        },
        "dateTime": {
            "oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}],
            "description": "ISO 8601, or milliseconds since 1970; now where not given.",
        },
        "metaData": META_DATA,
        "payload": PAYLOAD,
    },
}

ORDER_PLACED: Final[JsonSchema] = {
    "aggregateId": "order-1",
    "aggregateSequenceNumber": 0,
    "aggregateType": "Order",
    "payload": {"type": "OrderPlaced", "revision": "1", "data": '{"lamps": 3}'},
    "metaData": {"user": "ada"},
}

ORDER_STATE: Final[JsonSchema] = {
    "aggregateId": "order-1",
    "aggregateSequenceNumber": 0,
    "aggregateType": "Order",
    "payload": {"type": "OrderState", "revision": "1", "data": '{"lamps": 3, "state": "placed"}'},
}


def request_body(schema: JsonSchema, example: JsonSchema) -> JsonSchema:
    """Return what an operation adds to its description to say which body it takes."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


EVENT: Final[JsonSchema] = MESSAGE | {"required": ["payload"]}

POSTED_EVENTS: Final = request_body(
    {
        "oneOf": [
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["messages"],
                "properties": {"messages": {"type": "array", "items": EVENT}},
            },
            {"type": "array", "items": EVENT},
            EVENT,
        ]
    },
    {"messages": [ORDER_PLACED]},
)

POSTED_SNAPSHOT: Final = request_body(MESSAGE, ORDER_STATE)
