"""`/api/cluster/nodes`: the nodes as this one sees them, and taking one out of the list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Response

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView
from ranvier.services.forget_node import ForgetNode
from ranvier.web.camel_model import CamelModel
from ranvier.web.event_json import iso_time

NodeName = Annotated[str, Path(description="The name of the node.")]


class ShownNode(CamelModel):
    """A node and how it does; times are of the database's clock, and null where none is known."""

    name: str
    host: str
    ip: str
    http_port: int
    grpc_port: int
    internal_port: int
    ajp_port: int | None
    local_node_id: int
    jvm_route: str
    weight: int
    state: Literal["starting", "running", "draining", "stopped", "down"]
    communication: Literal["up", "down"]
    """Whether the node that answers has a link with it."""
    is_local: bool
    config_revision: int
    started_at: str | None
    stopped_at: str | None
    failed_at: str | None
    last_seen_at: str | None
    version: str
    os: str
    python: str


class ClusterNodesResource:
    """Answers from what membership has last seen; nothing is asked of the database."""

    def __init__(
        self,
        members: Callable[[], Sequence[MemberView]],
        linked: Callable[[], Collection[str]],
        forget: ForgetNode,
    ) -> None:
        """`linked` returns the ids of the nodes that this one has a link with."""
        self._members = members
        self._linked = linked
        self._forget = forget

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        one = "/api/cluster/nodes/{name}"
        app.get("/api/cluster/nodes", tags=["cluster"], summary="All nodes")(self.all)
        app.get(one, tags=["cluster"], summary="One node")(self.one)
        app.delete(
            one,
            tags=["cluster"],
            summary="Forget a node that is stopped or down",
            status_code=HTTPStatus.ACCEPTED,
        )(self.forget)

    async def all(self) -> list[ShownNode]:
        """Return every node that is known, sorted by name."""
        linked = self._linked()
        return [shown(view, linked) for view in self._members()]

    async def one(self, name: NodeName) -> ShownNode:
        """Return the node of a name."""
        for each in await self.all():
            if each.name == name:
                return each
        raise UnknownNode(name)

    async def forget(self, name: NodeName) -> Response:
        """Take a node out of the list; one that runs is refused."""
        await self._forget.forget(name)
        return Response(status_code=HTTPStatus.ACCEPTED)


def shown(view: MemberView, linked: Collection[str]) -> ShownNode:
    """Return a node as it is shown by a node with these links."""
    member = view.member
    return ShownNode(
        name=member.name,
        host=member.host,
        ip=member.ip,
        http_port=member.http_port,
        grpc_port=member.grpc_port,
        internal_port=member.internal_port,
        ajp_port=member.ajp_port,
        local_node_id=member.local_node_id,
        jvm_route=member.route,
        weight=member.weight,
        state=view.state.value,
        communication="up" if is_in_reach(view, linked) else "down",
        is_local=view.is_own,
        config_revision=member.config_revision,
        started_at=time_text(member.started_at_ms),
        stopped_at=time_text(view.stopped_at_ms),
        failed_at=time_text(view.failed_at_ms),
        last_seen_at=time_text(view.last_seen_at_ms),
        version=member.version,
        os=member.os,
        python=member.python,
    )


def is_in_reach(view: MemberView, linked: Collection[str]) -> bool:
    """Tell whether calls can be made to a node; to itself a node always can."""
    return view.is_own or view.member.node_id in linked


def time_text(time_ms: int | None) -> str | None:
    """Return a time in ISO 8601, UTC; None for one that is not known."""
    return str(iso_time(time_ms)) if time_ms else None
