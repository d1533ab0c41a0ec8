"""Header lists as bytes: blocks made ready once and blocks made on the way.

What this side sends uses the static table and literals only. So a block means the same on every
connection at any time, and its bytes stay the same from call to call, which a peer may remember.
"""

from __future__ import annotations

from struct import Struct

from ranvier.wire.http2.fields import STATIC_FIELDS, HeaderPair
from ranvier.wire.http2.frames import HEADERS

HeaderPairs = tuple[HeaderPair, ...]
"""Names and values as they stand on the wire, pseudo-headers first."""

SENSITIVE = frozenset(
    (b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"axoniq-access-token")
)
"""Names whose values no table may keep, here or behind proxies (RFC 7541 section 7.1.3)."""

STATIC_PAIRS = {
    field[0]: index
    for index, field in reversed(list(enumerate(STATIC_FIELDS)))
    if index and (field[0][1] or field[0][0] == b":authority")
}
STATIC_NAMES = {field[0][0]: i for i, field in reversed(list(enumerate(STATIC_FIELDS))) if i}


class ReadyBlock:
    """An encoded header block that is valid on every connection, with its frames half made."""

    __slots__ = ("block", "fill_before_data", "fill_frame", "length_and_type")

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.length_and_type = len(block) << 8 | HEADERS
        self.fill_frame = Struct(f">IBI{len(block)}s").pack
        """Packs a HEADERS frame."""
        self.fill_before_data = Struct(f">IBI{len(block)}sIBI").pack
        """Packs a HEADERS frame and the frame header of the DATA behind it."""


def ready_block(headers: HeaderPairs) -> ReadyBlock:
    """Encode a header list for use at any time on any connection."""
    return ReadyBlock(encode_block(headers))


def encode_block(headers: HeaderPairs) -> bytes:
    """Encode a header list without the dynamic table (RFC 7541 section 6)."""
    parts: list[bytes] = []
    for pair in headers:
        index = STATIC_PAIRS.get(pair)
        if index is not None:
            parts.append(bytes((0x80 | index,)))
            continue
        name, value = pair
        representation = 0x10 if name in SENSITIVE else 0x00
        named = STATIC_NAMES.get(name)
        if named is None:
            parts += (bytes((representation,)), encode_integer(len(name), 0x7F, 0), name)
        else:
            parts.append(encode_integer(named, 0x0F, representation))
        parts += (encode_integer(len(value), 0x7F, 0), value)
    return b"".join(parts)


def encode_integer(number: int, prefix_max: int, first_bits: int) -> bytes:
    """Encode a number behind the bits that share its first byte (RFC 7541 section 5.1)."""
    if number < prefix_max:
        return bytes((first_bits | number,))
    encoded = bytearray((first_bits | prefix_max,))
    number -= prefix_max
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def table_size_update(byte_count: int) -> bytes:
    """Return the announcement that must lead the next block once a table was made smaller."""
    return encode_integer(byte_count, 0x1F, 0x20)
