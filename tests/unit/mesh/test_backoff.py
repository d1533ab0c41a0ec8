from __future__ import annotations

import logging

import pytest

from ranvier.mesh.backoff import LONGEST_SECONDS, REFUSED_SECONDS, Backoff
from ranvier.mesh.limits import mesh_limits
from ranvier.mesh.seldom_log import PARTIES_MAX, PAUSE_SECONDS, SeldomLog
from ranvier.wire.grpc.limits import GrpcLimits


def test_pauses_grow_to_a_bound_and_begin_anew_after_success() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.pause_seconds() for _ in range(7)] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert backoff.pause_seconds(is_refused=True) == pytest.approx(12.8)
    assert backoff.pause_seconds(is_refused=True) == REFUSED_SECONDS
    backoff.succeeded()
    assert backoff.pause_seconds() == 0.1


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_chance_shortens_a_pause_by_half_at_most(chance: float) -> None:
    backoff = Backoff(lambda: chance)
    for _ in range(2_000):
        assert 0.05 <= backoff.pause_seconds() <= LONGEST_SECONDS


def test_a_silent_node_is_missed_within_two_seconds_of_its_last_byte() -> None:
    limits = mesh_limits(GrpcLimits()).connection
    assert limits.keep_alive_seconds is not None
    # The last byte may come just after a look, and be found by the next one.
    assert 2 * limits.keep_alive_seconds + limits.keep_alive_timeout_seconds < 2.0


def test_the_same_party_is_told_of_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = SeldomLog(logging.getLogger("ranvier.mesh"), lambda: now)
    with caplog.at_level(logging.WARNING):
        for _ in range(1_000):
            log.tell("10.0.0.1", "refused")
        log.tell("10.0.0.2", "refused")
        assert [record.getMessage() for record in caplog.records] == ["refused", "refused"]
        now = PAUSE_SECONDS
        log.tell("10.0.0.1", "refused")
        assert caplog.records[-1].getMessage() == "refused (999 times more since the last word)"
        log.forget("10.0.0.1")
        log.tell("10.0.0.1", "refused")
        assert caplog.records[-1].getMessage() == "refused"


def test_however_many_parties_there_are_few_are_remembered() -> None:
    log = SeldomLog(logging.getLogger("ranvier.mesh.test"), lambda: 0.0)
    for number in range(PARTIES_MAX * 3):
        log.tell(str(number), "refused")
    assert len(log._told) <= PARTIES_MAX
