"""Bounds of the HTTP listener and of each connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How much a peer may send before it is understood, and how long it may take for it."""

    connections: int = 2_000
    """Open connections: each needs a file descriptor and some kilobytes."""
    head_bytes: int = 32 * 1024
    """Request line and headers together; four times what browsers send with large cookies."""
    header_count: int = 100
    """Headers of one request."""
    head_seconds: float = 10.0
    """From the first byte awaited to the last of the head: a peer that drips is cut."""
    body_seconds: float = 300.0
    """For the body: 16 MiB pass in this time at half a megabit a second."""
    stalled_write_seconds: float = 60.0
    """For a peer that takes nothing of what the node has to send."""
    stalled_farewell_seconds: float = 0.25
    """The same once the node is stopping."""
    idle_seconds: int = 30
    """Between two requests on one connection; more than balancers wait between their checks."""
