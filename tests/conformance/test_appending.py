from __future__ import annotations

import asyncio

import pytest

from ranvier.events.append import Accepted, AppendCondition, Refused
from ranvier.events.criterion import Criterion
from ranvier.events.errors import (
    BaseNotAccepted,
    ConditionNotMet,
    InvalidEvent,
    InvalidSequence,
    PayloadTooLarge,
    UnknownContext,
)
from ranvier.events.tag import Tag
from ranvier.storage.database import Database
from tests.support.appends import all_rows, append, event, new_append_id, refusals, store
from tests.support.databases import CONTEXT

RED = Tag(b"colour", b"red")
BIG = Tag(b"size", b"big")


async def test_a_batch_is_stored_in_order_with_dense_tokens(database: Database) -> None:
    outcomes = await database.events.append(
        CONTEXT,
        [append(event(0), event(1)), append(event(0, "b")), append(event(2), event(1, "b"))],
    )
    assert outcomes == [Accepted(0, 2), Accepted(2, 1), Accepted(3, 2)]
    assert await all_rows(database) == [b"a/0", b"a/1", b"b/0", b"a/2", b"b/1"]
    assert await database.events.head(CONTEXT) == 5


async def test_a_refused_append_never_harms_its_neighbours(database: Database) -> None:
    await store(database, event(0))
    outcomes = await database.events.append(
        CONTEXT,
        [
            append(event(1)),
            append(event(1)),
            append(event(2), event(4)),
            append(event(2)),
            append(event(0, "b\0")),
            append(event(0, "half \ud800")),
            append(event(0, "b", name="\0")),
            append(event(0, "x" * 256)),
            append(event(0, "b")),
        ],
    )
    assert refusals(outcomes) == [
        Accepted,
        InvalidSequence,
        InvalidSequence,
        Accepted,
        InvalidEvent,
        InvalidEvent,
        InvalidEvent,
        InvalidEvent,
        Accepted,
    ]
    assert await all_rows(database) == [b"a/0", b"a/1", b"a/2", b"b/0"]


async def test_a_wrong_sequence_names_the_expected_one(database: Database) -> None:
    await store(database, event(0), event(1))
    (outcome,) = await database.events.append(CONTEXT, [append(event(5))])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, InvalidSequence)
    assert str(outcome.error) == "Invalid sequence number 5 for aggregate a, expected 2"


async def test_the_aggregate_id_alone_is_the_key_of_a_sequence(database: Database) -> None:
    await store(database, event(0))
    other_type = append(event(0))
    (outcome,) = await database.events.append(CONTEXT, [other_type])
    assert refusals([outcome]) == [InvalidSequence]


async def test_identifiers_are_compared_byte_by_byte(database: Database) -> None:
    for aggregate_id in ("a", "A", "á", "a ", "", "日本"):
        await store(database, event(0, aggregate_id))
    assert await database.events.last_sequence(CONTEXT, "A") == 0
    assert await database.events.head(CONTEXT) == 6


async def test_events_without_an_aggregate_are_stored_unchecked(database: Database) -> None:
    await store(database, event(0, None), event(0, None), event(9, None))
    assert await database.events.head(CONTEXT) == 3


async def test_an_empty_append_is_accepted_and_takes_no_token(database: Database) -> None:
    empty = append()
    outcomes = await database.events.append(CONTEXT, [append(event(0)), empty])
    assert outcomes == [Accepted(0, 1), Accepted(1, 0)]
    assert await database.events.find_append(CONTEXT, empty.append_id) == Accepted(1, 0)
    assert await database.events.append(CONTEXT, []) == []


async def test_bytes_come_back_as_they_were_given(database: Database) -> None:
    datas = [b"", b"\0", bytes(range(256)), "ä€𝄞".encode(), b"\xff\xfe", b"x" * 300_000]
    await store(database, *(event(n, data=data) for n, data in enumerate(datas)))
    assert await all_rows(database) == datas


async def test_the_largest_numbers_are_kept(database: Database) -> None:
    await store(database, event(2**63 - 1, None, time_ms=2**63 - 1), event(-(2**63), None))
    (outcome,) = await database.events.append(CONTEXT, [append(event(2**63, None))])
    assert refusals([outcome]) == [InvalidEvent]
    assert await database.events.head(CONTEXT) == 2


async def test_an_append_that_is_too_large_is_refused_alone(database: Database) -> None:
    outcomes = await database.events.append(
        CONTEXT, [append(event(0, data=bytes(17 << 20))), append(event(0))]
    )
    assert refusals(outcomes) == [PayloadTooLarge, Accepted]


async def test_an_append_is_found_by_its_id_and_a_refused_one_is_not(database: Database) -> None:
    stored, refused = append(event(0), event(1)), append(event(7))
    await database.events.append(CONTEXT, [append(event(0, "b")), stored, refused])
    assert await database.events.find_append(CONTEXT, stored.append_id) == Accepted(1, 2)
    assert await database.events.find_append(CONTEXT, refused.append_id) is None
    assert await database.events.find_append(CONTEXT, new_append_id()) is None


