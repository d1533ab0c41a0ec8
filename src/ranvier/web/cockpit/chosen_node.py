"""Of which node a page tells: the one that `?node=` names, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView

PARAMETER: Final = "node"


def chosen_node(request: Request, members: Sequence[MemberView]) -> str | None:
    """Return the name of the chosen node, None for all; raises `UnknownNode`."""
    name = request.query_params.get(PARAMETER, "")
    if not name:
        return None
    if all(view.member.name != name for view in members):
        raise UnknownNode(name)
    return name
