"""Waits between attempts: by status, growing, at random within bounds."""

from __future__ import annotations

import pytest

from ranvier.client.reconnect import ReconnectDelays, delay_seconds
from ranvier.wire.grpc.status import StatusCode

S = StatusCode


@pytest.mark.parametrize(
    ("status", "failures", "seconds"),
    [
        (S.UNAVAILABLE, 1, 0.05),
        (S.UNAVAILABLE, 3, 0.2),
        (S.UNAVAILABLE, 100, 2.0),
        (S.PERMISSION_DENIED, 1, 5.0),
        (S.NOT_FOUND, 9, 5.0),
        (S.CANCELLED, 1, 0.5),
        (None, 1, 0.5),
    ],
)
def test_table(status: StatusCode | None, failures: int, seconds: float) -> None:
    delays = ReconnectDelays()
    assert delay_seconds(delays, status, failures, lambda: 0.0) == pytest.approx(seconds / 2)
    assert delay_seconds(delays, status, failures, lambda: 1.0) == pytest.approx(seconds)
