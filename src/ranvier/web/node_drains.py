"""`/api/cluster/nodes/{name}/drain` and `/resume`: a node takes nothing new, or takes it again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Path, Response

from ranvier.web.dependencies import Drains

NodeName = Annotated[str, Path(description="The name of the node.")]


class NodeDrainsResource:
    """Asked of any node for any node; what was asked for is done within a second."""

    def __init__(self, drains: Drains) -> None:
        self._drains = drains

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        for what, summary, call in (
            ("drain", "Let a node take nothing new, and send its clients elsewhere", self.drain),
            ("resume", "Let a node take clients again", self.resume),
        ):
            app.post(
                f"/api/cluster/nodes/{{name}}/{what}",
                tags=["cluster"],
                summary=summary,
                status_code=HTTPStatus.ACCEPTED,
            )(call)

    async def drain(self, name: NodeName) -> Response:
        """Begin to drain; the last ready node is refused."""
        await self._drains.drain(name)
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def resume(self, name: NodeName) -> Response:
        """Take clients again."""
        await self._drains.resume(name)
        return Response(status_code=HTTPStatus.ACCEPTED)
