"""The values of the DCB event store: tags, criteria, conditions, events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from ranvier.client.codec import Codec
from ranvier.client.events_message import milliseconds, new_id, now, time_of
from ranvier.client.payload import Payload
from ranvier.proto import dcb_pb2

NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """What an event is about: a key and a value; text is UTF-8, bytes are possible."""

    key: str | bytes
    value: str | bytes


@dataclass(frozen=True, slots=True)
class Criterion:
    """Events with all of these tags and one of these names; no tags or no names: any."""

    tags: Sequence[Tag] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AppendCondition:
    """Refuses an append if, from the marker on, there is an event that meets a criterion.

    No criteria: if there is any event at all. The marker is the one that came with the events on
    which the append was decided.
    """

    marker: int
    criteria: Sequence[Criterion] = ()


@dataclass(frozen=True, slots=True)
class TaggedEvent:
    """An event to append: a value for the codec, or a Payload, whose type is the event's name."""

    payload: object
    tags: Sequence[Tag] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an append stands: position of its first event, how many, and the marker behind it."""

    first: int
    count: int
    marker: int


class SourcedEvent:
    """A DCB event as it is stored, with its position in the context."""

    __slots__ = ("_codec", "message", "position")

    def __init__(self, message: dcb_pb2.Event, codec: Codec, position: int) -> None:
        self.message = message
        """The event as the wire has it."""
        self.position = position
        self._codec = codec

    def __repr__(self) -> str:
        return f"<SourcedEvent {self.name} at {self.position}>"

    @property
    def id(self) -> str:
        """The identifier that its maker gave it."""
        return self.message.identifier

    @property
    def name(self) -> str:
        """What criteria call it: the type of its payload."""
        return self.message.name

    @property
    def payload(self) -> Payload:
        """The bytes, with name and version."""
        return Payload(self.message.name, self.message.payload, self.message.version)

    @property
    def metadata(self) -> Mapping[str, str]:
        """What its maker put beside the payload."""
        return self.message.metadata

    @property
    def time(self) -> datetime:
        """When it was made, as its maker's clock had it."""
        return time_of(self.message.timestamp)

    def value(self, wanted: Any = Any) -> Any:
        """Return the payload as a value of this type, by the codec; PayloadUnreadable."""
        return self._codec.decode(self.payload, wanted)

    def fingerprint(self) -> bytes:
        """Return 32 bytes that are equal for equal events, whatever order their bytes came in."""
        return hashlib.sha256(self.message.SerializeToString(deterministic=True)).digest()


def wire_text(text: str | bytes) -> bytes:
    """Return a part of a tag as the wire has it."""
    return text.encode() if isinstance(text, str) else text


def wire_tags(tags: Iterable[Tag]) -> list[dcb_pb2.Tag]:
    """Return tags as the wire has them."""
    return [dcb_pb2.Tag(key=wire_text(tag.key), value=wire_text(tag.value)) for tag in tags]


def tags_from(tags: Iterable[dcb_pb2.Tag]) -> tuple[Tag, ...]:
    """Return tags with text where their bytes are UTF-8."""
    return tuple(Tag(text_from(tag.key), text_from(tag.value)) for tag in tags)


def text_from(data: bytes) -> str | bytes:
    """Return the text that bytes stand for, or the bytes where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def wire_criteria(criteria: Iterable[Criterion]) -> list[dcb_pb2.Criterion]:
    """Return criteria as the wire has them."""
    return [
        dcb_pb2.Criterion(
            tags_and_names=dcb_pb2.TagsAndNamesCriterion(name=each.names, tag=wire_tags(each.tags))
        )
        for each in criteria
    ]


def wire_dcb_event(event: TaggedEvent, codec: Codec) -> dcb_pb2.Event:
    """Return an event as the wire has it, without its tags."""
    payload = codec.encode(event.payload)
    return dcb_pb2.Event(
        identifier=event.id,
        timestamp=milliseconds(event.time),
        name=payload.type,
        version=payload.revision,
        payload=payload.data,
        metadata=dict(event.metadata),
    )


def wire_tagged(
    event: TaggedEvent | tuple[SourcedEvent, Iterable[Tag]], codec: Codec
) -> dcb_pb2.TaggedEvent:
    """Return an event and its tags as the wire has them; a stored one keeps all that it is."""
    if isinstance(event, TaggedEvent):
        return dcb_pb2.TaggedEvent(event=wire_dcb_event(event, codec), tag=wire_tags(event.tags))
    stored, tags = event
    return dcb_pb2.TaggedEvent(event=stored.message, tag=wire_tags(tags))
