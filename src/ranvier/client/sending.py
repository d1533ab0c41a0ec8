"""What a sender may say beside name and payload, and how it travels."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final, TypedDict

from ranvier.client.payload import MetadataMapping
from ranvier.proto import common_pb2

TIMEOUT_SECONDS: Final = 300.0
"""For an answer, unless the sender says otherwise; servers give up by then, too."""

Key = common_pb2.ProcessingKey


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


def instructions(
    routing_key: str, priority: int, timeout_seconds: float
) -> Iterator[common_pb2.ProcessingInstruction]:
    """Yield the routing hints; none for an empty key and the priority 0."""
    if routing_key:
        yield text_instruction(common_pb2.ROUTING_KEY, routing_key)
    if priority:
        yield number_instruction(common_pb2.PRIORITY, priority)
    yield number_instruction(common_pb2.TIMEOUT, max(int(timeout_seconds * 1_000), 1))


def text_instruction(key: common_pb2.ProcessingKey, value: str) -> common_pb2.ProcessingInstruction:
    """Return a hint whose value is a text."""
    return common_pb2.ProcessingInstruction(
        key=key, value=common_pb2.MetaDataValue(text_value=value)
    )


def number_instruction(
    key: common_pb2.ProcessingKey, value: int
) -> common_pb2.ProcessingInstruction:
    """Return a hint whose value is a whole number."""
    return common_pb2.ProcessingInstruction(
        key=key, value=common_pb2.MetaDataValue(number_value=value)
    )


def flag_instruction(key: common_pb2.ProcessingKey) -> common_pb2.ProcessingInstruction:
    """Return a hint that is a yes."""
    return common_pb2.ProcessingInstruction(
        key=key, value=common_pb2.MetaDataValue(boolean_value=True)
    )
