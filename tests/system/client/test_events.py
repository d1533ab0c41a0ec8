"""The event store of a real node, used by the Python client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from ranvier.client import (
    BlockedType,
    EventMessage,
    Hub,
    MemoryTokenStore,
    Payload,
    ProcessOptions,
    QueryOptions,
    SqliteTokenStore,
    StoredEvent,
    TailOptions,
    TokenStore,
)
from ranvier.client.errors import ConsistencyConflict

numbers = count()


@dataclass(frozen=True)
class Deposited:
    amount: int


def account() -> str:
    return f"account-{next(numbers)}"


def deposits(aggregate: str, amounts: range) -> list[EventMessage]:
    return [
        EventMessage(
            Deposited(amount),
            aggregate_type="Account",
            aggregate_id=aggregate,
            sequence=amount,
            metadata={"teller": "Ada", "urgent": True, "queue": 3, "share": 0.5},
        )
        for amount in amounts
    ]


async def test_an_aggregate_is_read_as_it_was_appended(hub: Hub) -> None:
    aggregate = account()
    sent = deposits(aggregate, range(3))
    await hub.events.append(sent)
    events = [event async for event in hub.events.aggregate(aggregate)]
    assert [event.value(Deposited) for event in events] == [Deposited(n) for n in range(3)]
    assert [event.sequence for event in events] == [0, 1, 2]
    assert {(e.aggregate_type, e.aggregate_id, e.type) for e in events} == {
        ("Account", aggregate, "Deposited")
    }
    assert [event.id for event in events] == [event.id for event in sent]
    assert events[0].metadata == {"teller": "Ada", "urgent": True, "queue": 3, "share": 0.5}
    assert abs(events[0].time - datetime.now(UTC)) < timedelta(minutes=1)
    later = [event.sequence async for event in hub.events.aggregate(aggregate, start=2)]
    assert later == [2]
    assert await hub.events.highest_sequence(aggregate) == 2
    assert await hub.events.highest_sequence("nobody") == -1
    assert [event async for event in hub.events.aggregate("nobody")] == []


async def test_who_comes_second_gets_a_conflict_and_nothing_is_stored(hub: Hub) -> None:
    aggregate = account()
    await hub.events.append(deposits(aggregate, range(2)))
    last = await hub.events.last_token()
    with pytest.raises(ConsistencyConflict) as refused:
        await hub.events.append(deposits(aggregate, range(1, 3)))
    assert refused.value.code == "AXONIQ-2000"
    assert await hub.events.last_token() == last


async def test_a_snapshot_stands_for_the_events_before_it(hub: Hub) -> None:
    aggregate = account()
    await hub.events.append(deposits(aggregate, range(4)))
    for sequence in (1, 2):
        state = EventMessage(
            Payload("Account", b"%d" % sequence, "2"),
            aggregate_type="Account",
            aggregate_id=aggregate,
            sequence=sequence,
        )
        await hub.events.append_snapshot(state)
    first, second = [event async for event in hub.events.aggregate(aggregate)]
    assert first.is_snapshot
    assert (first.payload, first.sequence) == (Payload("Account", b"2", "2"), 2)
    assert (second.is_snapshot, second.sequence) == (False, 3)
    whole = [event async for event in hub.events.aggregate(aggregate, snapshots=False)]
    assert [event.sequence for event in whole] == [0, 1, 2, 3]
    listed = [each.sequence async for each in hub.events.snapshots(aggregate)]
    assert listed == [2, 1]
    assert [each.sequence async for each in hub.events.snapshots(aggregate, limit=1)] == [2]


async def test_tokens_say_where_the_context_begins_and_ends(hub: Hub) -> None:
    await hub.events.append(EventMessage({"free": True}))
    last = await hub.events.last_token()
    assert await hub.events.first_token() == 0
    assert await hub.events.token_at(datetime(1971, 1, 1, tzinfo=UTC)) == 0
    assert await hub.events.token_at(datetime.now(UTC) + timedelta(hours=1)) == last + 1


async def test_a_stream_brings_what_is_stored_and_what_comes(hub: Hub) -> None:
    start = await hub.events.last_token() + 1
    aggregate = account()
    await hub.events.append(deposits(aggregate, range(700)))
    options = TailOptions(permits=64)
    async with asyncio.timeout(60), aclosing(hub.events.stream(start, options)) as stream:
        tokens = [(await anext(stream)).token for _ in range(700)]
        await hub.events.append(deposits(aggregate, range(700, 710)))
        tokens += [(await anext(stream)).token for _ in range(10)]
    assert tokens == list(range(start, start + 710))


async def test_blocked_types_are_left_out(hub: Hub) -> None:
    start = await hub.events.last_token() + 1
    await hub.events.append(
        EventMessage(Payload("Noise", b"1")),
        EventMessage(Payload("Noise", b"2", "7")),
        EventMessage(Payload("Signal", b"3")),
    )
    options = TailOptions(blocked_types=(BlockedType("Noise"),))
    async with asyncio.timeout(60), aclosing(hub.events.stream(start, options)) as stream:
        assert (await anext(stream)).payload == Payload("Signal", b"3")


async def test_a_query_yields_rows(hub: Hub) -> None:
    aggregate = account()
    await hub.events.append(deposits(aggregate, range(3)))
    text = f'aggregateIdentifier = "{aggregate}"'
    rows = [row async for row in hub.events.query(text)]
    assert sorted(row.values["aggregateSequenceNumber"] or 0 for row in rows) == [0, 1, 2]
    assert {row.values["payloadType"] for row in rows} == {"Deposited"}


async def test_a_live_query_goes_on(hub: Hub) -> None:
    aggregate = account()
    text = f'aggregateIdentifier = "{aggregate}"'
    live = hub.events.query(text, QueryOptions(live=True))
    async with asyncio.timeout(60), aclosing(live) as rows:
        await hub.events.append(deposits(aggregate, range(1)))
        assert (await anext(rows)).values["aggregateSequenceNumber"] == 0
        await hub.events.append(deposits(aggregate, range(1, 2)))
        assert (await anext(rows)).values["aggregateSequenceNumber"] == 1


@pytest.fixture(params=["memory", "sqlite"])
def positions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TokenStore]:
    if request.param == "memory":
        yield MemoryTokenStore()
    else:
        with SqliteTokenStore(tmp_path / "positions.db") as store:
            yield store


async def test_a_processor_goes_on_where_it_stopped(hub: Hub, positions: TokenStore) -> None:
    start = await hub.events.last_token() + 1
    aggregate = account()
    await hub.events.append(deposits(aggregate, range(30)))
    seen: list[int] = []

    async def run(until: int) -> None:
        stop = asyncio.Event()

        async def handle(event: StoredEvent) -> None:
            seen.append(event.sequence)
            if len(seen) == until:
                stop.set()

        options = ProcessOptions(name="balances", start=start, batch_size=7, stop=stop)
        await asyncio.wait_for(hub.events.process(handle, positions, options), 60)

    await run(until=10)
    assert seen == list(range(10))
    await run(until=30)
    assert seen == list(range(30))


async def test_what_a_handler_could_not_do_comes_again(hub: Hub, positions: TokenStore) -> None:
    start = await hub.events.last_token() + 1
    await hub.events.append(deposits(account(), range(5)))
    seen: list[int] = []

    async def handle(event: StoredEvent) -> None:
        seen.append(event.sequence)
        if seen == [0, 1, 2]:
            raise ValueError("not today")
        if event.sequence == 4:
            stop.set()

    stop = asyncio.Event()
    options = ProcessOptions(name="balances", start=start, stop=stop)
    with pytest.raises(ValueError, match="not today"):
        await hub.events.process(handle, positions, options)
    await asyncio.wait_for(hub.events.process(handle, positions, options), 60)
    assert seen == [0, 1, 2, 2, 3, 4]


async def test_a_stream_by_name_goes_on_behind_what_was_taken(
    hub: Hub, positions: TokenStore
) -> None:
    start = await hub.events.last_token() + 1
    await hub.events.append(deposits(account(), range(4)))
    seen: list[int] = []
    for end in (1, 3):
        events = hub.events.stream_from(positions, "reader", start=start)
        async with asyncio.timeout(60), aclosing(events) as stream:
            async for event in stream:
                seen.append(event.sequence)
                if event.sequence == end:
                    break
    # The one at which the reader broke off was not finished as far as anybody knows.
    assert seen == [0, 1, 1, 2, 3]
