"""What the headers of a call say: the context that it means, and whether it may be made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.axon.errors import AccessTokenMissing, AccessTokenWrong, grpc_error
from ranvier.security.access_token import TokenVerdict, judge_access_token
from ranvier.security.secret import Secret
from ranvier.wire.grpc.server_call import ServerCall

DEFAULT_CONTEXT: Final = "default"

OPEN_TO_ALL: Final = ("/grpc.health.v1.Health/",)
"""What balancers and supervisors ask before they know any secret."""


def context_of(call: ServerCall) -> str:
    """Return the context named by `AxonIQ-Context`, or by the older `Context`, else `default`."""
    # One walk over the few headers of a call, twice on the path of every append.
    older = b""
    for name, value in call.headers:
        if name == b"axoniq-context" and value:
            return value.decode("latin-1")
        if name == b"context" and not older:
            older = value
    return older.decode("latin-1") or DEFAULT_CONTEXT


def admission(required_token: Secret | None) -> Callable[[ServerCall], None] | None:
    """Return the check that every call must pass; None where no token is required.

    The check raises AXONIQ-1000 for a call without a token and AXONIQ-1001 for a wrong one.
    """
    return None if required_token is None else live_admission(lambda: required_token)


def live_admission(find: Callable[[], Secret | None]) -> Callable[[ServerCall], None]:
    """Return the check that every call must pass by the token that is required at that moment."""

    def admit(call: ServerCall) -> None:
        required_token = find()
        if required_token is None or call.path.startswith(OPEN_TO_ALL):
            return
        metadata = call.metadata
        offered = metadata.get("axoniq-access-token") or metadata.get("access-token")
        verdict = judge_access_token(required_token, offered)
        if verdict is TokenVerdict.MISSING:
            raise grpc_error(AccessTokenMissing())
        if verdict is TokenVerdict.WRONG:
            raise grpc_error(AccessTokenWrong())

    return admit
