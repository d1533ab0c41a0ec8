"""One stream on which a client offers to handle messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A party that messages are sent to; equal only to itself.

    `stream_id` is unique among all streams: a client that comes back is a new handler.
    """

    context: str
    client_id: str
    stream_id: str
    component_name: str
    tags: Mapping[str, str] = field(default_factory=dict)
