"""Instances of an event processor, for tests."""

from __future__ import annotations

from ranvier.messages.event_processor import ProcessorInstance, ProcessorStatus, SegmentStatus

Claims = tuple[tuple[int, int], ...]
"""Segments as (number, one part of)."""


def instance(
    name: str, claims: Claims = (), *, free: int = 1, is_running: bool = True
) -> ProcessorInstance:
    """Return the instance of `accounts` on a client of this name."""
    segments = tuple(
        SegmentStatus(
            number, parts, token_position=0, is_caught_up=True, is_replaying=False, error_state=""
        )
        for number, parts in claims
    )
    status = ProcessorStatus(
        name="accounts",
        token_store_identifier="store",
        mode="Pooled Streaming",
        active_threads=len(claims),
        available_threads=free,
        is_running=is_running,
        is_error=False,
        is_streaming=True,
        load_balancing_strategy="default",
        segments=segments,
    )
    return ProcessorInstance(name, name, "bank", status)
