"""When a node that has ended is started again."""

from __future__ import annotations

from ranvier.node.restarts import LONGEST_SECONDS, STEADY_SECONDS, Restarts


def test_a_node_that_was_never_ready_is_not_started_again() -> None:
    assert Restarts().died(0.0).seconds_to_wait() is None


def test_one_that_keeps_dying_is_waited_for_longer_each_time() -> None:
    restarts = Restarts().ready()
    waits = []
    for _ in range(9):
        restarts = restarts.died(1.0)
        waits.append(restarts.seconds_to_wait())
    assert waits == [
        0.2,
        0.4,
        0.8,
        1.6,
        3.2,
        6.4,
        LONGEST_SECONDS,
        LONGEST_SECONDS,
        LONGEST_SECONDS,
    ]


def test_one_that_fails_to_start_again_is_tried_further() -> None:
    restarts = Restarts().ready().died(STEADY_SECONDS).died(0.0)
    assert restarts.seconds_to_wait() == 0.4


def test_one_that_ran_well_for_a_while_is_started_soon() -> None:
    restarts = Restarts(deaths=9, was_ready=True)
    assert restarts.died(STEADY_SECONDS).seconds_to_wait() == 0.2
