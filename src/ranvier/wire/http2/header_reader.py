"""From header blocks to judged header lists, through a memo.

A client repeats its header block from call to call. While the peer's dynamic table stands still
the same bytes mean the same list, so the list is looked up. The memo belongs to one connection and
one direction. Its key is the table's generation, the block's position in its stream and its bytes.
"""

from __future__ import annotations

from ranvier.wire.http2.fields import (
    AUTHORITY,
    HOST,
    MALFORMED,
    PARTICULAR,
    SHAPE,
    SHAPES,
    TOO_LONG,
    Position,
)
from ranvier.wire.http2.header_table import HeaderTable
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.limits import Limits

MEMO_BLOCKS = 64
"""Blocks kept: about the methods that one client calls, times its sets of metadata."""
MEMO_BYTES = 16 * 1024
"""Bytes of all blocks kept; the lists share their strings with the dynamic table, or are at most
8/5 as long (the best that Huffman coding does)."""
ATTACK_FACTOR = 4
"""A list so many times over the limit ends the connection: reading it on costs too much."""


class HeaderReader:
    """Reads every header block of one direction of one connection, in order."""

    __slots__ = ("_list_bytes_max", "_memo_blocks", "_memo_bytes", "memo", "table")

    def __init__(self, limits: Limits) -> None:
        self._list_bytes_max = limits.header_list_bytes
        self.table = HeaderTable(
            limits.header_table_bytes, limits.header_list_bytes * ATTACK_FACTOR
        )
        self.memo: tuple[dict[bytes, HeaderPairs], ...] = tuple({} for _ in Position)
        """By position: what blocks mean *now*. Emptied in place when the generation moves, and kept
        empty while a table size update is due: what is found here needs no further check."""
        self._memo_bytes = 0
        self._memo_blocks = 0

    def read(self, position: Position, block: bytes) -> tuple[HeaderPairs, int]:
        """Return the list that a block holds, and its marks if any of them is PARTICULAR, else 0.

        It must be called for every block that is not in the memo. A list marked MALFORMED or
        TOO_LONG may not be used. Raises ConnectionFault where the block cannot be read.
        """
        table = self.table
        generation = table.generation
        found, marks, list_bytes = table.decode(block)
        pairs = tuple(found)
        if marks & SHAPE not in SHAPES[position] or (
            marks & HOST and differs_in_host(pairs, marks)
        ):
            marks |= MALFORMED
        if list_bytes > self._list_bytes_max:
            marks |= TOO_LONG
        if table.generation != generation:
            if self._memo_blocks:
                self.forget()
        elif not marks & PARTICULAR:
            self._remember(position, block, pairs)
        return pairs, marks if marks & PARTICULAR else 0

    def forget(self) -> None:
        """Drop what is remembered: the table has changed, or must change with the next block."""
        self._memo_bytes = self._memo_blocks = 0
        for blocks in self.memo:
            blocks.clear()

    def settings_acknowledged(self, table_bytes: int) -> None:
        """Hold the peer to the table size that it has acknowledged."""
        self.table.settings_acknowledged(table_bytes)
        if self.table.is_update_due:
            self.forget()

    def _remember(self, position: Position, block: bytes, pairs: HeaderPairs) -> None:
        if len(block) + self._memo_bytes > MEMO_BYTES or self._memo_blocks >= MEMO_BLOCKS:
            self.forget()
        if len(block) <= MEMO_BYTES:
            self._memo_bytes += len(block)
            self._memo_blocks += 1
            self.memo[position][block] = pairs


def differs_in_host(pairs: HeaderPairs, marks: int) -> bool:
    """Say whether the host field names another host than the authority (section 8.3.1)."""
    found = dict(pairs)
    return bool(marks & AUTHORITY) and found[b"host"] != found[b":authority"]
