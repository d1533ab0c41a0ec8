"""Which error a failed call is: by code, by status, and by whether it changes something."""

from __future__ import annotations

import pytest

from ranvier.client.error_mapping import (
    effect_error_from_grpc,
    error_from_answer,
    error_from_grpc,
    translated,
)
from ranvier.client.errors import (
    AccessRefused,
    AlreadyExists,
    CommandFailed,
    ConnectionLost,
    ConsistencyConflict,
    DeadlinePassed,
    HubError,
    InvalidRequest,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    Overloaded,
    QueryFailed,
)
from ranvier.proto.common_pb2 import ErrorMessage
from ranvier.wire.grpc.status import GrpcError, StatusCode

S = StatusCode
CONFLICT = (
    "io.axoniq.axonserver.eventstore.api.ConsistencyConditionException:"
    " Consistency condition is not met."
)


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (S.PERMISSION_DENIED, "[AXONIQ-1000] no token", AccessRefused, "AXONIQ-1000"),
        (S.NOT_FOUND, "[AXONIQ-1302] no context", NotFound, "AXONIQ-1302"),
        (S.ALREADY_EXISTS, "[AXONIQ-1304] there", AlreadyExists, "AXONIQ-1304"),
        (S.UNAVAILABLE, "[AXONIQ-1400] no node", ConnectionLost, "AXONIQ-1400"),
        (S.OUT_OF_RANGE, "[AXONIQ-2000] sequence", ConsistencyConflict, "AXONIQ-2000"),
        (S.CANCELLED, CONFLICT, ConsistencyConflict, "AXONIQ-2000"),
        (S.CANCELLED, f"[AXONIQ-0001] {CONFLICT}", ConsistencyConflict, "AXONIQ-0001"),
        (S.RESOURCE_EXHAUSTED, "[AXONIQ-3000] slow down", Overloaded, "AXONIQ-3000"),
        (S.CANCELLED, "[RANVIER-QUERY-LATE] late", HubError, "RANVIER-QUERY-LATE"),
        (S.UNKNOWN, "[RANVIER-UNKNOWN-OUTCOME] lost", OutcomeUnknown, "RANVIER-UNKNOWN-OUTCOME"),
        (S.INVALID_ARGUMENT, "what", InvalidRequest, "RANVIER-INVALID-REQUEST"),
        (S.UNIMPLEMENTED, "what", NotSupported, "RANVIER-NOT-SUPPORTED"),
        (S.UNAVAILABLE, "gone", ConnectionLost, "RANVIER-CONNECTION-LOST"),
        (S.DEADLINE_EXCEEDED, "late", DeadlinePassed, "RANVIER-DEADLINE"),
        (S.INTERNAL, "", HubError, "RANVIER-HUB"),
    ],
)
def test_table(status: StatusCode, message: str, kind: type[HubError], code: str) -> None:
    error = error_from_grpc(GrpcError(status, message))
    assert (type(error), error.code) == (kind, code)
    assert str(error) == (message.partition("] ")[2] or message or status.name)


@pytest.mark.parametrize(
    ("asked", "kind"), [(CommandFailed, OutcomeUnknown), (QueryFailed, ConnectionLost)]
)
def test_4001_leaves_the_outcome_of_a_command_open_and_lets_a_query_be_asked_again(
    asked: type[HubError], kind: type[HubError]
) -> None:
    error = error_from_answer("AXONIQ-4001", ErrorMessage(message="gone"), asked)
    assert (type(error), error.code, str(error)) == (kind, "AXONIQ-4001", "gone")


def test_the_trailer_counts_more_than_the_text() -> None:
    error = error_from_grpc(
        GrpcError(S.CANCELLED, "text", ((b"axoniq-errorcode", b"AXONIQ-2000"),))
    )
    assert type(error) is ConsistencyConflict


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (S.UNAVAILABLE, "connection lost", OutcomeUnknown),
        (S.DEADLINE_EXCEEDED, "the deadline has passed", OutcomeUnknown),
        (S.CANCELLED, "reset", OutcomeUnknown),
        (S.CANCELLED, CONFLICT, ConsistencyConflict),
        (S.UNAVAILABLE, "[AXONIQ-1400] no node", ConnectionLost),
        (S.OUT_OF_RANGE, "[AXONIQ-2000] sequence", ConsistencyConflict),
        (S.INVALID_ARGUMENT, "bad", InvalidRequest),
    ],
)
def test_what_changes_something_may_have_done_so(
    status: StatusCode, message: str, kind: type[HubError]
) -> None:
    assert type(effect_error_from_grpc(GrpcError(status, message))) is kind


def test_what_nobody_has_acted_on_has_not() -> None:
    error = GrpcError(S.UNAVAILABLE, "refused")
    error.is_unprocessed = True
    assert type(effect_error_from_grpc(error)) is ConnectionLost


@pytest.mark.parametrize(("has_effect", "kind"), [(False, ConnectionLost), (True, OutcomeUnknown)])
def test_a_block_is_translated(has_effect: bool, kind: type[HubError]) -> None:
    with pytest.raises(kind), translated(has_effect=has_effect):
        raise GrpcError(S.UNAVAILABLE, "gone")
