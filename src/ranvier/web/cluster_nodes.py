"""`/api/cluster/nodes`: the nodes as this one sees them, and taking one out of the list."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Response

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.member import MemberView
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import WebDependencies
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

    def __init__(self, dependencies: WebDependencies) -> None:
        self._of = dependencies

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        one = "/api/cluster/nodes/{name}"
        app.get("/api/cluster/nodes", tags=["cluster"], summary="All nodes")(self.all)
        app.get(one, tags=["cluster"], summary="One node")(self.one)
        app.delete(
            one,
            tags=["cluster"],
            summary="Take a node out of the cluster",
            status_code=HTTPStatus.ACCEPTED,
        )(self.unregister)

    async def all(self) -> list[ShownNode]:
        """Return every node that is known, sorted by name."""
        return shown_nodes(self._of)

    async def one(self, name: NodeName) -> ShownNode:
        """Return the node of a name."""
        for each in await self.all():
            if each.name == name:
                return each
        raise UnknownNode(name)

    async def unregister(self, name: NodeName) -> Response:
        """Have a node that runs leave within a second; forget one that does not."""
        await self._of.administer_cluster.unregister(name)
        return Response(status_code=HTTPStatus.ACCEPTED)


def shown_nodes(of: WebDependencies) -> list[ShownNode]:
    """Return all nodes as this one shows them."""
    linked, now_ms = of.linked(), of.time_ms()
    return [shown(view, linked, now_ms) for view in of.members()]


def shown(view: MemberView, linked: Collection[str], now_ms: int) -> ShownNode:
    """Return a node as it is shown by one with these links, which has just seen itself."""
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
        last_seen_at=time_text(now_ms if view.is_own else view.last_seen_at_ms),
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
