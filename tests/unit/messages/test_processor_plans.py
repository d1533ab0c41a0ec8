"""Who is told what, so that an event processor does as it is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ranvier.messages.errors import (
    MessageError,
    NoFreeThread,
    NoSegmentClaimed,
    OnlyOneSegment,
    UnknownProcessor,
    UnknownTarget,
)
from ranvier.messages.event_processor import ProcessorId
from ranvier.messages.processor_plans import (
    Instruction,
    InstructionKind,
    Plan,
    plan_for_all,
    plan_merge,
    plan_move,
    plan_split,
)
from tests.support.processors import Claims, instance

ACCOUNTS = ProcessorId("default", "accounts", "store")


def said(plan: Plan) -> list[list[str]]:
    """Return a plan as the words `who what segment`, step by step."""
    return [[f"{one.member} {one.kind.value} {one.segment_id}" for one in step] for step in plan]


def test_all_instances_are_told_at_once() -> None:
    for kind in InstructionKind.PAUSE, InstructionKind.START, InstructionKind.TELL:
        plan = plan_for_all(ACCOUNTS, [instance("a"), instance("b")], kind)
        assert plan == ((Instruction("a", kind, "accounts"), Instruction("b", kind, "accounts")),)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"a": ((0, 1),)}, "a split 0"),
        ({"a": ((1, 4), (3, 4)), "b": ((0, 2),)}, "b split 0"),
        ({"a": ((1, 2),), "b": ((0, 2),)}, "b split 0"),
        ({"a": (), "b": ((5, 8),)}, "b split 5"),
    ],
)
def test_the_owner_of_the_largest_segment_splits_it(
    claims: dict[str, Claims], expected: str
) -> None:
    plan = plan_split(ACCOUNTS, [instance(name, own) for name, own in claims.items()])
    assert said(plan) == [[expected]]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"a": ((0, 2), (1, 2))}, [["a merge 0"]]),
        ({"a": ((0, 2),), "b": ((1, 2),)}, [["b release 1"], ["a merge 0"]]),
        (
            {"a": ((0, 2),), "b": ((1, 4),), "c": ((3, 4),)},
            [["a release 3", "c release 3"], ["b merge 1"]],
        ),
        ({"a": ((7, 8),), "b": ()}, [["b release 3"], ["a merge 7"]]),
    ],
)
def test_others_release_the_sibling_of_the_smallest_segment_then_its_owner_merges(
    claims: dict[str, Claims], expected: list[list[str]]
) -> None:
    plan = plan_merge(ACCOUNTS, [instance(name, own) for name, own in claims.items()])
    assert said(plan) == expected


def test_a_moved_segment_is_released_by_all_but_its_target() -> None:
    instances = [instance("a", ((0, 2),)), instance("b", ((1, 2),)), instance("c")]
    assert said(plan_move(ACCOUNTS, instances, 0, "c")) == [["a release 0", "b release 0"]]


def test_a_segment_that_is_where_it_should_be_stays_even_without_a_free_thread() -> None:
    instances = [instance("a", ((0, 1),), free=0), instance("b")]
    assert plan_move(ACCOUNTS, instances, 0, "a") == ()


def test_a_target_that_is_alone_has_nobody_to_wait_for() -> None:
    assert plan_move(ACCOUNTS, [instance("a")], 0, "a") == ()


ONE = (instance("a", ((0, 1),)), instance("b", free=0), instance("c", is_running=False))


@pytest.mark.parametrize(
    ("make", "error", "code"),
    [
        (lambda: plan_split(ACCOUNTS, []), UnknownProcessor, "AXONIQ-2800"),
        (lambda: plan_merge(ACCOUNTS, []), UnknownProcessor, "AXONIQ-2800"),
        (lambda: plan_move(ACCOUNTS, [], 0, "a"), UnknownProcessor, "AXONIQ-2800"),
        (
            lambda: plan_for_all(ACCOUNTS, [], InstructionKind.PAUSE),
            UnknownProcessor,
            "AXONIQ-2800",
        ),
        (lambda: plan_split(ACCOUNTS, [instance("a")]), NoSegmentClaimed, "AXONIQ-2800"),
        (lambda: plan_merge(ACCOUNTS, ONE), OnlyOneSegment, "RANVIER-ONLY-ONE-SEGMENT"),
        (lambda: plan_move(ACCOUNTS, ONE, 0, "x"), UnknownTarget, "AXONIQ-2801"),
        (lambda: plan_move(ACCOUNTS, ONE, 0, "b"), NoFreeThread, "AXONIQ-2802"),
        (lambda: plan_move(ACCOUNTS, ONE, 0, "c"), NoFreeThread, "AXONIQ-2802"),
    ],
)
def test_what_cannot_be_done_is_refused(
    make: Callable[[], Plan], error: type[MessageError], code: str
) -> None:
    with pytest.raises(error):
        make()
    assert error.code == code
