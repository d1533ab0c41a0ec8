"""Bounds of an AJP listener and of each connection: numbers, sizes, times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.wire.ajp.errors import LimitsInvalid

PACKET_BYTES_LOWEST: Final = 8192
PACKET_BYTES_HIGHEST: Final = 65536


@dataclass(frozen=True, slots=True)
class AjpLimits:
    """How much a web server may send, and how long it may take for it."""

    packet_bytes: int = 8192
    """One packet with its head, in both directions; the web server is told the same number."""
    header_count: int = 100
    """Headers of one request."""
    head_bytes: int = 32 * 1024
    """Address and headers of one request together; it counts where packets may be longer."""
    connections: int = 2_000
    """Open connections: web servers keep one per thread."""
    packet_seconds: float = 10.0
    """From the first byte of a packet to its last, and from the connection to its first packet."""
    body_seconds: float = 300.0
    """For the body of a request: 16 MiB pass in this time at half a megabit a second."""
    idle_seconds: float = 600.0
    """Without a request; web servers keep connections ready, and close them before this."""
    stalled_write_seconds: float = 60.0
    """For a web server that takes nothing of what the node has to send."""
    stalled_farewell_seconds: float = 0.25
    """The same once the node is stopping."""

    def __post_init__(self) -> None:
        if not PACKET_BYTES_LOWEST <= self.packet_bytes <= PACKET_BYTES_HIGHEST:
            raise LimitsInvalid(
                f"packet_bytes is {self.packet_bytes}; AJP allows {PACKET_BYTES_LOWEST} to"
                f" {PACKET_BYTES_HIGHEST}."
            )
