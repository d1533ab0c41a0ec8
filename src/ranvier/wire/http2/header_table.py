"""Header blocks read (RFC 7541): the peer's dynamic table and the decoding of one block."""

from __future__ import annotations

from ranvier.wire.http2.errors import ConnectionFault, ErrorCode
from ranvier.wire.http2.fields import MALFORMED, STATIC_FIELDS, Field, HeaderPair, make_field
from ranvier.wire.http2.huffman import HuffmanFault, decode_huffman

SIZE_UPDATES_MAX = 8
"""At the beginning of a block. Two are enough (section 4.2), but some encoders announce each."""
INTEGER_BYTES_MAX = 5
"""Continuation bytes of an integer: enough for 32 bits."""


class HeaderTable:
    """The dynamic table that a peer's encoder fills, and the only way to read its blocks."""

    __slots__ = (
        "_bytes",
        "_bytes_allowed",
        "_bytes_max",
        "_entries",
        "_list_bytes_max",
        "generation",
        "is_update_due",
    )

    def __init__(self, bytes_allowed: int, list_bytes_max: int) -> None:
        """Start with the table's default size; a list over `list_bytes_max` is a fault."""
        self._entries: list[Field] = []
        """The newest last, so that index 62 is entry -1."""
        self._bytes = 0
        self._bytes_max = 4096
        self._bytes_allowed = max(bytes_allowed, 4096)
        """Until the peer has acknowledged a smaller table the default is allowed."""
        self._list_bytes_max = list_bytes_max
        self.generation = 0
        """Counts every insertion, eviction and size update."""
        self.is_update_due = False
        """The peer has acknowledged a smaller table: its next block starts with the update."""

    def settings_acknowledged(self, bytes_allowed: int) -> None:
        """Hold the peer to the table size that it has acknowledged."""
        self._bytes_allowed = bytes_allowed
        if bytes_allowed < self._bytes_max:
            self.is_update_due = True

    # One pass over all fields with the table at hand: a block of nine indexed fields and a literal
    # takes 3.1 µs so, and 3.8 µs with a method call per indexed field (bench/http2_exchange.py).
    def decode(self, block: bytes) -> tuple[list[HeaderPair], int, int]:
        """Return the pairs, the marks of the list (see `fields`) and its size.

        Raises ConnectionFault where the table can no longer be told, or where the list is so long
        that it is an attack.
        """
        pairs: list[HeaderPair] = []
        marks = wrong = list_bytes = position = updates = 0
        list_bytes_max = self._list_bytes_max
        end = len(block)
        entries = self._entries
        try:
            while position < end:
                octet = block[position]
                position += 1
                if octet > 0x80:
                    index = octet & 0x7F
                    if index == 0x7F:
                        index, position = read_integer(block, position, 0x7F)
                    field = STATIC_FIELDS[index] if index < 62 else entries[61 - index]
                elif octet < 0x20 or 0x40 <= octet < 0x80:
                    field, position = self._literal(block, position, octet)
                else:
                    updates += 1
                    if octet == 0x80 or pairs or updates > SIZE_UPDATES_MAX:
                        raise ConnectionFault(
                            ErrorCode.COMPRESSION_ERROR, "header index 0, or a size update too many"
                        )
                    position = self._size_update(block, position, octet)
                    continue
                pair, size, forbids, adds = field
                wrong |= marks & forbids
                marks |= adds
                list_bytes += size
                pairs.append(pair)
                if list_bytes > list_bytes_max:
                    raise ConnectionFault(
                        ErrorCode.ENHANCE_YOUR_CALM, "a header list is far over its limit"
                    )
        except IndexError as fault:
            raise ConnectionFault(
                ErrorCode.COMPRESSION_ERROR, "a header block ends early or names no known header"
            ) from fault
        if self.is_update_due:
            raise ConnectionFault(
                ErrorCode.COMPRESSION_ERROR, "a smaller header table was not taken over"
            )
        return pairs, marks | MALFORMED if wrong else marks, list_bytes

    # Short plain strings are read in place: as calls of read_string a literal took 0.3 µs more
    # (bench/http2_exchange.py).
    def _literal(self, block: bytes, position: int, octet: int) -> tuple[Field, int]:
        """Read a literal field (section 6.2); raises IndexError where the block ends too early."""
        prefix_max = 0x3F if octet >= 0x40 else 0x0F
        index = octet & prefix_max
        if index:
            if index == prefix_max:
                index, position = read_integer(block, position, prefix_max)
            named = STATIC_FIELDS[index] if index < 62 else self._entries[61 - index]
            name = named[0][0]
        elif block[position] < 0x7F:
            start = position + 1
            position = start + block[position]
            name = block[start:position]
        else:
            name, position = read_string(block, position)
        if block[position] < 0x7F:
            start = position + 1
            position = start + block[position]
            if position > len(block):
                raise IndexError
            value = block[start:position]
        else:
            value, position = read_string(block, position)
        field = make_field(name, value)
        if octet >= 0x40:
            self._insert(field)
        return field, position

    def _insert(self, field: Field) -> None:
        self.generation += 1
        self._bytes += field[1]
        self._entries.append(field)
        if self._bytes > self._bytes_max:
            self._evict()

    def _evict(self) -> None:
        """Drop the oldest entries until the table is within its size (RFC 7541 section 4.4)."""
        entries = self._entries
        count = 0
        while self._bytes > self._bytes_max:
            self._bytes -= entries[count][1]
            count += 1
        self.generation += count
        del entries[:count]

    def _size_update(self, block: bytes, position: int, octet: int) -> int:
        size = octet & 0x1F
        if size == 0x1F:
            size, position = read_integer(block, position, 0x1F)
        if size > self._bytes_allowed:
            raise ConnectionFault(
                ErrorCode.COMPRESSION_ERROR, f"a header table of {size} bytes is over the limit"
            )
        self.generation += 1
        self.is_update_due = False
        self._bytes_max = size
        self._evict()
        return position


def read_integer(block: bytes, position: int, prefix_max: int) -> tuple[int, int]:
    """Return the number whose prefix is full, and the position behind it (section 5.1)."""
    number = prefix_max
    for count, octet in enumerate(block[position : position + INTEGER_BYTES_MAX]):
        number += (octet & 0x7F) << 7 * count
        if octet < 0x80:
            return number, position + count + 1
    raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, "a number in a header block does not end")


def read_string(block: bytes, position: int) -> tuple[bytes, int]:
    """Return a string, Huffman-coded or not, and the position behind it (section 5.2).

    Raises IndexError where the block ends too early.
    """
    octet = block[position]
    length = octet & 0x7F
    start = position + 1
    if length == 0x7F:
        length, start = read_integer(block, start, 0x7F)
    end = start + length
    if end > len(block):
        raise IndexError
    text = block[start:end]
    if octet < 0x80:
        return text, end
    try:
        return decode_huffman(text), end
    except HuffmanFault as fault:
        raise ConnectionFault(
            ErrorCode.COMPRESSION_ERROR, "a string is not Huffman-coded as it says"
        ) from fault
