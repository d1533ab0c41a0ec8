from __future__ import annotations

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.listener import Admission


def test_no_more_connections_than_the_limit_says() -> None:
    admission = Admission(ConnectionLimits(connections=2))
    assert [admission.enter(address) for address in ("a", "b", "c")] == [True, True, False]
    admission.leave("a")
    assert admission.enter("c")


def test_no_more_connections_of_one_address_than_its_limit_says() -> None:
    admission = Admission(ConnectionLimits(connections=10, connections_per_address=2))
    assert [admission.enter("a") for _ in range(3)] == [True, True, False]
    assert admission.enter("b")
    admission.leave("a")
    assert admission.enter("a")


def test_a_refused_connection_counts_nowhere() -> None:
    admission = Admission(ConnectionLimits(connections=2, connections_per_address=1))
    admission.enter("a")
    for _ in range(5):
        admission.enter("a")
    assert admission.enter("b")
