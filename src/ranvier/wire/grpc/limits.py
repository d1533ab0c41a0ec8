"""Every bound of a gRPC endpoint in one value: connections, HTTP/2 and calls."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.http2.limits import Limits

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GrpcLimits:
    """What one endpoint accepts and sends; the defaults are those that Axon's clients expect."""

    message_bytes_in: int = 4 * MIB
    """One message from the peer, inflated; a longer one is refused by RESOURCE_EXHAUSTED."""
    message_bytes_out: int = 4 * MIB
    """One message to the peer: most clients refuse longer ones."""
    assembly_bytes_per_connection: int = 16 * MIB
    """Messages that arrive in pieces, together; further ones wait behind closed windows."""
    assembly_waiting_per_connection: int = 32
    """Such messages that may wait; each holds up to one receive window of a stream, together half
    of what HTTP/2 buffers for a connection."""
    http2: Limits = field(default_factory=Limits)
    connection: ConnectionLimits = field(default_factory=ConnectionLimits)
