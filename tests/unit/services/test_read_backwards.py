"""Reading from the end: every place once, in pieces that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ranvier.services.read_backwards import Piece, read_backwards

PAGE_BYTES = 100


@given(
    st.lists(st.integers(0, 150), max_size=300),
    st.integers(0, 50),
)
async def test_all_of_a_range_comes_last_piece_first(sizes: list[int], first: int) -> None:
    reads = 0

    async def read(start: int, before: int) -> tuple[Piece, bool]:
        nonlocal reads
        reads += 1
        rows: list[tuple[int, bytes]] = []
        byte_count = 0
        for place in range(start, before):
            byte_count += sizes[place]
            if rows and byte_count > PAGE_BYTES:
                return rows, False
            rows.append((place, bytes(sizes[place])))
        return rows, True

    seen: list[int] = []
    async for piece in read_backwards(read, first, len(sizes)):
        assert sum(len(data) for _, data in piece) <= PAGE_BYTES or len(piece) == 1
        seen = [place for place, _ in piece] + seen
    assert seen == list(range(first, len(sizes)))
    assert reads <= 4 * len(sizes) + 10


async def test_whoever_reads_may_stop_where_nothing_is_there() -> None:
    async def read(_start: int, _before: int) -> tuple[Piece, bool]:
        return [], True

    pieces = read_backwards(read, 0, 10**9)
    assert await anext(pieces) == []
    await pieces.aclose()
