"""Event processors as clients tell of them: one processor has an instance in each client."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessorId:
    """What tells event processors apart: the same name on another token store is another one."""

    context: str
    name: str
    token_store: str


@dataclass(frozen=True, slots=True)
class SegmentStatus:
    """One segment of an event processor, as the client that claims it tells."""

    segment_id: int
    one_part_of: int
    """The segment is one n-th of the stream: the higher, the smaller."""
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


@dataclass(frozen=True, slots=True)
class ProcessorInstance:
    """A processor in one client; `member` is whatever the caller knows that client by."""

    member: Hashable
    client_id: str
    component_name: str
    status: ProcessorStatus

    def claims(self, segment_id: int) -> bool:
        """Say whether this instance works on a segment."""
        return any(each.segment_id == segment_id for each in self.status.segments)
