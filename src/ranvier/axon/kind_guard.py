"""Refuses calls for classic events to DCB contexts, and the other way round, before they start."""

from __future__ import annotations

from collections.abc import Callable
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


def guarded(
    kinds: ContextKinds, admit: Callable[[ServerCall], None] | None
) -> Callable[[ServerCall], None]:
    """Return the check of the access token followed by that of the context's kind."""

    def admit_and_compare(call: ServerCall) -> None:
        if admit is not None:
            admit(call)
        is_dcb = call.path.startswith(DCB_PATHS)
        if is_dcb or call.path.startswith(CLASSIC_PATHS):
            try:
                kinds.expect(context_of(call), dcb=is_dcb)
            except RanvierError as error:
                raise grpc_error(error) from None

    return admit_and_compare
