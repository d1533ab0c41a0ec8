"""Frames as bytes: types, flags, and the few that are built whole (RFC 9113 sections 4 and 6)."""

from __future__ import annotations

from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA = 0
HEADERS = 1
PRIORITY = 2
RST_STREAM = 3
SETTINGS = 4
PUSH_PROMISE = 5
PING = 6
GOAWAY = 7
WINDOW_UPDATE = 8
CONTINUATION = 9

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

HEADER_BYTES = 9
STREAM_ID_MASK = 0x7FFF_FFFF
STREAM_ID_MAX = 2**31 - 1
WINDOW_BYTES_MAX = 2**31 - 1
FRAME_BYTES_MIN = 2**14
"""The payload that every peer takes (section 4.2)."""
FRAME_BYTES_MAX = 2**24 - 1

SETTING_HEADER_TABLE_BYTES = 1
SETTING_ENABLE_PUSH = 2
SETTING_CONCURRENT_STREAMS = 3
SETTING_INITIAL_WINDOW_BYTES = 4
SETTING_FRAME_BYTES = 5
SETTING_HEADER_LIST_BYTES = 6

FRAME_HEADER = Struct(">IBI")
"""Payload length * 256 + type, flags, stream id: 24 and 8 bits are read as one number."""
pack_header = FRAME_HEADER.pack
unpack_header = FRAME_HEADER.unpack_from

UINT32 = Struct(">I")
TWO_UINT32 = Struct(">II")
SETTING = Struct(">HI")
pack_frame_of_4 = Struct(">IBII").pack

SETTINGS_ACK = pack_header(SETTINGS, ACK, 0)


def settings_frame(settings: dict[int, int]) -> bytes:
    """Return a SETTINGS frame with these values."""
    payload = b"".join(SETTING.pack(key, value) for key, value in settings.items())
    return pack_header(len(payload) << 8 | SETTINGS, 0, 0) + payload


PING_HEAD = pack_header(8 << 8 | PING, 0, 0)
PING_ACK_HEAD = pack_header(8 << 8 | PING, ACK, 0)
PING_FRAME_BYTES = len(PING_HEAD) + 8


def ping_frame(payload: bytes, *, ack: bool) -> bytes:
    """Return a PING frame; the payload has 8 bytes."""
    return (PING_ACK_HEAD if ack else PING_HEAD) + payload


def goaway_frame(last_stream_id: int, code: int, debug: bytes) -> bytes:
    """Return a GOAWAY frame."""
    payload = TWO_UINT32.pack(last_stream_id, code) + debug
    return pack_header(len(payload) << 8 | GOAWAY, 0, 0) + payload


def reset_frame(stream_id: int, code: int) -> bytes:
    """Return a RST_STREAM frame."""
    return pack_frame_of_4(4 << 8 | RST_STREAM, 0, stream_id, code)


def window_update_frame(stream_id: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE frame; stream 0 is the connection."""
    return pack_frame_of_4(4 << 8 | WINDOW_UPDATE, 0, stream_id, increment)


def header_frames(stream_id: int, block: bytes, flags: int, payload_bytes: int) -> bytes:
    """Return HEADERS and as many CONTINUATION frames as a block needs."""
    if len(block) <= payload_bytes:
        return pack_header(len(block) << 8 | HEADERS, flags | END_HEADERS, stream_id) + block
    frames = [pack_header(payload_bytes << 8 | HEADERS, flags, stream_id), block[:payload_bytes]]
    for start in range(payload_bytes, len(block), payload_bytes):
        part = block[start : start + payload_bytes]
        last = END_HEADERS if start + payload_bytes >= len(block) else 0
        frames += (pack_header(len(part) << 8 | CONTINUATION, last, stream_id), part)
    return b"".join(frames)
