"""Copying goes on wherever it was interrupted, and refuses whatever is not the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from itertools import product

import pytest

from ranvier.cli import import_copying
from ranvier.cli.errors import ImportRefused, NodeSilent
from ranvier.cli.import_copying import Span, compare_all, copy_events, span_to_copy
from ranvier.cli.import_sides import Entry
from ranvier.client import Hub, JsonCodec, StoredEvent, Tag
from ranvier.proto import common_pb2, event_pb2

CODEC = JsonCodec()


def event(number: int) -> StoredEvent:
    payload = common_pb2.SerializedObject(type="A", data=b"%d" % number)
    return StoredEvent(event_pb2.Event(payload=payload), CODEC)


class MemorySide:
    """A context in memory; `break_at` is the append that gets no answer."""

    def __init__(self, count: int = 0, first: int = 0) -> None:
        self.first_token = first
        self.events = [Entry(first + number, event(first + number)) for number in range(count)]
        self.name = f"side of {count}"
        self.break_at: int | None = None
        self.stores_before_breaking = False
        self.hole: int | None = None

    @property
    def hub(self) -> Hub:
        raise AssertionError("nothing here asks a hub")

    async def first(self) -> int:
        return self.first_token

    async def end(self) -> int:
        return self.first_token + len(self.events)

    async def settled_end(self) -> int:
        return await self.end()

    async def read(self, start: int, end: int) -> AsyncGenerator[list[Entry], None]:
        for at in range(start, end, 3):
            chunk = self.events[at - self.first_token : min(at + 3, end) - self.first_token]
            yield [entry for entry in chunk if entry.token != self.hole]

    async def append(self, entries: Sequence[Entry], at: int) -> None:
        assert at == len(self.events)
        is_broken = self.break_at == 0
        if self.break_at is not None:
            self.break_at -= 1
        if not is_broken or self.stores_before_breaking:
            self.events += [Entry(at + n, each.event, each.tags) for n, each in enumerate(entries)]
        if is_broken:
            raise NodeSilent("no answer")


async def run(source: MemorySide, target: MemorySide, *, may_shift: bool = False) -> Span:
    span = await span_to_copy(source, target, may_shift=may_shift)
    copied: list[int] = []
    await copy_events(source, target, span, copied.append)
    assert sum(copied) == span.end - span.start
    return span


async def digest_of(source: MemorySide, target: MemorySide, span: Span) -> str:
    seen = 0

    async def count(entries: Sequence[Entry]) -> None:
        nonlocal seen
        seen += len(entries)

    digest = await compare_all(source, target, span, count)
    assert seen == span.end
    return digest


def same(source: MemorySide, target: MemorySide) -> bool:
    return [each.fingerprint() for each in source.events] == [
        each.fingerprint() for each in target.events
    ]


@pytest.mark.parametrize(
    ("count", "break_at", "stores"), list(product((0, 1, 5, 23), (0, 1, 2), (False, True)))
)
async def test_an_append_without_answer_is_neither_lost_nor_doubled(
    count: int, break_at: int, stores: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_copying, "BATCH_EVENTS", 5)
    source, target = MemorySide(count), MemorySide()
    target.break_at, target.stores_before_breaking = break_at, stores
    runs = 0
    while not runs or not same(source, target):
        runs += 1
        try:
            span = await run(source, target)
        except NodeSilent:
            span = await span_to_copy(source, target, may_shift=False)
    assert runs <= 2
    assert await digest_of(source, target, span) == await digest_of(source, target, span)


async def test_batches_are_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_copying, "BATCH_BYTES", 1)
    source, target = MemorySide(4), MemorySide()
    target.break_at, target.stores_before_breaking = 1, True
    with pytest.raises(NodeSilent):
        await run(source, target)
    assert len(target.events) == 2


async def test_what_came_at_the_source_is_taken_by_the_next_run() -> None:
    source, target = MemorySide(7), MemorySide()
    await run(source, target)
    source.events += [Entry(7, event(7))]
    assert (await run(source, target)).start == 7
    assert same(source, target)


async def test_a_source_that_begins_later_is_taken_with_lower_tokens_only_on_request() -> None:
    source, target = MemorySide(9, first=4), MemorySide()
    with pytest.raises(ImportRefused, match="begins with token 4"):
        await run(source, target)
    span = await run(source, target, may_shift=True)
    assert span == Span(0, 9, 4)
    assert [each.token for each in target.events] == list(range(9))
    assert same(source, target)
    await digest_of(source, target, span)


async def test_a_hole_in_the_source_is_refused() -> None:
    source, target = MemorySide(9), MemorySide()
    source.hole = 4
    with pytest.raises(ImportRefused, match="no event with token 4"):
        await run(source, target)


@pytest.mark.parametrize("hold", [3, 4, 9])
async def test_a_target_that_holds_something_else_is_refused_before_anything_is_written(
    hold: int,
) -> None:
    source, target = MemorySide(4), MemorySide(hold)
    target.events[-1] = Entry(hold - 1, event(77))
    with pytest.raises(ImportRefused, match="something else"):
        await run(source, target)
    assert len(target.events) == hold


@pytest.mark.parametrize("changed", [0, 3, 6])
async def test_the_comparison_finds_one_event_that_differs(changed: int) -> None:
    source, target = MemorySide(7), MemorySide(7)
    target.events[changed] = Entry(changed, target.events[changed].event, (Tag("a", "b"),))
    with pytest.raises(ImportRefused, match=f"token {changed} "):
        await digest_of(source, target, Span(7, 7, 0))


async def test_the_order_of_tags_does_not_matter() -> None:
    one, two = Tag("a", "b"), Tag("c", b"\xff")
    first = Entry(0, event(0), (one, two))
    assert first.fingerprint() == Entry(0, event(0), (two, one)).fingerprint()
    assert first.fingerprint() != Entry(0, event(0), (one,)).fingerprint()


async def test_the_names_of_the_sides_stand_small_within_a_sentence() -> None:
    source, target = MemorySide(2), MemorySide(3)
    source.name, target.name = "The source a:1", "The target b:2"
    with pytest.raises(
        ImportRefused, match=r"^The target b:2 holds 3 events and the source a:1 2:"
    ):
        await span_to_copy(source, target, may_shift=False)
