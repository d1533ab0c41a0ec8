"""Calls that last for as long as a client is there: which they are, and when a node takes none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ranvier.axon.command_service import COMMAND_SERVICE
from ranvier.axon.dcb_append import DCB_EVENT_STORE
from ranvier.axon.errors import grpc_error
from ranvier.axon.event_store import EVENT_STORE
from ranvier.axon.persistent_streams import PERSISTENT_STREAM_SERVICE
from ranvier.axon.query_service import QUERY_SERVICE
from ranvier.axon.register import PLATFORM_SERVICE
from ranvier.services.errors import NodeDraining
from ranvier.wire.grpc.server_call import Admit, ServerCall

BINDING_PATHS: Final = frozenset(
    f"/{service}/OpenStream"
    for service in (PLATFORM_SERVICE, COMMAND_SERVICE, QUERY_SERVICE, PERSISTENT_STREAM_SERVICE)
)
"""By these a client settles at a node: a node that drains takes none."""

LASTING_PATHS: Final = BINDING_PATHS | {
    f"/{QUERY_SERVICE}/Subscription",
    f"/{EVENT_STORE}/ListEvents",
    f"/{DCB_EVENT_STORE}/Stream",
}
"""Those and all others that end only when somebody ends them."""


def draining_guard(is_refusing: Callable[[], bool]) -> Callable[[str], Admit | None]:
    """Return what finds, by a method's path, the check whether this node takes such calls now."""

    def refuse(call: ServerCall) -> None:  # noqa: ARG001  # whoever calls
        if is_refusing():
            raise grpc_error(NodeDraining())

    return lambda path: refuse if path in BINDING_PATHS else None
