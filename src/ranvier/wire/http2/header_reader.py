"""From header blocks to judged header lists, through a memo.

A client repeats its header block from call to call. While the peer's dynamic table stands still
the same bytes mean the same list, so the list is looked up. The memo belongs to one connection and
one direction. Its key is the table's generation, the block's position in its stream and its bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranvier.wire.http2.fields import (
    AUTHORITY,
    CONTENT_LENGTH,
    HOST,
    INTERIM,
    SHAPE,
    SHAPES,
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


@dataclass(slots=True)
class HeaderList:
    """A header list, judged; `pairs` may be used only where `problem` is empty."""

    pairs: HeaderPairs
    problem: str = ""
    is_too_long: bool = False
    is_interim: bool = False
    content_length: int | None = None


class HeaderReader:
    """Reads every header block of one direction of one connection, in order."""

    __slots__ = ("_list_bytes_max", "_memo_bytes", "memo", "table")

    def __init__(self, limits: Limits) -> None:
        self._list_bytes_max = limits.header_list_bytes
        self.table = HeaderTable(
            limits.header_table_bytes, limits.header_list_bytes * ATTACK_FACTOR
        )
        self.memo: Mapping[Position, dict[bytes, HeaderPairs]] = {
            position: {} for position in Position
        }
        """What blocks mean *now*: emptied in place when the generation moves, and kept empty while
        a table size update is due. So a block that is found here needs no further check."""
        self._memo_bytes = 0

    def read(self, position: Position, block: bytes) -> HeaderList:
        """Return the list that a block holds; it must be called for every block not in the memo.

        Raises ConnectionFault where the block cannot be read.
        """
        table = self.table
        generation = table.generation
        pairs, marks, list_bytes = table.decode(block)
        headers = HeaderList(tuple(pairs))
        if list_bytes > self._list_bytes_max:
            headers.is_too_long = True
            headers.problem = f"a header list of {list_bytes} bytes is over the limit"
        elif marks & SHAPE not in SHAPES[position]:
            headers.problem = f"a {position.name.lower()} has malformed headers"
        if marks & (CONTENT_LENGTH | INTERIM | HOST):
            note_particulars(headers, marks)
        if table.generation != generation:
            self.forget()
        elif not headers.problem and not marks & (CONTENT_LENGTH | INTERIM):
            self._remember(position, block, headers.pairs)
        return headers

    def forget(self) -> None:
        """Drop what is remembered: the table has changed, or must change with the next block."""
        if self._memo_bytes:
            self._memo_bytes = 0
            for blocks in self.memo.values():
                blocks.clear()

    def settings_acknowledged(self, table_bytes: int) -> None:
        """Hold the peer to the table size that it has acknowledged."""
        self.table.settings_acknowledged(table_bytes)
        if self.table.is_update_due:
            self.forget()

    def _remember(self, position: Position, block: bytes, pairs: HeaderPairs) -> None:
        if (
            self._memo_bytes + len(block) > MEMO_BYTES
            or sum(map(len, self.memo.values())) >= MEMO_BLOCKS
        ):
            self.forget()
        if len(block) <= MEMO_BYTES:
            self._memo_bytes += len(block)
            self.memo[position][block] = pairs


def note_particulars(headers: HeaderList, marks: int) -> None:
    """Note what not every list has: a content length, an interim status, a host."""
    found = dict(headers.pairs)
    headers.is_interim = bool(marks & INTERIM)
    if not headers.problem and marks & CONTENT_LENGTH:
        headers.content_length = int(found[b"content-length"])
    both = HOST | AUTHORITY
    if marks & both == both and found.get(b"host") != found.get(b":authority"):
        headers.problem = "the host field differs from the authority"