async def test_looking_an_append_up_waits_for_the_commit_that_may_bring_it(
    database: Database,
) -> None:
    pending = append(*(event(n) for n in range(1000)))
    commit = asyncio.ensure_future(database.events.append(CONTEXT, [pending]))
    await asyncio.sleep(0)  # it is handed in now, and not answered
    assert await database.events.find_append(CONTEXT, pending.append_id) == Accepted(0, 1000)
    assert await commit == [Accepted(0, 1000)]


async def test_the_same_append_happens_once_however_often_it_is_sent(database: Database) -> None:
    again = append(event(0, None))
    assert await database.events.append(CONTEXT, [again]) == [Accepted(0, 1)]
    outcomes = await database.events.append(CONTEXT, [append(event(0)), again, append(event(1))])
    assert outcomes == [Accepted(1, 1), Accepted(0, 1), Accepted(2, 1)]
    assert await database.events.head(CONTEXT) == 3


async def test_a_cancelled_caller_does_not_cut_a_commit_short(database: Database) -> None:
    pending = append(*(event(n) for n in range(1000)))
    commit = asyncio.ensure_future(database.events.append(CONTEXT, [pending]))
    await asyncio.sleep(0)
    commit.cancel()
    assert await database.events.find_append(CONTEXT, pending.append_id) == Accepted(0, 1000)
    assert len(await all_rows(database)) == 1000


async def test_an_append_on_an_unknown_base_is_refused_and_on_a_stored_one_is_not(
    database: Database,
) -> None:
    stored, refused = append(event(0)), append(event(5))
    await database.events.append(CONTEXT, [stored, refused])
    outcomes = await database.events.append(
        CONTEXT,
        [append(event(1), base=refused.append_id), append(event(1), base=stored.append_id)],
    )
    assert refusals(outcomes) == [BaseNotAccepted, Accepted]


async def test_conditions_are_judged_on_what_is_stored(database: Database) -> None:
    await store(
        database,
        event(0, None, name="Opened", tags=(RED,)),
        event(0, None, name="Closed", tags=(RED, BIG)),
        event(0, None, name="Paid"),
    )

    async def judged(marker: int, *criteria: Criterion) -> type:
        condition = AppendCondition(marker, criteria)
        outcomes = await database.events.append(
            CONTEXT, [append(event(9), condition=condition), append(event(5, "z"))]
        )
        # The sequence is wrong, so an accepted condition shows as that and stores nothing.
        kind = refusals(outcomes)[0]
        return Accepted if kind is InvalidSequence else kind

    red, both = Criterion((RED,)), Criterion((RED, BIG))
    assert await judged(-1, red) is ConditionNotMet
    assert await judged(1, red) is ConditionNotMet
    assert await judged(2, red) is Accepted
    assert await judged(2**63 - 1, red) is Accepted
    assert await judged(-1, both) is ConditionNotMet
    assert await judged(-1, Criterion((BIG, RED))) is ConditionNotMet
    assert await judged(2, both) is Accepted
    assert await judged(-1, Criterion((RED, BIG), ("Opened",))) is Accepted
    assert await judged(-1, Criterion((RED,), ("Closed", "Paid"))) is ConditionNotMet
    assert await judged(0, Criterion((RED,), ("Paid",))) is Accepted
    assert await judged(1, Criterion((), ("Opened",))) is Accepted
    assert await judged(0, Criterion((), ("Opened",))) is ConditionNotMet
    assert await judged(2, Criterion((), ("Opened",)), Criterion((), ("Paid",))) is ConditionNotMet
    assert await judged(2, Criterion()) is ConditionNotMet
    assert await judged(3, Criterion()) is Accepted
    assert await judged(2) is ConditionNotMet
    assert await judged(3) is Accepted


async def test_contexts_do_not_know_of_each_other(database: Database) -> None:
    await database.contexts.create("other")
    first = append(event(0), event(1))
    await database.events.append(CONTEXT, [first])
    assert await store(database, event(0), context="other") == Accepted(0, 1)
    assert await database.events.find_append("other", first.append_id) is None
    assert await database.events.heads() == {CONTEXT: 2, "other": 1}
    assert await all_rows(database, "other") == [b"a/0"]


async def test_many_contexts_are_appended_to_at_once(database: Database) -> None:
    names = [f"context-{number}" for number in range(8)]
    for name in names:
        await database.contexts.create(name)

    async def fill(name: str) -> None:
        for sequence in range(20):
            await store(database, event(sequence, name), context=name)

    await asyncio.gather(*map(fill, names))
    assert await database.events.heads() == dict.fromkeys(names, 20) | {CONTEXT: 0}


async def test_an_unknown_context_is_refused(database: Database) -> None:
    with pytest.raises(UnknownContext, match="Context nowhere not found"):
        await database.events.append("nowhere", [append(event(0))])
    with pytest.raises(UnknownContext):
        await database.events.find_append("nowhere", new_append_id())
