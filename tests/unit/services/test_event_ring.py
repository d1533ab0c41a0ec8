"""The ring of recent events: dense, bounded, cut into pages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ranvier.services.event_ring import EventRing, RingLimits

ROOMY = RingLimits()


def ring_of(sizes: list[int], first_token: int = 10, limits: RingLimits = ROOMY) -> EventRing:
    ring = EventRing(first_token, limits)
    ring.extend([bytes([at % 256]) * size for at, size in enumerate(sizes)], names(len(sizes)))
    return ring


def names(count: int) -> list[str]:
    return [f"name-{at}" for at in range(count)]


def test_an_empty_ring_takes_the_event_at_its_first_token() -> None:
    ring = EventRing(7, ROOMY)
    assert (ring.first_token, ring.next_token, ring.byte_count) == (7, 7, 0)
    ring.extend([b"x"], ["n"])
    assert (ring.first_token, ring.next_token, ring.byte_count) == (7, 8, 1)


def test_a_page_holds_what_fits_and_says_where_to_go_on() -> None:
    page = ring_of([10, 10, 10, 10]).page(11, page_bytes=20)
    assert page.first_token == 11
    assert list(page.rows) == [b"\x01" * 10, b"\x02" * 10]
    assert page.next_token == 13
    assert list(page.names) == ["name-1", "name-2"]


def test_a_page_holds_at_least_one_event() -> None:
    assert ring_of([100]).page(10, page_bytes=1).next_token == 11


def test_events_without_bytes_are_events() -> None:
    page = ring_of([0, 0, 5]).page(10, page_bytes=1)
    assert page.next_token == 12


def test_the_oldest_leave_when_there_are_too_many() -> None:
    ring = ring_of([1] * 9, limits=RingLimits(event_count=8))
    assert ring.next_token == 19
    assert 8 >= ring.next_token - ring.first_token >= 6
    assert ring.page(ring.first_token, 1).rows[0] == bytes([ring.first_token - 10])


def test_the_oldest_leave_when_there_are_too_many_bytes() -> None:
    ring = ring_of([40] * 4, limits=RingLimits(byte_count=100))
    assert ring.byte_count <= 100
    assert ring.next_token == 14


def test_one_event_over_the_bounds_stays_alone() -> None:
    ring = ring_of([10, 1000], limits=RingLimits(byte_count=100))
    assert (ring.first_token, ring.next_token) == (11, 12)


@given(
    st.lists(st.lists(st.integers(0, 50), max_size=12), max_size=12),
    st.integers(1, 12),
    st.integers(1, 200),
    st.integers(1, 90),
)
def test_pages_of_a_ring_are_its_newest_events_in_order(
    batches: list[list[int]], event_count: int, byte_count: int, page_bytes: int
) -> None:
    ring = EventRing(3, RingLimits(event_count, byte_count))
    everything: list[bytes] = []
    for batch in batches:
        rows = [bytes([len(everything) + at & 255]) * size for at, size in enumerate(batch)]
        ring.extend(rows, names(len(rows)))
        everything += rows
    kept = ring.next_token - ring.first_token
    assert ring.next_token == 3 + len(everything)
    assert kept <= max(event_count, 1)
    assert ring.byte_count <= byte_count or kept == 1
    read: list[bytes] = []
    token = ring.first_token
    while token < ring.next_token:
        page = ring.page(token, page_bytes)
        assert page.first_token == token
        assert len(page.rows) == len(page.names) == page.next_token - token > 0
        assert sum(map(len, page.rows)) <= page_bytes or len(page.rows) == 1
        read += page.rows
        token = page.next_token
    assert read == everything[len(everything) - kept :]
