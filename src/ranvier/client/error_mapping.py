"""From what a server says to the errors of this package: by Axon's code, else by the status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ranvier.client.errors import (
    AccessRefused,
    AlreadyExists,
    ConnectionLost,
    ConsistencyConflict,
    DeadlinePassed,
    HubError,
    HubUnreachable,
    InvalidRequest,
    NoCommandHandler,
    NoQueryHandler,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    Overloaded,
    QueryFailed,
    QueryTimedOut,
)
from ranvier.proto import common_pb2
from ranvier.wire.grpc.metadata import Metadata
from ranvier.wire.grpc.status import GrpcError, StatusCode

ERROR_CODE_TRAILER: Final = "axoniq-errorcode"

CODE_AT_START: Final = re.compile(r"\[(AXONIQ-\d+|RANVIER-[A-Z-]+)\]\s*")

CONFLICT_TEXT: Final = "ConsistencyConditionException"
"""What a refused DCB append says; its code is the one for anything else."""

BY_CODE: Final[dict[str, type[HubError]]] = {
    f"AXONIQ-{code}": kind
    for kind, codes in (
        (AccessRefused, "1000 1001"),
        (NotSupported, "1002"),
        (NotFound, "1300 1301 1302 2101 2108 2610 2800 2801 2802"),
        (AlreadyExists, "1304 1305 2306"),
        (ConnectionLost, "1100 1400 1500 2100"),
        (Overloaded, "1900 3000"),
        (ConsistencyConflict, "2000"),
        (InvalidRequest, "2001 2002 2308 2311 2511"),
        (NoCommandHandler, "4000"),
        (OutcomeUnknown, "4001"),
        (NoQueryHandler, "5000"),
        (QueryTimedOut, "5006"),
    )
    for code in codes.split()
}
BY_CODE["RANVIER-UNKNOWN-OUTCOME"] = OutcomeUnknown

BY_STATUS: Final[dict[StatusCode, type[HubError]]] = {
    StatusCode.UNAVAILABLE: ConnectionLost,
    StatusCode.DEADLINE_EXCEEDED: DeadlinePassed,
    StatusCode.PERMISSION_DENIED: AccessRefused,
    StatusCode.UNAUTHENTICATED: AccessRefused,
    StatusCode.NOT_FOUND: NotFound,
    StatusCode.ALREADY_EXISTS: AlreadyExists,
    StatusCode.INVALID_ARGUMENT: InvalidRequest,
    StatusCode.UNIMPLEMENTED: NotSupported,
    StatusCode.RESOURCE_EXHAUSTED: Overloaded,
}

NOT_BEGUN: Final = frozenset({"RANVIER-STOPPING", "RANVIER-DRAINING"})
"""Codes of a node that is on its way out, which refuses before it has acted on a call."""

UNHEARD: Final = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED)
"""Statuses that this side gives itself where no answer came."""


def error_from_answer(
    code: str, message: common_pb2.ErrorMessage, fallback: type[HubError]
) -> HubError:
    """Return the error that an answer in band tells of; `fallback` for a code nobody knows."""
    kind = BY_CODE.get(code, fallback)
    if kind is OutcomeUnknown and fallback is QueryFailed:
        kind = ConnectionLost  # a query changes nothing, so its outcome is no question
    text = message.message or f"the answer is the error {code}"
    return kind(text, code=code, location=message.location, details=message.details)


def error_from_grpc(error: GrpcError) -> HubError:
    """Return what a failed call means, for a request that changes nothing."""
    code, text = code_and_text(error)
    if CONFLICT_TEXT in text:
        return ConsistencyConflict(text, code=code)
    kind = BY_CODE.get(code) or BY_STATUS.get(error.status, HubError)
    return kind(text or error.status.name, code=code)


def effect_error_from_grpc(error: GrpcError) -> HubError:
    """Return what a failed call means, for a request that changes something.

    Where no answer came and the server may have acted, that is `OutcomeUnknown`.
    """
    code, text = code_and_text(error)
    if code or error.is_unprocessed or error.status not in UNHEARD or CONFLICT_TEXT in text:
        return error_from_grpc(error)
    return OutcomeUnknown(f"the request was sent and no answer came: {text or error.status.name}")


def is_repeatable(error: GrpcError) -> bool:
    """Tell whether no server has acted on a call: it may be sent again, here or elsewhere."""
    return error.is_unprocessed or (
        error.status is StatusCode.UNAVAILABLE and code_and_text(error)[0] in NOT_BEGUN
    )


@contextmanager
def translated(*, has_effect: bool = False) -> Iterator[None]:
    """Turn the failure of a call within the block into an error of this package.

    `has_effect`: the request changes something, so a missing answer is `OutcomeUnknown`.
    """
    try:
        yield
    except GrpcError as error:
        raise (effect_error_from_grpc if has_effect else error_from_grpc)(error) from error


def unreachable(servers: str, reason: object) -> HubUnreachable:
    """Return the error for a list of servers of which none answers."""
    return HubUnreachable(f"no answer from {servers}: {reason}")


def code_and_text(error: GrpcError) -> tuple[str, str]:
    """Return Axon's code of a failed call, empty where it has none, and the text without it."""
    found = CODE_AT_START.match(error.message)
    text = error.message[found.end() :] if found else error.message
    code = Metadata(error.trailers).get(ERROR_CODE_TRAILER) or (found[1] if found else "")
    return code, text
