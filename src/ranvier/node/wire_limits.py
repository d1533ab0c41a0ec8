"""The bounds of the gRPC ports, as the settings want them."""

from __future__ import annotations

from ranvier.config.limit_settings import LimitSettings
from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.http2.limits import Limits


def grpc_limits(settings: LimitSettings) -> GrpcLimits:
    """Return the limits of a gRPC port; what no setting names keeps its default."""
    return GrpcLimits(
        message_bytes_in=settings.message_bytes,
        message_bytes_out=settings.message_bytes,
        http2=http2_limits(settings),
        connection=connection_limits(settings),
    )


def http2_limits(settings: LimitSettings) -> Limits:
    """Return the limits within a connection."""
    return Limits(
        concurrent_streams=settings.streams_per_connection,
        buffered_bytes_per_connection=settings.buffered_bytes_per_connection,
        stream_window_bytes=settings.stream_window_bytes,
        connection_window_bytes=settings.connection_window_bytes,
        header_list_bytes=settings.header_list_bytes,
        header_block_bytes=settings.header_block_bytes,
        continuation_frames=settings.continuation_frames,
        resets_per_second=settings.resets_per_second,
        reset_burst=settings.reset_burst,
        ping_interval_seconds=settings.ping_interval_seconds,
        ping_strikes=settings.ping_strikes,
        settings_frames_per_second=settings.settings_frames_per_second,
        empty_data_frames_per_second=settings.empty_data_frames_per_second,
        idle_window_updates_per_second=settings.idle_window_updates_per_second,
        ignored_frames_per_second=settings.ignored_frames_per_second,
    )


def connection_limits(settings: LimitSettings) -> ConnectionLimits:
    """Return the limits of the listener and of a connection's times."""
    return ConnectionLimits(
        connections=settings.connections,
        connections_per_address=settings.connections_per_address,
        handshake_seconds=settings.handshake_seconds,
        tcp_keep_alive_seconds=settings.tcp_keep_alive_seconds,
        keep_alive_seconds=settings.keep_alive_seconds,
        keep_alive_timeout_seconds=settings.keep_alive_timeout_seconds,
        idle_seconds=settings.idle_seconds,
        age_seconds=settings.age_seconds,
        age_grace_seconds=settings.age_grace_seconds,
    )
