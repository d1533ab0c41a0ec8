"""Stores on real PostgreSQL: the right one, and wrong ones with one fault planted in each.

They append events that are known by an id and bear keys, so that the checkers can judge them.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Protocol

from ranvier.errors import RanvierError
from ranvier.events.append import AppendCondition
from ranvier.events.claim import Claim
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.services.append_events import AppendEvents
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import event, new_append_id
from tests.support.checkers.history import AppendNote, Condition, Delivery, LoggedEvent, Told
from tests.support.databases import CONTEXT

SEQUENCE: Final = "naive_token"

READ: Final = "SELECT token, data FROM ranvier.event WHERE token >= $1 ORDER BY token"

# Tokens are handed out before the row of the context is locked, as a serial column does it.
STORE_NAIVELY: Final = f"""
INSERT INTO ranvier.event
    (context, token, aggregate_type, sequence, time, latest_time, name, data)
SELECT 1, nextval('{SEQUENCE}'), '', 0, 0, 0, 'Noted', $1
"""

# One statement has one snapshot: what was committed while it waited for the lock, it does not see.
LOCK_AND_CHECK: Final = """
WITH locked AS (
    SELECT head FROM ranvier.context WHERE name = $1 FOR UPDATE
), stored AS (
    INSERT INTO ranvier.event
        (context, token, aggregate_type, sequence, time, latest_time, name, data)
    SELECT 1, locked.head, '', 0, 0, 0, 'Noted', $2 FROM locked
    WHERE NOT EXISTS (
        SELECT 1 FROM ranvier.event_tag AS t WHERE t.key = ANY ($3) AND t.token >= $4
    )
    RETURNING token
), tagged AS (
    INSERT INTO ranvier.event_tag (context, key, value, token)
    SELECT 1, own.key, '', stored.token FROM stored, unnest($3::bytea[]) AS own (key)
)
UPDATE ranvier.context SET head = stored.token + 1 FROM stored WHERE name = $1
RETURNING stored.token
"""

_moments = itertools.count()


class Store(Protocol):
    """Takes events from clients."""

    async def append(self, name: str, condition: Condition | None = None) -> AppendNote:
        """Append an event that bears the keys of its condition; tell what the client was told."""
        ...


class RightStore:
    """Appends as a node does."""

    def __init__(self, node: PostgresDatabase) -> None:
        self._door = AppendEvents(node.events, new_append_id, lambda *_: None)

    async def append(self, name: str, condition: Condition | None = None) -> AppendNote:
        """Append through the sequencer of a node."""
        note = AppendNote(name, next(_moments), condition=condition)
        keys = condition.keys if condition else frozenset[str]()
        try:
            accepted = await self._door.append(
                CONTEXT, [noted_event(name, keys)], criteria_of(condition)
            )
        except RanvierError:
            return replace(note, completed=next(_moments), told=Told.FAILED)
        return told_ok(note, accepted.first_token)

    async def publish(self, name: str, claim: Claim) -> bool:
        """Append under a claim; tell whether that was taken."""
        try:
            await self._door.publish(CONTEXT, noted_event(name), claim)
        except RanvierError:
            return False
        return True


class AcknowledgesFirst:
    """Says that an append is stored and stores it a little later, with many others."""

    def __init__(self, node: PostgresDatabase) -> None:
        self._right = RightStore(node)
        self._later: list[str] = []
        self._token = 0

    async def append(self, name: str, condition: Condition | None = None) -> AppendNote:
        """Acknowledge; commit with every third."""
        note = AppendNote(name, next(_moments), condition=condition)
        self._later.append(name)
        self._token += 1
        if len(self._later) == 3:
            for one in self._later:
                await self._right.append(one)
            self._later.clear()
        return told_ok(note, self._token - 1)


class LocksAndChecksAtOnce:
    """Locks the head row and checks the condition in one statement."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def append(self, name: str, condition: Condition | None = None) -> AppendNote:
        """Append if the one statement says so."""
        condition = condition or Condition(0, frozenset())
        note = AppendNote(name, next(_moments), condition=condition)
        keys = [key.encode() for key in sorted(condition.keys)]
        token: int | None = await self._connection.fetchval(
            LOCK_AND_CHECK, CONTEXT, name.encode(), keys, condition.marker
        )
        if token is None:
            return replace(note, completed=next(_moments), told=Told.FAILED)
        return told_ok(note, token)


class SkipsTheFence:
    """Publishes under whatever fence the claimed row has now, not under the one that was given."""

    def __init__(self, node: PostgresDatabase, connection: Any) -> None:
        self._right = RightStore(node)
        self._connection = connection

    async def publish(self, name: str, claim: Claim) -> bool:
        """Append under a claim; tell whether that was taken."""
        fence = await self._connection.fetchval(
            "SELECT fence FROM ranvier.scheduled_event WHERE token = $1", claim.token
        )
        return await self._right.publish(name, replace(claim, fence=fence))


def noted_event(name: str, keys: Iterable[str] = ()) -> NewEvent:
    """Return an event that is known by an id and bears keys."""
    tags = tuple(Tag(key.encode(), b"") for key in sorted(keys))
    return event(0, None, name="Noted", data=name.encode(), tags=tags)


def criteria_of(condition: Condition | None) -> AppendCondition | None:
    """Return a condition in the words of the store."""
    if condition is None:
        return None
    criteria = tuple(Criterion((Tag(key.encode(), b""),)) for key in sorted(condition.keys))
    return AppendCondition(condition.marker, criteria)


def told_ok(note: AppendNote, token: int) -> AppendNote:
    """Return the note of an append that was acknowledged."""
    return replace(note, completed=next(_moments), told=Told.OK, token=token)


async def log_of(connection: Any) -> list[LoggedEvent]:
    """Return all that is stored, with its keys."""
    keys: dict[int, set[str]] = {}
    for row in await connection.fetch("SELECT token, key FROM ranvier.event_tag"):
        keys.setdefault(row["token"], set()).add(row["key"].decode())
    rows = await connection.fetch(READ, 0)
    return [
        LoggedEvent(row["data"].decode(), frozenset(keys.get(row["token"], ()))) for row in rows
    ]


class NaiveReader:
    """Asks for everything behind the last token that it has seen."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._cursor = 0
        self.deliveries: list[Delivery] = []

    async def read(self) -> None:
        """Take what is there."""
        for row in await self._connection.fetch(READ, self._cursor):
            self.deliveries.append(Delivery(row["token"], row["data"].decode()))
            self._cursor = row["token"] + 1


async def until_blocked(connection: Any, count: int) -> None:
    """Return once so many statements on this database wait for a lock."""
    async with asyncio.timeout(30):
        while count != await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass
