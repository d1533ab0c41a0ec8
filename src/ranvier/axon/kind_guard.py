"""Refuses calls for classic events to DCB contexts, and the other way round, before they start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ranvier.axon.errors import grpc_error
from ranvier.axon.event_scheduler import EVENT_SCHEDULER
from ranvier.axon.event_store import EVENT_STORE
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.services.context_kinds import ContextKinds
from ranvier.wire.grpc.server_call import Admit, ServerCall

CLASSIC_PATHS: Final = (f"/{EVENT_STORE}/", f"/{EVENT_SCHEDULER}/")
DCB_PATHS: Final = "/io.axoniq.axonserver.grpc.event.dcb."


def kind_of(path: str) -> bool | None:
    """Tell whether a method is for DCB contexts (True) or classic ones; None: it is for both."""
    if path.startswith(DCB_PATHS):
        return True
    return False if path.startswith(CLASSIC_PATHS) else None


def kind_guard(kinds: ContextKinds) -> Callable[[str], Admit | None]:
    """Return what finds, by a method's path, the check of the kind of a call's context."""

    def compare(call: ServerCall, *, is_dcb: bool) -> None:
        try:
            kinds.expect(context_of(call), dcb=is_dcb)
        except RanvierError as error:
            raise grpc_error(error) from None

    def guard_of(path: str) -> Admit | None:
        is_dcb = kind_of(path)
        return None if is_dcb is None else partial(compare, is_dcb=is_dcb)

    return guard_of
