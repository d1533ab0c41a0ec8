"""What a handler may learn of a message beside its value, and what comes back as it is."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field

from ranvier.client.payload import MetadataMapping, Payload, no_metadata


@dataclass(frozen=True, slots=True)
class Message:
    """A command or query as it came; a handler gets it as its second argument."""

    id: str
    name: str
    payload: Payload
    metadata: MetadataMapping = field(default_factory=no_metadata)
    client_id: str = ""
    """The client that sent it."""
    component_name: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers a command or query, before any codec."""

    payload: Payload
    metadata: MetadataMapping = field(default_factory=no_metadata)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns to send metadata along with its value."""

    value: object
    metadata: MetadataMapping = field(default_factory=no_metadata)


class MessageIds:
    """Ids that no other message has: a random part for this hub, and a count."""

    def __init__(self) -> None:
        self._prefix = f"{uuid.uuid4()}-"
        self._numbers = itertools.count(1)

    def next(self) -> str:
        """Return a new id."""
        return f"{self._prefix}{next(self._numbers):x}"
