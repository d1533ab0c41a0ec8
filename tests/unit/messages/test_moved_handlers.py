"""Commands that wait for a handler on its way, and those that do not."""

from __future__ import annotations

from ranvier.messages import moved_handlers
from ranvier.messages.moved_handlers import HOLD_SECONDS, MovedHandlers


def test_a_command_waits_for_a_handler_that_is_being_moved() -> None:
    moved = MovedHandlers()
    moved.moving(10.0)
    moved.left("default", "place", 11.0)
    assert moved.hold_until("default", "place", 11.5) == 11.0 + HOLD_SECONDS


def test_it_waits_too_where_the_move_is_heard_of_after_the_handler_has_left() -> None:
    moved = MovedHandlers()
    moved.left("default", "place", 11.0)
    assert moved.hold_until("default", "place", 11.1) is None
    moved.moving(11.2)
    assert moved.hold_until("default", "place", 11.3) == 11.0 + HOLD_SECONDS


def test_a_name_that_nobody_ever_handled_is_not_waited_for() -> None:
    moved = MovedHandlers()
    moved.moving(10.0)
    assert moved.hold_until("default", "place", 10.0) is None


def test_a_handler_that_left_by_itself_is_not_waited_for() -> None:
    moved = MovedHandlers()
    moved.left("default", "place", 11.0)
    assert moved.hold_until("default", "place", 11.0) is None


def test_the_wait_ends_with_the_move_and_with_its_time() -> None:
    moved = MovedHandlers()
    moved.moving(10.0)
    moved.left("default", "place", 10.0)
    assert moved.hold_until("default", "place", 14.9) == 15.0
    assert moved.hold_until("default", "place", 15.0) is None
    moved.left("default", "cancel", 14.0)
    assert moved.hold_until("default", "cancel", 15.1) is None


def test_a_name_that_has_a_handler_again_is_forgotten() -> None:
    moved = MovedHandlers()
    moved.moving(10.0)
    moved.left("default", "place", 10.0)
    moved.came("default", "place")
    assert moved.hold_until("default", "place", 10.0) is None


def test_what_is_remembered_is_bounded() -> None:
    moved = MovedHandlers()
    moved.moving(10.0)
    for number in range(moved_handlers.DEPARTED_MAX + 1):
        moved.left("default", f"name-{number}", 10.0)
    assert moved.hold_until("default", "name-0", 10.0) is None
    assert moved.hold_until("default", "name-1", 10.0) == 15.0
