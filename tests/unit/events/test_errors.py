from __future__ import annotations

from ranvier.errors import RanvierError
from ranvier.events import errors


def test_the_texts_that_clients_look_for() -> None:
    invalid = errors.InvalidSequence("order-1", expected=4, actual=9)
    assert str(invalid) == "Invalid sequence number 9 for aggregate order-1, expected 4"
    assert (invalid.aggregate_id, invalid.expected, invalid.actual) == ("order-1", 4, 9)
    assert str(errors.ConditionNotMet()) == (
        "io.axoniq.axonserver.eventstore.api.ConsistencyConditionException: "
        "Consistency condition is not met."
    )


def test_the_codes_that_clients_know() -> None:
    assert errors.InvalidSequence.code == "AXONIQ-2000"
    assert errors.UnknownContext("none").code == "AXONIQ-1302"
    assert errors.UnknownContext("none").context == "none"
    assert errors.ContextExists("one").code == "AXONIQ-1304"
    assert errors.ContextExists("one").context == "one"


def test_only_what_may_go_better_next_time_asks_for_a_retry() -> None:
    assert errors.BaseNotAccepted().retry_may_help
    assert not errors.InvalidSequence("a", 1, 2).retry_may_help
    assert not errors.InvalidEvent("tag", "is wrong").retry_may_help


def test_every_refusal_belongs_to_the_one_tree() -> None:
    assert issubclass(errors.EventError, RanvierError)
    refusals = [
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, Exception) and found is not RanvierError
    ]
    assert all(issubclass(refusal, errors.EventError) for refusal in refusals)
