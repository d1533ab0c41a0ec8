from __future__ import annotations

import asyncio

import pytest

from ranvier.events.criterion import Criterion
from ranvier.events.errors import InvalidEvent, UnknownContext
from ranvier.events.tag import Tag
from ranvier.storage.database import Database
from ranvier.storage.event_log import AggregatePage, Page
from tests.support.appends import event, store
from tests.support.databases import CONTEXT

ENDLESS = 2**63 - 1
RED = Tag(b"colour", b"red")
BIG = Tag(b"size", b"big")


async def read(
    database: Database, from_token: int, before_token: int = ENDLESS, page_bytes: int = 1 << 20
) -> Page:
    return await database.events.read(
        CONTEXT, from_token=from_token, before_token=before_token, page_bytes=page_bytes
    )


async def load(
    database: Database, first: int = 0, last: int = ENDLESS, page_bytes: int = 1 << 20
) -> AggregatePage:
    return await database.events.read_aggregate(
        CONTEXT, "a", from_sequence=first, to_sequence=last, page_bytes=page_bytes
    )


async def test_an_empty_context_reads_as_empty(database: Database) -> None:
    page = await read(database, 0)
    assert (list(page.rows), page.next_token) == ([], 0)
    assert await database.events.head(CONTEXT) == 0
    assert await database.events.first_token(CONTEXT) == 0
    assert await database.events.first_token_at(CONTEXT, 5) == 0
    assert await database.events.last_sequence(CONTEXT, "a") == -1
    assert await load(database) == AggregatePage((), None)


async def test_a_page_has_the_tokens_asked_for_and_no_others(database: Database) -> None:
    await store(database, *(event(n) for n in range(10)))
    for first, before in ((0, 10), (3, 7), (9, ENDLESS), (-5, 2), (4, 4), (7, 3)):
        page = await read(database, first, before)
        expected = [b"a/%d" % n for n in range(max(first, 0), min(before, 10))]
        assert list(page.rows) == expected
        assert page.next_token == max(first, 0) + len(expected)
        if expected:
            assert page.first_token == max(first, 0)


async def test_beyond_the_head_there_is_nothing_and_the_reader_stays_where_it_is(
    database: Database,
) -> None:
    await store(database, event(0))
    for token in (1, 2, 1000, 2**62, ENDLESS):
        page = await read(database, token)
        assert not page.rows
        assert page.next_token >= 1


async def test_a_page_keeps_its_measure_whatever_the_sizes(database: Database) -> None:
    sizes = [0, 1, 5000, 10, 200_000, 3, 3, 3, 70_000, 70_000, 1, 0, 900_000, 2]
    await store(database, *(event(n, data=bytes([n]) * size) for n, size in enumerate(sizes)))
    for page_bytes in (1, 10, 5_000, 70_003, 1 << 20, 1 << 24):
        token = 0
        rows: list[bytes] = []
        while token < len(sizes):
            page = await read(database, token, page_bytes=page_bytes)
            assert page.first_token == token
            assert len(page.rows) == 1 or sum(map(len, page.rows)) <= page_bytes
            rows += page.rows
            token = page.next_token
        assert [len(row) for row in rows] == sizes
        assert all(row == bytes([n]) * len(row) for n, row in enumerate(rows))


async def test_large_events_after_many_small_ones_do_not_swell_a_page(database: Database) -> None:
    await store(database, *(event(n, data=b"") for n in range(5_000)))
    for large in range(6):
        await store(database, event(0, f"large-{large}", data=bytes(5 << 20)))
    assert (await read(database, 0, page_bytes=1 << 20)).next_token > 1_000
    page = await read(database, 5_000, page_bytes=11 << 20)
    assert [len(row) for row in page.rows] == [5 << 20] * 2


async def test_names_come_with_their_rows(database: Database) -> None:
    names = ["Opened", "", "Zahlung über 5 €", "s", "line\nbreak"]
    await store(database, *(event(n, name=name, data=b"x" * 100) for n, name in enumerate(names)))

    async def named(page_bytes: int) -> Page:
        return await database.events.read(
            CONTEXT, from_token=0, before_token=9, page_bytes=page_bytes, with_names=True
        )

    page = await named(1 << 20)
    assert list(page.names) == names
    short = await named(250)
    assert list(short.names) == names[: len(short.rows)]
    assert len(short.rows) in (1, 2)


async def test_an_aggregate_is_read_in_sequence_order(database: Database) -> None:
    for sequence in range(6):
        await store(database, event(sequence), event(sequence, "other"), event(0, None))
    everything = await load(database)
    assert list(everything.rows) == [(n, b"a/%d" % n) for n in range(6)]
    assert everything.next_sequence is None
    assert [sequence for sequence, _ in (await load(database, 2, 4)).rows] == [2, 3, 4]
    assert [sequence for sequence, _ in (await load(database, -3, 0)).rows] == [0]
    assert not (await load(database, 6)).rows
    assert not (await load(database, 4, 3)).rows
    assert await database.events.last_sequence(CONTEXT, "a") == 5


async def test_a_long_aggregate_comes_in_pages(database: Database) -> None:
    await store(database, *(event(n, data=bytes([n % 256]) * n) for n in range(1_000)))
    for page_bytes in (1, 4_000, 100_000):
        rows: list[tuple[int, bytes]] = []
        following: int | None = 0
        while following is not None:
            page = await load(database, following, 900, page_bytes)
            assert len(page.rows) <= 1 or sum(len(row) for _, row in page.rows) <= page_bytes
            rows += page.rows
            following = page.next_sequence
        assert rows == [(n, bytes([n % 256]) * n) for n in range(901)]


