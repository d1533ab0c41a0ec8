"""`/v1/cluster` and `/api/cluster`: have this node join a cluster, take nodes out, make tokens."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Path, Request, Response

from ranvier.cluster.joining.token import LIFE_SECONDS
from ranvier.config.host_names import is_host, is_loopback
from ranvier.security.secret import Secret
from ranvier.services.administer_cluster import AdministerCluster
from ranvier.services.join_cluster import JoinProof
from ranvier.services.join_messages import Place
from ranvier.web.camel_model import CamelModel
from ranvier.web.contexts import json_example
from ranvier.web.errors import InvalidBody, TokenForStrangers
from ranvier.web.forwarded_requests import UNKNOWN_BALANCER
from ranvier.web.parameters import json_body
from ranvier.web.posted_messages import decode

INTERNAL_PORT: Final = 8224

NodeInPath = Annotated[str, Path(description="The name of the node.")]


class PostedJoin(msgspec.Struct, frozen=True, rename="camel"):
    """Whom to ask, and what to prove oneself with; what Axon's tools say of contexts is not needed:
    every node serves every context."""

    internal_host_name: str
    internal_grpc_port: int = INTERNAL_PORT
    cluster_secret: str | None = None
    join_token: str | None = None


class Standing(CamelModel):
    """How this node stands toward clusters."""

    cluster_id: str
    joined: bool
    """True where the node shares a database with others, or could."""
    refusal: str
    """Why it could not start in the cluster that let it in last."""


class NewToken(CamelModel):
    """A join token; it is shown this once."""

    token: str
    life_seconds: int


POSTED_JOIN: Final = json_example(
    {
        "type": "object",
        "required": ["internalHostName"],
        "properties": {
            "internalHostName": {"type": "string"},
            "internalGrpcPort": {"type": "integer", "default": INTERNAL_PORT},
            "clusterSecret": {"type": "string"},
            "joinToken": {"type": "string"},
        },
    },
    {"internalHostName": "node-1.example.com", "internalGrpcPort": INTERNAL_PORT},
)


class JoiningResource:
    """Asks the node's own service."""

    def __init__(
        self, cluster: AdministerCluster, *, has_access_control: Callable[[], bool]
    ) -> None:
        self._cluster = cluster
        self._has_access_control = has_access_control

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        accepted: dict[str, Any] = {
            "tags": ["cluster"],
            "status_code": HTTPStatus.ACCEPTED,
            "response_class": Response,
        }
        app.post(
            "/v1/cluster",
            summary="Have this node join a cluster",
            openapi_extra=POSTED_JOIN,
            **accepted,
        )(self.join)
        app.delete("/v1/cluster/{node}", summary="Take a node out of the cluster", **accepted)(
            self.unregister
        )
        app.get("/api/cluster", tags=["cluster"], summary="The cluster of this node")(self.standing)
        app.post(
            "/api/cluster/join-tokens",
            tags=["cluster"],
            status_code=HTTPStatus.CREATED,
            summary="Make a token by which one node may join",
        )(self.new_token)

    async def join(self, body: Annotated[bytes, Depends(json_body)]) -> Response:
        """Answered when the node has been let in; it then starts again at the same ports."""
        posted = decode(body, PostedJoin)
        await self._cluster.join(place_of(posted), proof_of(posted))
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def unregister(self, node: NodeInPath) -> Response:
        """The node leaves within a second, if it runs."""
        await self._cluster.unregister(node)
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def standing(self) -> Standing:
        """Tell which cluster this node is in."""
        standing = self._cluster.standing()
        return Standing(
            cluster_id=standing.cluster_id, joined=standing.is_shared, refusal=standing.refusal
        )

    async def new_token(self, request: Request) -> NewToken:
        """One use, 15 minutes; without access control for callers on the same machine alone."""
        if not self._has_access_control() and not is_on_own_machine(request):
            raise TokenForStrangers
        return NewToken(token=await self._cluster.new_token(), life_seconds=int(LIFE_SECONDS))


def is_on_own_machine(request: Request) -> bool:
    """Say whether a caller is known to be on this node's machine, not only a balancer of his."""
    client = request.client
    is_hidden = request.scope.get("state", {}).get(UNKNOWN_BALANCER, False)
    return client is not None and is_loopback(client.host) and not is_hidden


def place_of(posted: PostedJoin) -> Place:
    """Return where to ask; raises `InvalidBody`."""
    if not is_host(posted.internal_host_name):
        raise InvalidBody("internalHostName", "it must be a host name or an IP address")
    if not 0 < posted.internal_grpc_port < 65_536:
        raise InvalidBody("internalGrpcPort", "it must be a port from 1 to 65535")
    return Place(posted.internal_host_name, posted.internal_grpc_port)


def proof_of(posted: PostedJoin) -> JoinProof:
    """Return what was given as proof, masked."""
    return JoinProof(
        None if posted.cluster_secret is None else Secret(posted.cluster_secret),
        None if posted.join_token is None else Secret(posted.join_token),
    )
