"""Bounds of the connections between nodes: larger windows, and shorter silences than of clients."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ranvier.wire.grpc.limits import MIB, GrpcLimits

SILENCE_SECONDS: Final = 0.4
"""After so long without a byte the other node is pinged."""

SILENCE_AFTER_PING_SECONDS: Final = 0.9
"""After so long without an answer it counts as lost: within 2 s of its last byte, as a look may
find that byte a whole silence late."""

HANDSHAKE_SECONDS: Final = 3.0
"""For a connection to stand, and for the two proofs."""

STREAMS: Final = 100_000
"""Queries and subscription queries that one node may have under way at another; each is a stream,
and each that its caller gives up is reset."""

MESSAGE_BYTES: Final = 256 * MIB
"""Of one message between nodes, alike on all of them, so that no node sends what another does not
take: what a client may be sent is looked at where it is connected."""

STRANGERS_ENVELOPE_BYTES: Final = 64 * 1024
"""What those who have proved nothing may send beyond the length of a client's message."""


def dialling_limits(limits: GrpcLimits) -> GrpcLimits:
    """Return the limits at the node that dials, by those of its port for clients."""
    return replace(mesh_limits(limits), message_bytes_in=MESSAGE_BYTES)


def mesh_limits(limits: GrpcLimits) -> GrpcLimits:
    """Return the limits of the internal port, by those of the port for clients.

    Who has dialled may send messages of `MESSAGE_BYTES` once he is proven.
    """
    return replace(
        limits,
        message_bytes_in=limits.message_bytes_in + STRANGERS_ENVELOPE_BYTES,
        message_bytes_out=MESSAGE_BYTES,
        assembly_bytes_per_connection=max(limits.assembly_bytes_per_connection, MESSAGE_BYTES),
        http2=replace(
            limits.http2,
            stream_window_bytes=max(limits.http2.stream_window_bytes, 4 * MIB),
            connection_window_bytes=max(limits.http2.connection_window_bytes, 32 * MIB),
            buffered_bytes_per_connection=max(
                limits.http2.buffered_bytes_per_connection, 2 * MESSAGE_BYTES
            ),
            concurrent_streams=max(limits.http2.concurrent_streams, STREAMS),
            resets_per_second=STREAMS,
            reset_burst=10 * STREAMS,
            idle_window_updates_per_second=10 * STREAMS,
            idle_window_update_burst=10 * STREAMS,
            ignored_frames_per_second=STREAMS,
            ignored_frame_burst=10 * STREAMS,
            ping_interval_seconds=0.05,
            ping_strikes=100,
        ),
        connection=replace(
            limits.connection,
            keep_alive_seconds=SILENCE_SECONDS,
            keep_alive_timeout_seconds=SILENCE_AFTER_PING_SECONDS,
            handshake_seconds=HANDSHAKE_SECONDS,
            idle_seconds=None,
            age_seconds=None,
        ),
    )
