"""One stream on which a client offers to handle messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A party that messages are sent to; equal only to itself.

    `stream_id` is unique among all streams of a node: a client that comes back is a new handler.
    """

    context: str
    client_id: str
    stream_id: str
    component_name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    """The name of the node that holds the stream; empty where it is this one."""
