"""Stores a batch of appends: read the facts, fold, write, commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import apsw

from ranvier.events.append import Accepted, Append, Decision, Outcome, Refused, Unknown
from ranvier.events.claim import Claim
from ranvier.events.errors import InvalidEvent, UnknownContext
from ranvier.events.event import NewEvent
from ranvier.events.fold import fold
from ranvier.events.limits import AppendLimits, refuse_append
from ranvier.storage.errors import StorageError, StorageUnavailable
from ranvier.storage.seen_heads import SeenHeads
from ranvier.storage.sqlite.errors import CommitUnknown, Poisoned
from ranvier.storage.sqlite.facts import ContextFacts, read_facts
from ranvier.storage.sqlite.multi_row import MultiRowInsert
from ranvier.storage.sqlite.positions import TOKEN_LIMIT, base_position
from ranvier.storage.sqlite.scheduled_events import use_up
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("append")
_INSERT_EVENTS = MultiRowInsert(_SQL["insert_event"])
_INSERT_TAGS = MultiRowInsert(_SQL["insert_tag"])
_INSERT_APPEND_KEYS = MultiRowInsert(_SQL["insert_append_key"])
_MOVE_HEAD = _SQL["move_head"]
_STORED_APPEND = _SQL["stored_append"]


@dataclass(frozen=True, slots=True)
class Target:
    """The context that a batch is for."""

    name: str
    context_id: int


class Appending:
    """Appends on the writer thread, one batch at a time."""

    def __init__(self, seen_heads: SeenHeads, limits: AppendLimits) -> None:
        self._seen_heads = seen_heads
        self._limits = limits

    def append(
        self, writer: Writer, target: Target, appends: Sequence[Append]
    ) -> Sequence[Outcome]:
        """Decide and store a batch; an error is raised only if nothing of it has been stored."""
        refusals = [refuse_append(append, self._limits) for append in appends]
        if not any(refusals):
            return self._append_storable(writer, target, appends)
        storable = [append for append, no in zip(appends, refusals, strict=True) if no is None]
        outcomes = iter(self._append_storable(writer, target, storable))
        return [next(outcomes) if refusal is None else Refused(refusal) for refusal in refusals]

    def find(self, writer: Writer, target: Target, append_id: bytes) -> Accepted | None:
        """Look an append up; being on the writer thread, it comes after every commit before it."""
        rows = fetch_all(writer.connection, _STORED_APPEND, (target.context_id, append_id))
        return Accepted(*rows[0]) if rows else None

    def _append_storable(
        self, writer: Writer, target: Target, appends: Sequence[Append]
    ) -> Sequence[Outcome]:
        try:
            return self._append_once(writer, target, appends)
        except CommitUnknown:
            return [Unknown()] * len(appends)
        except Poisoned as refusal:
            if len(appends) == 1:
                return [self._judge_guilty(writer, target, appends[0], refusal)]
            return self._append_halves(writer, target, appends)

    def _append_halves(
        self, writer: Writer, target: Target, appends: Sequence[Append]
    ) -> Sequence[Outcome]:
        middle = len(appends) // 2
        stored = self._append_storable(writer, target, appends[:middle])
        try:
            return [*stored, *self._append_storable(writer, target, appends[middle:])]
        except StorageError as error:
            return [*stored, *[Refused(error)] * (len(appends) - middle)]

    def _judge_guilty(
        self, writer: Writer, target: Target, append: Append, refusal: Poisoned
    ) -> Outcome:
        # An append that is stored already collides with itself: it has happened, once.
        stored = self.find(writer, target, append.append_id)
        return stored or Refused(InvalidEvent("append", f"was refused by the database: {refusal}"))

    def _append_once(
        self, writer: Writer, target: Target, appends: Sequence[Append]
    ) -> Sequence[Decision]:
        name, context_id = target.name, target.context_id
        floor = self._seen_heads.floor(context_id)

        def decide_and_write(cursor: apsw.Cursor) -> tuple[int, list[Decision]]:
            known = read_facts(cursor, context_id, appends)
            if known is None:
                raise UnknownContext(name)
            self._seen_heads.hold_against(name, context_id, floor, known.facts.head)
            decisions = fold(known.facts, appends)
            rows = _rows_of(context_id, known, appends, decisions)
            if rows.head > TOKEN_LIMIT:
                raise StorageUnavailable(f"context {name} has all the events that one can have")
            rows.write(cursor)
            return rows.head, decisions

        head, decisions = writer.transact(decide_and_write)
        self._seen_heads.hold_against(name, context_id, floor, head)
        return decisions


@dataclass(slots=True)
class _Rows:
    """The rows of a batch, and the context's head and latest time after it."""

    context_id: int
    head: int
    latest_time_ms: int
    keys: list[tuple[int, bytes, int, int]] = field(default_factory=list)
    events: list[tuple[int, int, str | None, str, int, int, int, str, bytes]] = field(
        default_factory=list
    )
    tags: list[tuple[int, bytes, bytes, int]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def write(self, cursor: apsw.Cursor) -> None:
        """Write all rows."""
        _INSERT_APPEND_KEYS.write(cursor, self.keys)
        _INSERT_EVENTS.write(cursor, self.events)
        _INSERT_TAGS.write(cursor, self.tags)
        for claim in self.claims:
            use_up(cursor, claim)
        if self.events:
            cursor.execute(_MOVE_HEAD, (self.context_id, self.head, self.latest_time_ms))


def _rows_of(
    context_id: int,
    known: ContextFacts,
    appends: Sequence[Append],
    decisions: Sequence[Decision],
) -> _Rows:
    rows = _Rows(context_id, known.facts.head, known.latest_time_ms)
    for append, decision in zip(appends, decisions, strict=True):
        if isinstance(decision, Accepted):
            rows.keys.append((context_id, append.append_id, rows.head, decision.count))
            _add_events(rows, append.events)
            if append.claim is not None:
                rows.claims.append(append.claim)
    return rows


def _add_events(rows: _Rows, events: Sequence[NewEvent]) -> None:
    context_id, latest_time_ms, token = rows.context_id, rows.latest_time_ms, rows.head
    base = base_position(context_id)
    for event in events:
        # Plain tuples in one loop: this runs for every event stored.
        time_ms = event.time_ms
        if time_ms > latest_time_ms:
            latest_time_ms = time_ms
        rows.events.append(
            (
                base + token,
                context_id,
                event.aggregate_id,
                event.aggregate_type,
                event.sequence,
                time_ms,
                latest_time_ms,
                event.name,
                event.data,
            )
        )
        for tag in event.tags:
            rows.tags.append((context_id, tag.key, tag.value, token))
        token += 1
    rows.head, rows.latest_time_ms = token, latest_time_ms
