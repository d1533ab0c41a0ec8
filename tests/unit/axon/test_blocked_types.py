"""Payload types that a stream leaves out, and the one in a thousand that it sends anyway."""

from __future__ import annotations

import pytest

from ranvier.axon.blocked_types import SKIPS_AT_MOST, TYPES_AT_MOST, BlockedTypes, run_to_send
from ranvier.axon.errors import TooManyBlockedTypes
from ranvier.proto import event_pb2

PLENTY = 10**6


def blocking(*descriptions: tuple[str, str]) -> BlockedTypes:
    blocked = BlockedTypes()
    blocked.add(event_pb2.PayloadDescription(type=name, revision=rev) for name, rev in descriptions)
    return blocked


def row(name: str, revision: str = "") -> bytes:
    return event_pb2.Event(payload={"type": name, "revision": revision}).SerializeToString()


def chosen(blocked: BlockedTypes, names: list[str], permits: int = PLENTY) -> tuple[list[int], int]:
    return run_to_send(blocked, names, [row(name) for name in names], 0, permits)


def test_a_blocked_type_is_left_out_and_takes_no_permit() -> None:
    assert chosen(blocking(("B", "")), ["A", "B", "B", "A", "A"], permits=2) == ([0, 3], 4)


def test_a_type_is_blocked_in_the_revision_named_only() -> None:
    blocked = blocking(("B", "2"))
    names = ["B", "B"]
    assert run_to_send(blocked, names, [row("B", "1"), row("B", "2")], 0, 9) == ([0], 2)


def test_after_a_thousand_left_out_one_is_sent() -> None:
    names = ["B"] * (3 * SKIPS_AT_MOST)
    indices, after = chosen(blocking(("B", "")), names)
    assert indices == [SKIPS_AT_MOST, 2 * SKIPS_AT_MOST + 1]
    assert after == len(names)


def test_the_thousand_are_counted_across_pages_and_start_anew_with_each_event_sent() -> None:
    blocked = blocking(("B", ""))
    assert chosen(blocked, ["B"] * 999)[0] == []
    assert chosen(blocked, ["A"] + ["B"] * 999)[0] == [0]
    assert chosen(blocked, ["B", "B"])[0] == [1]


def test_nothing_is_chosen_without_permits() -> None:
    assert chosen(blocking(("B", "")), ["B", "A"], permits=0) == ([], 0)


def test_nothing_is_blocked_at_first() -> None:
    assert not BlockedTypes()
    assert blocking(("B", ""))


def test_a_stream_cannot_fill_the_memory_with_types() -> None:
    blocked = blocking(*((str(number), "") for number in range(TYPES_AT_MOST)))
    with pytest.raises(TooManyBlockedTypes):
        blocked.add([event_pb2.PayloadDescription(type="one more")])
