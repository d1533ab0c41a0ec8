"""Refuses calls for classic events to DCB contexts, and the other way round, before they start."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.event_scheduler import EVENT_SCHEDULER
from ranvier.axon.event_store import EVENT_STORE
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.services.context_kinds import ContextKinds
from ranvier.wire.grpc.server_call import ServerCall

CLASSIC_PATHS: Final = (f"/{EVENT_STORE}/", f"/{EVENT_SCHEDULER}/")
DCB_PATHS: Final = "/io.axoniq.axonserver.grpc.event.dcb."


@lru_cache(maxsize=256)
def kind_of(path: str) -> bool | None:
    """Tell whether a method is for DCB contexts (True) or classic ones; None: it is for both."""
    if path.startswith(DCB_PATHS):
        return True
    return False if path.startswith(CLASSIC_PATHS) else None


def guarded(
    kinds: ContextKinds, admit: Callable[[ServerCall], None] | None
) -> Callable[[ServerCall], None]:
    """Return the check of the access token followed by that of the context's kind."""

    def admit_and_compare(call: ServerCall) -> None:
        if admit is not None:
            admit(call)
        is_dcb = kind_of(call.head.path)
        if is_dcb is not None:
            try:
                kinds.expect(context_of(call), dcb=is_dcb)
            except RanvierError as error:
                raise grpc_error(error) from None

    return admit_and_compare
