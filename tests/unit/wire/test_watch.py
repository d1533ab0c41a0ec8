from __future__ import annotations

from math import inf

import pytest

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.watch import Sight, Step, Watch


def look(
    watch: Watch,
    now: float,
    *,
    spoken: bool = False,
    established: bool = True,
    open_: int = 0,
    ever: int = 0,
) -> tuple[Step, float]:
    return watch.look(Sight(now, spoken, established, open_, ever))


OFF = ConnectionLimits(handshake_seconds=None, keep_alive_seconds=None)


def test_with_all_limits_off_nobody_looks_again() -> None:
    assert look(Watch(OFF, 0, 0), 0) == (Step.WAIT, inf)


def test_a_peer_that_never_finishes_its_greeting_is_cut() -> None:
    limits = ConnectionLimits(handshake_seconds=5, keep_alive_seconds=None)
    watch = Watch(limits, 100, 0)
    assert look(watch, 100, established=False) == (Step.WAIT, 105)
    assert look(watch, 105, established=False, spoken=True)[0] is Step.CUT


def test_a_greeting_in_time_ends_that_limit() -> None:
    watch = Watch(ConnectionLimits(handshake_seconds=5, keep_alive_seconds=None), 0, 0)
    assert look(watch, 5) == (Step.WAIT, inf)


def test_a_silent_peer_is_pinged_and_then_cut() -> None:
    limits = ConnectionLimits(keep_alive_seconds=20, keep_alive_timeout_seconds=10)
    watch = Watch(limits, 0, -1)
    assert look(watch, 0) == (Step.WAIT, 20)
    assert look(watch, 20) == (Step.PING, 30)
    assert look(watch, 30)[0] is Step.CUT


def test_a_look_that_comes_late_itself_gives_the_peer_its_time_once_more() -> None:
    limits = ConnectionLimits(keep_alive_seconds=20, keep_alive_timeout_seconds=10)
    watch = Watch(limits, 0, -1)
    assert look(watch, 20) == (Step.PING, 30)
    assert look(watch, 31) == (Step.PING, 41)
    assert look(watch, 45)[0] is Step.CUT
    watch = Watch(limits, 0, -1)
    assert look(watch, 20) == (Step.PING, 30)
    assert look(watch, 31) == (Step.PING, 41)
    assert look(watch, 33, spoken=True) == (Step.WAIT, 53)
    assert look(watch, 53) == (Step.PING, 63)
    assert look(watch, 64)[0] is Step.PING


@pytest.mark.parametrize(("spread", "at"), [(-1, 20), (0, 15), (1, 10)])
def test_connections_that_came_together_are_not_pinged_together(spread: float, at: float) -> None:
    limits = ConnectionLimits(keep_alive_seconds=20, keep_alive_timeout_seconds=10)
    assert look(Watch(limits, 0, spread), 0) == (Step.WAIT, at)


def test_whoever_speaks_is_neither_pinged_nor_cut() -> None:
    limits = ConnectionLimits(keep_alive_seconds=20, keep_alive_timeout_seconds=10)
    watch = Watch(limits, 0, -1)
    assert look(watch, 20, spoken=True) == (Step.WAIT, 40)
    assert look(watch, 40) == (Step.PING, 50)
    assert look(watch, 50, spoken=True) == (Step.WAIT, 70)


def test_an_idle_connection_is_drained_but_not_one_with_streams() -> None:
    limits = ConnectionLimits(keep_alive_seconds=None, handshake_seconds=None, idle_seconds=8)
    watch = Watch(limits, 0, 0)
    assert look(watch, 0) == (Step.WAIT, 2)
    assert look(watch, 2, open_=1, ever=1)[0] is Step.WAIT
    assert look(watch, 9, open_=1, ever=1)[0] is Step.WAIT
    assert look(watch, 16, ever=9)[0] is Step.WAIT  # streams came and went meanwhile
    assert look(watch, 23, ever=9)[0] is Step.WAIT
    assert look(watch, 24, ever=9) == (Step.DRAIN, inf)
    assert look(watch, 99, ever=9)[0] is Step.WAIT


def test_an_old_connection_is_drained_and_cut_after_its_grace() -> None:
    limits = ConnectionLimits(
        keep_alive_seconds=None, handshake_seconds=None, age_seconds=100, age_grace_seconds=7
    )
    watch = Watch(limits, 0, 0)
    assert look(watch, 0, open_=1) == (Step.WAIT, 100)
    assert look(watch, 100, open_=1) == (Step.DRAIN, 107)
    assert look(watch, 107, open_=1)[0] is Step.CUT


def test_connections_grow_old_at_different_times() -> None:
    limits = ConnectionLimits(keep_alive_seconds=None, handshake_seconds=None, age_seconds=100)
    ends = [look(Watch(limits, 0, spread), 0)[1] for spread in (-1, 0, 1)]
    assert ends == pytest.approx([90, 100, 110])


def test_a_peer_that_was_heard_needs_no_whole_look() -> None:
    limits = ConnectionLimits(keep_alive_seconds=20, keep_alive_timeout_seconds=10)
    watch = Watch(limits, 0, -1)
    assert look(watch, 20) == (Step.PING, 30)
    assert watch.heard(25) == 45
    assert look(watch, 45) == (Step.PING, 55)
    assert look(watch, 55)[0] is Step.CUT


@pytest.mark.parametrize(
    "limits", [ConnectionLimits(age_seconds=5), ConnectionLimits(idle_seconds=5)]
)
def test_a_connection_that_may_end_is_looked_at_as_a_whole(limits: ConnectionLimits) -> None:
    assert Watch(limits, 0, 0).heard(1) is None
