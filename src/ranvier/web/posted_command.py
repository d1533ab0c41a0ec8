"""The JSON that `POST /v1/commands/run` takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from ranvier.errors import RanvierError
from ranvier.messages.errors import MessageError
from ranvier.proto.command_pb2 import Command, CommandResponse
from ranvier.proto.common_pb2 import (
    PRIORITY,
    ROUTING_KEY,
    TIMEOUT,
    ErrorMessage,
    MetaDataValue,
)
from ranvier.services.waiting_command import WaitingCommand
from ranvier.web.errors import InvalidBody
from ranvier.web.posted_messages import (
    TIMEOUT_MS_MAX,
    PostedMetaData,
    PostedPayload,
    PostingRules,
    decode,
    message_bytes,
    metadata_texts,
    refuse_too_many_values,
    to_meta_data,
    to_payload,
)
from ranvier.web.posted_schema import META_DATA, PAYLOAD, request_body


class PostedCommand(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """One command; a field that is null counts as not given."""

    name: str
    message_identifier: str | None = None
    payload: PostedPayload | None = None
    meta_data: PostedMetaData | None = None
    routing_key: str | None = None
    priority: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] = 0
    timeout: Annotated[int, msgspec.Meta(ge=1, le=TIMEOUT_MS_MAX)] = TIMEOUT_MS_MAX
    """Milliseconds."""


POSTED_COMMAND: Final = request_body(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "messageIdentifier": {"type": "string", "description": "Made where not given."},
            "payload": PAYLOAD,
            "metaData": META_DATA,
            "routingKey": {
                "type": "string",
                "description": "Commands with the same key go to the same handler.",
            },
            "priority": {"type": "integer", "default": 0, "description": "Higher goes first."},
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "maximum": TIMEOUT_MS_MAX,
                "default": TIMEOUT_MS_MAX,
                "description": "Milliseconds to wait for the answer.",
            },
        },
    },
    {"name": "PlaceOrder", "payload": {"type": "PlaceOrder", "data": '{"item": "lamp"}'}},
)


def decode_command(body: bytes) -> PostedCommand:
    """Return the command of a body; raise `InvalidBody` that names the wrong field."""
    refuse_too_many_values(body)
    posted = decode(body, PostedCommand, PostedCommand.__struct_encode_fields__)
    if not posted.name:
        raise InvalidBody("name", "it must say which command it is")
    return posted


class AwaitedCommand(WaitingCommand):
    """A posted command whose answer a coroutine waits for."""

    def __init__(self, context: str, posted: PostedCommand, rules: PostingRules) -> None:
        """Raises `InvalidBody`, `MessageTooLarge`."""
        self.context = context
        self.name = posted.name
        self.message_id = posted.message_identifier or rules.new_message_id()
        self.priority = posted.priority
        self.timeout_ms = posted.timeout
        self.message = command_bytes(self.message_id, posted, rules)
        self.response: asyncio.Future[CommandResponse] = asyncio.Future()
        self._posted = posted
        self._rules = rules

    def routing_key(self) -> str:
        """Return the posted key, or the message id where there is none."""
        return self._posted.routing_key or self.message_id

    def metadata(self) -> Mapping[str, str]:
        """Return the posted metadata as text."""
        return metadata_texts(self._posted.meta_data)

    def answered(self, response: bytes) -> None:
        """Give the response to whoever waits."""
        if not self.response.done():
            self.response.set_result(CommandResponse.FromString(response))

    def failed(self, error: RanvierError) -> None:
        """Give the error to whoever waits: as an answer where it is about the command alone."""
        if self.response.done():
            return
        if not isinstance(error, MessageError):
            self.response.set_exception(error)
            return
        self.response.set_result(
            CommandResponse(
                message_identifier=self._rules.new_message_id(),
                request_identifier=self.message_id,
                error_code=error.code,
                error_message=ErrorMessage(message=str(error)),
            )
        )


def command_bytes(message_id: str, posted: PostedCommand, rules: PostingRules) -> bytes:
    """Return a posted command as handlers get it."""
    command = Command(
        message_identifier=message_id,
        name=posted.name,
        timestamp=rules.time_ms(),
        payload=to_payload(posted.payload, "payload"),
        meta_data=to_meta_data(posted.meta_data, ""),
    )
    key = MetaDataValue(text_value=posted.routing_key or message_id)
    command.processing_instructions.add(key=ROUTING_KEY, value=key)
    for instruction, number in ((PRIORITY, posted.priority), (TIMEOUT, posted.timeout)):
        value = MetaDataValue(number_value=number)
        command.processing_instructions.add(key=instruction, value=value)
    return message_bytes(command, rules)
