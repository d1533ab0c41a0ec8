"""Makes the packets that a node sends to a web server."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from ranvier.wire.ajp import codes
from ranvier.wire.ajp.errors import ProtocolFault
from ranvier.wire.ajp.request_reader import NAME_BYTES_KEPT, TOKEN, VALUE_BYTES

CPONG: Final = b"AB\x00\x01\x09"
END_AND_REUSE: Final = b"AB\x00\x02\x05\x01"
END_AND_CLOSE: Final = b"AB\x00\x02\x05\x00"
FLUSH: Final = b"AB\x00\x04\x03\x00\x00\x00"
"""A body chunk without bytes: the web server passes on what it has gathered."""

CHUNK_FRAME_BYTES: Final = 8
"""Of a packet with a body chunk, what is not body: head, code, length and a zero at the end."""
DATA_FRAME_BYTES: Final = 6
"""The same of a packet from the web server: head and length."""

NOT_FORWARDED: Final = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"trailer"}
)
"""What belongs to one HTTP connection; this is none."""


def get_body_chunk(wanted_bytes: int) -> bytes:
    """Ask for so many bytes of the request's body."""
    return b"AB\x00\x03\x06" + wanted_bytes.to_bytes(2, "big")


def response_head(status: int, headers: Iterable[tuple[bytes, bytes]], packet_bytes: int) -> bytes:
    """Return status and headers in one packet; `ProtocolFault` where they cannot be sent."""
    parts: list[bytes] = [b""]
    values: list[bytes] = []
    for name, value in headers:
        coded = name_bytes(name)
        if coded:
            parts += (coded, len(value).to_bytes(2, "big"), value, b"\x00")
            values.append(value)
    if b"".join(values).translate(None, VALUE_BYTES):
        raise ProtocolFault("a header of the answer has a control character")
    parts[0] = status_bytes(status) + len(values).to_bytes(2, "big")
    payload = b"".join(parts)
    if len(payload) + codes.PACKET_HEAD_BYTES > packet_bytes:
        raise ProtocolFault(
            f"the head of the answer has {len(payload)} bytes, and a packet {packet_bytes}"
        )
    return codes.TO_WEB_SERVER + len(payload).to_bytes(2, "big") + payload


@lru_cache(600)
def status_bytes(status: int) -> bytes:
    """Return the beginning of the head: Apache fails without a reason, so there always is one."""
    try:
        reason = HTTPStatus(status).phrase.encode()
    except ValueError:
        reason = b"%d" % status
    start = codes.SEND_HEADERS.to_bytes(1, "big") + status.to_bytes(2, "big")
    return start + len(reason).to_bytes(2, "big") + reason + b"\x00"


def name_bytes(name: bytes) -> bytes:
    """Return a header's name as it is sent, coded where it has a code; nothing if it is dropped."""
    return _kept_name(name) if len(name) <= NAME_BYTES_KEPT else _sent_name(name)


CODES_BY_NAME: Final = {
    name: code.to_bytes(2, "big") for code, name in codes.RESPONSE_HEADERS.items()
}


def _sent_name(name: bytes) -> bytes:
    if not TOKEN.fullmatch(name):
        raise ProtocolFault("the name of a header of the answer is no token")
    lower = name.lower()
    if lower in NOT_FORWARDED:
        return b""
    return CODES_BY_NAME.get(lower) or len(lower).to_bytes(2, "big") + lower + b"\x00"


_kept_name = lru_cache(1024)(_sent_name)


def body_chunks(body: bytes, packet_bytes: int) -> bytes:
    """Return a body, or a part of one, in as many packets as it takes; none for no bytes."""
    most = packet_bytes - CHUNK_FRAME_BYTES
    if len(body) <= most:
        return _chunk(body) if body else b""
    return b"".join([_chunk(body[start : start + most]) for start in range(0, len(body), most)])


def _chunk(body: bytes) -> bytes:
    size = len(body)
    return b"AB%b\x03%b%b\x00" % ((size + 4).to_bytes(2, "big"), size.to_bytes(2, "big"), body)
