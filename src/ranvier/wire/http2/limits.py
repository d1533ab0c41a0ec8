"""Every bound of one HTTP/2 connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranvier.wire.http2.errors import LimitsInvalid
from ranvier.wire.http2.frames import FRAME_BYTES_MAX, FRAME_BYTES_MIN, WINDOW_BYTES_MAX

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may ask of one connection; what goes beyond is answered as RFC 9113 says.

    A limit on a stream refuses or resets that stream. A limit on the connection's behaviour ends
    the connection by GOAWAY with ENHANCE_YOUR_CALM. A *burst* may come at once and is paid back at
    the rate per second beside it.
    """

    concurrent_streams: int = 10_000
    """Streams that the peer may have open; one more is answered by REFUSED_STREAM."""
    header_list_bytes: int = 16 * KIB
    """One decoded header list, 32 bytes added per field (RFC 9113 section 10.5.1); longer ones
    reset the stream, four times as long ones end the connection."""
    header_block_bytes: int = 32 * KIB
    """One encoded header block, all its frames together."""
    continuation_frames: int = 8
    """CONTINUATION frames of one header block: a list within bounds fits into one or two."""
    header_table_bytes: int = 4 * KIB
    """The dynamic table that the peer's encoder may use (RFC 7541 section 4.2)."""
    frame_payload_bytes: int = 16 * KIB
    """One frame; longer ones would hold up the other streams."""
    stream_window_bytes: int = 256 * KIB
    """DATA that a peer may send on one stream before this side has consumed any."""
    connection_window_bytes: int = 4 * MIB
    """DATA that a peer may send on all streams before this side has looked at it."""
    buffered_bytes_per_connection: int = 16 * MIB
    """DATA received and not consumed, and DATA queued for the peer, of all streams together; the
    stream that goes beyond is reset."""
    output_chunk_bytes: int = 256 * KIB
    """Queued DATA passed to the transport at a time, so that a full transport is noticed soon."""
    low_water_bytes: int = 64 * KIB
    """A stream with fewer bytes queued is writable again."""
    resets_per_second: int = 500
    """Streams that the peer opens and resets, or makes this side reset."""
    reset_burst: int = 10_000
    """As many as streams may be open: a client that stops cancels all of its calls at once."""
    ping_interval_seconds: float = 0.9
    """Pings may come so often while this side has nothing to send; clients ping every second."""
    ping_strikes: int = 5
    """Pings that may come too early: networks delay some and bunch others."""
    settings_frames_per_second: int = 10
    settings_frame_burst: int = 100
    """SETTINGS frames: each may touch every stream and costs an answer."""
    settings_per_frame: int = 32
    """Settings in one frame; RFC 9113 knows six."""
    empty_data_frames_per_second: int = 100
    empty_data_frame_burst: int = 1_000
    """DATA frames without data that do not end their stream: no use is known."""
    idle_window_updates_per_second: int = 10_000
    idle_window_update_burst: int = 25_000
    """WINDOW_UPDATE frames that come although nothing was sent since the last one; a client may
    enlarge the window of each stream that it opens."""
    ignored_frames_per_second: int = 1_000
    ignored_frame_burst: int = 25_000
    """PRIORITY, unknown and late frames, which change nothing."""
    control_frames_while_paused: int = 10_000
    """Answers queued for a peer that makes this side speak but does not read."""
    remembered_resets: int = 1_000
    """Streams reset lately: frames under way then are told from those of a broken peer."""

    def __post_init__(self) -> None:
        for field, (lowest, highest) in RANGES.items():
            value = getattr(self, field)
            if not lowest <= value <= highest:
                raise LimitsInvalid(f"{field} must be from {lowest} to {highest}, not {value}")


RANGES: Mapping[str, tuple[float, float]] = {
    "concurrent_streams": (0, WINDOW_BYTES_MAX),
    "header_list_bytes": (1, WINDOW_BYTES_MAX),
    "header_table_bytes": (0, 64 * KIB),
    "frame_payload_bytes": (FRAME_BYTES_MIN, FRAME_BYTES_MAX),
    "stream_window_bytes": (1, WINDOW_BYTES_MAX),
    "connection_window_bytes": (1, WINDOW_BYTES_MAX),
    "output_chunk_bytes": (1, WINDOW_BYTES_MAX),
    "low_water_bytes": (1, WINDOW_BYTES_MAX),
    "ping_interval_seconds": (0.001, 86_400),
}
"""What HTTP/2 or common sense allows, both ends included; other fields are what they are."""
