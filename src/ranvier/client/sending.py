"""What a sender may say beside name and payload, and how it travels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, TypedDict

from ranvier.client.arguments import SECONDS_MAX
from ranvier.client.errors import InvalidRequest
from ranvier.client.payload import INTEGER_MAX, MetadataMapping
from ranvier.proto import command_pb2, common_pb2, query_pb2

TIMEOUT_SECONDS: Final = 300.0
"""For an answer, unless the sender says otherwise; servers give up by then, too."""

Hinted = command_pb2.Command | query_pb2.QueryRequest


class SendOptions(TypedDict, total=False):
    """What goes with a command."""

    routing_key: str
    """Commands of one key go to one handler as long as the handlers stay the same."""
    priority: int
    """Higher goes first where commands wait."""
    timeout_seconds: float
    metadata: MetadataMapping


class AskOptions(TypedDict, total=False):
    """What goes with a query."""

    priority: int
    timeout_seconds: float
    """For all results; a subscription query has no end."""
    metadata: MetadataMapping
    updates_ahead: int
    """Updates of a subscription query that may wait here to be read."""


def check_options(options: Mapping[str, object], known: type) -> None:
    """Refuse an option that nobody knows, as Python does where they stand in the signature."""
    if not options.keys() <= known.__annotations__.keys():
        unknown = sorted(options.keys() - known.__annotations__.keys())
        names = ", ".join(sorted(known.__annotations__))
        raise TypeError(f"unknown option {unknown[0]!r}; there are {names}")


def name_and_value(first: object, payload: object) -> tuple[str, object]:
    """Return name and value of a message; the name is empty where the value's type is to be it."""
    if isinstance(first, str):
        if not first:
            raise TypeError("a message needs a name")
        return first, payload
    if payload is not None:
        raise TypeError("a payload needs the name of its message before it")
    return "", first


def now_milliseconds() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000


def add_hints(message: Hinted, priority: int, timeout_seconds: float) -> None:
    """Say how urgent a message is, if it is, and for how long its answer is of use.

    Raises InvalidRequest for what cannot be sent so.
    """
    if not isinstance(timeout_seconds, (int, float)) or not 0 < timeout_seconds <= SECONDS_MAX:
        raise InvalidRequest(
            f"timeout_seconds is {timeout_seconds!r}; it is a number over 0, at most {SECONDS_MAX}"
        )
    if priority:
        if not isinstance(priority, int) or not -INTEGER_MAX <= priority < INTEGER_MAX:
            raise InvalidRequest(
                f"priority is {priority!r}; it is a whole number of 63 bits and a sign"
            )
        message.processing_instructions.add(key=common_pb2.PRIORITY).value.number_value = priority
    milliseconds = max(int(timeout_seconds * 1_000), 1)
    message.processing_instructions.add(key=common_pb2.TIMEOUT).value.number_value = milliseconds
