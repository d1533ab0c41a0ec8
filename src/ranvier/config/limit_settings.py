"""The bounds that an operator may move; one line each, named like the bound in `wire` that it sets.

Why each has its default is told where the bound is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.config.keys import axon, setting
from ranvier.config.kinds import BYTES, COUNT, MILLISECONDS, SECONDS, optional

_KIB = 1024
_MIB = 1024 * _KIB
_TIME = optional(SECONDS)
_AXON_TIME = optional(MILLISECONDS)

_MESSAGE_SIZE = axon("max-message-size")
_PING_GAP = axon("min-keep-alive-time", MILLISECONDS)
_KEEP_ALIVE = axon("keep-alive-time", _AXON_TIME)
_KEEP_ALIVE_TIMEOUT = axon("keep-alive-timeout", MILLISECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How much the gRPC ports take from one connection, and from all of them."""

    message_bytes: int = setting(BYTES, "largest message", default=4 * _MIB, axon=(_MESSAGE_SIZE,))
    connections: int = setting(COUNT, "open connections", default=20_000)
    connections_per_address: int | None = setting(optional(COUNT), "those from one address")
    streams_per_connection: int = setting(COUNT, "open calls of one connection", default=10_000)
    buffered_bytes_per_connection: int = setting(
        BYTES, "read or queued, not yet consumed", default=16 * _MIB
    )
    stream_window_bytes: int = setting(
        BYTES, "sent by a client ahead of one call", default=256 * _KIB
    )
    connection_window_bytes: int = setting(
        BYTES, "sent by a client ahead of all its calls", default=4 * _MIB
    )
    header_list_bytes: int = setting(BYTES, "headers of one call", default=16 * _KIB)
    header_block_bytes: int = setting(BYTES, "the same, compressed", default=32 * _KIB)
    continuation_frames: int = setting(
        COUNT, "frames that one header block may go on for", default=8
    )
    resets_per_second: int = setting(
        COUNT, "calls that a client may cancel, after a burst", default=500
    )
    reset_burst: int = setting(COUNT, "calls that a client may cancel at once", default=10_000)
    ping_interval_seconds: float = setting(
        SECONDS, "least time between two pings of an idle client", default=0.9, axon=(_PING_GAP,)
    )
    ping_strikes: int = setting(COUNT, "pings that may come earlier", default=5)
    settings_frames_per_second: int = setting(
        COUNT, "changes of settings, after a burst", default=10
    )
    empty_data_frames_per_second: int = setting(
        COUNT, "frames without content, after a burst", default=100
    )
    idle_window_updates_per_second: int = setting(
        COUNT, "needless window updates, after a burst", default=10_000
    )
    ignored_frames_per_second: int = setting(
        COUNT, "frames without meaning, after a burst", default=1_000
    )
    handshake_seconds: float | None = setting(
        _TIME, "from the connection to its first settings", default=10.0
    )
    tcp_keep_alive_seconds: float | None = setting(
        _TIME, "silence after which the system looks whether a client's is there", default=20.0
    )
    keep_alive_seconds: float | None = setting(
        _TIME, "silence after which a client is pinged", default=120.0, axon=(_KEEP_ALIVE,)
    )
    keep_alive_timeout_seconds: float = setting(
        SECONDS,
        "silence after that ping that ends the connection",
        default=10.0,
        axon=(_KEEP_ALIVE_TIMEOUT,),
    )
    idle_seconds: float | None = setting(_TIME, "time without a call that ends the connection")
    age_seconds: float | None = setting(_TIME, "age at which a connection takes no new calls")
    age_grace_seconds: float | None = setting(_TIME, "time that open calls get after that age")
