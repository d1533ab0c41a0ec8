"""What a persistent stream is: its names, how it is sequenced, what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.events.errors import InvalidEvent
from ranvier.events.limits import refuse_text
from ranvier.events.query import EventFilter, parse_filter
from ranvier.events.streams.errors import InvalidStream
from ranvier.events.streams.sequencing import policy_of

SEGMENTS_AT_MOST: Final = 1_024
"""Of one stream; each is read by itself while somebody holds it."""

PARAMETERS_AT_MOST: Final = 8
"""Of a sequencing policy; ours take two at most."""


@dataclass(frozen=True, slots=True)
class StreamDefinition:
    """A stream as its creator described it."""

    stream_id: str
    name: str
    policy_name: str
    parameters: tuple[str, ...]
    filter_text: str


def refuse_definition(definition: StreamDefinition) -> None:
    """Raise what is wrong with a definition.

    Raises:
        InvalidStream: an id or name that cannot be.
        UnknownSequencingPolicy: a policy that cannot be used.
        QueryError: a filter that cannot be read.
    """
    if not definition.stream_id:
        raise InvalidStream("stream id", "is empty: give the stream one")
    refuse_name("stream id", definition.stream_id)
    refuse_name("stream name", definition.name)
    if len(definition.parameters) > PARAMETERS_AT_MOST:
        raise InvalidStream(
            "sequencing policy", f"takes {PARAMETERS_AT_MOST} parameters at most: leave some out"
        )
    for parameter in (definition.policy_name, *definition.parameters):
        refuse_name("sequencing policy", parameter)
    policy_of(definition.policy_name, definition.parameters)
    filter_of(definition.filter_text)


def refuse_name(field: str, text: str) -> None:
    """Raise `InvalidStream` for a text that no database could be trusted with."""
    refusal: InvalidEvent | None = refuse_text(field, text)
    if refusal is not None:
        raise InvalidStream(field, refusal.reason)


def refuse_segment_count(count: int) -> None:
    """Raise `InvalidStream` for a number of segments that cannot be."""
    if not 1 <= count <= SEGMENTS_AT_MOST:
        raise InvalidStream(
            "number of segments", f"is {count}: it must be from 1 to {SEGMENTS_AT_MOST}"
        )


def filter_of(text: str) -> EventFilter | None:
    """Return what decides about single events; None lets all of them pass.

    Raises:
        QueryError: the text cannot be read, or has steps that say nothing about single events.
    """
    return parse_filter(text) if text.strip() else None
