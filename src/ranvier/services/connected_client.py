"""What a node knows of a client that holds a control stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ranvier.errors import RanvierError

HEARTBEATS_SINCE: Final = (4, 2, 1)
"""Clients of this version and newer answer the heartbeats of a node."""

NUMBER: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """How a client introduces itself."""

    client_id: str
    component_name: str
    version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def answers_heartbeats(self) -> bool:
        """Whether this client's version is one that answers heartbeats."""
        return version_numbers(self.version) >= HEARTBEATS_SINCE


@dataclass(frozen=True, slots=True)
class SegmentStatus:
    """One segment of an event processor, as the client that claims it tells."""

    segment_id: int
    one_part_of: int
    token_position: int
    is_caught_up: bool
    is_replaying: bool
    error_state: str


@dataclass(frozen=True, slots=True)
class ProcessorStatus:
    """An event processor in one client, as that client tells every few seconds."""

    name: str
    token_store_identifier: str
    mode: str
    active_threads: int
    available_threads: int
    is_running: bool
    is_error: bool
    is_streaming: bool
    load_balancing_strategy: str
    segments: tuple[SegmentStatus, ...] = ()


class ClientLink(Protocol):
    """The control stream of one client, as far as a service needs it."""

    def send_heartbeat(self) -> None:
        """Ask the client for a sign of life."""

    def ask_to_reconnect(self) -> None:
        """Ask the client to look for a node again."""

    def close(self, error: RanvierError) -> None:
        """End the stream and tell why."""


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version such as `4.6.2-SNAPSHOT`: at most three."""
    numbers: list[int] = []
    for part in version.split(".")[:3]:
        found = NUMBER.match(part)
        if found is None:
            break
        numbers.append(int(found[0]))
    return tuple(numbers)
