"""Which events must be handled one after the other: the sequencing policies.

A policy gives each event a key; events of one key go to one segment, in the order of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol
from zlib import crc32

from ranvier.events.query import QueryError
from ranvier.events.streams.errors import UnknownSequencingPolicy
from ranvier.events.streams.property_path import JSON, SERIALIZATIONS, read_property_path

PER_AGGREGATE: Final = "SequentialPerAggregatePolicy"
SEQUENTIAL: Final = "SequentialPolicy"
FULL_CONCURRENCY: Final = "FullConcurrencyPolicy"
BY_META_DATA: Final = "MetaDataSequencingPolicy"
BY_PROPERTY: Final = "PropertySequencingPolicy"


class SequencedEvent(Protocol):
    """What a policy may ask of an event."""

    @property
    def place(self) -> int:
        """Its token."""

    @property
    def aggregate_id(self) -> str:
        """The aggregate that it belongs to; empty if to none."""

    @property
    def payload(self) -> bytes:
        """Its payload as it was sent."""

    def meta_text(self, key: str) -> str | None:
        """Its metadata under that key as text; None where there is none."""


Policy = Callable[[SequencedEvent], str]
"""The key of an event. An event that has nothing to be sequenced by has a key of its own."""


def hash_of(key: str) -> int:
    """Return the number by which a key finds its segment, the same on every node and for ever."""
    return crc32(key.encode())


def segment_of(key_hash: int, segment_count: int) -> int:
    """Return the segment of a key among so many."""
    return key_hash % segment_count


def policy_of(name: str, parameters: Sequence[str]) -> Policy:
    """Return the policy of that name; none named means by aggregate.

    Raises:
        UnknownSequencingPolicy: there is none, or its parameters do not fit.
    """
    make = _POLICIES.get(name or PER_AGGREGATE)
    if make is None:
        raise UnknownSequencingPolicy(name, f"choose one of {', '.join(sorted(_POLICIES))}")
    return make(tuple(parameters))


def _by_itself(event: SequencedEvent) -> str:
    return f"#{event.place}"


def _per_aggregate(_: Sequence[str]) -> Policy:
    return lambda event: event.aggregate_id or _by_itself(event)


def _sequential(_: Sequence[str]) -> Policy:
    return lambda _event: ""


def _full_concurrency(_: Sequence[str]) -> Policy:
    return _by_itself


def _by_meta_data(parameters: Sequence[str]) -> Policy:
    if len(parameters) != 1 or not parameters[0]:
        raise UnknownSequencingPolicy(BY_META_DATA, "give it one parameter, the metadata key")
    key = parameters[0]

    def sequence(event: SequencedEvent) -> str:
        found = event.meta_text(key)
        return _by_itself(event) if found is None else found

    return sequence


def _by_property(parameters: Sequence[str]) -> Policy:
    *serialization, path_text = parameters or ("",)
    written = serialization[0].lower() if serialization else JSON
    if len(serialization) > 1 or written not in SERIALIZATIONS:
        raise UnknownSequencingPolicy(
            BY_PROPERTY, "its parameters are the path of the property, after 'json' or 'xml'"
        )
    try:
        path = read_property_path(written, path_text)
    except QueryError as error:
        raise UnknownSequencingPolicy(
            BY_PROPERTY, f"{path_text!r} is no path such as '$.order.id' ({error})"
        ) from error

    def sequence(event: SequencedEvent) -> str:
        found = path(event.payload)
        return _by_itself(event) if found is None else found

    return sequence


_POLICIES: Final = {
    PER_AGGREGATE: _per_aggregate,
    SEQUENTIAL: _sequential,
    FULL_CONCURRENCY: _full_concurrency,
    BY_META_DATA: _by_meta_data,
    BY_PROPERTY: _by_property,
}
