"""Huffman-coded strings (RFC 7541 section 5.2), read a byte at a time.

The automaton has a row per place in the code tree; a row learns what a byte does when the byte
first comes. There are 256 rows of 256 bytes, so what is learned is bounded.
"""

from __future__ import annotations

from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

END_OF_STRING = 256
PADDING_BITS_MAX = 7


class HuffmanFault(ValueError):
    """These bytes are not a Huffman-coded string; internal, becomes COMPRESSION_ERROR."""


class Row(dict[int, tuple["Row", bytes]]):
    """A place in the code tree: byte → the place after it and the text that it completes."""

    __slots__ = ("branches", "may_end", "symbol")

    def __init__(self) -> None:
        super().__init__()
        self.branches: list[Row | None] = [None, None]
        self.symbol: int | None = None
        self.may_end = False
        """The bits since the last symbol are padding: at most seven, all ones."""

    def __missing__(self, octet: int) -> tuple[Row, bytes]:
        place, text = self, bytearray()
        for shift in range(7, -1, -1):
            branch = place.branches[octet >> shift & 1]
            if branch is None or branch.symbol == END_OF_STRING:
                raise HuffmanFault
            place = branch
            if branch.symbol is not None:
                text.append(branch.symbol)
                place = ROOT
        found = self[octet] = place, bytes(text)
        return found


def decode_huffman(coded: bytes) -> bytes:
    """Return the text; raises HuffmanFault for what no encoder makes."""
    row = ROOT
    parts = []
    for octet in coded:
        row, text = row[octet]
        parts.append(text)
    if not row.may_end:
        raise HuffmanFault
    return b"".join(parts)


def _grow_tree() -> Row:
    root = Row()
    for symbol, (code, bits) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH, strict=True)):
        place = root
        for depth in range(bits):
            if symbol == END_OF_STRING and depth <= PADDING_BITS_MAX:
                place.may_end = True
            bit = code >> bits - depth - 1 & 1
            branch = place.branches[bit]
            if branch is None:
                branch = place.branches[bit] = Row()
            place = branch
        place.symbol = symbol
    return root


ROOT = _grow_tree()
