"""What mod_jk makes of this node, told with each request that comes by AJP."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from ranvier.wire.ajp.asgi import ACTIVATION, EXTENSION

SET_ASIDE: Final = frozenset({"DIS", "STP"})
"""Disabled: own sessions only. Stopped: nothing should come at all."""


def is_set_aside(scope: Scope) -> bool:
    """Say whether the balancer wants no new sessions here, as while the node drains itself."""
    told: dict[str, str] = scope.get("extensions", {}).get(EXTENSION, {})
    return told.get(ACTIVATION) in SET_ASIDE
