"""Appends for tests of the storage, and short ways to hand them in."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from ranvier.events.append import Accepted, Append, AppendCondition, Outcome, Refused
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.storage.database import Database
from tests.support.databases import CONTEXT

_numbers = itertools.count()


def new_append_id(*, age_seconds: float = 0) -> bytes:
    """An id that grows with time, as the node mints them."""
    milliseconds = int((time.time() - age_seconds) * 1000)
    return milliseconds.to_bytes(6, "big") + next(_numbers).to_bytes(10, "big")


def event(
    sequence: int = 0,
    aggregate_id: str | None = "a",
    *,
    name: str = "Opened",
    data: bytes | None = None,
    time_ms: int = 0,
    tags: tuple[Tag, ...] = (),
) -> NewEvent:
    """An event that says in its data where it belongs."""
    if data is None:
        data = f"{aggregate_id}/{sequence}".encode(errors="surrogatepass")
    return NewEvent(name, data, time_ms, aggregate_id, "Order", sequence, tags)


def append(
    *events: NewEvent,
    condition: AppendCondition | None = None,
    base: bytes | None = None,
    append_id: bytes | None = None,
) -> Append:
    """An append with an id of its own."""
    return Append(append_id or new_append_id(), events, condition, base)


async def store(database: Database, *events: NewEvent, context: str = CONTEXT) -> Accepted:
    """Append events that are right, each append together."""
    (outcome,) = await database.events.append(context, [append(*events)])
    assert isinstance(outcome, Accepted), outcome
    return outcome


def refusals(outcomes: Sequence[Outcome]) -> list[type]:
    """The kinds of the outcomes: the error's class where an append was refused."""
    return [type(one.error) if isinstance(one, Refused) else type(one) for one in outcomes]


async def all_rows(database: Database, context: str = CONTEXT) -> list[bytes]:
    """Every event of a context, checked to be dense from token 0 on."""
    head = await database.events.head(context)
    rows: list[bytes] = []
    while True:
        page = await database.events.read(
            context, from_token=len(rows), before_token=head, page_bytes=1 << 20
        )
        assert page.first_token == len(rows)
        if not page.rows:
            break
        rows += page.rows
        assert page.next_token == len(rows)
    assert len(rows) == head
    return rows
