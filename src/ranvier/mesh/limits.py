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

ENVELOPE_BYTES: Final = 64 * 1024
"""What a message grows by, at most, between nodes: names and ids of the longest kind."""


def mesh_limits(limits: GrpcLimits) -> GrpcLimits:
    """Return the limits of the internal port, both ways, by those of the port for clients."""
    return replace(
        limits,
        message_bytes_in=limits.message_bytes_in + ENVELOPE_BYTES,
        message_bytes_out=limits.message_bytes_out + ENVELOPE_BYTES,
        http2=replace(
            limits.http2,
            stream_window_bytes=max(limits.http2.stream_window_bytes, 4 * MIB),
            connection_window_bytes=max(limits.http2.connection_window_bytes, 32 * MIB),
            buffered_bytes_per_connection=max(
                limits.http2.buffered_bytes_per_connection, 128 * MIB
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