async def test_many_aggregates_are_loaded_at_once(database: Database) -> None:
    for number in range(100):
        await store(database, *(event(n, f"order-{number}") for n in range(3)))

    async def loaded(number: int) -> list[bytes]:
        page = await database.events.read_aggregate(
            CONTEXT, f"order-{number}", from_sequence=1, to_sequence=ENDLESS, page_bytes=1 << 20
        )
        return [row for _, row in page.rows]

    results = await asyncio.gather(*(loaded(number) for number in range(100)))
    assert results == [[b"order-%d/1" % n, b"order-%d/2" % n] for n in range(100)]


async def test_the_first_event_at_or_after_a_time(database: Database) -> None:
    times = [10, 10, 5, 30, 20, 30, 31, -4]
    await store(database, *(event(n, time_ms=time) for n, time in enumerate(times)))
    for wanted in range(-6, 34):
        expected = next((token for token, time in enumerate(times) if time >= wanted), len(times))
        assert await database.events.first_token_at(CONTEXT, wanted) == expected


async def test_times_of_one_context_do_not_show_in_another(database: Database) -> None:
    await database.contexts.create("other")
    await store(database, event(0, time_ms=1_000))
    await store(database, event(0, time_ms=5), event(1, time_ms=6), context="other")
    assert await database.events.first_token_at("other", 6) == 1
    assert await database.events.first_token_at("other", 7) == 2


async def matching(
    database: Database, *criteria: Criterion, page_bytes: int = 1 << 20, before: int = ENDLESS
) -> list[tuple[int, bytes]]:
    rows: list[tuple[int, bytes]] = []
    token = 0
    head = min(await database.events.head(CONTEXT), before)
    while token < head:
        page = await database.events.read_matching(
            CONTEXT, criteria, from_token=token, before_token=before, page_bytes=page_bytes
        )
        assert token < page.next_token <= head
        assert all(token <= found < page.next_token for found, _ in page.rows)
        rows += page.rows
        token = page.next_token
    return rows


async def test_matching_events_are_found_by_tags_and_names(database: Database) -> None:
    kinds: list[tuple[str, tuple[Tag, ...]]] = [
        ("Opened", (RED,)),
        ("Opened", ()),
        ("Closed", (RED, BIG)),
        ("Paid", (BIG,)),
        ("Opened", (BIG, RED)),
    ]
    for name, tags in kinds:
        await store(database, event(0, None, name=name, tags=tags))
    for criteria in (
        [Criterion((RED,))],
        [Criterion((RED, BIG))],
        [Criterion((RED, BIG), ("Opened",))],
        [Criterion((), ("Paid", "Closed"))],
        [Criterion((BIG,)), Criterion((), ("Opened",))],
        [Criterion((Tag(b"size", b"small"),))],
        [Criterion()],
        [],
    ):
        expected = [
            token
            for token, (name, tags) in enumerate(kinds)
            if not criteria or any(one.matches(name, tags) for one in criteria)
        ]
        for page_bytes in (1, 1 << 20):
            found = await matching(database, *criteria, page_bytes=page_bytes)
            assert [token for token, _ in found] == expected
        up_to_three = await matching(database, *criteria, before=3)
        assert [token for token, _ in up_to_three] == [token for token in expected if token < 3]


async def test_rare_matches_are_found_in_a_long_log(database: Database) -> None:
    for start in range(0, 25_000, 5_000):
        await store(
            database,
            *(
                event(
                    0,
                    None,
                    name="Rare" if n % 9_000 == 8_999 else "Common",
                    tags=(RED, BIG) if n % 11_000 == 10_999 else (RED,),
                    data=b"%d" % n,
                )
                for n in range(start, start + 5_000)
            ),
        )
    assert await matching(database, Criterion((), ("Rare",))) == [
        (8_999, b"8999"),
        (17_999, b"17999"),
    ]
    both = [(10_999, b"10999"), (21_999, b"21999")]
    assert await matching(database, Criterion((RED, BIG))) == both
    assert await matching(database, Criterion((BIG, RED))) == both
    assert len(await matching(database, Criterion((RED,)))) == 25_000


async def test_a_reader_past_the_head_of_matches_stays_where_it_is(database: Database) -> None:
    await store(database, event(0, tags=(RED,)))
    page = await database.events.read_matching(
        CONTEXT, [Criterion((RED,))], from_token=1, before_token=ENDLESS, page_bytes=100
    )
    assert (list(page.rows), page.next_token) == ([], 1)


async def test_half_a_surrogate_in_a_question_is_refused_and_harms_no_neighbour(
    database: Database,
) -> None:
    await store(database, event(0))

    async def load_named(aggregate_id: str) -> AggregatePage:
        return await database.events.read_aggregate(
            CONTEXT, aggregate_id, from_sequence=0, to_sequence=1, page_bytes=1 << 20
        )

    good, bad, other = await asyncio.gather(
        load_named("a"), load_named("\ud800"), load_named("a"), return_exceptions=True
    )
    assert good == other == AggregatePage([(0, b"a/0")], None)
    assert isinstance(bad, InvalidEvent)
    with pytest.raises(InvalidEvent):
        await database.events.last_sequence(CONTEXT, "\ud800")


async def test_reading_an_unknown_context_is_refused(database: Database) -> None:
    events = database.events
    for question in (
        events.head("nowhere"),
        events.first_token("nowhere"),
        events.first_token_at("nowhere", 0),
        events.last_sequence("nowhere", "a"),
        events.read("nowhere", from_token=0, before_token=1, page_bytes=1),
        events.read_aggregate("nowhere", "a", from_sequence=0, to_sequence=1, page_bytes=1),
        events.read_matching("nowhere", (), from_token=0, before_token=1, page_bytes=1),
    ):
        with pytest.raises(UnknownContext):
            await question
