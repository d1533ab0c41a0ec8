from __future__ import annotations

from ranvier.events.snapshot import Snapshot, refuse_snapshot_ahead


def snapshot(sequence: int) -> Snapshot:
    return Snapshot("order-1", sequence, 0, b"state")


def test_a_snapshot_of_the_last_event_or_an_earlier_one_is_taken() -> None:
    assert refuse_snapshot_ahead(snapshot(3), 3) is None
    assert refuse_snapshot_ahead(snapshot(0), 3) is None


def test_a_snapshot_ahead_of_the_events_is_refused_in_the_words_that_clients_compare() -> None:
    refusal = refuse_snapshot_ahead(snapshot(1), 0)
    assert refusal is not None
    assert refusal.code == "AXONIQ-2000"
    assert str(refusal) == (
        "Invalid sequence number while storing snapshot. Highest aggregate order-1 sequence "
        "number: 0, snapshot sequence 1."
    )
    assert (refusal.aggregate_id, refusal.last_sequence, refusal.snapshot_sequence) == (
        "order-1",
        0,
        1,
    )


def test_an_aggregate_without_events_takes_no_snapshot() -> None:
    refusal = refuse_snapshot_ahead(snapshot(0), -1)
    assert refusal is not None
    assert "sequence number: -1" in str(refusal)
